"""Stress and the banking book's rate shocks through the command line, against the second implementations."""

import json
import random
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.builders.exposures import AS_OF, market_of, write_book
from tests.builders.read_models import catch_up_all
from tests.walk.command_line import Tenor
from tests.walk.oracle import irrbb, stress

REVERSION = 3
POLICY: dict[str, Any] = {
    "policy_id": "stress",
    "lgd_defaults": {"*": 0.45},
    "cecl": {
        "segments": [
            {"segment": "FIRMS", "match": {"line": "FIRMS"}, "method": "PD_LGD", "pd_long_run": 0.015},
            {"segment": "REST", "match": {}, "method": "PD_LGD"},
        ],
        "scenario_weights": {"BASE": 1.0},
        "forecast_quarters": 2,
        "reversion_quarters": REVERSION,
    },
    "satellites": [
        {
            "segment": "FIRMS",
            "match": {"line": "FIRMS"},
            "pd": {"unemployment_rate": 0.12, "bbb_spread": 0.1, "real_gdp_growth": -3.0},
            "lgd": {"equity_index": -0.2},
        },
        {"segment": "HOMES", "match": {"line": "HOMES"}, "pd": {"house_price_index": -1.5}, "lgd": {"vix": 0.001}},
        {"segment": "CARDS", "match": {"line": "CARDS"}, "nine_quarter_loss_rate": 0.2},
    ],
    "capital": {
        "cet1": 4_000_000.0,
        "tier1": 5_000_000.0,
        "rwa": [40_000_000.0 + 100_000 * quarter for quarter in range(10)],
        "ppnr": 900_000.0,
        "other_capital_items": [-20_000.0, 0, 0, 10_000, 0, 0, 0, 0, 0],
        "planned_common_dividends": [5_000.0] * 9,
        "gsib_surcharge": 0.01,
        "prior_scb": 0.031,
    },
}
OWN_PATH = {
    "start": {"unemployment_rate": 4.4, "real_gdp_growth": 2.0, "house_price_index": 320.0, "equity_index": 5_000.0},
    "path": {
        "unemployment_rate": [5.0, 6.5, 7.0, 6.0, 5.5],
        "real_gdp_growth": [-4.0, -6.0, -1.0, 2.0, 3.0],
        "house_price_index": [310.0, 290.0, 270.0, 280.0, 290.0],
        "equity_index": [4_000.0, 3_000.0, 3_500.0, 4_200.0, 4_600.0],
    },
}
RATE_SHOCKS = ("PARALLEL_UP", "PARALLEL_DOWN", "STEEPENER", "FLATTENER", "SHORT_UP", "SHORT_DOWN")
SCENARIOS: list[dict[str, Any]] = [
    {"scenario_id": "fed", "shocks": [{"kind": "SUPERVISORY", "cycle": 2026, "name": "SEVERELY_ADVERSE"}]},
    {"scenario_id": "own", "shocks": [{"kind": "MACRO", **OWN_PATH}, {"kind": "FX", "pair": "EURUSD", "pct": -20}]},
    {
        "scenario_id": "bad",
        "shocks": [
            {"kind": "DEFAULT", "multiplier": 1.5},
            {"kind": "CREDIT_FACTOR", "z": -2.33, "rho": 0.2},
            {"kind": "SEVERITY", "add": 0.1},
        ],
    },
    *({"scenario_id": f"irr.{name}", "shocks": [{"kind": "IRRBB", "name": name}]} for name in RATE_SHOCKS),
]
FED_2026 = {  # the Board's final table of 2026, severely adverse: the jump-off quarter and the thirteen after it
    "unemployment_rate": (4.5, 5.9, 7.2, 8.2, 9.0, 9.5, 9.9, 10.0, 9.8, 9.4, 9.1, 8.7, 8.4, 8.0),
    "bbb_yield": (5.1, 7.5, 8.2, 8.1, 7.9, 7.5, 7.1, 6.7, 6.3, 5.9, 5.5, 5.2, 4.8, 4.5),
    "treasury_10y": (4.1, 3.1, 2.7, 2.4, 2.3, 2.3, 2.3, 2.4, 2.4, 2.4, 2.5, 2.5, 2.6, 2.7),
    "real_gdp_growth": (None, -5.4, -4.9, -3.8, -2.7, -1.4, -0.3, 1.1, 3.0, 4.0, 4.0, 4.0, 4.0, 3.9),
    "house_price_index": (None, 303, 283.2, 273.1, 263.1, 253.6, 244.4, 235.7, 227.3, 230.8, 234.5, 238.2, 242, 245.9),
    "vix": (None, 59.7, 72, 70.9, 66.6, 62.3, 58.1, 53.8, 49.5, 45.3, 41, 36.7, 32.5, 28.2),
}
EUR, GBP = 1.1, 1.3
RATES = {"USD": 1.0, "EUR": EUR, "GBP": GBP}


def exposures() -> list[dict[str, Any]]:
    chance = random.Random(20260123)
    found: list[dict[str, Any]] = []
    for number in range(24):
        line = ("FIRMS", "HOMES", "CARDS", "NONE")[number % 4]
        found.append(
            {
                "id": f"L{number:02}",
                "line": line,
                "asset_class": "CORPORATE",
                "currency": ("USD", "EUR", "GBP")[number % 3],
                "coupon": round(chance.uniform(0.02, 0.09), 4),
                "maturity_date": f"{2026 + chance.randint(1, 9)}-01-23",
                "notional": float(chance.randint(100, 900) * 1_000),
                "pd_12m": chance.choice((0.002, 0.01, 0.04)),
                "lgd": "" if number % 5 == 0 else chance.choice((0.2, 0.4)),
                "days_past_due": 120 if number in (4, 13) else 0,
                "accounting_class": {7: "FVO", 8: "HFS", 9: "AFS", 10: "TRADING"}.get(number, ""),
                "undrawn": 50_000.0 if number == 0 else "",
            }
        )
    short = {"asset_class": "CORPORATE", "currency": "EUR", "coupon": 0.05, "notional": -6_000_000.0, "pd_12m": 0.01}
    rest = {"line": "NONE", "lgd": 0.4, "days_past_due": 0, "accounting_class": "", "undrawn": ""}
    found.append({"id": "SHORT", "maturity_date": "2033-01-23", **short, **rest})
    return found


@dataclass(frozen=True)
class Stressed:
    tenor: Tenor
    run: str
    folder: Path

    def rows(self, report: str, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.tenor.json("stress", "show", self.run, "--report", report, *words)
        return found


@pytest.fixture(scope="module")
def stressed(walking: Tenor, tmp_path_factory: pytest.TempPathFactory) -> Stressed:
    folder = tmp_path_factory.mktemp("stress")
    for name, content in (("market", market_of()), ("policy", POLICY), ("scenarios", SCENARIOS)):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    portfolio = walking.json("ingest", write_book(folder / "book", exposures()))["snapshot_id"]
    market = walking.json("market", "load", folder / "market.json")["snapshot_id"]
    walking.json("policy", "define", folder / "policy.json")
    walking.json("scenario", "define", folder / "scenarios.json")
    words = ("--portfolio", portfolio, "--market", market, "--policy", "stress@1", "--measures", "PV", "--wait")
    names = ",".join(each["scenario_id"] for each in SCENARIOS)
    return Stressed(walking, walking.json("run", "submit", *words, "--scenarios", names)["run_id"], folder)


def shocks_of(scenario: str, macro: list[dict[str, Any]]) -> stress.Shocks:
    path: dict[str, tuple[float, list[float]]] = {}
    for row in macro:
        if row["quarter_index"]:
            path[row["variable"]][1].append(row["value"])
        else:
            path[row["variable"]] = (row["value"], [])
    if scenario == "bad":
        return stress.Shocks((("DEFAULT", 1.5, 0.0), ("CREDIT_FACTOR", -2.33, 0.2)), 0.1)
    return stress.Shocks(path=path)


def expected_losses(scenario: str, shocks: stress.Shocks) -> dict[str, list[float]]:
    """By segment, quarters 1 to 13, in base currency at the scenario's exchange rates."""
    satellites = {each["match"]["line"]: each for each in POLICY["satellites"]}
    rates = RATES | ({"EUR": EUR * 0.8} if scenario == "own" else {})
    found = {each["segment"]: [0.0] * 13 for each in POLICY["satellites"]}
    for said in exposures():
        satellite = satellites.get(said["line"])
        if satellite is None or said["accounting_class"] in ("FVO", "TRADING"):
            continue
        loan = stress.Loan(
            ead=said["notional"] + 0.4 * float(said["undrawn"] or 0.0),
            pd=said["pd_12m"],
            lgd=float(said["lgd"] or 0.45),
            currency=said["currency"],
            satellite=satellite,
            defaulted=said["days_past_due"] > 90,
            pd_long_run=0.015 if said["line"] == "FIRMS" else None,
        )
        for quarter in range(1, 14):
            amount = stress.loss(loan, shocks, quarter, REVERSION) * rates[loan.currency]
            found[satellite["segment"]][quarter - 1] += amount
    return found


@pytest.mark.parametrize("scenario", ["BASE", "fed", "own", "bad"])
def test_losses_capital_and_buffer_are_those_of_the_second_implementation(stressed: Stressed, scenario: str) -> None:
    macro = stressed.rows("macro", "--scenario", scenario) if scenario in ("fed", "own") else []
    losses = expected_losses(scenario, shocks_of(scenario, macro))
    shown = {(row["segment"], row["quarter"]): row["loss"] for row in stressed.rows("losses", "--scenario", scenario)}
    assert len(shown) == 3 * 13
    for segment, by_quarter in losses.items():
        for quarter, amount in enumerate(by_quarter, start=1):
            assert shown[segment, quarter] == pytest.approx(amount, rel=1e-10), (segment, quarter)
    path = stress.capital_path(POLICY["capital"], [sum(each) for each in zip(*losses.values(), strict=True)])
    rows = stressed.rows("path", "--scenario", scenario)
    assert [row["quarter"] for row in rows] == list(range(10))
    for row, wanted in zip(rows, path, strict=True):
        assert row["scenario"] == scenario
        assert {name: row[name] for name in wanted} == pytest.approx(wanted, rel=1e-10)
    assert rows[0]["loss"] is None, "nothing is lost in the quarter before the path"
    (scb,) = stressed.rows("scb", "--scenario", scenario)
    wanted = stress.buffer(POLICY["capital"], path)
    assert {name: scb[name] for name in wanted} == pytest.approx(wanted, rel=1e-10)
    assert scb["scb_average"] == pytest.approx((scb["scb"] + 0.031) / 2)


def test_the_boards_table_of_2026_is_shown_as_it_is_printed(stressed: Stressed) -> None:
    rows = stressed.rows("macro", "--scenario", "fed")
    shown = {(row["variable"], row["quarter_index"]): row for row in rows}
    for variable, values in FED_2026.items():
        for quarter, value in enumerate(values):
            assert value is None or shown[variable, quarter]["value"] == value, (variable, quarter)
    assert [shown["vix", place]["quarter"] for place in (0, 1, 13)] == ["2025 Q4", "2026 Q1", "2029 Q1"]
    assert all(row["change"] == 0.0 for row in rows if row["quarter_index"] == 0)
    assert shown["bbb_spread", 3]["value"] == 5.7, "the widest spread of the scenario"
    assert ("eurusd", 1) not in shown, "the tables of 2026 have no exchange rates"


def test_changes_are_those_of_the_second_implementation(stressed: Stressed) -> None:
    for scenario in ("fed", "own"):
        rows = stressed.rows("macro", "--scenario", scenario)
        path = shocks_of(scenario, rows).path
        for row in rows:
            if row["quarter_index"]:
                wanted = stress.change(path, row["variable"], row["quarter_index"])
                assert row["change"] == pytest.approx(wanted, rel=1e-9, abs=1e-12), row
    assert {row["scenario"] for row in stressed.rows("macro")} == {"fed", "own"}


def held() -> list[irrbb.Held]:
    """Bullets that pay once a year, 30/360, on 23 January: their flows by hand."""
    found = []
    for said in exposures():
        if said["accounting_class"] == "TRADING":
            continue
        last, amount = int(said["maturity_date"][:4]), said["notional"]
        days = {year: (date(year, 1, 23) - AS_OF).days for year in range(2027, last + 1)}
        flows = [(day, amount * said["coupon"] + (amount if year == last else 0.0)) for year, day in days.items()]
        found.append(irrbb.Held(said["currency"], flows, [(days[last], amount)]))
    return found


@pytest.mark.parametrize("name", RATE_SHOCKS)
def test_value_and_income_under_rate_shocks(stressed: Stressed, name: str) -> None:
    nodes = [((date(2027, 1, 23) - AS_OF).days, 0.03), ((date(2056, 1, 23) - AS_OF).days, 0.03)]
    wanted = irrbb.report(held(), dict.fromkeys(RATES, nodes), RATES, "d578", name, 5_000_000.0)
    rows = {row["currency"]: row for row in stressed.rows("irrbb", "--scenario", f"irr.{name}")}
    assert rows.keys() == wanted.keys() == {"USD", "EUR", "GBP", "TOTAL"}
    for currency, figures in wanted.items():
        for each, figure in figures.items():
            shown = rows[currency][each]
            assert shown == (None if figure is None else pytest.approx(figure, rel=1e-9, abs=1e-6)), (currency, each)
        assert rows[currency]["shock"] == name


def test_losses_of_one_currency_are_not_made_good_by_gains_of_another(stressed: Stressed) -> None:
    """Pitfall 11: the book is short of euros, which gain when rates rise; the test adds the losses of the others."""
    rows = {row["currency"]: row for row in stressed.rows("irrbb", "--scenario", "irr.PARALLEL_UP")}
    assert rows["EUR"]["delta_eve"] > 0 > rows["USD"]["delta_eve"]
    assert rows["TOTAL"]["eve_loss"] == pytest.approx(-rows["USD"]["delta_eve"] - rows["GBP"]["delta_eve"])
    assert rows["TOTAL"]["eve_loss"] > -rows["TOTAL"]["delta_eve"]


def test_a_shock_takes_the_standard_of_the_runs_rule_set(stressed: Stressed) -> None:
    """The market is of 2026; a run under the rules of 2018 has their sizes."""
    first = stressed.tenor.json("run", "show", stressed.run)
    words = ("--portfolio", first["portfolio_snapshot_id"], "--market", first["market_snapshot_id"])
    older = ("--rules", "irrbb-2018", "--scenarios", "irr.STEEPENER", "--measures", "PV", "--wait")
    run = stressed.tenor.json("run", "submit", *words, *older)["run_id"]
    for standard, of in (("d578", stressed.run), ("d368", run)):
        rows = stressed.tenor.json("stress", "show", of, "--report", "irrbb_nodes", "--scenario", "irr.STEEPENER")
        assert {row["currency"] for row in rows} == {"USD", "EUR", "GBP"} and len(rows) == 6
        for row in rows:
            wanted = irrbb.shock_bp(standard, "STEEPENER", row["currency"], row["time_yr"])
            assert row["shock_bp"] == pytest.approx(wanted, rel=1e-12), row
    assert {row["node"] for row in rows} == {"1Y", "30Y"}


def test_http_answers_the_same_rows(stressed: Stressed) -> None:
    with open_tenor(Settings(stressed.tenor.home, stressed.tenor.database_url)) as tenor:
        catch_up_all(tenor.storage)
        client = TestClient(build_app(tenor, ("regulatory",)), raise_server_exceptions=False)
        address = f"/api/v1/regulatory/runs/{stressed.run}/stress"
        for report in ("path", "losses", "scb", "macro"):
            answer = client.get(f"{address}/{report}?scenario=fed")
            assert answer.status_code == 200, answer.text
            assert answer.json() == stressed.rows(report, "--scenario", "fed")
        for report in ("irrbb", "irrbb_nodes"):
            assert client.get(f"{address}/{report}").json() == stressed.rows(report)
        assert client.get(f"{address}/path?scenario=nobody").status_code == 404
        assert client.get(f"{address}/macro?scenario=bad").status_code == 422


def test_what_cannot_be_shown_is_refused(stressed: Stressed) -> None:
    def refused(*words: str) -> str:
        return str(stressed.tenor.refusal("stress", "show", stressed.run, *words)["code"])

    assert refused("--report", "losses", "--scenario", "nobody") == "UNKNOWN_SCENARIO"
    assert refused("--report", "macro", "--scenario", "bad") == "ANOTHER_KIND_OF_SCENARIO"
    assert refused("--report", "irrbb", "--scenario", "fed") == "ANOTHER_KIND_OF_SCENARIO"
    assert refused("--report", "colours") == "UNKNOWN_REPORT"
    first = stressed.tenor.json("run", "show", stressed.run)
    words = ("--portfolio", first["portfolio_snapshot_id"], "--market", first["market_snapshot_id"])
    run = stressed.tenor.json("run", "submit", *words, "--measures", "PV", "--wait")["run_id"]
    assert stressed.tenor.refusal("stress", "show", run)["code"] == "POLICY_WITHOUT_SATELLITES"
