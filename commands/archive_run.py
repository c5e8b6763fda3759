"""An archived run in the log: that it left, with the hash of what left; that it came back."""

from collections.abc import Callable
from uuid import UUID

from commands.change_run import change, load_run
from domain.event import Envelope, Event
from domain.ports import AlreadyThere, Connection, EventStore
from domain.refusals import Conflict
from domain.runs import run as runs

BringBack = Callable[[Connection], int]
"""Insert the run's blocks in the caller's transaction; how many have other bytes than before."""


def archivable_run(store: EventStore, run_id: str) -> UUID:
    """Refuses before anything is copied."""
    identity, run = load_run(store, run_id)
    runs.refuse_unless_archivable(run, identity)
    return identity


def archive_run(store: EventStore, envelope: Envelope, run_id: str, reason: str, copy: runs.ArchivedCopy) -> int:
    """After the copy has been read back and found whole."""
    return change(store, envelope, run_id, lambda run, id_: runs.archive(run, envelope, id_, reason, copy)).position


def archived_run(store: EventStore, run_id: str) -> tuple[UUID, runs.RunArchived]:
    identity, run = load_run(store, run_id)
    return identity, runs.archived_copy(run, identity)


def restore_run(
    store: EventStore, envelope: Envelope, run_id: str, reason: str, *, source: str, bring_back: BringBack
) -> int:
    """The blocks and the event that says so are one transaction: a month is never dropped between the two."""
    identity, run = load_run(store, run_id)

    def in_one_transaction(connection: Connection) -> list[Event]:
        reencoded = bring_back(connection)
        return [*runs.restore(run, envelope, identity, reason, source=source, reencoded_blocks=reencoded)]

    try:
        return store.append([], also=in_one_transaction)[-1]
    except AlreadyThere:
        raise Conflict("RUN_MOVED", f"run {run_id} changed at the same moment", "read it anew and ask again") from None
