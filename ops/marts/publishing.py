"""A run's figures into schema mart, and out of it again."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from commands import publish_mart as command
from domain.event import Envelope
from domain.ports import Connection
from domain.runs.marts import MartContents, MartPublished
from ops.marts.figures import Figures, figures_of
from ops.ports import Storage
from projections.marts.tables import TRIES, MartInUse, add_measures, forget_mart, write_mart


@dataclass(frozen=True)
class Published:
    event: MartPublished
    is_new: bool
    """False: the tables were there already, with these figures"""


def publish(storage: Storage, envelope: Envelope, run_id: UUID, before: command.Before | None = None) -> Published:
    """All of it in one transaction, or nothing. `before` is work of the caller's own in the same transaction."""
    with figures_of(storage, run_id) as figures:
        already = command.mart_of(storage.store, run_id)
        if before is None and already.published is not None and already.holds(figures.completed_version):
            return Published(already.published, False)
        with storage.connect() as connection:
            add_measures(connection, measured(figures))
        write = partial(_write, figures, envelope)
        return Published(
            *command.publish_mart(storage.store, envelope, run_id, figures.completed_version, write, before)
        )


def measured(figures: Figures) -> list[str]:
    """Columns of doubles, each once."""
    import pyarrow as pa

    fields = [field for table in figures.tables.values() for field in table.schema]
    return list(dict.fromkeys(field.name for field in fields if pa.types.is_floating(field.type)))


def _write(figures: Figures, envelope: Envelope, connection: Connection) -> MartContents:
    return write_mart(connection, figures.run, figures.tables, envelope.now, figures.completed_version)


def drop(storage: Storage, envelope: Envelope, run_id: UUID, reason: str) -> int:
    """The log position; tools that read the run's rows are waited for a little."""
    return _patiently(lambda: command.drop_mart(storage.store, envelope, run_id, reason, forget_mart))


def _patiently(work: Callable[[], int]) -> int:
    for _ in range(TRIES):
        try:
            return work()
        except MartInUse:
            continue
    raise MartInUse


def published_document(event: MartPublished) -> dict[str, Any]:
    return {
        "run_id": str(event.run_id),
        "published_at": event.timestamp,
        "positions": event.positions,
        "scenarios": event.scenarios,
        "columns": event.columns,
        "rows": event.rows,
        "contents": event.contents,
    }
