"""What is wrong with the embedded server of a home, without starting it or changing anything."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from ops.embedded_postgres.binaries import find_binaries
from ops.embedded_postgres.errors import Diagnosis, EmbeddedPostgresError
from ops.embedded_postgres.logs import last_launch
from ops.embedded_postgres.places import cluster_major, known_place
from ops.embedded_postgres.server import EmbeddedServer

__all__ = ["Diagnosis", "problems"]

LEAST_FREE_BYTES = 1_000_000_000
ASKED_TO_STOP = re.compile(r"received (smart|fast|immediate) shutdown request")
NO_REASON = re.compile(r"postmaster|the database system is (?:starting up|not yet accepting|shutting down|in recovery)")
"""What connections hear while a server starts, ends or is killed under them: no reason of its own."""
FATAL_LINE = re.compile(r"^.*\b(?:FATAL|PANIC): .*$", re.MULTILINE)


def problems(home: Path) -> list[Diagnosis]:
    server = EmbeddedServer(home)
    found = [*_home_not_writable(server.home), *disk_nearly_full(server.home), *_binaries_missing(server.home)]
    if not server.running():
        found += [*_ended_by_itself(server), *_last_fatal_line(server)]
    return found


def _home_not_writable(home: Path) -> Iterator[Diagnosis]:
    standing = _standing(home)
    if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):
        yield Diagnosis(
            "POSTGRES_HOME_NOT_WRITABLE",
            f"cannot write to {standing}",
            "Give yourself the right to, or set TENOR_HOME to a folder of your own.",
        )


def disk_nearly_full(home: Path, least_free_bytes: int = LEAST_FREE_BYTES) -> Iterator[Diagnosis]:
    standing = _standing(known_place(home).root)
    free_bytes = shutil.disk_usage(standing).free
    if free_bytes < least_free_bytes:
        yield Diagnosis(
            "POSTGRES_DISK_NEARLY_FULL",
            f"the disk of {standing} has {free_bytes / 1e6:.0f} MB left",
            "Free some space, or archive old runs (tenor run archive).",
        )


def _binaries_missing(home: Path) -> Iterator[Diagnosis]:
    try:
        find_binaries(cluster_major(known_place(home)))
    except EmbeddedPostgresError as error:
        yield error.problem


def _ended_by_itself(server: EmbeddedServer) -> Iterator[Diagnosis]:
    """A server that stops in good order removes its pid file."""
    if os.path.exists(server.pid_file):  # false, not an error, for a folder that is not ours to enter
        yield Diagnosis(
            "POSTGRES_NOT_RUNNING",
            f"the embedded Postgres in {server.data_directory} was killed, or the machine went down",
            "Nothing is lost: the next tenor command starts it, and it recovers by itself.",
        )


def _last_fatal_line(server: EmbeddedServer) -> Iterator[Diagnosis]:
    """Only of a server that is down unasked; a running one says FATAL for every refused connection."""
    said = last_launch(server.log_file)
    fatal_lines = [line for line in FATAL_LINE.findall(said) if not NO_REASON.search(line)]
    if fatal_lines and not ASKED_TO_STOP.search(said):
        yield Diagnosis(
            "POSTGRES_FATAL",
            f"the last FATAL line of {server.log_file}: {fatal_lines[-1].strip()}",
            "Mend what it names, then run any tenor command: it starts the server again.",
        )


def _standing(folder: Path) -> Path:
    """The folder, or what there is of the way to it."""
    return next((path for path in (folder, *folder.parents) if os.path.exists(path)), Path("/"))
