"""server.log: what the server, initdb and pg_ctl say, one section for each time the server is started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

LAUNCH_MARK = "=== Tenor starts"
MAX_LOG_BYTES = 16 * 1024 * 1024
TAIL_BYTES = 256 * 1024


@contextmanager
def appended(log: Path) -> Iterator[BinaryIO]:
    """The log, opened by us for programs to inherit: the server's account need not be able to open it."""
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    with open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        yield file


def mark_launch(file: BinaryIO, what: str) -> None:
    file.write(f"{LAUNCH_MARK} {what}\n".encode())
    file.flush()


def last_launch(log: Path) -> str:
    """What was said since the server was last started, or the end of it if it said much."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            return file.read().decode(errors="replace").rpartition(LAUNCH_MARK)[2]
    except OSError:  # never started, or not ours to read
        return ""


def last_lines(log: Path, count: int) -> str:
    return "".join(f"\n    {line}" for line in last_launch(log).splitlines()[-count:])
