"""Where a run is disturbed: start one, wait for its middle, see who works on it, compare its end."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict

from domain.access.principal import LOCAL
from domain.event import actors_own_id, stream_id
from domain.ports import PART_POSITIONS
from domain.runs.facts import CHUNK_SIZE, fact_stream
from tests.walk.command_line import Tenor

POSITIONS = 60_000
CHUNKS = -(-POSITIONS // CHUNK_SIZE)
PARTS = -(-POSITIONS // PART_POSITIONS)
KINDS = ("CapitalComputed", "CashflowsProjected", "PositionPriced", "RiskComputed")
SCENARIOS = "up100,down100,credit_crunch"
MAX_SECONDS = 90.0

COUNT_CHUNKS = "SELECT count(DISTINCT chunk_no) FROM fact_block WHERE run_id = %s"
SELECT_WORKERS = "SELECT pid FROM process_heartbeat WHERE role = 'worker' AND beat_at > now() - interval '10 seconds'"
COUNT_PICKED = "SELECT count(*) FROM pgqueuer WHERE status = 'picked'"
SELECT_BLOCKS = "SELECT kind, chunk_no, content_sha256 FROM fact_block WHERE run_id = %s ORDER BY kind, chunk_no"
SELECT_VERSIONS = "SELECT originator_version FROM ledger_events WHERE originator_id = ANY(%s)"
COUNT_ALARMS = "SELECT count(*) FROM ledger_events WHERE topic = 'fact.nondeterminism_detected'"
COUNT_COMPLETIONS = "SELECT count(*) FROM ledger_events WHERE originator_id = %s AND topic = 'run.completed'"
COMPARE_RESULTS = """
WITH results AS (
    SELECT run_id, chunk_no, part_no, scenario_no, column_no, packed AS amounts
      FROM read.result_chunk JOIN read.run USING (run_no)
)
SELECT count(one.amounts), count(other.amounts), count(*) FILTER (WHERE one.amounts IS DISTINCT FROM other.amounts)
  FROM (SELECT * FROM results WHERE run_id = %s) one
  FULL JOIN (SELECT * FROM results WHERE run_id = %s) other USING (chunk_no, part_no, scenario_no, column_no)
"""

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Stage:
    tenor: Tenor
    portfolio: str
    market: str

    @property
    def database(self) -> str:
        return str(conninfo_to_dict(self.tenor.database_url or "")["dbname"])

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        assert self.tenor.database_url
        with psycopg.connect(self.tenor.database_url, autocommit=True) as connection:
            yield connection

    def submit_words(self, key: str) -> tuple[str, ...]:
        snapshots = ("--portfolio", self.portfolio, "--market", self.market)
        terms = ("--scenarios", SCENARIOS, "--measures", "PV,DV01,EAD", "--idempotency-key", key)
        return ("run", "submit", *snapshots, *terms)

    def submit(self, key: str, workers: int) -> subprocess.Popen[bytes]:
        """A command that waits for the run with workers of its own."""
        return self.tenor.start(*self.submit_words(key), "--workers", str(workers), "--wait", "--json")


def run_id_of(key: str) -> UUID:
    """Known before the command says it."""
    return stream_id("run", actors_own_id("idempotency", LOCAL.actor, key))


def until(connection: Connection, holds: Callable[[], bool]) -> None:
    """Looks whenever something is appended to the log, and a few times a second anyway."""
    deadline = time.monotonic() + MAX_SECONDS
    connection.execute("LISTEN ledger_events")
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        for _ in connection.notifies(timeout=0.2, stop_after=1):
            pass


def chunks_done(connection: Connection, key: str) -> int:
    return scalar(connection, COUNT_CHUNKS, run_id_of(key))


def until_chunks(connection: Connection, key: str, chunks: int) -> None:
    until(connection, lambda: chunks_done(connection, key) >= chunks)


def workers_of(connection: Connection, dead: set[int]) -> list[int]:
    return sorted(row[0] for row in connection.execute(SELECT_WORKERS) if row[0] not in dead)


def kill_one_at_work(connection: Connection, key: str, dead: set[int], rng: random.Random) -> None:
    """SIGKILL to a worker that holds a job: all are stopped before one is chosen, so none finishes meanwhile.

    Nobody is killed where the rest of the run is done before a dead worker's replacement has come to its first job.
    """
    alive: list[int] = []

    def all_hold_a_job() -> bool:
        nonlocal alive
        alive = workers_of(connection, dead)
        signal_all(alive, signal.SIGSTOP)
        if alive and scalar(connection, COUNT_PICKED) == len(alive) + len(dead):
            return True
        signal_all(alive, signal.SIGCONT)
        return False

    until(connection, lambda: all_hold_a_job() or chunks_done(connection, key) == CHUNKS)
    if chunks_done(connection, key) == CHUNKS:
        signal_all(workers_of(connection, dead), signal.SIGCONT)
        return
    victim = rng.choice(alive)
    os.kill(victim, signal.SIGKILL)
    dead.add(victim)
    signal_all([pid for pid in alive if pid != victim], signal.SIGCONT)


def signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


def assert_as_undisturbed(connection: Connection, key: str) -> None:
    """Every chunk has its facts once, with the hashes of the undisturbed run; so have the published results."""
    run_id, calm = run_id_of(key), run_id_of("undisturbed")
    blocks, expected = (connection.execute(SELECT_BLOCKS, (one,)).fetchall() for one in (run_id, calm))
    assert len(blocks) == CHUNKS * len(KINDS) and blocks == expected
    streams = [fact_stream(run_id, kind, chunk) for kind in KINDS for chunk in range(CHUNKS)]
    versions = [row[0] for row in connection.execute(SELECT_VERSIONS, (streams,))]
    assert versions == [1] * len(streams)
    assert scalar(connection, COUNT_COMPLETIONS, run_id) == 1
    assert scalar(connection, COUNT_ALARMS) == 0
    compared = connection.execute(COMPARE_RESULTS, (run_id, calm)).fetchone()
    assert compared is not None
    published, calm_published, different = compared
    assert published == calm_published == PARTS * 4 * 3 and different == 0


def scalar(connection: Connection, query: str, *parameters: Any) -> int:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return int(row[0])
