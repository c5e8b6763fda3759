"""LISTEN is a hint: notices that come twice, too early, too late or never change nothing of what a reader is told."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain import codec
from domain.event import Event
from domain.ports import LogEntry
from ops.adapters.event_store import ORDERING_LOCK_KEY
from ops.settings import Settings
from ops.wiring import Tenor
from projections.engine.runner import run_forever
from tests.faults.checker import check_log
from tests.faults.patience import until
from tests.faults.plain_work import request

TELLINGS = "CREATE TABLE projection.telling_v1 (position bigint NOT NULL)"
SELECT_TELLINGS = "SELECT position FROM projection.telling_v1 ORDER BY ctid"
SELECT_LOG = "SELECT notification_id FROM ledger_events ORDER BY 1"
SILENT_INSERT = "INSERT INTO ledger_events (originator_id, originator_version, topic, state) VALUES (%s, 1, %s, %s)"


class Telling:
    """Writes down what it is told, with no guard of its own."""

    name, alone = "telling_v1", ()

    def handle(self, connection: Any, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            connection.execute("INSERT INTO projection.telling_v1 VALUES (%s)", (entry.position,))


@pytest.fixture
def tenor(database_url: str, tmp_path: Path) -> Iterator[Tenor]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    with tenor.database.connect() as connection:
        connection.execute(TELLINGS)
    yield tenor
    tenor.close()


def requested(number: int) -> Event:
    return request(UUID(int=number), 1)[0]


def test_two_rivals_under_notices_that_are_doubled_early_late_and_missing(tenor: Tenor) -> None:
    stop = threading.Event()
    run = (Telling(),), tenor.store, tenor.database.connect, stop
    rivals = [threading.Thread(target=run_forever, args=run) for _ in range(2)]
    for rival in rivals:
        rival.start()
    with psycopg.connect(tenor.database_url, autocommit=True) as other:
        for number in range(0, 60, 3):
            for _ in range(number % 4):
                other.execute("NOTIFY ledger_events")  # of nothing, or of what is not committed yet
            tenor.store.append([requested(number)])
            append_silently(other, requested(number + 1))
            with other.transaction():  # announced before, and by a later event than its own
                other.execute("NOTIFY ledger_events")
                tenor.store.append([requested(number + 2)])
        until(lambda: len(told(other)) >= 60)
        stop.set()
        for rival in rivals:
            rival.join()
        assert told(other) == [row[0] for row in other.execute(SELECT_LOG)]
        check_log(other)


def append_silently(connection: psycopg.Connection[Any], event: Event) -> None:
    """As the recorder does, but without NOTIFY: the poll has to find it."""
    topic, state = codec.encode(event)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (ORDERING_LOCK_KEY,))
        connection.execute(SILENT_INSERT, (event.originator_id, topic, state))


def told(connection: psycopg.Connection[Any]) -> list[int]:
    return [row[0] for row in connection.execute(SELECT_TELLINGS)]
