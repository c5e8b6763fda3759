"""The end of a run's life: archived with the hash of its manifest, restored with the same."""

from typing import Any

import pytest

from domain.runs import run as runs
from tests.builders.run_events import ASKED, RUN, completed

COPY: dict[str, Any] = {
    "destination": "s3://risk/runs",
    "manifest_sha256": "ab" * 32,
    "files": 2,
    "archive_bytes": 1000,
    "blocks": 2,
}
COPIED = runs.ArchivedCopy(**COPY)


def published() -> list[runs.RunEvent]:
    given = completed()
    given += runs.approve(runs.fold(given), ASKED, RUN, "checked")
    return given + runs.publish(runs.fold(given), ASKED, RUN, "month end")


def archived() -> list[runs.RunEvent]:
    return published() + runs.archive(runs.fold(published()), ASKED, RUN, "year end", COPIED)


def restored() -> list[runs.RunEvent]:
    again = runs.restore(runs.fold(archived()), ASKED, RUN, "audit", source="/mnt/copy", reencoded_blocks=0)
    return archived() + again


def test_an_archived_run_knows_its_copy() -> None:
    run = runs.fold(archived())
    assert run.status is runs.RunStatus.ARCHIVED
    assert run.archived is not None
    assert run.archived.model_dump(include=set(COPY)) == COPY


def test_a_restored_run_is_published_again_and_may_leave_again() -> None:
    run = runs.fold(restored())
    assert (run.status, run.archived) == (runs.RunStatus.PUBLISHED, None)
    (event,) = restored()[-1:]
    assert isinstance(event, runs.RunRestored)
    assert (event.manifest_sha256, event.blocks) == (COPY["manifest_sha256"], COPY["blocks"])
    assert runs.fold(restored() + runs.archive(run, ASKED, RUN, "", COPIED)).status is runs.RunStatus.ARCHIVED


def rejected() -> list[runs.RunEvent]:
    return completed() + runs.reject(runs.fold(completed()), ASKED, RUN, "wrong curve")


def cancelled() -> list[runs.RunEvent]:
    given = completed()[:-1]
    return given + runs.cancel(runs.fold(given), ASKED, RUN, "enough")


@pytest.mark.parametrize(
    ("given", "status"), [(published, "PUBLISHED"), (rejected, "REJECTED"), (cancelled, "CANCELLED")]
)
def test_what_has_ended_may_leave_and_comes_back_as_what_it_was(given: Any, status: str) -> None:
    gone = given() + runs.archive(runs.fold(given()), ASKED, RUN, "year end", COPIED)
    assert runs.fold(gone).status is runs.RunStatus.ARCHIVED
    back = gone + runs.restore(runs.fold(gone), ASKED, RUN, "audit", source="/mnt/copy", reencoded_blocks=0)
    assert runs.fold(back).status == status


@pytest.mark.parametrize("given", [completed, archived])
def test_only_a_run_that_has_ended_leaves(given: Any) -> None:
    with pytest.raises(runs.RunRefused):
        runs.archive(runs.fold(given()), ASKED, RUN, "", COPIED)


@pytest.mark.parametrize("given", [completed, published, restored])
def test_only_an_archived_run_comes_back(given: Any) -> None:
    with pytest.raises(runs.RunRefused, match="only an archived run"):
        runs.restore(runs.fold(given()), ASKED, RUN, "", source="x", reencoded_blocks=0)


@pytest.mark.parametrize("wish", [runs.cancel, runs.approve, runs.reject, runs.publish])
def test_an_archived_run_takes_no_other_wish(wish: Any) -> None:
    with pytest.raises(runs.RunRefused):
        wish(runs.fold(archived()), ASKED, RUN, "because")
