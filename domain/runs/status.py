"""How far a run is. By itself, since whoever reads results asks for it and needs no events."""

from enum import StrEnum


class RunStatus(StrEnum):
    NEW = "NEW"
    REQUESTED = "REQUESTED"
    PLANNED = "PLANNED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    COMPLETED_WITH_EXCEPTIONS = "COMPLETED_WITH_EXCEPTIONS"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


FINISHED = (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_EXCEPTIONS)
UNFINISHED = (RunStatus.REQUESTED, RunStatus.PLANNED, RunStatus.RUNNING)
ENDED = (RunStatus.PUBLISHED, RunStatus.REJECTED, RunStatus.CANCELLED, RunStatus.FAILED)
"""Nothing more is to be decided about it: it may be archived, and comes back as what it was."""
