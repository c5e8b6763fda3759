"""A few parser processes, started when they are needed, used again while they are sound, killed when they are not.

a job --> an idle process, or a new one, or the wait for one
      --> done | refused | past its memory or its time: refused with the limit | nobody waits any more: given up
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from commands.define_history import DefineHistory
from commands.ingest_portfolio import Digested, ReadingOptions
from commands.ingestion.limits import Budget, setting_of
from commands.refusals import InvalidInput
from commands.tapes.markets.prepare import MarketMade, MarketWanted
from domain.refusals import Refused
from domain.scenarios.past_moves import History, Kind, Series
from ops.parsing.job import (
    HistoryJob,
    MarketJob,
    PortfolioJob,
    SuggestJob,
    read_answer,
    read_digested,
    read_market,
)

LOOK_SECONDS = 0.05
MAX_START_SECONDS = 120
MAX_IDLE_BYTES = 1024**3
"""A process that has grown beyond it gives its memory back by ending."""
OUT_OF_MEMORY = (-signal.SIGABRT, -signal.SIGKILL, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGILL, -signal.SIGTRAP)
"""How a library ends that asks for more than it is given, and looks for no answer."""

IsWanted = Callable[[], bool]
log = structlog.get_logger()


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


class _OutOfTime(Exception):
    pass


class _Died(Exception):
    pass


class Parser:
    """One process."""

    def __init__(self, memory_bytes: int) -> None:
        # Not the folder that the program was started in (-P), and none of its settings: they may hold a password.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("TENOR_", "PG"))}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ops.parsing.child", str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self._is_ready = False

    def ask(self, line: bytes, is_wanted: IsWanted, seconds: float) -> dict[str, Any]:
        try:
            if not self._is_ready:
                self._answer(is_wanted, MAX_START_SECONDS)
                self._is_ready = True
            assert self._process.stdin
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise _Died from error
        return self._answer(is_wanted, seconds)

    def _answer(self, is_wanted: IsWanted, seconds: float) -> dict[str, Any]:
        """A line is written at once, so what can be read is whole."""
        assert self._process.stdout
        deadline = time.monotonic() + seconds
        while not select.select([self._process.stdout], [], [], LOOK_SECONDS)[0]:
            if not is_wanted():
                raise Abandoned
            if time.monotonic() > deadline:
                raise _OutOfTime
        line = self._process.stdout.readline()
        if not line:
            raise _Died
        answer: dict[str, Any] = json.loads(line)
        return answer

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def resident_bytes(self) -> int:
        """0 where the system does not say."""
        try:
            return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError):
            return 0

    def end(self) -> int:
        """At once; how it ended."""
        self._process.kill() if self.is_alive else None
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                pipe.close() if pipe else None
            except BrokenPipeError:
                continue
        return self._process.wait()

    def exit_code(self) -> int:
        """Of one whose pipe has closed."""
        return self._process.wait()


class ParserPool:
    """`most` processes at once; whoever comes later waits as long as the budget has seconds."""

    def __init__(self, budget: Budget, most: int = 2) -> None:
        self._budget, self._free = budget, threading.Semaphore(most)
        self._idle: list[Parser] = []
        self._lock = threading.Lock()

    def digest_upload(self, upload: Path, options: ReadingOptions, is_wanted: IsWanted) -> Digested:
        return self._digest(upload, options, is_wanted, is_upload=True)

    def digest(self, source: Path, options: ReadingOptions) -> Digested:
        """Of a folder or workbook on this machine."""
        return self._digest(source.absolute(), options, lambda: True, is_upload=False)

    def _digest(self, source: Path, options: ReadingOptions, is_wanted: IsWanted, *, is_upload: bool) -> Digested:
        with tempfile.TemporaryDirectory(prefix="tenor-parsing-") as folder:
            job = PortfolioJob(str(source), folder, is_upload, options, self._budget)
            self._run(job.as_line(), Path(folder), is_wanted)
            return read_digested(Path(folder))

    def read_history(self, raw: bytes, options: DefineHistory) -> History:
        with tempfile.TemporaryDirectory(prefix="tenor-parsing-") as folder:
            source = Path(folder, "history")
            source.write_bytes(raw)
            job = HistoryJob(str(source), folder, options)
            self._run(job.as_line(), Path(folder), lambda: True)
            told = read_answer(Path(folder))
        series = tuple(Series(Kind(kind), name, tenor) for kind, name, tenor in told["series"])
        dates = tuple(map(date.fromisoformat, told["dates"]))
        return History(series, dates, tuple(tuple(moves) for moves in told["moves"]))

    def market_of(self, wanted: MarketWanted, is_wanted: IsWanted = lambda: True) -> MarketMade:
        with tempfile.TemporaryDirectory(prefix="tenor-parsing-") as folder:
            self._run(MarketJob(folder, wanted, self._budget).as_line(), Path(folder), is_wanted)
            return read_market(Path(folder))

    def suggest(self, source: Path, name: str, is_wanted: IsWanted = lambda: True) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="tenor-parsing-") as folder:
            job = SuggestJob(str(source.absolute()), name, folder, self._budget)
            self._run(job.as_line(), Path(folder), is_wanted)
            return read_answer(Path(folder))

    def start(self) -> None:
        """One process ahead of the first job, which then need not wait for its libraries."""
        with self._lock:
            if not self._idle:
                self._idle.append(Parser(self._budget.memory_bytes))

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for parser in idle:
            parser.end()

    def _run(self, line: bytes, folder: Path, is_wanted: IsWanted) -> None:
        self._wait_for_turn(is_wanted)
        try:
            parser = self._taken()
            try:
                answer = parser.ask(line, is_wanted, self._budget.seconds)
            except BaseException as error:
                self._refuse_after(parser, error)
                raise
            self._put_back(parser, answer)
        finally:
            self._free.release()
        _refuse(answer, folder, self._budget)

    def _wait_for_turn(self, is_wanted: IsWanted) -> None:
        deadline = time.monotonic() + self._budget.seconds
        while not self._free.acquire(timeout=LOOK_SECONDS):
            if not is_wanted():
                raise Abandoned
            if time.monotonic() > deadline:
                raise Refused("PARSERS_BUSY", "other uploads are still being read", "send it again later")

    def _taken(self) -> Parser:
        with self._lock:
            while self._idle:
                parser = self._idle.pop()
                if parser.is_alive:
                    return parser
                parser.end()
        return Parser(self._budget.memory_bytes)

    def _put_back(self, parser: Parser, answer: dict[str, Any]) -> None:
        if "memory" in answer or "broken" in answer or parser.resident_bytes > MAX_IDLE_BYTES:
            parser.end()
            return
        with self._lock:
            self._idle.append(parser)

    def _refuse_after(self, parser: Parser, error: BaseException) -> None:
        """Whatever happened, the process is not asked again."""
        code = parser.exit_code() if isinstance(error, _Died) else None
        parser.end()
        if isinstance(error, _OutOfTime):
            raise beyond("seconds", self._budget.seconds, "reading it takes longer than") from error
        if code is not None:
            log.warning("parser.died", exit_code=code)
            if code in OUT_OF_MEMORY:
                raise _beyond_memory(self._budget) from error
            raise Refused("PARSER_DIED", "the parser ended before it answered", "send it again") from error


def _refuse(answer: dict[str, Any], folder: Path, budget: Budget) -> None:
    if "memory" in answer:
        raise _beyond_memory(budget)
    if "broken" in answer:
        log.error("parser.broken", error=answer["broken"])
        raise RuntimeError("the parser broke; its log says where")
    if refused := answer.get("refused"):
        raise InvalidInput(**refused, problems=read_answer(folder)["problems"])


def _beyond_memory(budget: Budget) -> InvalidInput:
    return beyond("memory_bytes", budget.memory_bytes, "reading it takes more memory than")


def beyond(what: str, most: int, said: str) -> InvalidInput:
    unit = what.rpartition("_")[2]
    message = f"the upload is refused: {said} the limit of {most:,} {unit}"
    fix = f"look for a stray cell far from the tables, split the portfolio, or raise {setting_of(what)}"
    return InvalidInput(
        "LIMIT_EXCEEDED",
        message,
        fix,
        [{"code": "LIMIT_EXCEEDED", "value": what, "message": message, "fix": fix, "limit": most}],
    )
