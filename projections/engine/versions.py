"""Read models have versions: the same tables under another number, so that the next is built beside the live one.

read model `result`, version 2    tables projection.result_chunk_v2, …    row result_v2 in reader_position
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import LiteralString, Protocol

from psycopg.sql import SQL, Composed, Identifier

from domain.event import Event
from domain.ports import Connection, LogEntry

SCHEMA = "projection"
FIRST = 1

SELECT_LIVE = "SELECT version FROM read_model_version WHERE read_model = %s AND state = 'LIVE'"


class Projection(Protocol):
    """`name` is its row in reader_position. Events of a type in `alone` get a transaction of their own."""

    name: str
    alone: tuple[type[Event], ...]

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        """Told the same entries twice, it must not notice."""
        ...


class OnPoison(Enum):
    """What follows on an event that a projection cannot digest."""

    HALT = "halt"  # where a later event builds on an earlier one, or a gap would be a wrong number
    PARK = "park"  # where each event stands for itself: it is set aside as a dead letter


@dataclass(frozen=True)
class Observed:
    """A column that the log does not hold: it is no part of a comparison, and is taken over from the version before."""

    table: str
    column: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class ReadModel:
    """Tables without their version, and how to build the projection that keeps a version of them."""

    name: str
    tables: tuple[str, ...]
    build: Callable[[int], Projection]
    on_poison: OnPoison = OnPoison.HALT
    observed: tuple[Observed, ...] = ()
    later: tuple[tuple[str, str], ...] = ()
    """(table, column) that rows of earlier releases do not have: no part of a comparison"""

    def live_version(self, connection: Connection) -> int:
        row = connection.execute(SELECT_LIVE, (self.name,)).fetchone()
        return int(row[0]) if row else FIRST


@dataclass(frozen=True)
class Tables:
    """The tables of one version, by their names without it."""

    names: tuple[str, ...]
    version: int

    def identifier(self, name: str) -> Identifier:
        return Identifier(SCHEMA, versioned(name, self.version))

    def sql(self, statement: LiteralString) -> Composed:
        """`{name}` in the statement stands for that table."""
        return SQL(statement).format(**{name: self.identifier(name) for name in self.names})


def versioned(name: str, version: int) -> str:
    """Of a table, or of a read model's reader."""
    return f"{name}_v{version}"
