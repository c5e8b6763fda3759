"""`tenor check` says before a run what the run then lacks: the same sentences, the same counts."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.walk.command_line import SMALL_FUND, Tenor
from tests.walk.conftest import Walked
from tests.walk.fund_files import copied, words_of
from tests.walk.through_both import FUNDS


@pytest.fixture(scope="module")
def poor(walking: Tenor, walked: Walked, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The small fund years later, with an unpriced tranche and a speed of a model, over a market that lacks most."""
    assert walked  # it has defined the scenarios
    folder = copied(SMALL_FUND, tmp_path_factory.mktemp("poor") / "fund")
    with (folder / "instruments.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["instrument_id"] == "AUTO-2":
            row["prepayment"] = "MODEL fast"
        if row["instrument_id"] == "POOL-30Y":
            row["rate_type"] = "FLOATING"  # not priced by this release
        if row["instrument_id"] == "AUTO-1":
            row["maturity_date"] = "2025-03-10"  # past maturity
    with (folder / "instruments.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    market = json.loads((SMALL_FUND / "market.json").read_text())
    market["fx_spots"] = [spot for spot in market["fx_spots"] if spot["pair"] != "GBPUSD"]
    market["fixings"] = [each for each in market["fixings"] if each["index"] != "USD-SOFR-3M"]
    market["volatilities"] = [each for each in market["volatilities"] if each["product"] != "SWAPTION"]
    market["spread_curves"] = [each for each in market["spread_curves"] if each["curve_id"] != "BBB-LOAN"]
    market["hull_white"] = {}
    market["curves"][0]["nodes"] = [each for each in market["curves"][0]["nodes"] if each["tenor"] not in ("7Y", "15Y")]
    market["curves"][0]["nodes"] = [
        each for each in market["curves"][0]["nodes"] if each["tenor"] not in ("3Y", "5Y", "10Y")
    ]
    (folder / "market.json").write_text(json.dumps(market))
    return walking.bring(folder)


@pytest.fixture(scope="module")
def told(walking: Tenor, poor: tuple[str, str]) -> Any:
    return walking.json("check", *words_of(*poor, "--scenarios", "up100,key5y"))


def test_it_says_what_the_run_then_says(walking: Tenor, poor: tuple[str, str], told: Any) -> None:
    run = ("run", "submit", *words_of(*poor, "--scenarios", "up100,key5y"), "--wait", "--workers", "1")
    run_id = walking.json(*run)["run_id"]
    row = walking.json("run", "show", run_id)
    assert told["failed"] == row["failed"] > 0 and not told["ok"]
    assert told["failures"] == [each for each in row["failures"] if each["status"] == "FAILED"]
    said = " ".join(each["sentence"] for each in told["failures"])
    for lacking in ("spot for GBP", "fixing", "2026-01-15", "SWAPTION volatilities", "'BBB-LOAN'", "past maturity"):
        assert lacking in said, lacking
    assert "Hull-White" in said or "hull_white" in said
    assert {each["reason"] for each in told["failures"]} >= {"MISSING_MARKET_DATA", "INVALID_TERMS", "UNSUPPORTED"}
    models = {(each["model"], each["version"]) for each in row["models"] if each["status"] != "APPROVED"}
    assert {(each["model"], each["version"]) for each in told["models_without_approval"]} == models


def test_a_curve_with_nodes_too_far_apart_is_named_with_its_key_rates(told: Any) -> None:
    (coarse,) = told["coarse_curves"]
    assert coarse["curve_id"] == "USD-SOFR"
    assert coarse["key_rates"] == ["3y", "5y", "7y", "10y", "15y"] and coarse["scenarios"] == ["key5y"]


def test_a_person_reads_it_in_lines(walking: Tenor, poor: tuple[str, str]) -> None:
    answer = walking("check", *words_of(*poor))
    lines = answer.out.decode().splitlines()
    assert answer.code == 0, answer.err
    assert lines[0].startswith("of 34 positions") and "will have no value" in lines[0]
    assert any("the market has no spot for GBPUSD" in line for line in lines)
    assert any(line.startswith("models without approval") for line in lines)


@pytest.mark.parametrize("name", ["oddities", "open_questions", "behaviour"])
def test_it_agrees_with_runs_of_odd_funds(walking: Tenor, name: str, tmp_path: Path) -> None:
    portfolio, market = walking.bring(copied(FUNDS / name, tmp_path / name))
    told = walking.json("check", *words_of(portfolio, market, "--measures", "PV"))
    run = ("run", "submit", *words_of(portfolio, market, "--measures", "PV"), "--wait", "--workers", "1")
    row = walking.json("run", "show", walking.json(*run)["run_id"])
    assert told["failures"] == [each for each in row["failures"] if each["status"] == "FAILED"]
    assert told["failed"] == row["failed"]


def test_a_whole_market_lacks_no_value(walking: Tenor, walked: Walked) -> None:
    told = walking.json("check", *words_of(walked.portfolio, walked.market, "--scenarios", "@nightly"))
    assert (told["failed"], told["failures"], told["coarse_curves"]) == (0, [], [])


def test_it_refuses_what_a_run_refuses(walking: Tenor, walked: Walked) -> None:
    for wrong in (
        words_of("nothing", walked.market),
        words_of(walked.portfolio, walked.market, "--scenarios", "never-defined"),
        words_of(walked.portfolio, walked.market, "--measures", "PVV"),
    ):
        assert walking.refusal("check", *wrong) == walking.refusal("run", "submit", *wrong)
