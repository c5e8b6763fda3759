"""What every event carries, and what a command knows about who asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict

TENOR_NAMESPACE = UUID("6f1d3c52-6f0e-5b0c-9a55-0f5f3b1f8a11")


class Event(BaseModel):
    """A fact that has happened; immutable, in the past tense, complete for its readers.

    `TOPIC` is the stored name and its meaning never changes; a new meaning is a new `class_version`
    with an `upcast_v1_v2` (a static function from the older state to the newer).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    TOPIC: ClassVar[str]
    class_version: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int
    timestamp: datetime
    actor: str
    correlation_id: UUID
    causation_id: UUID | None = None


@dataclass(frozen=True)
class Envelope:
    """Who asks, when, and in answer to what; the clock is an argument everywhere."""

    actor: str
    now: datetime
    correlation_id: UUID
    causation_id: UUID | None = None

    def at(self, originator_id: UUID, originator_version: int) -> dict[str, Any]:
        """The fields that every event shares, for the event at this place in its stream."""
        return {
            "originator_id": originator_id,
            "originator_version": originator_version,
            "timestamp": self.now,
            "actor": self.actor,
            "correlation_id": self.correlation_id,
            "causation_id": self.causation_id,
        }


def stream_id(*parts: object) -> UUID:
    """A stream's identity from its natural key, so that doing a thing twice meets the unique key."""
    return uuid5(TENOR_NAMESPACE, "/".join(str(part) for part in parts))


def actors_own_id(kind: str, actor: str, key: str) -> UUID:
    """What a key of an actor's stands for. The same key of another actor is another; no two pairs read alike."""
    return stream_id(kind, f"{len(actor)}:{actor}", key)
