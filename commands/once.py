"""Decide and append, anew where somebody else came first; under an idempotency key once, with one answer."""

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from domain.answered_commands import CommandAnswered, Key, answered, refuse_another
from domain.event import Envelope, Event
from domain.ports import AlreadyThere, EventStore
from domain.refusals import Conflict

TRIES = 20
"""Each time somebody else has got further, so the last of twenty at once gets through."""

Answer = TypeVar("Answer")


def once(
    store: EventStore, envelope: Envelope, key: Key | None, decide: Callable[[], tuple[Sequence[Event], Answer]]
) -> tuple[Answer, int]:
    """The answer and its log position. The key is written in the transaction of what was decided."""
    for _ in range(TRIES):
        if used := use_before(store, key):
            return cast(Answer, used.answer), position_after(store, key)
        events, answer = decide()
        events = [*events, answered(key, envelope, answer)] if key else events
        try:
            return answer, store.append(events)[-1] if events else store.head()
        except AlreadyThere:
            continue
    raise Conflict("CHANGED_MEANWHILE", "others change the same at the same moment", "read it anew and ask again")


def use_before(store: EventStore, key: Key | None) -> CommandAnswered | None:
    """A conflict if the key was used for another request."""
    for event in store.stream(key.stream) if key else ():
        if key and isinstance(event, CommandAnswered):
            refuse_another(key, event)
            return event
    return None


def position_after(store: EventStore, key: Key | None) -> int:
    """Where the log has what was answered; without a key all that we know is that it is there."""
    return store.position(key.stream, 1) if key else store.head()
