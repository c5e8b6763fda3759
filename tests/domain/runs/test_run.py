"""A run's life: given events, when a wish, then events."""

import pytest

from domain.runs import run as runs
from tests.builders.run_events import ASKED, RUN, TERMS, completed, planned, requested


def test_a_run_is_requested_once() -> None:
    with pytest.raises(runs.RunRefused, match="requested already"):
        runs.request(runs.fold(requested()), ASKED, RUN, TERMS)


def test_five_thousand_positions_are_two_chunks() -> None:
    (event,) = planned()[1:]
    assert isinstance(event, runs.RunPlanned)
    assert (event.chunks, event.originator_version) == (2, 2)


def test_a_run_is_planned_and_completed_once() -> None:
    assert runs.plan(runs.fold(planned()), ASKED, RUN, ["PositionPriced"], 1) == []
    done = runs.fold(completed())
    again = runs.complete(done, ASKED, RUN, blocks=2, blocks_root="cc", failed_positions=0, failed_chunks=[])
    assert again == []


@pytest.mark.parametrize(
    ("failed_positions", "failed_chunks", "status"),
    [
        (0, [], runs.RunStatus.COMPLETED),
        (3, [], runs.RunStatus.COMPLETED_WITH_EXCEPTIONS),
        (0, [1], runs.RunStatus.COMPLETED_WITH_EXCEPTIONS),
    ],
)
def test_exceptions_show_in_the_status(failed_positions: int, failed_chunks: list[int], status: str) -> None:
    assert runs.fold(completed(failed_positions, failed_chunks)).status == status


def test_a_cancelled_run_stays_cancelled_and_never_completes() -> None:
    given = planned() + runs.cancel(runs.fold(planned()), ASKED, RUN, "not needed")
    run = runs.fold(given)
    assert run.status is runs.RunStatus.CANCELLED
    assert runs.cancel(run, ASKED, RUN, "again") == []
    assert runs.complete(run, ASKED, RUN, blocks=2, blocks_root="", failed_positions=0, failed_chunks=[]) == []


def test_retry_opens_the_failed_chunks_and_the_run_completes_again() -> None:
    run = runs.fold(completed(failed_chunks=[1]))
    (again,) = runs.retry(run, ASKED, RUN)
    assert isinstance(again, runs.RunRetried)
    assert (again.attempt, again.chunks) == (2, [1])
    reopened = runs.fold([*completed(failed_chunks=[1]), again])
    assert reopened.status is runs.RunStatus.RUNNING
    assert runs.complete(reopened, ASKED, RUN, blocks=4, blocks_root="d", failed_positions=0, failed_chunks=[])


WISHES = [
    ("cancel", completed),
    ("approve", planned),
    ("reject", planned),
    ("publish", completed),
]


@pytest.mark.parametrize(("wish", "given"), WISHES)
def test_wishes_out_of_order_are_refused(wish: str, given) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(runs.RunRefused):
        getattr(runs, wish)(runs.fold(given()), ASKED, RUN, "because")


def test_a_run_without_failed_chunks_has_nothing_to_retry() -> None:
    with pytest.raises(runs.RunRefused, match="no failed chunks"):
        runs.retry(runs.fold(completed()), ASKED, RUN)


def test_approved_then_published() -> None:
    given = completed()
    given += runs.approve(runs.fold(given), ASKED, RUN, "checked")
    given += runs.publish(runs.fold(given), ASKED, RUN, "month end")
    assert runs.fold(given).status is runs.RunStatus.PUBLISHED
