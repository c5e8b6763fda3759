"""`tenor compare`: two runs beside one another, as a person and as a program read it."""

import csv
import io

import pytest

from tests.walk.command_line import Tenor
from tests.walk.conftest import Walked


def test_a_run_and_itself_add_up_and_have_not_moved(walking: Tenor, walked: Walked) -> None:
    rows = walking.json("compare", walked.run_id, walked.run_id, "--by", "desk", "--measure", "DV01")
    totals = walking.json("results", walked.run_id, "--by", "desk", "--scenario", "BASE", "--measures", "DV01")
    expected = {row["desk"]: row["dv01_base"] for row in totals}
    assert {row["desk"]: row["to"] for row in rows} == {desk: pytest.approx(dv01) for desk, dv01 in expected.items()}
    for row in rows:
        assert (row["new"], row["gone"], row["changed"], row["change"]) == (0, 0, 0, 0)
        assert row["from"] == row["to"]


def test_the_most_moved_positions_come_in_every_format(walking: Tenor, walked: Walked) -> None:
    answer = walking("compare", walked.run_id, walked.run_id, "--top", "3", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(answer.out.decode())))
    assert (answer.code, len(rows)) == (0, 3)
    assert {row["kind"] for row in rows} == {"SAME"}


def test_what_is_no_amount_is_refused_with_what_is(walking: Tenor, walked: Walked) -> None:
    problem = walking.refusal("compare", walked.run_id, walked.run_id, "--measure", "YIELD")
    assert problem["code"] == "COMPARE_REFUSED" and "PV" in problem["fix"]
