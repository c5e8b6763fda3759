"""Prepayment models through the program as a user starts it: loans, pools with delay, tranches, results, check, fit.

The right numbers are the second implementation's (`oracle`), which projects anew under every move of rates.
"""

import csv
import json
from math import atan, sin
from pathlib import Path
from typing import Any

import pytest

from tests.builders.deal_fund import write
from tests.walk.command_line import Tenor
from tests.walk.oracle.market import read_market, read_scenarios
from tests.walk.oracle.pricer import KEY_LABELS, Bumps, value
from tests.walk.oracle.terms import read_positions
from tests.walk.oracle.tranches import read_deal, values

FUND = Path(__file__).parent / "funds" / "prepayment_models"
MARKET = json.loads((FUND / "market.json").read_text())
SCENARIOS = ("rates_up", "rates_down", "faster", "quoted")
NAMED = {"agency30": "agency30@1", "ots": "ots@1", "burnt": "burnt@2", "bounded 2y": "bounded 2y@3"}
BUMPED = 1e-5
"""Of a central difference: the contract's allowance, and a thousandth of a cent per million held."""

INDEX = "USD-SOFR-3M"
TRANCHES = [
    {"rank": 1, "kind": "SEQUENTIAL", "balance": 600e6, "coupon": 0.05, "interest_rank": 1},
    {"rank": 2, "kind": "SEQUENTIAL", "balance": 300e6, "index": INDEX, "margin": 0.01, "day_count": "ACT/360"},
    {"rank": 1, "kind": "NOTIONAL", "balance": 900e6, "coupon": 0.004, "notional_of": "POOL"},
    {"rank": 9, "kind": "RESIDUAL", "balance": 1e6},
]
LINES = [
    {"balance": 450e6, "wac": 0.068, "wam": 300, "age": 12, "prepayment": "MODEL agency30", "region": "EAST"},
    {
        "balance": 250e6, "wac": 0.06, "wam": 240, "age": 40, "prepayment": "MODEL agency30", "region": "WEST",
        "original_balance": 400e6, "default": "CDR 1", "severity": 0.4, "recovery_lag_months": 6,
    },
    {"balance": 100e6, "wac": 0.07, "wam": 120, "age": 6, "prepayment": "MODEL ots", "first_collection_months": 2},
    {"balance": 50e6, "index": INDEX, "margin": 0.03, "wam": 180, "age": 24, "prepayment": "MODEL burnt"},
    {"balance": 50e6, "wac": 0.05, "wam": 60, "age": 3, "prepayment": "CPR 12", "region": "EAST"},
]  # fmt: skip
OF_LINES = [
    *json.loads((FUND / "scenarios.json").read_text())[:3],
    {
        "scenario_id": "east",
        "name": "lines of the east at another speed",
        "shocks": [{"kind": "PREPAYMENT", "speed": "CPR 20", "match": {"region": "EAST"}}],
    },
    {"scenario_id": "all", "name": "every speed replaced", "shocks": [{"kind": "PREPAYMENT", "speed": "CPR 15"}]},
]


def deal_folder(folder: Path, lines: list[dict[str, Any]]) -> Path:
    """A fund that holds all four tranches of deal D in part, over the market of the other fund."""
    folder.mkdir()
    ids = [f"T{number}" for number in range(len(TRANCHES))]
    write(folder / "portfolio.csv", [{"node_id": "B", "name": "Book", "kind": "BOOK"}])
    write(folder / "instruments.csv", [{"instrument_id": i, "product_type": "ABS_MBS", "currency": "USD"} for i in ids])
    held = [{"position_id": f"P{i}", "instrument_id": i, "book_id": "B", "notional": 1e6} for i in ids]
    write(folder / "positions.csv", held)
    terms = {"deal_id": "D", "currency": "USD", "first_payment_date": "2026-02-05", "clean_up_call": 0.1}
    write(folder / "deals.csv", [terms | {"call_exercised": "true"}])
    write(folder / "collateral.csv", [{"deal_id": "D", "line_id": f"L{n}", **each} for n, each in enumerate(lines)])
    write(
        folder / "tranches.csv",
        [{"deal_id": "D", "instrument_id": i, **each} for i, each in zip(ids, TRANCHES, strict=True)],
    )
    (folder / "market.json").write_text(json.dumps(MARKET))
    (folder / "scenarios.json").write_text(json.dumps(OF_LINES))
    return folder


def priced(tenor: Tenor, folder: Path, scenarios: tuple[str, ...], measures: str) -> tuple[str, list[dict[str, Any]]]:
    portfolio, market = tenor.bring(folder)
    assert tenor("scenario", "define", folder / "scenarios.json").code == 0
    words = ("run", "submit", "--portfolio", portfolio, "--market", market, "--measures", measures, "--wait")
    run = tenor.json(*words, "--scenarios", ",".join(scenarios))["run_id"]
    return run, tenor.json("results", run)


def test_loans_and_pools_are_the_oracles_and_say_their_model(tenor: Tenor) -> None:
    run, rows = priced(tenor, FUND, SCENARIOS, "PV,DV01")
    terms = {each.position_id: each for each in read_positions(FUND)}
    bumps = {name: Bumps(market) for name, market in read_scenarios(FUND, read_market(FUND)).items()}
    assert len(rows) == len(terms) * len(bumps)
    for row in rows:
        mine, moved = terms[row["position_id"]], bumps[row["scenario_id"]]
        if mine.position_id == "L-UNKNOWN":
            assert (row["status"], row["reason"]) == ("FAILED", "PV:MISSING_MARKET_DATA;DV01:MISSING_MARKET_DATA")
            assert row["prepayment_model"] is None and "no prepayment model 'gone'" in row["detail"]
            continue
        dv01 = (value(mine, moved.all(-1)) - value(mine, moved.all(1))) / 2
        assert row["pv"] == pytest.approx(value(mine, moved.market), rel=1e-10)
        assert row["dv01"] == pytest.approx(dv01, rel=BUMPED, abs=1e-3)
        assert row["prepayment_model"] == NAMED.get(mine.text("prepayment").removeprefix("MODEL "))
    (one,) = tenor.json("results", run, "--where", "position_id=P-OTS", "--scenario", "rates_up")
    assert one["prepayment_model"] == "ots@1"
    used = tenor.json("audit", "lineage", run, "P-OTS", "PV")["market"]["used"]
    assert [each["reference"] for each in used["prepayment_models"]] == ["ots@1"]
    assert "prepayment" in [each["used_as"] for each in used["curves"]]
    flows = tenor.json("cashflows", run, "--position", "L-ORIGINAL", "--scenario", "rates_down")
    worth = next(r["pv"] for r in rows if (r["position_id"], r["scenario_id"]) == ("L-ORIGINAL", "rates_down"))
    assert sum(each["pv"] for each in flows) == pytest.approx(worth, rel=1e-12)
    contract = tenor.json("cashflows", run, "--position", "L-ORIGINAL", "--scenario", "BASE", "--basis", "CONTRACTUAL")
    assert {each["prepaid_principal"] for each in contract} == {0.0}


def test_tranches_are_the_oracles_with_the_deal_projected_anew(tenor: Tenor, tmp_path: Path) -> None:
    folder = deal_folder(tmp_path / "deal", LINES)
    scenarios = tuple(each["scenario_id"] for each in OF_LINES)
    run, rows = priced(tenor, folder, scenarios, "PV,DV01,KEY_RATE_DV01,CONVEXITY")
    files = read_deal(folder)
    share = {row["instrument_id"]: 1e6 / float(row["balance"]) for row in files.tranches}
    expected = {
        name: values(files, Bumps(market)) for name, market in read_scenarios(folder, read_market(folder)).items()
    }
    for row in rows:
        name = row["instrument_id"]
        told = expected[row["scenario_id"]][name]
        assert row["pv"] == pytest.approx(told["pv"] * share[name], rel=1e-9, abs=1e-6)
        assert row["dv01"] == pytest.approx(told["dv01"] * share[name], rel=BUMPED, abs=1e-3)
        for label in KEY_LABELS:
            key = f"key_rate_dv01_{label}"
            assert row[key] == pytest.approx(told[key] * share[name], rel=BUMPED, abs=1e-3)
        assert row["convexity"] == pytest.approx(told["convexity"], rel=1e-5, abs=1e-4)
        assert row["prepayment_model"] == "agency30@1 burnt@2 ots@1"
    used = tenor.json("audit", "lineage", run, "PT0", "PV")["market"]["used"]
    assert [each["reference"] for each in used["prepayment_models"]] == ["agency30@1", "burnt@2", "ots@1"]


def test_a_deal_whose_model_is_not_in_the_market_fails_its_tranches_and_check_says_so(
    tenor: Tenor, tmp_path: Path
) -> None:
    folder = deal_folder(tmp_path / "gone", [*LINES[:2], LINES[2] | {"prepayment": "MODEL gone"}, *LINES[3:]])
    _, rows = priced(tenor, folder, ("rates_up",), "PV")
    assert {(row["status"], row["reason"]) for row in rows} == {("FAILED", "PV:MISSING_MARKET_DATA")}
    assert {row["detail"] for row in rows} == {"deal D: the market has no prepayment model 'gone'"}
    check = tenor("check", "--portfolio", "latest", "--market", "latest", "--json")
    told = check.document
    assert not told["ok"] and told["failed"] == len(TRANCHES)
    assert any("no prepayment model" in each["sentence"] for each in told["failures"])


def test_a_model_is_fitted_to_a_history_and_written_as_its_next_version(tenor: Tenor, tmp_path: Path) -> None:
    market, history, out = tmp_path / "market.json", tmp_path / "history.csv", tmp_path / "fitted.json"
    far_off = MARKET["prepayment_models"]["agency30"] | {"a": 0.1, "b": 0.02, "c": 0.0, "d": 60}
    market.write_text(json.dumps(MARKET | {"prepayment_models": {"agency30": far_off}}))
    before = market.read_bytes()
    rows = observed(MARKET["prepayment_models"]["agency30"])
    write_history(history, rows)
    words = ("market", "calibrate-prepayment", history, "--market", market, "--model", "agency30")
    fit = tenor.json(*words)
    assert (fit["model"], fit["version"], fit["rows"], fit["written"]) == ("agency30", 2, len(rows), None)
    assert fit["rmse_smm"] < 1e-7 and fit["r_squared"] == pytest.approx(1.0)
    assert market.read_bytes() == before
    assert tenor.json(*words, "--out", out)["written"] == str(out)
    fitted = json.loads(out.read_text())["prepayment_models"]["agency30"]
    assert fitted["version"] == 2
    for row, again in zip(rows, observed(fitted), strict=True):
        assert again["smm"] == pytest.approx(row["smm"], abs=1e-6)
    assert tenor.json("market", "load", out)["as_of"] == MARKET["as_of"]
    shown = tenor(*words)
    assert shown.code == 0 and b"agency30@2" in shown.out
    refused_histories(tenor, words, history, rows)


def refused_histories(tenor: Tenor, words: tuple[Any, ...], history: Path, rows: list[dict[str, Any]]) -> None:
    assert tenor.refusal(*words[:-1], "fast")["code"] == "UNKNOWN_PREPAYMENT_MODEL"
    write_history(history, rows[:3])
    assert tenor.refusal(*words)["code"] == "HISTORY_TOO_SHORT"
    write_history(history, [{name: row[name] for name in row if name != "smm"} for row in rows])
    assert "smm" in tenor.refusal(*words)["message"]
    write_history(history, [rows[0] | {"smm": 1.5, "month": "2024-13", "gross_rate": 6.5}, *rows[1:]])
    problem = tenor.refusal(*words)
    assert problem["code"] == "INVALID_HISTORY"
    assert {(each["row"], each["column"]) for each in problem["problems"]} == {
        (2, "smm"),
        (2, "month"),
        (2, "gross_rate"),
    }


def write_history(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def observed(model: dict[str, Any]) -> list[dict[str, Any]]:
    """Six pools of other coupons over three years in which rates fall and rise, at the model's own speeds."""
    rows = []
    for pool in range(6):
        gross, balance, original = 0.04 + 0.008 * pool, 900e3 + 50e3 * pool, 1e6 + 100e3 * pool
        for month in range(36):
            market = 0.055 + 0.02 * sin(0.2 * month)
            cpr = model["a"] + model["b"] * atan(model["c"] + model["d"] * (gross - market))
            cpr *= min(1.0, (6 * pool + month) / model["seasoning_months"]) * model["seasonality"][month % 12]
            cpr *= model["burnout"]["floor"] + model["burnout"]["slope"] * balance / original
            smm = 1 - (1 - min(max(cpr, model["min_cpr"]), model["max_cpr"])) ** (1 / 12)
            date = f"{2022 + month // 12}-{month % 12 + 1:02d}-01"
            given = {"month": date, "gross_rate": gross, "market_rate": market, "age": 6 * pool + month}
            rows.append({**given, "balance": balance, "original_balance": original, "smm": smm})
            balance *= 0.985 - 0.002 * pool
    return rows
