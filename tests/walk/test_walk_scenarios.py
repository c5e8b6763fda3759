"""Scenarios and sets: versions that never change their mind."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders.deal_fund import FIXED_NOTE, TRANCHE, write_deal
from tests.builders.derivative_fund import market, write_held
from tests.walk.command_line import SMALL_FUND, Tenor


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def parallel(scenario_id: str, bp: float) -> dict[str, Any]:
    return {"scenario_id": scenario_id, "name": f"{bp:+} bp", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": bp}]}


def test_a_definition_has_versions_and_the_same_content_again_is_the_same_one(tenor: Tenor, tmp_path: Path) -> None:
    up, more = written(tmp_path / "up.json", parallel("up", 10)), written(tmp_path / "more.json", parallel("up", 20))
    assert tenor.json("scenario", "define", up) == {"scenario_id": "up", "version": 1}
    assert tenor.json("scenario", "define", up) == {"scenario_id": "up", "version": 1}
    assert tenor.json("scenario", "define", more) == {"scenario_id": "up", "version": 2}
    assert tenor.json("scenario", "list") == [
        {"scenario_id": "BASE", "version": 1, "name": "Base"},
        {"scenario_id": "up", "version": 2, "name": "+20 bp"},
    ]


def test_a_list_of_scenarios_answers_with_a_list(tenor: Tenor) -> None:
    defined = tenor.json("scenario", "define", SMALL_FUND / "scenarios.json")
    assert [one["scenario_id"] for one in defined][:3] == ["up100", "down100", "up200"]
    assert {one["version"] for one in defined} == {1} and len(defined) == 14
    answer = tenor.json("scenario", "set", SMALL_FUND / "scenario_set.json")
    assert answer == {"scenario_set_id": "nightly", "version": 1}


def test_a_set_pins_its_members_when_it_is_defined(tenor: Tenor, tmp_path: Path) -> None:
    tenor.json("scenario", "define", written(tmp_path / "one.json", parallel("up", 10)))
    members = written(tmp_path / "set.json", {"scenario_set_id": "mine", "scenarios": ["up"]})
    assert tenor.json("scenario", "set", members) == {"scenario_set_id": "mine", "version": 1}
    tenor.json("scenario", "define", written(tmp_path / "two.json", parallel("up", 20)))
    assert tenor.json("scenario", "set", members) == {"scenario_set_id": "mine", "version": 2}

    portfolio, market = tenor.bring(SMALL_FUND)
    submit = ("run", "submit", "--portfolio", portfolio, "--market", market, "--measures", "PV")
    first = tenor.json(*submit, "--scenarios", "@mine@1")["run_id"]
    latest = tenor.json(*submit, "--scenarios", "@mine")["run_id"]
    assert tenor.json("run", "show", first)["scenarios"] == ["BASE", "up@1"]
    assert tenor.json("run", "show", latest)["scenarios"] == ["BASE", "up@2"]


@pytest.mark.parametrize(
    "document",
    [
        {"scenario_id": "BASE", "name": "x", "shocks": []},
        {"scenario_id": "x", "name": "x", "shocks": [{"kind": "PARALEL", "curves": "*", "bp": 1}]},
        {"scenario_id": "x", "name": "x", "shocks": [{"kind": "PARALLEL", "curves": "*"}]},
        [parallel("x", 1), parallel("x", 2)],
        [parallel("fine", 1), {"scenario_id": "x"}],
        "no object",
    ],
    ids=["BASE", "an unknown kind", "a size that lacks", "one twice", "one of two is bad", "a text"],
)
def test_a_scenario_that_cannot_be_used_is_not_stored(tenor: Tenor, tmp_path: Path, document: Any) -> None:
    assert tenor.refusal("scenario", "define", written(tmp_path / "bad.json", document))["code"] == "INVALID_SCENARIO"
    assert [one["scenario_id"] for one in tenor.json("scenario", "list")] == ["BASE"]


def test_a_set_of_unknown_scenarios_is_refused(tenor: Tenor, tmp_path: Path) -> None:
    members = written(tmp_path / "set.json", {"scenario_set_id": "mine", "scenarios": ["BASE", "nowhere"]})
    assert tenor.refusal("scenario", "set", members)["code"] == "UNKNOWN_SCENARIO"


@pytest.mark.parametrize(
    ("shock", "place", "there"),
    [
        ({"kind": "CLEAN_UP_CALL", "deals": "E*"}, "deals", "there are: D"),
        ({"kind": "PREPAYMENT", "multiplier": 2, "match": {"deal_id": "E*"}}, "match", "no position or line"),
    ],
)
def test_a_pattern_that_finds_no_deal_or_line_is_refused_before_the_run(
    tenor: Tenor, tmp_path: Path, shock: dict[str, Any], place: str, there: str
) -> None:
    fund = write_deal(write_held(tmp_path / "fund", [TRANCHE]), [FIXED_NOTE])
    written(fund / "market.json", market())
    portfolio, given = tenor.bring(fund)
    tenor.json("scenario", "define", written(tmp_path / "one.json", {"scenario_id": "one", "shocks": [shock]}))
    words = ("run", "submit", "--portfolio", portfolio, "--market", given, "--scenarios", "one")
    problem = tenor.refusal(*words)
    assert problem["code"] == "SCENARIO_DOES_NOT_FIT"
    assert f"one.shocks[0].{place}" in problem["message"] and there in problem["message"]


def test_every_deal_of_a_portfolio_without_deals_is_none(tenor: Tenor, tmp_path: Path) -> None:
    portfolio, given = tenor.bring(SMALL_FUND)
    shock = {"kind": "CLEAN_UP_CALL", "deals": "*"}
    tenor.json("scenario", "define", written(tmp_path / "one.json", {"scenario_id": "one", "shocks": [shock]}))
    problem = tenor.refusal("run", "submit", "--portfolio", portfolio, "--market", given, "--scenarios", "one")
    assert problem["code"] == "SCENARIO_DOES_NOT_FIT" and "matches no deal; there are: none" in problem["message"]
