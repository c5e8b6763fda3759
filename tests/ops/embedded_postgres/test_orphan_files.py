"""A backend killed in the middle of a load leaks its files; a load in progress or rolled back, or a drop, does not."""

import os
import signal
import time

import psycopg

from ops.embedded_postgres.orphan_files import orphaned_files
from ops.embedded_postgres.server import EmbeddedServer

LOAD = "CREATE TABLE loaded AS SELECT n, n + 1 AS m FROM generate_series(1, 100000) AS n"
LOADED_BYTES = 100_000 * 30


def test_only_a_killed_load_leaves_files_that_nobody_owns(counted: EmbeddedServer) -> None:
    load = psycopg.connect(counted.dsn())
    with psycopg.connect(counted.dsn(), autocommit=True) as watch:
        watch.execute("CREATE TABLE dropped AS SELECT n FROM generate_series(1, 1000) AS n")
        watch.execute("DROP TABLE dropped")
        watch.execute("VACUUM FULL counted")
        load.execute(LOAD)
        assert orphaned_files(watch) == []
        path = load.execute("SELECT pg_relation_filepath('loaded')").fetchone()
        os.kill(load.info.backend_pid, signal.SIGKILL)
        _until_every_session_is_ended(watch)
    load.close()

    with _after_recovery(counted) as watch:
        leaked = orphaned_files(watch)
        assert path is not None
        assert path[0] in leaked
        assert all(name.startswith(path[0]) for name in leaked)
        assert sum((counted.data_directory / name).stat().st_size for name in leaked) > LOADED_BYTES
        assert watch.execute("SELECT count(*) FROM counted").fetchone() == (1000,)


def _until_every_session_is_ended(session: psycopg.Connection[tuple[object, ...]]) -> None:
    """The server has seen that a backend was killed: before, it takes new sessions, and ends them with the others."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            session.execute("SELECT 1")
        except psycopg.OperationalError:
            return
    raise AssertionError("the killed backend was not noticed within 30 s")


def _after_recovery(server: EmbeddedServer) -> psycopg.Connection[tuple[object, ...]]:
    """The server ends every session when a backend is killed, and takes a moment to come back."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return psycopg.connect(server.dsn(), autocommit=True)
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "no recovery within 30 s"
