"""A worker that comes to harm at one point: before its append, in the middle of the commit, before its job is done,
or by the chunk itself. Processes, queue and log are real; the pricing is plain (plain_work.py)."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from commands.change_run import cancel_run
from commands.processes.run import RunProcess
from domain.runs import run as runs
from ops.settings import Settings
from ops.wiring import Tenor
from tests.faults.checker import check_log, check_run
from tests.faults.patience import SECONDS, until
from tests.faults.plain_work import ASKED, NOW, Harm, facts_of, hash_of, plain_worker, request

ROOT = Path(__file__).parents[2]
AGE_LEASES = "UPDATE pgqueuer SET heartbeat = now() - interval '1 minute' WHERE status = 'picked'"
"""Ten seconds' wait for a lease to end, without the wait."""
COUNT_FACTS = "SELECT count(*) FROM fact_block WHERE run_id = %s AND chunk_no = %s"
WAIT_AT_COMMIT = """
CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
$$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON ledger_events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.topic = 'position.priced') EXECUTE FUNCTION wait_at_commit();
"""
COUNT_COMMITTING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT' "
    "AND wait_event_type = 'Lock'"
)


class Nursery:
    """Forks workers in milliseconds, where a fresh Python takes seconds to import what they need."""

    def __init__(self) -> None:
        words = [sys.executable, "-m", "tests.faults.plain_work"]
        self._process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._alive: set[int] = set()

    def fork(self, url: str, harm: dict[str, Any] | None = None) -> int:
        pid = self._ask({"url": url, "harm": harm})
        self._alive.add(pid)
        return pid

    def wait(self, pid: int) -> int:
        """As subprocess does: minus the signal that ended it."""
        self._alive.discard(pid)
        return self._ask({"wait": pid})

    def stop_all(self) -> None:
        for pid in sorted(self._alive):
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGTERM)
            self.wait(pid)

    def close(self) -> None:
        self.stop_all()
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, told: dict[str, Any]) -> int:
        assert self._process.stdin and self._process.stdout
        print(json.dumps(told), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@dataclass
class Site:
    tenor: Tenor
    nursery: Nursery
    run_id: UUID = field(default_factory=uuid4)

    @property
    def url(self) -> str:
        return self.tenor.database_url

    @contextmanager
    def superuser(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def request(self, chunks: int) -> None:
        self.tenor.store.append(request(self.run_id, chunks))
        self.manage()

    def manage(self) -> None:
        process = RunProcess(self.tenor.store, self.tenor.queue, self.tenor.database.connect, lambda: NOW)
        while process.step():
            pass
        process.sweep()

    def status(self) -> runs.RunStatus:
        return runs.fold(self.tenor.store.stream(self.run_id)).status  # type: ignore[arg-type]

    def until_ended(self) -> None:
        def ended() -> bool:
            self.manage()
            return self.status() not in runs.UNFINISHED

        until(ended)

    def age_leases(self) -> None:
        with self.superuser() as connection:
            connection.execute(AGE_LEASES)

    def check(self, chunks: int, failed: tuple[int, ...] = ()) -> None:
        with self.superuser() as connection:
            check_run(connection, self.run_id, [hash_of(self.run_id, n) for n in range(chunks)], failed)


@pytest.fixture
def site(database_url: str, tmp_path: Path, nursery: Nursery) -> Iterator[Site]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    yield Site(tenor, nursery)
    nursery.stop_all()
    tenor.close()


@pytest.mark.parametrize(("point", "facts"), [("before append", 0), ("after append", 2)])
def test_killed_before_or_after_its_append(site: Site, point: str, facts: int) -> None:
    """Before: nothing is there. After: the facts are, and the job is not done: it is given again, and finds them."""
    site.request(chunks=3)
    victim = site.nursery.fork(site.url, {"point": point, "what": "kill", "chunk": 1})
    assert site.nursery.wait(victim) == -signal.SIGKILL
    with site.superuser() as connection:
        assert connection.execute(COUNT_FACTS, (site.run_id, 1)).fetchone() == (facts,)
    site.age_leases()
    site.nursery.fork(site.url)
    site.until_ended()
    site.check(chunks=3)


def test_killed_in_the_middle_of_the_commit(site: Site) -> None:
    """The server has been told to commit, the worker is gone: it is committed, and nobody was told so."""
    with site.superuser() as connection, site.superuser() as holder:
        connection.execute(WAIT_AT_COMMIT)
        holder.execute("SELECT pg_advisory_lock(42)")
        site.request(chunks=2)
        victim = site.nursery.fork(site.url)
        until(lambda: connection.execute(COUNT_COMMITTING).fetchone() == (1,))
        os.kill(victim, signal.SIGKILL)
        assert site.nursery.wait(victim) == -signal.SIGKILL
        holder.execute("SELECT pg_advisory_unlock(42)")
        until(lambda: connection.execute(COUNT_FACTS, (site.run_id, 0)).fetchone() == (2,))
    site.age_leases()
    site.nursery.fork(site.url)
    site.until_ended()
    site.check(chunks=2)


def test_stopped_past_its_lease_its_late_append_meets_the_key(site: Site) -> None:
    """The other worker was first; the bytes are equal, so that is success and no alarm."""
    site.request(chunks=3)
    late = site.nursery.fork(site.url, {"point": "before append", "what": "stop", "chunk": 1})
    until(lambda: state_of(late) == "T")
    site.age_leases()
    site.nursery.fork(site.url)
    site.until_ended()
    os.kill(late, signal.SIGCONT)
    with site.superuser() as connection:
        until(lambda: connection.execute("SELECT count(*) FROM chunk_attempt").fetchone() == (0,))
    assert state_of(late) in "SR"
    site.check(chunks=3)


@pytest.mark.parametrize(("what", "dies"), [("raise", False), ("segfault", True)])
def test_a_poisoned_chunk_fails_alone(site: Site, what: str, dies: bool) -> None:
    """Whether it raises or takes the worker with it: after three tries it is given up, with a reason, and the rest of
    the run completes. Workers that die are started again, as their supervisor does."""
    site.request(chunks=4)
    harm = {"point": "pricing", "what": what, "chunk": 2}
    pid, deaths = site.nursery.fork(site.url, harm), 0

    def ended() -> bool:
        nonlocal pid, deaths
        if dies and state_of(pid) == "Z":
            assert site.nursery.wait(pid) == -signal.SIGSEGV
            site.age_leases()
            pid, deaths = site.nursery.fork(site.url, harm), deaths + 1
        site.manage()
        return site.status() not in runs.UNFINISHED

    until(ended)
    assert (site.status(), deaths) == (runs.RunStatus.COMPLETED_WITH_EXCEPTIONS, 3 if dies else 0)
    site.check(chunks=4, failed=(2,))
    (failure,) = [e.event for e in site.tenor.store.log(0, 100) if isinstance(e.event, runs.ChunkFailed)]
    assert failure.error == ("the worker died while it worked on this chunk" if dies else "ArithmeticError: as told")


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_worker_leaves_a_cancelled_run_within_one_chunk(site: Site) -> None:
    """A job of two chunks, cancelled during the first: its facts are kept, the second is never begun."""
    site.request(chunks=128)
    begun, go_on, priced = threading.Event(), threading.Event(), []

    class Slow(Harm):
        def come(self, point: str, chunk_no: int) -> None:
            if point == "pricing":
                priced.append(chunk_no)
                begun.set()
                assert go_on.wait(SECONDS)

    worker = plain_worker(site.tenor.store, site.tenor.database.connect, Slow(None))
    with site.tenor.database.connect() as connection:
        ((payload,),) = connection.execute("SELECT payload FROM pgqueuer ORDER BY id LIMIT 1").fetchall()
    assert json.loads(payload)["chunks"] == [0, 1]
    working = threading.Thread(target=worker.handle, args=(payload,))
    working.start()
    assert begun.wait(SECONDS)
    cancel_run(site.tenor.store, ASKED, str(site.run_id), "enough")
    go_on.set()
    working.join(SECONDS)
    site.manage()
    assert (priced, site.status()) == ([0], runs.RunStatus.CANCELLED)
    with site.superuser() as connection:
        assert connection.execute("SELECT count(*) FROM pgqueuer").fetchone() == (0,)
        assert connection.execute(COUNT_FACTS, (site.run_id, 0)).fetchone() == (2,)
        check_log(connection)


def test_any_number_of_workers_in_any_order_makes_the_same_blocks(site: Site) -> None:
    """One, two and five of them, over runs whose pricing depends on the run's number and the chunk alone."""
    roots = set()
    for count in (1, 2, 5):
        site.run_id = UUID(int=uuid4().int // 1_000 * 1_000)  # facts_of takes the number modulo 1,000
        site.request(chunks=40)
        for _ in range(count):
            site.nursery.fork(site.url)
        site.until_ended()
        site.nursery.stop_all()
        site.check(chunks=40)
        (completed,) = [e for e in site.tenor.store.stream(site.run_id) if isinstance(e, runs.RunCompleted)]
        roots.add(completed.blocks_root)
    assert len(roots) == 1


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_whose_clock_is_wrong_changes_no_number(site: Site, hours: int) -> None:
    """Its clock goes into the timestamp of its events and nowhere else; leases are the database's (SQL's now())."""
    site.request(chunks=2)
    holder = site.nursery.fork(site.url, {"point": "before append", "what": "stop", "chunk": 0})
    until(lambda: state_of(holder) == "T")
    skewed = NOW + timedelta(hours=hours)
    worker = plain_worker(site.tenor.store, site.tenor.database.connect, Harm(None), now=skewed)
    with site.tenor.database.connect() as connection:
        held = connection.execute("SELECT payload FROM pgqueuer WHERE status = 'picked'").fetchall()
        free = connection.execute("SELECT payload FROM pgqueuer WHERE status = 'queued'").fetchall()
    assert [json.loads(payload)["chunks"] for (payload,) in held] == [[0]]
    for (payload,) in free:
        worker.handle(payload)
    os.kill(holder, signal.SIGCONT)
    site.until_ended()
    site.check(chunks=2)
    stamps = {e.event.timestamp for e in site.tenor.store.log(0, 100) if e.event.TOPIC == "position.priced"}
    assert stamps == {NOW, skewed}


def test_the_plain_pricing_is_deterministic() -> None:
    assert facts_of(UUID(int=7), 3).blocks.keys() == facts_of(UUID(int=1_007), 3).blocks.keys()
    assert hash_of(UUID(int=7), 3) == hash_of(UUID(int=1_007), 3) != hash_of(UUID(int=7), 4)
