"""Four eyes: who asked does not approve, who approved does not publish."""

from datetime import UTC, datetime
from operator import eq
from typing import Any
from uuid import UUID

import pytest

from domain.event import Envelope
from domain.runs import run as runs
from domain.runs.run import FourEyes, Run, RunApproved, RunEvent
from domain.runs.status import RunStatus

RUN = UUID(int=9)


def by(actor: str) -> Envelope:
    return Envelope(actor, datetime(2026, 11, 29, tzinfo=UTC), UUID(int=1))


def approved_by(actor: str) -> Run:
    return runs.evolve(Run(), RunApproved(**by(actor).at(RUN, 1), reason=""))


def completed(requested: Any) -> Run:
    return Run(status=RunStatus.COMPLETED, version=3, requested=requested)


class Requested:
    actor = "ada"


def test_the_requester_cannot_approve() -> None:
    with pytest.raises(FourEyes) as refused:
        runs.approve(completed(Requested), by("ada"), RUN, "", same_person=eq)
    assert refused.value.code == "FOUR_EYES"
    assert topics(runs.approve(completed(Requested), by("grace"), RUN, "", same_person=eq)) == ["run.approved"]
    assert topics(runs.approve(completed(Requested), by("ada"), RUN, "")) == ["run.approved"]


def test_the_approver_cannot_publish() -> None:
    with pytest.raises(FourEyes):
        runs.publish(approved_by("grace"), by("grace"), RUN, "", same_person=eq)
    assert topics(runs.publish(approved_by("grace"), by("ada"), RUN, "", same_person=eq)) == ["run.published"]
    assert topics(runs.publish(approved_by("grace"), by("grace"), RUN, "")) == ["run.published"]


def topics(events: list[RunEvent]) -> list[str]:
    return [event.TOPIC for event in events]
