"""A disk that is full, and then is not: appends fail cleanly, nothing acknowledged is lost, the run goes on."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from commands.processes.run import RunProcess
from domain.runs import run as runs
from ops.adapters.database import migrate
from ops.embedded_postgres.server import EmbeddedServer
from ops.settings import Settings
from ops.wiring import Tenor
from tests.faults.checker import check_log, check_run
from tests.faults.plain_work import NOW, Harm, hash_of, plain_worker, request

DISK_MB = 400
LEFT_MB = 10
VALUES = 100_000
"""Random doubles of a chunk: 1.4 MB of blocks that nothing compresses."""
CHUNKS = 20
SPARE_SEGMENTS = 8
"""Of WAL, made before the disk is filled: what fills up is the data, and the server stays."""


@pytest.fixture
def small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tenor-disk-", dir="/tmp")).resolve()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0755", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, check=False, capture_output=True, text=True)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"no small disk can be had here: mounting a tmpfs says {mounted.stderr.strip()!r}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


@pytest.fixture
def server(small_disk: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(small_disk, settings={"min_wal_size": "192MB", "max_wal_size": "224MB"})
    server.start()
    yield server
    server.stop("immediate")


def test_a_full_disk_is_waited_out(server: EmbeddedServer, small_disk: Path, tmp_path: Path) -> None:
    migrate(server.dsn())
    tenor, run_id = Tenor(Settings(tmp_path, server.dsn()), server.dsn()), UUID(int=7)
    tenor.store.append(request(run_id, CHUNKS))
    process = RunProcess(tenor.store, tenor.queue, tenor.database.connect, lambda: NOW)
    worker = plain_worker(tenor.store, tenor.database.connect, Harm(None), values=VALUES)
    manage(process)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        for _ in range(SPARE_SEGMENTS):
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CREATE TABLE spare AS SELECT 1; DROP TABLE spare")
        connection.execute("CHECKPOINT")
        payloads = [row[0] for row in connection.execute("SELECT payload FROM pgqueuer ORDER BY id")]
    ballast = fill(small_disk)
    done, refused = [], 0
    for payload in payloads:
        try:
            worker.handle(payload)
            done.append(payload)
        except OperationalError as error:
            if "No space left on device" not in str(error):
                raise
            refused += 1
    assert done and refused > 3, (len(done), refused)
    acknowledged = tuple(entry.position for entry in tenor.store.log(0, 1_000))
    ballast.unlink()
    for payload in payloads:
        worker.handle(payload)
    manage(process)
    with psycopg.connect(server.dsn()) as connection:
        check_run(connection, run_id, [hash_of(run_id, n, VALUES) for n in range(CHUNKS)])
        check_log(connection, acknowledged)
    (completed,) = [event for event in tenor.store.stream(run_id) if isinstance(event, runs.RunCompleted)]
    assert completed.failed_chunks == []
    tenor.close()


def manage(process: RunProcess) -> None:
    while process.step():
        pass


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - LEFT_MB * 1024 * 1024)
    return ballast
