"""The command line on a database and through TENOR_SERVER, and whether both say the same."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.conftest import Served
from tests.walk.command_line import Answer, Tenor


@dataclass(frozen=True)
class Laptop(Tenor):
    """A machine without a database."""

    server: str = ""

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"TENOR_SERVER": self.server, "TENOR_KEY": "tnr_unused_on_loopback"}


def same(served: Served, laptop: Laptop, *words: str | Path) -> Answer:
    """What both say, to a machine or to a person; a refusal may name another fix, and seconds differ."""
    here, there = served.local(*words), laptop(*words)
    if b'"seconds": ' in here.out or here.code == 1:
        assert (there.code, comparable(there)) == (here.code, comparable(here)), there.err
    else:
        assert (there.code, there.out) == (here.code, here.out), there.err
    return there


def comparable(answer: Answer) -> Any:
    if not answer.out.startswith(b"{"):
        return answer.out or answer.err.partition("fix:")[0]
    document = answer.document
    if "error" in document:
        return {name: value for name, value in document["error"].items() if name != "fix"}
    return without_position(document)


def without_position(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in ("event_position", "run_id", "seconds")}
