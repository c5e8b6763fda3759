"""Backups as docs/operations.md describes them, made and brought back: a folder copied cold; a base and its WAL."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid5

import psycopg
import pytest

from ops.adapters.database import migrate
from ops.audit.sealing.sealer import seal
from ops.audit.verification.verify import verify
from ops.embedded_postgres.accounts import account_for
from ops.embedded_postgres.binaries import find_binaries, staged
from ops.embedded_postgres.places import Place, private_folder
from ops.embedded_postgres.server import EmbeddedServer
from ops.settings import Settings
from ops.wiring import Tenor
from tests.builders.read_models import catch_up_all
from tests.builders.sample_run import SPACE, SampleRun

SMALL = {"shared_buffers": "16MB", "max_wal_size": "128MB", "min_wal_size": "32MB"}
FIGURES = "SELECT *, packed::text FROM read.result_chunk ORDER BY run_no, chunk_no, part_no, scenario_no, column_no"
RUNS = "SELECT run_id, status, priced, failed FROM read.run ORDER BY run_no"

StartAt = Callable[..., EmbeddedServer]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: root's is closed to the account that the server runs as."""
    made = Path(tempfile.mkdtemp(prefix="tenor-test-", dir="/tmp")).resolve()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def start_at(folder: Path) -> Iterator[StartAt]:
    servers: list[EmbeddedServer] = []

    def start(home: Path, settings: dict[str, str] | None = None) -> EmbeddedServer:
        servers.append(EmbeddedServer(home, settings=SMALL | (settings or {}), shelter=folder / "shelter"))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.stop("immediate")


@contextmanager
def tenor_over(server: EmbeddedServer, home: Path | None = None) -> Iterator[Tenor]:
    """`home` holds the sealing keys and the exported seals; an external server has none of its own."""
    tenor = Tenor(Settings(home or server.home, server.dsn()), server.dsn())
    yield tenor
    tenor.close()


def work(tenor: Tenor, name: str) -> None:
    """A run worked out, queryable, and sealed."""
    SampleRun(run_id=uuid5(SPACE, name), seed=len(name)).whole(tenor)  # type: ignore[arg-type]
    catch_up_all(tenor.storage)
    seal(tenor.sealing)


def everything(tenor: Tenor) -> tuple[list[Any], list[Any]]:
    with tenor.database.connect() as connection:
        return connection.execute(RUNS).fetchall(), connection.execute(FIGURES).fetchall()


def problems(tenor: Tenor, seals: Path | None = None) -> list[str]:
    """Of the sample run's own making: its Merkle root is a word."""
    return [one["code"] for one in verify(tenor.storage, tenor.sealing, seals)["problems"] if one["code"] != "RUN_ROOT"]


def test_a_cold_copy_of_the_home_is_a_backup(folder: Path, start_at: StartAt) -> None:
    """Stop, copy, go on; later the copy is started elsewhere, as it was then."""
    server = start_at(folder / "home")
    migrate(server.dsn())
    with tenor_over(server) as tenor:
        work(tenor, "before the backup")
        kept = everything(tenor)
    server.stop()
    subprocess.run(["cp", "-a", folder / "home", folder / "backup"], check=True)

    server.start()
    with tenor_over(server) as tenor:
        work(tenor, "after the backup")
        assert everything(tenor) != kept

    with tenor_over(start_at(folder / "backup")) as restored:
        assert everything(restored) == kept
        assert problems(restored) == []
        work(restored, "life goes on there")


def wal_settings(wal: Path) -> dict[str, str]:
    """What an external server needs for recovery to a point in time; Tenor's own server has no replicas and no WAL
    to keep, so these are laid over its settings."""
    keep = f"test ! -f {wal}/%f && cp %p {wal}/%f"
    return {"wal_level": "replica", "max_wal_senders": "4", "archive_mode": "on", "archive_command": keep}


def base_backup(server: EmbeddedServer, target: Path) -> None:
    """pg_basebackup of the same release, as the account that owns the data."""
    account = account_for(server.data_directory)
    binaries = staged(find_binaries(server.major), account, Place(server.data_directory.parent).programs)
    with psycopg.connect(server.dsn()) as connection:
        sockets, port = connection.info.host, connection.info.port
    words: list[str | Path] = [binaries.program("pg_basebackup"), "-h", sockets, "-p", str(port), "-U", "postgres"]
    words += ["-D", target, "-X", "stream", "-c", "fast"]
    with tempfile.TemporaryFile() as output:
        done = account.run(words, output, timeout_s=120)
        output.seek(0)
        assert done.returncode == 0, output.read().decode()


def archived_up_to_now(server: EmbeddedServer) -> None:
    """Close the WAL segment, and wait until the server says that it is kept."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        (last,) = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone() or ("",)
        for _ in range(600):
            row = connection.execute(
                "SELECT last_archived_wal >= %s, failed_count FROM pg_stat_archiver, pg_sleep(0.05)", (last,)
            ).fetchone()
            assert row is not None
            assert row[1] == 0, "archive_command failed"
            if row[0]:
                return
    raise AssertionError(f"{last} was never archived")


def test_an_external_server_goes_back_to_a_point_in_time(folder: Path, start_at: StartAt) -> None:
    """Base backup, work, a point, a mistake; a second server replays the WAL up to the point."""
    wal, base, home = folder / "wal", folder / "base", folder / "tenor"
    for its_own in (wal, base):
        private_folder(its_own, account_for(folder / "none yet"))
    server = start_at(folder / "external", wal_settings(wal))
    migrate(server.dsn())
    with tenor_over(server, home) as tenor:
        work(tenor, "in the base backup")
        base_backup(server, base)
        work(tenor, "only in the WAL")
        kept, head = everything(tenor), tenor.store.head()
        as_owner(server, "SELECT pg_create_restore_point('before the mistake')")
        work(tenor, "after the point")
        as_owner(server, "DROP TABLE blob CASCADE")
    archived_up_to_now(server)
    server.stop()

    with tenor_over(start_at(recovered(folder / "second", base), recovery_settings(wal)), home) as restored:
        wait_until_promoted(restored)
        assert (restored.store.head(), everything(restored)) == (head, kept)
        assert problems(restored) == ["TAIL_TRUNCATED"], "the exported seals know of work after the point"
        (seals,) = (home / "seals").iterdir()
        seals.rename(seals.with_suffix(".before-recovery"))
        assert problems(restored) == ["EXPORT_MISSING"], "until the next seal writes it anew"
        work(restored, "life goes on there")
        assert problems(restored) == []


def as_owner(server: EmbeddedServer, statement: LiteralString) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(statement)


def recovered(home: Path, base: Path) -> Path:
    """The base backup where a second server looks for its data, told to recover before it opens."""
    for made in (home, home / "postgres"):
        made.mkdir()
        made.chmod(0o755)
    (base / "recovery.signal").touch()
    base.rename(home / "postgres" / "data")
    return home


def recovery_settings(wal: Path) -> dict[str, str]:
    target = {"recovery_target_name": "before the mistake", "recovery_target_action": "promote"}
    return {"wal_level": "replica", "max_wal_senders": "4", "restore_command": f"cp {wal}/%f %p"} | target


def wait_until_promoted(tenor: Tenor) -> None:
    with tenor.database.connect() as connection:
        for _ in range(600):
            row = connection.execute("SELECT pg_is_in_recovery() FROM pg_sleep(0.05)").fetchone()
            if row == (False,):
                return
    raise AssertionError("the server never ended its recovery")
