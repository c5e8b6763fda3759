"""How the projections fare: version, position, lag, rate, what was set aside, what has stopped."""

from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import namedtuple_row

from ops.adapters.database import DatabaseProblem

WAITED_FOR = ["result", "run"]
"""The read models without which nobody learns that a run is queryable."""
HALT_GRACE_SECONDS = 5.0
"""A halt that is older than a wait may be one that a runner just started is about to clear."""

SELECT_STATES = """
SELECT v.read_model AS name, v.version, coalesce(p.position, 0) AS position,
       greatest(0, (SELECT coalesce(max(notification_id), 0) FROM ledger_events) - coalesce(p.position, 0)) AS lag,
       p.moved_at, p.beat_at AS heartbeat_at, extract(epoch FROM now() - p.beat_at)::float8 AS heartbeat_age_s,
       CASE WHEN p.moved_at > now() - interval '1 minute' THEN coalesce(p.events_per_s, 0) ELSE 0 END AS events_per_s,
       p.halted_at, p.halt_error,
       (SELECT count(*) FROM dead_letter d WHERE d.reader = p.reader AND d.replayed_at IS NULL) AS dead_letters,
       b.version AS building_version, bp.position AS building_position,
       (SELECT r.version FROM read_model_version r WHERE r.read_model = v.read_model AND r.state = 'RETIRED'
         ORDER BY r.swapped_at DESC NULLS LAST LIMIT 1) AS previous_version
  FROM read_model_version v
  LEFT JOIN reader_position p ON p.reader = v.read_model || '_v' || v.version
  LEFT JOIN read_model_version b ON b.read_model = v.read_model AND b.state = 'BUILDING'
  LEFT JOIN reader_position bp ON bp.reader = b.read_model || '_v' || b.version
 WHERE v.state = 'LIVE' ORDER BY v.read_model
"""

SELECT_HALTED = """
SELECT p.reader, p.halt_error FROM reader_position p
  JOIN read_model_version v ON p.reader = v.read_model || '_v' || v.version AND v.state = 'LIVE'
 WHERE v.read_model = ANY (%s) AND p.halted_at IS NOT NULL
 ORDER BY p.reader LIMIT 1
"""

SELECT_DEAD_LETTERS = """
SELECT d.reader AS projection, d.position, d.topic, d.error, d.at, d.tries, d.replayed_at FROM dead_letter d
  JOIN read_model_version v ON d.reader = v.read_model || '_v' || v.version AND v.state = 'LIVE'
 WHERE d.replayed_at IS NULL OR %s ORDER BY d.reader, d.position
"""


class ProjectionState(NamedTuple):
    """The live version of a read model; a version that is being built, and the one to go back to, where there are."""

    name: str
    version: int
    position: int
    lag: int
    moved_at: datetime | None
    heartbeat_at: datetime | None
    heartbeat_age_s: float | None
    events_per_s: float
    halted_at: datetime | None
    halt_error: str | None
    dead_letters: int
    building_version: int | None
    building_position: int | None
    previous_version: int | None


class ProjectionHalted(DatabaseProblem):
    def __init__(self, reader: str, error: str) -> None:
        fix = "mend what it names, then start `tenor projections run` again; `tenor projections list` shows where it is"
        super().__init__("PROJECTION_HALTED", f"the projection {reader} has halted: {error}", fix)


def projection_states(connection: psycopg.Connection[Any]) -> list[ProjectionState]:
    return [ProjectionState(*row) for row in connection.execute(SELECT_STATES)]


def states_of_projections(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    return [state._asdict() for state in projection_states(connection)]


def dead_letters(connection: psycopg.Connection[Any], *, replayed: bool = False) -> list[dict[str, Any]]:
    """Of live versions: those that wait; with `replayed` those that were told again too."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return [row._asdict() for row in cursor.execute(SELECT_DEAD_LETTERS, (replayed,))]


def refuse_if_halted(connection: psycopg.Connection[Any], waited_seconds: float) -> None:
    """Raises ProjectionHalted where what a run's results wait for has stopped for good."""
    if waited_seconds >= HALT_GRACE_SECONDS:
        halted = connection.execute(SELECT_HALTED, (WAITED_FOR,)).fetchone()
        if halted:
            raise ProjectionHalted(*halted)
