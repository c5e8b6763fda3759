"""The database goes away in the middle of a run and comes back: the command goes on without a manual step."""

import random
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ops.adapters.event_store import ORDERING_LOCK_KEY
from ops.embedded_postgres.server import EmbeddedServer
from tests.faults.stage import (
    CHUNKS,
    POSITIONS,
    Stage,
    assert_as_undisturbed,
    run_id_of,
    scalar,
    signal_all,
    until,
    until_chunks,
    workers_of,
)
from tests.walk.command_line import Tenor, finish

TERMINATE_OTHERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
TERMINATE_WAITING = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
COUNT_WAITING = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def test_every_backend_terminated(stage: Stage) -> None:
    submit = stage.submit("terminated", workers=2)
    with stage.connect() as connection:
        for progress in (4, 12):
            until_chunks(connection, "terminated", progress)
            assert scalar(connection, TERMINATE_OTHERS) > 3
        answer = finish(submit)
        assert (answer.code, answer.document["status"]) == (0, "COMPLETED"), answer.err
        assert_as_undisturbed(connection, "terminated")


@pytest.mark.long
def test_a_worker_paused_while_it_appends(stage: Stage) -> None:
    """A machine that sleeps, or a network that breaks, in the one place where a worker holds up all the others.

    With the log's ordering lock in our hand both workers come to wait for it; one is stopped, the lock let go. The
    stopped one is given the lock and does nothing with it until the server's patience ends; its chunk is worked on
    by the other when its lease has ended. Then it goes on, too late.
    """
    submit = stage.submit("paused", workers=2)
    with stage.connect() as connection, stage.connect() as holder:
        until_chunks(connection, "paused", 4)
        holder.execute("SELECT pg_advisory_lock(%s)", (ORDERING_LOCK_KEY,))
        until(connection, lambda: scalar(connection, COUNT_WAITING) >= 2)
        paused = [random.Random(7).choice(workers_of(connection, set()))]
        signal_all(paused, signal.SIGSTOP)
        holder.execute("SELECT pg_advisory_unlock(%s)", (ORDERING_LOCK_KEY,))
        until_chunks(connection, "paused", CHUNKS)
        signal_all(paused, signal.SIGCONT)
        answer = finish(submit)
        assert (answer.code, answer.document["status"]) == (0, "COMPLETED"), answer.err
        assert_as_undisturbed(connection, "paused")


def test_a_question_whose_backend_dies_is_one_problem(tenor: Tenor) -> None:
    assert tenor.database_url
    with psycopg.connect(tenor.database_url) as holder, psycopg.connect(tenor.database_url) as connection:
        connection.autocommit = True
        holder.execute("LOCK TABLE reader_position")
        asked = tenor.start("run", "list", "--json")
        until(connection, lambda: scalar(connection, TERMINATE_WAITING) > 0)
    answer = finish(asked)
    assert (answer.code, answer.document["error"]["code"]) == (1, "DATABASE_LOST")
    assert "Traceback" not in answer.err


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    """Of this test alone, since it is stopped in the middle; not below pytest's folder, which is root's alone."""
    home = Path(tempfile.mkdtemp(prefix="tenor-test-", dir="/tmp")).resolve()
    home.chmod(0o755)
    server = EmbeddedServer(home)
    yield server
    server.stop("immediate")
    shutil.rmtree(home)


def test_the_server_stopped_at_once_and_started_again(
    undisturbed: Stage, own_server: EmbeddedServer, kernels: Path, fund: Path
) -> None:
    tenor = Tenor(None, own_server.home, kernels)
    portfolio, market = tenor.within.bring(fund)
    tenor.within.json("scenario", "define", fund / "scenarios.json")
    submit = Stage(tenor, portfolio, market).submit("stopped", workers=2)
    with psycopg.connect(own_server.dsn(), autocommit=True) as connection:
        until_chunks(connection, "stopped", 5)
    own_server.stop("immediate")
    own_server.start()
    answer = finish(submit)
    assert (answer.code, answer.document["status"]) == (0, "COMPLETED"), answer.err
    assert (answer.document["priced"], answer.document["failed"]) == (POSITIONS, 0)
    assert shown(tenor, "stopped") == shown(undisturbed.tenor, "undisturbed")


def shown(tenor: Tenor, key: str) -> dict[str, object]:
    """What two runs of the same content have in common, however they went."""
    row = tenor.within.json("run", "show", str(run_id_of(key)))
    same = ("blocks_root", "chunks", "chunks_done", "portfolio_snapshot_id", "market_snapshot_id", "measures")
    return {name: row[name] for name in same}
