"""From a file of past moves to VaR by node: every figure again by hand, from the totals that anybody can ask for."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.builders.small_fund import POSITIONS
from tests.walk.command_line import SMALL_FUND, Tenor, one_at_a_time
from tests.walk.conftest import Walked

EXAMPLES = SMALL_FUND.parent
QUARTERLY = EXAMPLES / "history" / "quarterly.csv"
MEASURES = "PV,KEY_RATE_DV01,CS01,FX_DELTA"
CONFIDENCE, ES_CONFIDENCE = 0.95, 0.9
DAYS = 40
KEY_RATES = {
    "3m": 0.25,
    "6m": 0.5,
    "1y": 1,
    "2y": 2,
    "3y": 3,
    "5y": 5,
    "7y": 7,
    "10y": 10,
    "15y": 15,
    "20y": 20,
    "30y": 30,
}


@dataclass(frozen=True)
class Lived:
    """A run of the small fund through the last forty quarters of the shipped history."""

    run_id: str
    submit: tuple[str, ...]


@pytest.fixture(scope="module")
def lived(walking: Tenor, walked: Walked) -> Lived:
    walking.json("scenario", "history", QUARTERLY, "--set", "quarterly", "--last", str(DAYS))
    submit = (*walked.submit, "--wait", "--workers", "1", "--measures", MEASURES)
    with one_at_a_time(walking.kernels):
        answer = walking.json(*submit, "--scenarios", "@quarterly")
    return Lived(str(answer["run_id"]), submit)


@pytest.fixture(scope="module")
def http(walking: Tenor) -> Iterator[TestClient]:
    with open_tenor(Settings(walking.home, walking.database_url)) as tenor:
        yield TestClient(build_app(tenor))


def var(http: TestClient, run_id: str, **asked: Any) -> list[dict[str, Any]]:
    tails = {"confidence": CONFIDENCE, "es_confidence": ES_CONFIDENCE}
    rows: list[dict[str, Any]] = http.get(f"/api/v1/risk/runs/{run_id}/var", params=tails | asked).json()
    return rows


def gains_by(http: TestClient, run_id: str, by: str) -> dict[str, np.ndarray[Any, Any]]:
    """From the totals: what each group gains on every day of the history."""
    rows = http.get(f"/api/v1/results/runs/{run_id}/totals", params={"by": by, "measures": "PV"}).json()
    values: dict[str, dict[str, float]] = {}
    for row in rows:
        values.setdefault(row[by], {})[row["scenario_id"]] = row["pv_base"]
    days = sorted(name for name in next(iter(values.values())) if name.startswith("quarterly."))
    return {key: np.array([of[day] - of["BASE"] for day in days]) for key, of in values.items()}


@pytest.mark.usefixtures("lived")
def test_a_history_is_a_set_with_a_version_and_a_scenario_for_every_date(walking: Tenor) -> None:
    again = walking.json("scenario", "history", QUARTERLY, "--set", "quarterly", "--last", str(DAYS))
    assert (again["scenario_set_id"], again["version"], again["scenarios"]) == ("quarterly", 1, DAYS)
    assert (again["first_date"], again["last_date"], again["horizon"]) == ("2015-03-31", "2024-12-31", 1)
    assert again["series"][:2] == ["CURVE USD-* 10Y", "CURVE USD-* 3M"]


def test_var_and_es_of_every_desk_are_those_of_its_totals(http: TestClient, lived: Lived) -> None:
    """40 days at 95 %: the 2nd worst; ES at 90 %: the mean of the four worst."""
    gains = gains_by(http, lived.run_id, "desk")
    whole, *desks = var(http, lived.run_id, by="desk")
    assert [row["key"] for row in desks] == sorted(gains)
    for row in (whole, *desks):
        losses = np.sort(-(gains[row["key"]] if row["key"] else sum(gains.values())))[::-1]
        assert row["var_base"] == pytest.approx(losses[1], rel=1e-9)
        assert row["es_base"] == pytest.approx(losses[:4].mean(), rel=1e-9)
        assert row["left_out"] == 0 and row["scenarios"] == DAYS


def test_what_is_due_to_the_desks_adds_up_and_what_is_saved_is_said(http: TestClient, lived: Lived) -> None:
    gains = gains_by(http, lived.run_id, "desk")
    together = np.sum(list(gains.values()), axis=0)
    worst = np.argsort(together)
    whole, *desks = var(http, lived.run_id, by="desk")
    for kind in ("var", "es"):
        assert sum(row[f"component_{kind}_base"] for row in desks) == pytest.approx(whole[f"{kind}_base"], rel=1e-9)
    for row in desks:
        own = gains[row["key"]]
        assert row["component_es_base"] == pytest.approx(-own[worst[:4]].mean(), rel=1e-9, abs=1e-3)
        without = np.sort(own - together)[::-1]
        assert row["incremental_var_base"] == pytest.approx(whole["var_base"] - without[1], rel=1e-9, abs=1e-3)
        assert row["marginal_var"] == pytest.approx(row["component_var_base"] / row["pv_base"], rel=1e-12)


def test_a_node_and_its_children_are_a_whole_and_its_parts(http: TestClient, lived: Lived) -> None:
    whole, *children = var(http, lived.run_id, node="MERIDIAN", by="children")
    funds = {row["key"]: row for row in var(http, lived.run_id, by="fund")}
    assert [row["key"] for row in children] == ["MERIDIAN-CREDIT", "MERIDIAN-TREASURY"]
    assert whole["var_base"] == pytest.approx(funds["MERIDIAN"]["var_base"], rel=1e-12)
    assert sum(row["component_es_base"] for row in children) == pytest.approx(whole["es_base"], rel=1e-9)
    # Not held by any rollup below a node: summed from the chunks.
    below, *parts = var(http, lived.run_id, node="MERIDIAN", by="currency")
    assert below["var_base"] == whole["var_base"]
    assert sum(row["component_es_base"] for row in parts) == pytest.approx(whole["es_base"], rel=1e-9)
    assert sum(row["positions"] for row in parts) == whole["positions"]


def test_positions_have_their_part_too(http: TestClient, lived: Lived) -> None:
    whole, *positions = var(http, lived.run_id, by="position_id")
    assert len(positions) == whole["positions"] == POSITIONS
    assert sum(row["component_es_base"] for row in positions) == pytest.approx(whole["es_base"], rel=1e-9)


def test_parametric_figures_are_the_moves_through_the_sensitivities(http: TestClient, lived: Lived) -> None:
    """By hand from the file and from each position's key rates, CS01 and FX_DELTA; z(95 %) = 1.6449."""
    gains, expected = linear_gains(http, lived.run_id), 1.6448536269514722
    whole, *desks = var(http, lived.run_id, method="parametric", by="desk")
    assert whole["var_base"] == pytest.approx(expected * np.sqrt((gains**2).mean()), rel=2e-3)
    assert sum(row["component_var_base"] for row in desks) == pytest.approx(whole["var_base"], rel=1e-9)
    _, *factors = var(http, lived.run_id, method="parametric", by="factor")
    assert sum(row["component_var_base"] for row in factors) == pytest.approx(whole["var_base"], rel=1e-9)
    assert {row["key"].split()[0] for row in factors} == {"RATE", "SPREAD", "FX"}


def linear_gains(http: TestClient, run_id: str) -> np.ndarray[Any, Any]:
    """A forward on EURGBP loses for dearer sterling what it gains for dearer euros, but for its value in sterling."""
    moves, instruments = quarterly_moves(), {row["instrument_id"]: row for row in table("instruments")}
    rating = {row["issuer_id"]: row["rating"] for row in table("issuers")}
    listed = http.get(f"/api/v1/results/runs/{run_id}/positions", params={"scenario": "BASE"}).json()
    total = np.zeros(DAYS)
    for row in listed:
        instrument = instruments[row["instrument_id"]]
        for label, time in KEY_RATES.items() if row["currency"] == "USD" else ():
            total -= row[f"key_rate_dv01_{label}_base"] * rate_moves(moves, time)
        if rating.get(instrument["issuer_id"], "").startswith("B") and row["cs01_base"]:
            total -= row["cs01_base"] * moves["SPREAD", "rating=B*", ""]
        delta, currency = row["fx_delta"], instrument["pair"][:3] or row["currency"]
        if currency != "USD":
            total += delta * moves["FX", f"{currency}USD", ""]
        if instrument["pair"] == "EURGBP":
            total += (row["pv_base"] / 100 - delta) * moves["FX", "GBPUSD", ""]
    return total


def rate_moves(moves: dict[tuple[str, str, str], Any], time_yr: float) -> np.ndarray[Any, Any]:
    at = [moves["CURVE", "USD-*", tenor] for tenor in ("3M", "5Y", "10Y")]
    return np.array([np.interp(time_yr, (0.25, 5, 10), day) for day in zip(*at, strict=True)])


def quarterly_moves() -> dict[tuple[str, str, str], np.ndarray[Any, Any]]:
    levels: dict[tuple[str, str, str], list[float]] = {}
    for row in csv.DictReader(QUARTERLY.open()):
        levels.setdefault((row["kind"], row["name"], row["tenor"]), []).append(float(row["level"]))
    arrays = {key: np.array(values)[-DAYS - 1 :] for key, values in levels.items()}
    return {
        key: (each[1:] / each[:-1] - 1) * 100 if key[0] == "FX" else np.diff(each) * 10_000
        for key, each in arrays.items()
    }


def table(name: str) -> list[dict[str, str]]:
    with (SMALL_FUND / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_position_that_fails_on_one_day_counts_on_none(tenor: Tenor, tmp_path: Path) -> None:
    """A cap on a lognormal surface has no price once forwards are negative: its value is no gain and no loss."""
    folder = with_a_lognormal_cap(tmp_path)
    portfolio, market = tenor.bring(folder)
    moves = {"2026-01-20": 3, "2026-01-21": -600, "2026-01-22": -5}
    lines = [f"{day},CURVE,USD-*,{tenor},{bp}" for day, bp in moves.items() for tenor in ("1Y", "10Y")]
    history = tmp_path / "history.csv"
    history.write_text("\n".join(["date,kind,name,tenor,move", *lines]))
    tenor.json("scenario", "history", history, "--set", "days")
    submit = ("run", "submit", "--portfolio", portfolio, "--market", market, "--scenarios", "@days")
    with one_at_a_time(tenor.kernels):
        run_id = tenor.json(*submit, "--measures", "PV", "--wait", "--workers", "1")["run_id"]
    listed = list(csv.DictReader(io.StringIO(tenor("results", run_id).out.decode())))
    blank = {row["position_id"] for row in listed if not row["pv"]}
    assert blank == {"D-04"} and sum(row["position_id"] == "D-04" and bool(row["pv"]) for row in listed) == 3
    pv = dict.fromkeys(("BASE", *(f"days.{day}" for day in moves)), 0.0)
    for row in listed:
        pv[row["scenario_id"]] += float(row["pv_base"]) if row["position_id"] not in blank else 0.0
    whole, *books = tenor.json("var", run_id, "--by", "book")
    losses = [pv["BASE"] - pv[f"days.{day}"] for day in moves]
    assert whole["left_out"] == 1 == sum(row["left_out"] for row in books)
    assert whole["var_base"] == pytest.approx(max(losses), rel=1e-9)
    assert whole["pv_base"] == pytest.approx(pv["BASE"], rel=1e-9)
    assert "beyond 3 scenarios" in whole["note"]


def with_a_lognormal_cap(tmp_path: Path) -> Path:
    folder = tmp_path / "fund"
    folder.mkdir()
    for source in (EXAMPLES / "derivatives").iterdir():
        (folder / source.name).write_bytes(source.read_bytes())
    market = json.loads((folder / "market.json").read_text())
    for surface in market["volatilities"]:
        if surface["surface_id"] == "USD-CAP":
            surface["kind"], surface["vols"] = "LOGNORMAL", [0.25] * len(surface["expiries_yr"])
    (folder / "market.json").write_text(json.dumps(market))
    return folder


def test_over_http_it_is_the_same_table_in_every_format(walking: Tenor, lived: Lived, http: TestClient) -> None:
    path = f"/api/v1/risk/runs/{lived.run_id}/var"
    asked = {"by": "desk", "confidence": 0.95}
    answer = http.get(path, params=asked)
    assert answer.json() == walking.json("var", lived.run_id, "--by", "desk", "--confidence", "0.95")
    assert answer.headers["etag"]
    listed = list(csv.DictReader(io.StringIO(http.get(path, params=asked | {"format": "csv"}).text)))
    assert [float(row["var_base"]) for row in listed] == [row["var_base"] for row in answer.json()]
    parametric = http.get(path, params={"method": "parametric", "history": "quarterly", "decay": 0.9})
    assert parametric.json()[0]["history"] == "quarterly@1"
    assert parametric.headers["cache-control"] == "private, no-cache"
    tested = http.get(f"/api/v1/risk/runs/{lived.run_id}/backtest", params={"window": 20, "confidence": 0.9})
    assert tested.json()["days"] == 20 and tested.json()["zone"] in ("GREEN", "YELLOW", "RED")


@pytest.mark.usefixtures("lived")
def test_a_history_and_a_backtest_can_be_sent(http: TestClient) -> None:
    sent = http.post("/api/v1/scenario/histories?set=sent&horizon=2&last=10", content=QUARTERLY.read_bytes())
    assert sent.status_code == 202 and sent.json()["scenarios"] == 10
    assert sent.headers["location"] == "/api/v1/scenario/sets/sent"
    days = "date,pnl,var\n" + "\n".join(f"2026-01-{day:02d},{-12 if day == 9 else 5},10" for day in range(1, 31))
    tested = http.post("/api/v1/risk/backtest?confidence=0.95", content=days).json()
    assert (tested["days"], tested["exceptions"]) == (30, 1)
    assert tested["exception_days"] == [{"date": "2026-01-09", "pnl": -12.0, "var": 10.0}]


REFUSALS = [
    ({"history": "nobody"}, "there is no scenario set 'nobody'"),
    ({"history": "nightly"}, "has no scenario up100@1 and"),
    ({"node": "NOBODY"}, "the portfolio has no node 'NOBODY'"),
    ({"by": "nothing"}, "cannot be grouped by 'nothing'"),
    ({"confidence": 99}, "less than 1"),
    ({"method": "parametric", "decay": 1}, "less than 1"),
]


@pytest.mark.parametrize(("asked", "message"), REFUSALS, ids=str)
def test_what_cannot_be_asked_is_said(lived: Lived, http: TestClient, asked: dict[str, Any], message: str) -> None:
    answer = http.get(f"/api/v1/risk/runs/{lived.run_id}/var", params=asked)
    assert answer.status_code in (404, 422) and message in answer.json()["detail"]


def test_a_run_without_a_history_says_how_to_bring_one(walking: Tenor, walked: Walked) -> None:
    problem = walking.refusal("var", walked.run_id)
    assert "no scenarios of a history" in problem["message"] and "tenor scenario history" in problem["fix"]


def test_everything_that_is_wrong_with_a_history_is_told_at_once(walking: Tenor, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(
        "date,kind,name,tenor,move\n"
        "2024-13-01,CURVE,USD-SOFR,5Y,1\n"
        "2024-01-02,CURVE,USD-SOFR,5,1\n"
        "2024-01-02,SPREAD,BBB,,1\n"
        "2024-01-02,FX,EURXXX,,one\n"
    )
    problem = walking.refusal("scenario", "history", file, "--set", "bad")
    told = [(each["row"], each["column"], each["code"]) for each in problem["problems"]]
    assert told == [
        (2, "date", "INVALID_DATE"),
        (3, "tenor", "INVALID_TENOR"),
        (4, "name", "INVALID_MATCH"),
        (5, "name", "INVALID_PAIR"),
        (5, "move", "NOT_A_NUMBER"),
    ]
    assert all(each["fix"] for each in problem["problems"])
