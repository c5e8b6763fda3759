"""Limits of a policy, checked against a run: what is used of each, and which are broken."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.event import Envelope, Event, stream_id

SHARE, LARGE_EXPOSURE = "SHARE", "LARGE_EXPOSURE"
ISSUER = "issuer"
"""By group of issuers, where a limit names no other column."""


class LimitStatus(StrEnum):
    OK = "OK"
    WARN = "WARN"
    BREACH = "BREACH"


@dataclass(frozen=True)
class LimitUse:
    """Of one limit by one group; a value that the run does not have has no status."""

    limit_id: str
    group: str
    value: float | None
    limit: float
    used: float | None
    status: LimitStatus | None


def limit_use(limit_id: str, group: str, value: float | None, limit: float, warn_at: float) -> LimitUse:
    """Above the limit is a breach, above `warn_at` of it a warning; either edge is still within."""
    if value is None:
        return LimitUse(limit_id, group, None, limit, None, None)
    status = LimitStatus.OK
    if value > limit:
        status = LimitStatus.BREACH
    elif value > warn_at * limit:
        status = LimitStatus.WARN
    return LimitUse(limit_id, group, value, limit, value / limit if limit else None, status)


class LimitBreached(Event):
    """A run was found above a limit of its policy; `group` is '' where the limit is not by group."""

    TOPIC: ClassVar[str] = "limit.breached"

    run_id: UUID
    policy: str
    limit_id: str
    group: str
    value: float
    limit: float


def breaches_stream(run_id: UUID) -> UUID:
    return stream_id("limits", run_id)


def record_breaches(
    known: Sequence[LimitBreached], envelope: Envelope, run_id: UUID, policy: str, uses: Sequence[LimitUse]
) -> list[LimitBreached]:
    """Those not recorded yet: a run's figures never change, so each is said once."""
    already_breached = {(each.limit_id, each.group) for each in known}
    broken = [
        (use, use.value)
        for use in uses
        if use.status is LimitStatus.BREACH
        and use.value is not None
        and (use.limit_id, use.group) not in already_breached
    ]
    return [
        LimitBreached(
            **envelope.at(breaches_stream(run_id), len(known) + number),
            run_id=run_id,
            policy=policy,
            limit_id=use.limit_id,
            group=use.group,
            value=value,
            limit=use.limit,
        )
        for number, (use, value) in enumerate(broken, start=1)
    ]
