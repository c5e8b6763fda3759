"""The program as a user calls it: an exit code, and what it says on stdout and on stderr.

In a process of its own, or `inside` the test's process, which spares the start of one: for tests of what it answers.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.walk import inside

PROGRAM = Path(sys.executable).with_name("tenor")
MAX_SECONDS = 300
"""The first run of an engine compiles its kernels: half a minute, more on a machine that is busy."""
SMALL_FUND = Path(__file__).parents[2] / "examples" / "small_fund"

Word = str | Path


@dataclass(frozen=True)
class Answer:
    code: int
    out: bytes
    err: str

    @cached_property
    def document(self) -> Any:
        """stdout under --json: one document, or this raises."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Tenor:
    """`database_url` None means the embedded server under `home`. Compiled kernels are shared by the whole session."""

    database_url: str | None
    home: Path
    kernels: Path
    inside: bool = False

    def __call__(self, *words: Word) -> Answer:
        if self.inside:
            return Answer(*inside.call(self._line(words), self._environment()))
        process = self.start(*words)
        try:
            return finish(process)
        finally:
            process.kill()

    @property
    def apart(self) -> "Tenor":
        """The same, each command in a process of its own."""
        return replace(self, inside=False)

    @property
    def within(self) -> "Tenor":
        """The same, each command inside the test's process."""
        return replace(self, inside=True)

    def _line(self, words: tuple[Word, ...]) -> list[str]:
        return [*map(str, words), *(["--database-url", self.database_url] if self.database_url else [])]

    def _environment(self) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TENOR_")}
        return environment | {"TENOR_HOME": str(self.home), "NUMBA_CACHE_DIR": str(self.kernels)}

    def start(self, *words: Word) -> subprocess.Popen[bytes]:
        """In a session of its own: signals of the terminal do not reach it."""
        return subprocess.Popen(
            [PROGRAM, *self._line(words)],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def json(self, *words: Word) -> Any:
        """The document of a command that succeeds."""
        answer = self(*words, "--json")
        assert answer.code == 0, answer.err
        return answer.document

    def refusal(self, *words: Word) -> dict[str, Any]:
        """What a command that is refused says: one problem with its fix, to the machine and to the person."""
        answer = self(*words, "--json")
        assert answer.code == 1, (answer.code, answer.out[:500], answer.err)
        problem: dict[str, Any] = answer.document["error"]
        assert problem["code"] and problem["message"] and problem["fix"]
        assert f"error: {problem['message']}" in answer.err
        assert f"fix: {problem['fix']}" in answer.err
        assert "Traceback" not in answer.err
        return problem

    def bring(self, folder: Path) -> tuple[str, str]:
        """A portfolio folder with its market: two snapshot ids."""
        portfolio = self.json("ingest", folder)["snapshot_id"]
        return portfolio, self.json("market", "load", folder / "market.json")["snapshot_id"]


def finish(process: subprocess.Popen[bytes]) -> Answer:
    out, err = process.communicate(timeout=MAX_SECONDS)
    return Answer(process.returncode, out, err.decode())


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """What several test processes would otherwise all do, each for itself: compile every kernel."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stop(process: subprocess.Popen[bytes]) -> Answer:
    process.send_signal(signal.SIGTERM)
    return finish(process)
