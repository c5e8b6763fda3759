"""The log over Postgres: the `eventsourcing` library's recorder with an ordering lock that disturbs nobody.

Three things differ from the stock recorder (docs/adr/0002): an advisory transaction lock in place of LOCK TABLE
(which stalls on ANALYZE and VACUUM and refuses an INSERT-only role), arrays in binary (the stock recorder ships
bytes as hex text), and blocks, jobs and reader positions written in the same transaction before the lock is taken.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.rows import dict_row, tuple_row
from psycopg.sql import SQL
from psycopg_pool import ConnectionPool

from domain import codec
from domain.event import Event
from domain.ports import AlreadyThere, LogEntry
from domain.runs.archived import BlocksArchived
from domain.runs.facts import Block
from domain.runs.run import RunArchived
from domain.storable import is_unstorable
from domain.texts import ControlCharacter
from ops.adapters.database import POOL_SECONDS, RECONNECT_SECONDS, patient

EVENTS_TABLE = "ledger_events"

ORDERING_LOCK_KEY = int.from_bytes(sha256(b"tenor.ledger_events").digest()[:8], "big", signed=True)

TAKE_ORDERING_LOCK = SQL("SELECT pg_advisory_xact_lock(%s)")
"""Commit order is position order: whoever holds this lock is given positions and commits before the next."""

LIMIT_IDLENESS = SQL("SET LOCAL idle_in_transaction_session_timeout = '5s'")
"""A process that is paused while it appends, or whose machine is gone without a word, is disconnected: the locks
that it holds would stop every other writer."""

INSERT_EVENTS = SQL(
    "INSERT INTO ledger_events (originator_id, originator_version, topic, state) "
    "SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[]) RETURNING notification_id"
)

INSERT_BLOCK = SQL(
    "INSERT INTO fact_block (run_month, run_id, kind, chunk_no, content_sha256, payload_sha256, payload) "
    "VALUES (%b, %b, %b, %b, %b, %b, %b)"
)

SELECT_POSITION = SQL("SELECT notification_id FROM ledger_events WHERE originator_id = %s AND originator_version = %s")

ENSURE_PARTITION = SQL("SELECT ensure_fact_partition(%s) WHERE to_regclass(%s) IS NULL")
"""Asked for only where it is missing: making one is locked, and the lock would make every worker wait its turn."""

SELECT_BLOCK = SQL("SELECT payload FROM fact_block WHERE run_id = %s AND kind = %s AND chunk_no = %s")


class LedgerDatastore(PostgresDatastore):
    """The library's datastore over a whole connection string: sockets, TLS options and all."""

    def __init__(self, database_url: str, configure: Callable[[psycopg.Connection[Any]], None], size: int) -> None:
        super().__init__(dbname="", host="", port="", user="", password="")
        pool: Any = ConnectionPool(
            database_url,
            connection_class=psycopg.Connection[dict[str, Any]],
            kwargs={"row_factory": dict_row, "autocommit": True} | patient(database_url),
            configure=configure,
            min_size=0,
            max_size=size,
            open=False,
            timeout=POOL_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
        )
        self.pool = pool


class LedgerRecorder(PostgresApplicationRecorder):
    """Appends in one transaction, in commit order, without a table lock."""

    def __init__(self, datastore: LedgerDatastore) -> None:
        super().__init__(datastore, events_table_name=EVENTS_TABLE)

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        blocks: Sequence[Block] = (),
        also: Callable[[Any], Sequence[StoredEvent]] | None = None,
        **_: Any,
    ) -> Sequence[int]:
        with self.datastore.get_connection() as connection, connection.transaction():
            connection.execute(LIMIT_IDLENESS)
            if blocks:
                insert_blocks(connection, blocks)
            events = [*stored_events, *(run_with_tuples(connection, also) if also else ())]
            return self._insert_in_order(connection, events) if events else []

    def _insert_in_order(self, connection: Any, events: Sequence[StoredEvent]) -> list[int]:
        connection.execute(TAKE_ORDERING_LOCK, (ORDERING_LOCK_KEY,))
        connection.execute("NOTIFY ledger_events")
        cursor = connection.cursor(binary=True)
        arrays = (
            [event.originator_id for event in events],
            [event.originator_version for event in events],
            [event.topic for event in events],
            [event.state for event in events],
        )
        return [row["notification_id"] for row in cursor.execute(INSERT_EVENTS, arrays)]


def run_with_tuples(connection: Any, also: Callable[[Any], Sequence[StoredEvent]]) -> Sequence[StoredEvent]:
    """Our own statements read rows as tuples; the library's connections give dictionaries."""
    connection.row_factory = tuple_row
    try:
        return also(connection)
    finally:
        connection.row_factory = dict_row


def insert_blocks(connection: Any, blocks: Sequence[Block]) -> None:
    """Partitions are by the month in which the block arrives; the key of a block is its event's unique stream."""
    month = datetime.now(UTC).date().replace(day=1)
    connection.execute(ENSURE_PARTITION, (month, f"public.fact_block_{month:%Y_%m}"))
    with connection.cursor(binary=True) as cursor:
        for block in blocks:
            identity = (month, block.run_id, block.kind, block.chunk_no)
            cursor.execute(INSERT_BLOCK, (*identity, block.content_sha256, block.payload_sha256, block.payload))


class PostgresEventStore:
    """The log as the siblings see it (domain.ports.EventStore)."""

    def __init__(self, recorder: LedgerRecorder) -> None:
        self._recorder = recorder

    def append(
        self,
        events: Sequence[Event],
        *,
        blocks: Sequence[Block] = (),
        also: Callable[[Any], Sequence[Event]] | None = None,
    ) -> list[int]:
        further = (lambda connection: [_stored(event) for event in also(connection)]) if also else None
        try:
            return list(self._recorder.insert_events([_stored(event) for event in events], blocks=blocks, also=further))
        except IntegrityError as error:
            raise AlreadyThere(str(error)) from error

    def stream(self, originator_id: UUID) -> list[Event]:
        return [codec.decode(stored.topic, stored.state) for stored in self._recorder.select_events(originator_id)]

    def position(self, originator_id: UUID, version: int) -> int:
        with self._recorder.datastore.get_connection() as connection:
            row = connection.execute(SELECT_POSITION, (originator_id, version)).fetchone()
        if row is None:
            raise LookupError(f"stream {originator_id} has no event {version}")
        return int(row["notification_id"])

    def log(self, after: int, limit: int) -> list[LogEntry]:
        notifications = self._recorder.select_notifications(after, limit, inclusive_of_start=False)
        return [LogEntry(int(entry.id), codec.decode(entry.topic, entry.state)) for entry in notifications]

    def head(self) -> int:
        return self._recorder.max_notification_id() or 0

    def block(self, run_id: UUID, kind: str, chunk_no: int) -> bytes:
        with self._recorder.datastore.get_connection() as connection, connection.cursor(binary=True) as cursor:
            row = cursor.execute(SELECT_BLOCK, (run_id, kind, chunk_no)).fetchone()
        if row is None:
            for event in self.stream(run_id)[-1:]:
                if isinstance(event, RunArchived):
                    raise BlocksArchived(run_id, event)
            raise LookupError(f"no block of {kind} for chunk {chunk_no} of run {run_id}")
        return bytes(row["payload"])

    def close(self) -> None:
        self._recorder.datastore.close()


def _stored(event: Event) -> StoredEvent:
    """The last gate: a text that a read model could not hold is refused, whatever way it came."""
    if is_unstorable(event):
        raise ControlCharacter(f"a text of {event.TOPIC} holds a zero character or a lone surrogate")
    topic, state = codec.encode(event)
    return StoredEvent(event.originator_id, event.originator_version, topic, state)
