"""A run's life as its user sees it: submitted, followed, approved, published; cancelled; refused."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.builders.small_fund import POSITIONS, STATUS, UNPRICED
from tests.walk.command_line import Tenor
from tests.walk.conftest import Walked

SUBMITTED = ["run_id", "status", "positions", "priced", "failed", "results", "seconds"]
PRICED = POSITIONS - len(UNPRICED)
LISTED = ["run_id", "status", "portfolio_snapshot_id", "market_snapshot_id", "requested_at"]


@pytest.fixture
def unworked(walking: Tenor, walked: Walked) -> str:
    """A run that nobody works on: submitted without --wait."""
    return str(walking.json(*walked.submit, "--measures", "PV")["run_id"])


def finished_run(walking: Tenor, walked: Walked) -> str:
    return str(walking.json(*walked.submit, "--measures", "PV", "--wait")["run_id"])


def test_submit_says_how_it_went(walked: Walked) -> None:
    answer = walked.answer
    assert list(answer) == SUBMITTED
    assert UUID(walked.run_id)
    counts = {name: answer[name] for name in ("status", "positions", "priced", "failed", "results")}
    ended = {"status": STATUS, "positions": POSITIONS, "priced": PRICED, "failed": len(UNPRICED)}
    assert counts == {**ended, "results": POSITIONS * 15}
    assert answer["seconds"] > 0


def test_submit_without_wait_returns_at_once(walking: Tenor, walked: Walked) -> None:
    answer = walking.json(*walked.submit)
    assert list(answer) == SUBMITTED
    assert (answer["status"], answer["positions"], answer["results"]) == ("REQUESTED", POSITIONS, 0)


def test_watch_brings_what_is_missing_and_sees_the_run_through(walking: Tenor, unworked: str) -> None:
    answer = walking.json("run", "watch", unworked)
    assert list(answer) == SUBMITTED
    assert (answer["run_id"], answer["status"], answer["results"]) == (unworked, STATUS, POSITIONS)


def test_base_runs_first_whatever_was_asked_for(walking: Tenor, walked: Walked) -> None:
    def scenarios_of(*asked: str) -> Any:
        run_id = walking.json(*walked.submit, *asked)["run_id"]
        return walking.json("run", "show", run_id)["scenarios"]

    assert scenarios_of() == ["BASE"]
    assert scenarios_of("--scenarios", "down100,up100@1,BASE,up100") == ["BASE", "down100@1", "up100@1"]
    assert len(scenarios_of("--scenarios", "up100,@nightly")) == 15


def test_the_list_is_newest_first(walking: Tenor, unworked: str, walked: Walked) -> None:
    rows = walking.json("run", "list")
    assert all(list(row) == LISTED for row in rows)
    ids = [row["run_id"] for row in rows]
    assert ids[0] == unworked and ids.index(unworked) < ids.index(walked.run_id)
    times = [datetime.fromisoformat(row["requested_at"]) for row in rows]
    assert times == sorted(times, reverse=True)
    of_the_walk = [row["portfolio_snapshot_id"] for row in rows if row["run_id"] in (unworked, walked.run_id)]
    assert of_the_walk == [walked.portfolio] * 2
    others = {row["portfolio_snapshot_id"] for row in rows}
    assert others <= {row["snapshot_id"] for row in walking.json("portfolio", "list")}


def test_show_says_what_was_asked_and_what_came_of_it(walking: Tenor, walked: Walked) -> None:
    row = walking.json("run", "show", walked.run_id)
    assert (row["status"], row["priced"], row["failed"]) == (STATUS, PRICED, len(UNPRICED))
    assert set(row["failure_counts"].values()) == ({len(UNPRICED)} if UNPRICED else set())
    assert (row["as_of"], row["base_currency"]) == ("2026-01-23", "USD")
    assert (row["chunks"], row["chunks_done"], row["failed_chunks"]) == (1, 1, [])
    assert re.fullmatch("[0-9a-f]{64}", row["blocks_root"])
    assert row["requested_at"] < row["planned_at"] < row["completed_at"] < row["queryable_at"]


def test_the_same_run_again_has_the_same_blocks(walking: Tenor, walked: Walked) -> None:
    again = walking.json(*walked.submit, "--scenarios", "@nightly", "--workers", "1", "--wait")["run_id"]
    shown = [walking.json("run", "show", run_id) for run_id in (walked.run_id, again)]
    assert shown[0]["blocks_root"] == shown[1]["blocks_root"]


def test_a_completed_run_is_approved_then_published(walking: Tenor, walked: Walked) -> None:
    run_id = finished_run(walking, walked)
    assert walking.refusal("run", "publish", run_id)["code"] == "RUN_REFUSED"
    assert walking.json("run", "approve", run_id, "--reason", "seen")["status"] == "APPROVED"
    assert walking.json("run", "publish", run_id)["status"] == "PUBLISHED"
    for word in ("approve", "reject", "cancel", "retry"):
        assert walking.refusal("run", word, run_id)["code"] == "RUN_REFUSED"
    assert walking.json("run", "show", run_id)["status"] == "PUBLISHED"


def test_a_rejected_run_is_not_published(walking: Tenor, walked: Walked) -> None:
    run_id = finished_run(walking, walked)
    assert walking.json("run", "reject", run_id, "--reason", "wrong curve")["status"] == "REJECTED"
    assert "only an approved run" in walking.refusal("run", "publish", run_id)["message"]


def test_an_unfinished_run_is_cancelled_once(walking: Tenor, unworked: str) -> None:
    assert walking.json("run", "cancel", unworked)["status"] == "CANCELLED"
    assert walking.json("run", "cancel", unworked)["status"] == "CANCELLED"
    assert walking.json("run", "watch", unworked)["status"] == "CANCELLED"
    assert walking.refusal("run", "approve", unworked)["code"] == "RUN_REFUSED"
    assert walking.refusal("results", unworked)["code"] == "RUN_NOT_QUERYABLE"


def test_a_run_without_failures_is_not_retried(walking: Tenor, walked: Walked) -> None:
    refusal = walking.refusal("run", "retry", walked.run_id)
    assert refusal["code"] == "RUN_REFUSED" and "no failed chunks" in refusal["message"]


def test_an_idempotency_key_is_one_run(walking: Tenor, walked: Walked) -> None:
    keyed = (*walked.submit, "--idempotency-key", "close-of-friday", "--measures")
    first = walking.json(*keyed, "PV,DV01")["run_id"]
    assert walking.json(*keyed, "PV,DV01")["run_id"] == first
    assert walking.refusal(*keyed, "PV")["code"] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("run", "show", "x7"), "UNKNOWN_RUN"),
        (("run", "watch", "00000000-0000-0000-0000-000000000000"), "UNKNOWN_RUN"),
        (("run", "approve", "00000000-0000-0000-0000-000000000000"), "UNKNOWN_RUN"),
        (("run", "cancel", "no-run"), "UNKNOWN_RUN"),
        (("run", "retry", "00000000-0000-0000-0000-000000000000"), "UNKNOWN_RUN"),
        (("results", "00000000-0000-0000-0000-000000000000"), "RESULTS_REFUSED"),
    ],
)
def test_an_unknown_run_is_said_to_be_unknown(walking: Tenor, words: tuple[str, ...], code: str) -> None:
    assert walking.refusal(*words)["code"] == code
