"""Record the limits that a run was found to break; checking it again records nothing."""

from collections.abc import Sequence
from uuid import UUID

from commands.once import once
from domain.capital import limits
from domain.capital.limits import LimitBreached, LimitUse
from domain.event import Envelope
from domain.ports import EventStore


def record_breaches(store: EventStore, envelope: Envelope, run_id: UUID, policy: str, uses: Sequence[LimitUse]) -> int:
    """How many were new."""

    def decided() -> tuple[list[LimitBreached], int]:
        known = [each for each in store.stream(limits.breaches_stream(run_id)) if isinstance(each, LimitBreached)]
        events = limits.record_breaches(known, envelope, run_id, policy, uses)
        return events, len(events)

    return once(store, envelope, None, decided)[0]
