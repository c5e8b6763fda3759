"""docs/ways.md: every command is there, its addresses answer, and both clients have its method."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tenor.aio
import typer.main

from ops.cli.app import app
from ops.cli.remote.commands import ByServer, Here, NotByServer, row_of
from ops.services import SERVICE_PORTS
from tests.clients.conftest import Served

PAGE = (Path(__file__).parents[2] / "docs" / "ways.md").read_text()
ROWS = re.findall(r"^\| `([a-z -]+)` \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
IN_WORDS = set(re.findall(r"`([a-z][a-z -]*)`", PAGE[PAGE.index("`template`") :]))


def leaves() -> Iterator[tuple[str, ...]]:
    def below(command: Any, *names: str) -> Iterator[tuple[str, ...]]:
        if not hasattr(command, "commands"):
            yield names
        for name in getattr(command, "commands", ()):
            yield from below(command.commands[name], *names, name)

    return below(typer.main.get_command(app))


def test_every_command_is_on_the_page_and_nothing_else() -> None:
    of_server = {" ".join(names) for names in leaves() if isinstance(row_of(names), ByServer)}
    others = {" ".join(names) for names in leaves() if isinstance(row_of(names), Here | NotByServer)}
    listed = [command for command, _, _ in ROWS]
    assert set(listed) == of_server | {"mapping suggest"}
    assert len(listed) == len(set(listed))
    assert others <= IN_WORDS


@pytest.mark.parametrize("client", [tenor, tenor.aio], ids=["blocking", "asynchronous"])
def test_the_clients_have_the_methods(client: Any) -> None:
    connected = client.connect("http://127.0.0.1:9")
    for _, _, said in ROWS:
        if said.startswith("("):
            assert callable(getattr(connected, said.strip("()")))
            continue
        part, _, method = said.partition(".")
        assert callable(getattr(client.Run if part == "run" else getattr(connected, part), method)), said
    assert not inspect.isawaitable(connected)


def test_the_addresses_are_described(served: Served) -> None:
    with tenor.connect(served.url) as client:
        paths = client.document("/openapi.json")["paths"]
    described = {(method.upper(), re.sub(r":path\}", "}", path)) for path, ways in paths.items() for method in ways}
    for command, addresses, _ in ROWS:
        for address in addresses.split(", "):
            method, _, path = address.partition(" ")
            assert (method, f"/api/v1/{path}") in described, (command, address)
            assert path.partition("/")[0] in SERVICE_PORTS
