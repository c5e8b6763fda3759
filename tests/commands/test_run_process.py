"""The process manager on a real log and a real queue: planned once, counted once, completed once."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.processes.run import READER, RunProcess, key_prefix
from domain.event import Envelope, Event
from domain.measures.measures import Fact
from domain.ports import AlreadyThere
from domain.runs import run as runs
from domain.runs.facts import Block, record_fact
from domain.sealing.merkle import merkle_root
from ops.adapters.database import Database, as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore
from ops.adapters.work_queue import PgWorkQueue

NOW = datetime(2026, 1, 23, 18, tzinfo=UTC)
ASKED = Envelope("tester", NOW, UUID(int=1))
KINDS = (Fact.PRICED, Fact.RISK)


@dataclass
class Site:
    store: PostgresEventStore
    queue: PgWorkQueue
    database: Database
    process: RunProcess

    def catch_up(self) -> None:
        while self.process.step():
            pass

    def request(self, positions: int = 3 * 4096) -> UUID:
        run_id = uuid4()
        terms = {
            "portfolio_snapshot_id": UUID(int=2),
            "portfolio_sha256": "aa",
            "market_snapshot_id": UUID(int=3),
            "market_sha256": "bb",
            "as_of": date(2026, 1, 23),
            "base_currency": "USD",
            "scenarios": ["BASE"],
            "scenario_documents": [{"scenario_id": "BASE", "name": "Base", "shocks": []}],
            "measures": ["PV", "DV01"],
            "positions": positions,
            "chunk_size": 4096,
        }
        self.store.append(runs.request(runs.Run(), ASKED, run_id, terms))
        return run_id

    def append_facts(self, run_id: UUID, chunk_no: int, failed: int = 0) -> None:
        blocks = [Block(run_id, kind.value, chunk_no, f"{chunk_no:02x}" * 32, "ff", b"x") for kind in KINDS]
        terms = {
            "first_row": 0,
            "positions": 4096,
            "scenarios": 1,
            "columns": ["pv"],
            "portfolio_sha256": "aa",
            "market_sha256": "bb",
            "engine_version": "v",
        }
        facts = [
            record_fact(ASKED, kind, block, failed=failed, fx_to_base={}, **terms)
            for kind, block in zip(KINDS, blocks, strict=True)
        ]
        self.store.append(facts, blocks=blocks)

    def events(self, run_id: UUID) -> list[Event]:
        return self.store.stream(run_id)

    def live(self, run_id: UUID) -> set[str]:
        with self.database.connect() as connection:
            return self.queue.live_keys(connection, key_prefix(run_id))


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    store = PostgresEventStore(LedgerRecorder(LedgerDatastore(database_url, as_application, 8)))
    database, queue = Database(database_url), PgWorkQueue()
    yield Site(store, queue, database, RunProcess(store, queue, database.connect, lambda: NOW))
    store.close()
    database.close()


def names(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_request_is_planned_and_its_chunks_become_jobs(site: Site) -> None:
    run_id = site.request()
    site.catch_up()
    assert names(site.events(run_id)) == ["RunRequested", "RunPlanned"]
    assert site.live(run_id) == {f"{run_id}:1:{slot}" for slot in range(3)}


def test_the_last_fact_completes_the_run_with_the_root_of_its_blocks(site: Site) -> None:
    run_id = site.request()
    site.catch_up()
    for chunk_no in (2, 0):
        site.append_facts(run_id, chunk_no)
    site.catch_up()
    assert names(site.events(run_id))[-1] == "RunPlanned"
    site.append_facts(run_id, 1, failed=5)
    site.catch_up()
    done = site.events(run_id)[-1]
    assert isinstance(done, runs.RunCompleted)
    hashes = [bytes([chunk_no]) * 32 for _ in KINDS for chunk_no in range(3)]
    assert (done.blocks, done.failed_positions, done.failed_chunks) == (6, 5, [])
    assert done.blocks_root == merkle_root(hashes).hex()


def test_a_chunk_that_failed_ends_the_run_with_exceptions_and_can_be_retried(site: Site) -> None:
    run_id = site.request(2 * 4096)
    site.catch_up()
    site.append_facts(run_id, 0)
    site.store.append([runs.fail_chunk(ASKED, run_id, 1, 1, "MemoryError")])
    site.catch_up()
    done = site.events(run_id)[-1]
    assert isinstance(done, runs.RunCompleted)
    assert done.failed_chunks == [1]
    site.store.append(runs.retry(runs.fold(site.events(run_id)), ASKED, run_id))  # type: ignore[arg-type]
    site.catch_up()
    assert f"{run_id}:2:1" in site.live(run_id)
    site.append_facts(run_id, 1)
    site.catch_up()
    again = site.events(run_id)[-1]
    assert isinstance(again, runs.RunCompleted)
    assert (again.blocks, again.failed_chunks) == (4, [])


def test_a_failure_of_an_earlier_attempt_does_not_count_again(site: Site) -> None:
    """The run was ended with chunk 1 missing and is being retried when the first attempt's failure comes late."""
    run_id = site.request(2 * 4096)
    site.catch_up()
    site.append_facts(run_id, 0)
    site.catch_up()
    run = runs.fold(site.events(run_id))  # type: ignore[arg-type]
    figures: dict[str, Any] = {"blocks": 2, "blocks_root": "", "failed_positions": 0, "failed_chunks": [1]}
    site.store.append(runs.complete(run, ASKED, run_id, **figures))
    site.store.append(runs.retry(runs.fold(site.events(run_id)), ASKED, run_id))  # type: ignore[arg-type]
    site.catch_up()
    site.store.append([runs.fail_chunk(ASKED, run_id, 1, 1, "a late MemoryError")])
    site.catch_up()
    assert names(site.events(run_id))[-1] == "RunRetried"
    site.append_facts(run_id, 1)
    site.catch_up()
    done = site.events(run_id)[-1]
    assert isinstance(done, runs.RunCompleted)
    assert (done.blocks, done.failed_chunks) == (4, [])


def test_cancelling_drops_the_queued_jobs(site: Site) -> None:
    run_id = site.request()
    site.catch_up()
    site.store.append(runs.cancel(runs.fold(site.events(run_id)), ASKED, run_id, "enough"))  # type: ignore[arg-type]
    site.catch_up()
    assert site.live(run_id) == set()
    assert site.process.sweep() == 0


def test_the_sweeper_enqueues_what_has_neither_facts_nor_a_live_job(site: Site) -> None:
    run_id = site.request()
    site.catch_up()
    site.append_facts(run_id, 1)
    site.catch_up()
    with site.database.connect() as connection:
        site.queue.forget(connection, key_prefix(run_id))
    assert site.process.sweep() == 2
    assert site.live(run_id) == {f"{run_id}:1:0", f"{run_id}:1:2"}
    assert site.process.sweep() == 0


def test_two_rival_process_managers_do_everything_once(site: Site) -> None:
    rival = RunProcess(site.store, PgWorkQueue(), site.database.connect, lambda: NOW)
    run_ids = [site.request(4096) for _ in range(8)]
    threads = [threading.Thread(target=lambda p=p: [p.step() for _ in range(40)]) for p in (site.process, rival)]
    for thread in threads:
        thread.start()
    for run_id in run_ids:
        site.append_facts(run_id, 0)
    for thread in threads:
        thread.join()
    site.catch_up()
    for run_id in run_ids:
        assert names(site.events(run_id)) == ["RunRequested", "RunPlanned", "RunCompleted"]


def test_facts_come_once_whoever_is_second(site: Site) -> None:
    run_id = site.request()
    site.append_facts(run_id, 0)
    with pytest.raises(AlreadyThere):
        site.append_facts(run_id, 0)


def test_the_position_moves_with_the_work(site: Site) -> None:
    site.request()
    site.catch_up()
    with site.database.connect() as connection:
        row = connection.execute("SELECT position FROM reader_position WHERE reader = %s", (READER,)).fetchone()
    assert row == (site.store.head(),)


def test_facts_that_came_after_their_chunk_was_given_up_count_when_the_run_is_retried(site: Site) -> None:
    """They are in the log, so nobody appends them again: a retry that waited for them would never end."""
    run_id = site.request(2 * 4096)
    site.catch_up()
    site.append_facts(run_id, 0)
    site.store.append([runs.fail_chunk(ASKED, run_id, 1, 1, "killed three times")])
    site.catch_up()
    site.append_facts(run_id, 1)
    site.catch_up()
    site.store.append(runs.retry(runs.fold(site.events(run_id)), ASKED, run_id))  # type: ignore[arg-type]
    site.catch_up()
    done = site.events(run_id)[-1]
    assert isinstance(done, runs.RunCompleted)
    assert (done.blocks, done.failed_chunks) == (4, [])
