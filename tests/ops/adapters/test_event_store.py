"""The log on a real Postgres: order, once, and nothing ever changes."""

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from domain.event import Envelope
from domain.ports import AlreadyThere
from domain.runs.facts import Block
from domain.scenarios.versions import Scenario, ScenarioEvent, define
from ops.adapters.blob_store import PART_BYTES, BlobMissing, PostgresBlobStore
from ops.adapters.database import Database, as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore

NOW = datetime(2026, 1, 23, tzinfo=UTC)
ASKED = Envelope("tester", NOW, uuid.UUID(int=1))


def scenario(name: str) -> list[ScenarioEvent]:
    return define(Scenario(), ASKED, name, {"scenario_id": name, "shocks": []})


@pytest.fixture
def store(database_url: str) -> Iterator[PostgresEventStore]:
    store = PostgresEventStore(LedgerRecorder(LedgerDatastore(database_url, as_application, 8)))
    yield store
    store.close()


def test_what_is_appended_is_read_back_in_order(store: PostgresEventStore) -> None:
    first, second = scenario("a"), scenario("b")
    positions = store.append(first) + store.append(second)
    assert [entry.event for entry in store.log(0, 10)] == first + second
    assert [entry.position for entry in store.log(0, 10)] == positions == sorted(positions)
    assert store.stream(first[0].originator_id) == first
    assert store.head() == positions[-1]


def test_the_same_place_in_a_stream_is_taken_once(store: PostgresEventStore) -> None:
    store.append(scenario("a"))
    with pytest.raises(AlreadyThere):
        store.append(scenario("a"))
    assert len(store.log(0, 10)) == 1


def test_blocks_and_side_work_come_with_the_event_or_not_at_all(store: PostgresEventStore) -> None:
    block = Block(uuid.uuid4(), "PositionPriced", 0, "c", "p", b"\x00" * 1000)
    store.append(scenario("a"), blocks=[block])
    assert store.block(block.run_id, block.kind, 0) == block.payload
    other = Block(uuid.uuid4(), "PositionPriced", 0, "c", "p", b"\x01")
    with pytest.raises(AlreadyThere):
        store.append(scenario("a"), blocks=[other])
    with pytest.raises(LookupError):
        store.block(other.run_id, other.kind, 0)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_events SET topic = 'x'",
        "DELETE FROM ledger_events",
        "TRUNCATE ledger_events",
        "DELETE FROM fact_block",
        "UPDATE blob SET parts = 2",
        "SET session_replication_role = replica; DELETE FROM ledger_events",
    ],
)
def test_a_superuser_is_refused_any_change(store: PostgresEventStore, database_url: str, change: str) -> None:
    store.append(scenario("a"), blocks=[Block(uuid.uuid4(), "PositionPriced", 0, "c", "p", b"x")])
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(change)


@pytest.mark.parametrize(
    "change", ["UPDATE ledger_events SET topic = 'x'", "DELETE FROM fact_block", "DROP TABLE blob"]
)
def test_the_application_role_may_only_append(database_url: str, change: str) -> None:
    database = Database(database_url)
    with database.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(change)
    database.close()


def test_a_reader_at_the_tail_misses_nothing_of_four_writers(store: PostgresEventStore) -> None:
    """Positions are given in commit order, so what commits later never appears below what was read."""
    writers, each = 4, 60
    seen: list[int] = []

    def write(writer: int) -> None:
        for number in range(each):
            events: list[Any] = []
            for part in range(1 + number % 3):
                events += scenario(f"{writer}-{number}-{part}")
            store.append(events)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen += [entry.position for entry in store.log(seen[-1] if seen else 0, 50)]
    while entries := store.log(seen[-1] if seen else 0, 50):
        seen += [entry.position for entry in entries]
    written = writers * sum(1 + number % 3 for number in range(each))
    assert len(seen) == len(set(seen)) == written


def test_blobs_are_stored_once_and_in_parts(database_url: str) -> None:
    database = Database(database_url)
    blobs = PostgresBlobStore(database.connect)
    data = bytes(range(256)) * (PART_BYTES // 256) + b"tail"
    blobs.put("one", data)
    blobs.put("one", b"never written: the name is taken")
    assert blobs.get("one") == data
    with pytest.raises(BlobMissing):
        blobs.get("two")
    database.close()
