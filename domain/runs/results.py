"""What the log says of a run's results in the read model: the hash of their rows, table by table.

Position results are the frames of the run's blocks, which the log vouches for already; everything else that queries
read was worked out from them and is vouched for here.
"""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from domain.event import Envelope, Event, stream_id

LAYOUT = 1
"""Of the tables and of how their rows are hashed. Raise it when either changes: what was recorded before then no longer
vouches, and the next rebuild records anew."""


class ResultsRecorded(Event):
    """The results of a run, as they stood at its completion, went into the read model with these rows.

    `tables` has the SHA-256 of the rows by table. A second version on the same stream says that they were made again
    and came out otherwise.
    """

    TOPIC: ClassVar[str] = "results.recorded"

    run_id: UUID
    completed_version: int
    layout: int
    tables: dict[str, str]


def results_stream(run_id: UUID, completed_version: int, layout: int = LAYOUT) -> UUID:
    """By the completion that the results belong to: recording the same rows again meets the key."""
    return stream_id("results", run_id, completed_version, layout)


def record_results(
    known: Sequence[ResultsRecorded], envelope: Envelope, run_id: UUID, completed_version: int, tables: dict[str, str]
) -> list[ResultsRecorded]:
    """Nothing where these rows are recorded already."""
    if any(recorded.tables == tables for recorded in known):
        return []
    place = envelope.at(results_stream(run_id, completed_version), len(known) + 1)
    return [ResultsRecorded(**place, run_id=run_id, completed_version=completed_version, layout=LAYOUT, tables=tables)]
