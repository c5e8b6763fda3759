"""The sealer: chains signed checkpoints over the log each minute and when a run completes; one at a time anywhere."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import structlog
from eventsourcing.persistence import PersistenceError

from domain.ports import EventStore
from domain.refusals import Refused
from domain.sealing.merkle import Frontier
from domain.sealing.seals import (
    NO_PREVIOUS,
    SEALING_STREAM,
    Checkpoint,
    SealingKeyRotated,
    event_leaf_hash,
    note_hash,
    origin_of,
)
from ops.audit.sealing.checkpoints import INSERT, Leaf, StoredCheckpoint, last_checkpoint, packed
from ops.audit.sealing.exports import export_seals, last_size, seals_file
from ops.audit.sealing.keys import ensure_key, key_at, private_key_of
from ops.audit.sealing.signed_notes import sign_note, verifier_key
from ops.ports import Connect, Sealing
from ops.wiring import utc_now

SEAL_SECONDS = 60.0
LOOK_SECONDS = 1.0
EVENTS_PER_CHECKPOINT = 10_000
"""The most that one checkpoint seals: what a verifier holds in memory."""

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('tenor.sealer'))"
SELECT_EVENTS = (
    "SELECT notification_id, originator_id, originator_version, topic, state FROM ledger_events "
    "WHERE notification_id > %b ORDER BY notification_id LIMIT %b"
)
SELECT_KEYS = "SELECT notification_id FROM ledger_events WHERE originator_id = %s ORDER BY originator_version"
IS_COMPLETED = (
    "SELECT EXISTS (SELECT FROM ledger_events WHERE topic IN ('run.completed', 'run.published') "
    "AND notification_id > (SELECT coalesce(max(last_position), 0) FROM log_checkpoint))"
)

log = structlog.get_logger()


class LogCutShort(Refused):
    def __init__(self, exported: int, stored: int) -> None:
        super().__init__(
            "LOG_CUT_SHORT",
            f"the seals outside the database reach to {exported:,} events, those inside to {stored:,}",
            "nothing is sealed on top of that: see `tenor audit verify`",
        )


def run_sealer(sealing: Sealing, stop: threading.Event) -> None:
    """Until told to stop, and once more then; what cannot be sealed is said once a minute and waits."""
    sealed_at = float("-inf")
    while not stop.wait(LOOK_SECONDS):
        try:
            if time.monotonic() - sealed_at >= SEAL_SECONDS or is_run_completed(sealing.connect):
                seal(sealing)
                sealed_at = time.monotonic()
        except (psycopg.OperationalError, PersistenceError, Refused, OSError) as error:
            log.warning("sealer.waits", error=str(error))
            stop.wait(SEAL_SECONDS if isinstance(error, Refused | OSError) else LOOK_SECONDS)
    try:
        seal(sealing)
    except (psycopg.OperationalError, PersistenceError, Refused, OSError) as error:
        log.warning("sealer.ended_unsealed", error=str(error))


def is_run_completed(connect: Connect) -> bool:
    with connect() as connection:
        row = connection.execute(IS_COMPLETED).fetchone()
    return bool(row and row[0])


def seal(sealing: Sealing) -> int:
    """Seal what the log has gained, then export. Returns how many events were sealed; an empty log has no seal."""
    if sealing.store.head() == 0:
        return 0
    first = ensure_key(sealing)[0]
    path = seals_file(sealing.home, first.log_id)
    exported, sealed = last_size(path), 0
    while True:
        with sealing.connect() as connection, connection.transaction():
            if not is_leader(connection):
                return sealed
            done = seal_next(sealing, connection, exported)
        sealed += done
        if done < EVENTS_PER_CHECKPOINT:
            break
    export_seals(sealing.connect, path, first_verifier_key(first))
    return sealed


def export_to(sealing: Sealing, path: Path) -> int:
    """All checkpoints, or those that the file has not. Returns how many were added."""
    seal(sealing)
    return export_seals(sealing.connect, path, first_verifier_key(ensure_key(sealing)[0]))


def first_verifier_key(first: SealingKeyRotated) -> str:
    return verifier_key(origin_of(first.log_id), bytes.fromhex(first.public_key))


def is_leader(connection: Any) -> bool:
    return bool(connection.execute(TRY_LOCK).fetchone()[0])


def seal_next(sealing: Sealing, connection: Any, exported: int) -> int:
    """One checkpoint. Positions are given in commit order, so all that is visible up to the last one is final."""
    before = last_checkpoint(connection)
    if exported > (before.size if before else 0):
        raise LogCutShort(exported, before.size if before else 0)
    with connection.cursor(binary=True) as cursor:
        bounds = (before.position if before else 0, EVENTS_PER_CHECKPOINT)
        leaves = [(row[0], event_leaf_hash(*row)) for row in cursor.execute(SELECT_EVENTS, bounds)]
    if leaves:
        insert_checkpoint(sealing, connection, before, leaves)
    return len(leaves)


def insert_checkpoint(
    sealing: Sealing, connection: Any, before: StoredCheckpoint | None, leaves: Sequence[Leaf]
) -> None:
    tree = (before.tree() if before else Frontier()).grown(hashed for _, hashed in leaves)
    position = leaves[-1][0]
    key = key_at(placed_keys(sealing.store, connection), position)
    checkpoint = Checkpoint(
        origin_of(key.log_id),
        tree.size,
        tree.root(),
        position,
        utc_now(),
        note_hash(before.note) if before else NO_PREVIOUS,
    )
    note = sign_note(checkpoint.body(), checkpoint.origin, private_key_of(sealing.home, key))
    connection.execute(INSERT, (tree.size, position, note, tree.to_bytes(), packed(leaves)))


def placed_keys(store: EventStore, connection: Any) -> list[tuple[int, SealingKeyRotated]]:
    """The log's keys with their positions."""
    positions = [row[0] for row in connection.execute(SELECT_KEYS, (SEALING_STREAM,))]
    keys = store.stream(SEALING_STREAM)
    return [(at, key) for at, key in zip(positions, keys, strict=False) if isinstance(key, SealingKeyRotated)]
