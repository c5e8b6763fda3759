"""What is said of blocks that have left the database."""

from uuid import UUID

from domain.refusals import Refused
from domain.runs.run import RunArchived


class BlocksArchived(Refused, LookupError):
    """A block was asked for that has left the database."""

    def __init__(self, run_id: UUID, archived: RunArchived) -> None:
        message = (
            f"the facts of run {run_id} are archived in {archived.destination} since {archived.timestamp:%Y-%m-%d}"
        )
        super().__init__("RUN_ARCHIVED", message, f"tenor archive restore {run_id}")
