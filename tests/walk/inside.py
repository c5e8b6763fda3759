"""A command line in the test's own process: the program's own entry, with streams and an environment of the call's own.

What a process would start anew is there already: imports, and loaded kernels. Workers are a thread here. That a process
of its own says the same, test_walk_processes.py compares for every command.
"""

import asyncio
import io
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import structlog

from commands.ingestion.limits import Budget
from ops.parsing.pool import ParserPool
from ops.ports import Processes
from ops.secrets import words_of

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def call(line: list[str], environment: dict[str, str]) -> tuple[int, bytes, str]:
    """Exit code, stdout, stderr."""
    urls = [word for word in line if "://" in word or "password" in word]
    assert not any(map(words_of, urls)), "a command that is given a password starts itself anew: call it apart"
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with called(line, environment, out, err):
            code = exit_code()
        return code, content(out), content(err).decode()


@contextmanager
def called(line: list[str], environment: dict[str, str], out: Any, err: Any) -> Iterator[None]:
    streams = [io.TextIOWrapper(each, encoding="utf-8", write_through=True) for each in (out, err)]
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    logs = structlog.get_config()
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment, clear=True))
        stack.enter_context(patch.object(sys, "argv", ["tenor", *line]))
        stack.enter_context(patch.object(sys.modules["__main__"], "__package__", None))  # it names itself by that
        stack.enter_context(patch.object(sys, "stdin", stack.enter_context(open(os.devnull))))
        stack.enter_context(patch.object(sys, "stdout", streams[0]))
        stack.enter_context(patch.object(sys, "stderr", streams[1]))
        stack.enter_context(patch.object(structlog, "configure", configured(structlog.configure)))
        stack.enter_context(patch("ops.processes.run_to_end.workers", worker_thread))
        stack.enter_context(patch("ops.parsing.pool.ParserPool", kept_pool))
        try:
            yield
        finally:
            for stream in streams:
                stream.detach()
            structlog.configure(**logs)
            for number, handler in handlers.items():
                signal.signal(number, handler)


def configured(configure: Any) -> Any:
    """A logger that is kept would write to one call's stderr for ever."""
    return lambda **given: configure(**given | {"cache_logger_on_first_use": False})


@cache
def kept_pool(budget: Budget) -> ParserPool:
    """Parser processes outlive a call, as they do in one that serves; they end with the tests' process."""
    return KeptPool(budget)


class KeptPool(ParserPool):
    def close(self) -> None:
        pass


def exit_code() -> int:
    """As the interpreter would end with it."""
    from ops.cli import main

    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return int(end.code or 0)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def content(file: Any) -> bytes:
    file.seek(0)
    return bytes(file.read())


class Worker:
    """What a command that waits asks of its workers."""

    has_given_up = False


@contextmanager
def worker_thread(processes: Processes, _count: int) -> Iterator[Worker]:
    """One, with the life of a worker process: its own connections, a heartbeat, and the queue."""
    from ops.processes.loops import beat
    from ops.wiring import connected

    gone = threading.Event()
    with connected(processes.settings, processes.database_url) as tenor:
        loop = asyncio.new_event_loop()
        stop = asyncio.Event()
        heart = threading.Thread(target=beat, args=(tenor.database.connect, "worker", gone, uuid4()))
        hands = threading.Thread(target=loop.run_until_complete, args=(consume(tenor, stop),))
        for thread in (heart, hands):
            thread.start()
        try:
            yield Worker()
        finally:
            gone.set()
            loop.call_soon_threadsafe(stop.set)
            for thread in (hands, heart):
                thread.join()
            loop.close()


async def consume(tenor: Any, stop: asyncio.Event) -> None:
    from compute.worker import Ports
    from compute.worker import Worker as Handler
    from ops.adapters import work_queue
    from ops.processes.worker_process import as_application_async
    from ops.wiring import utc_now

    ports = Ports(tenor.store, tenor.blobs, tenor.portfolio_codec, tenor.block_codec, tenor.database.connect, utc_now)
    await work_queue.consume(tenor.database_url, Handler(ports).handle, stop, as_application_async)
