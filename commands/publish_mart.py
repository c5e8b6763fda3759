"""A run's figures as plain tables: asked for, written, dropped. Tables and event are one transaction."""

from collections.abc import Callable
from uuid import UUID

from domain.event import Envelope, Event
from domain.ports import Connection, EventStore
from domain.runs import marts

LOCK_RUN = "SELECT pg_advisory_xact_lock(hashtextextended('tenor.mart.' || %s, 0))"
Write = Callable[[Connection], marts.MartContents]
Before = Callable[[Connection], None]


def mart_of(store: EventStore, run_id: UUID) -> marts.Mart:
    return marts.fold(store.stream(marts.mart_stream(run_id)))


def request_mart(store: EventStore, envelope: Envelope, run_id: UUID, completed_version: int) -> int:
    """Where the log is afterwards; asked for again, nothing happens."""
    events = marts.request(mart_of(store, run_id), envelope, run_id, completed_version)
    return store.append(events)[-1] if events else store.head()


def publish_mart(
    store: EventStore,
    envelope: Envelope,
    run_id: UUID,
    completed_version: int,
    write: Write,
    before: Before | None = None,
) -> tuple[marts.MartPublished, bool]:
    """What is there afterwards, and whether this call wrote it. Two at once: the second waits, and finds it done."""
    written: list[marts.MartPublished] = []

    def in_one_transaction(connection: Connection) -> list[Event]:
        if before is not None:
            before(connection)
        connection.execute(LOCK_RUN, (str(run_id),))
        mart = mart_of(store, run_id)
        if not mart.holds(completed_version):
            written.extend(marts.publish(mart, envelope, run_id, write(connection)))
        return [*written]

    store.append([], also=in_one_transaction)
    if written:
        return written[0], True
    published = mart_of(store, run_id).published
    assert published is not None
    return published, False


def drop_mart(
    store: EventStore, envelope: Envelope, run_id: UUID, reason: str, forget: Callable[[Connection, UUID], bool]
) -> int:
    def in_one_transaction(connection: Connection) -> list[Event]:
        connection.execute(LOCK_RUN, (str(run_id),))
        events = marts.drop(mart_of(store, run_id), envelope, run_id, reason)
        forget(connection, run_id)
        return [*events]

    return store.append([], also=in_one_transaction)[-1]
