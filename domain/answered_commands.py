"""What an actor's idempotency key was used for. Its stream holds one event: a second one meets the unique key."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar
from uuid import UUID

from domain.event import Envelope, Event, actors_own_id
from domain.refusals import Conflict


class CommandAnswered(Event):
    """A key has been used: for this command with this request, and this is what was answered."""

    TOPIC: ClassVar[str] = "command.answered"

    command: str
    request_sha256: str
    answer: object
    """in JSON"""


@dataclass(frozen=True)
class Key:
    """An idempotency key with the request that it comes with."""

    stream: UUID
    """of the actor and the key"""
    command: str
    request_sha256: str


def key_of(actor: str, text: str, command: str, *said: object) -> Key:
    """The actor's key `text` with a request: the command and all that was said with it."""
    request = json.dumps(said, default=str)
    return Key(actors_own_id("idempotency", actor, text), command, sha256(request.encode()).hexdigest())


def answered(key: Key, envelope: Envelope, answer: object) -> CommandAnswered:
    place = envelope.at(key.stream, 1)
    return CommandAnswered(**place, command=key.command, request_sha256=key.request_sha256, answer=answer)


def refuse_another(key: Key, used: CommandAnswered) -> None:
    if (used.command, used.request_sha256) != (key.command, key.request_sha256):
        raise Conflict(
            "IDEMPOTENCY_KEY_REUSED",
            f"this idempotency key has asked for something else (at {used.command})",
            "use a new key for a new request",
        )
