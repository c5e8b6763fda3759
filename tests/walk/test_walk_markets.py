"""Market files as a user brings them: what is refused, with its place and its fix, and what is warned of."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.walk.command_line import SMALL_FUND, Tenor

MARKET: dict[str, Any] = json.loads((SMALL_FUND / "market.json").read_text())
FLAT = [{"tenor": "1Y", "rate": 0.02}, {"tenor": "2Y", "rate": 0.02}]
IN_PERCENT = {
    "as_of": "2019-02-25",
    "base_currency": "EUR",
    "curves": [
        {
            "curve_id": "EUR-EONIA",
            "currency": "EUR",
            "nodes": [
                {"tenor": "1M", "rate": -0.387},
                {"tenor": "3Y", "rate": -0.221},
                {"tenor": "10Y", "rate": 0.474},
            ],
        }
    ],
}


def curve(**more: Any) -> dict[str, Any]:
    return {"as_of": "2026-01-23", "base_currency": "EUR", "curves": [{"curve_id": "C", "currency": "EUR"} | more]}


def quotes(*rates: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"type": "OIS", "tenor": tenor, "rate": rate} for tenor, rate in rates]


def written(folder: Path, document: Any) -> Path:
    file = folder / "document.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return file


EVEN = quotes(("1Y", 0.02), ("2Y", 0.02))

REFUSED: list[tuple[str, Any, str, str]] = [
    ("percent", IN_PERCENT, "PERCENT_SUSPECTED", "curves[0].nodes[0].rate"),
    ("no solution", curve(kind="PAR", nodes=quotes(("1Y", 0.25), ("13M", 0.01))), "CURVE_NOT_SOLVED",
     "curves[0].nodes[1]"),
    ("circle", curve() | {"curves": [
        {"curve_id": a, "currency": "EUR", "kind": "PAR", "discount_curve": b, "nodes": EVEN}
        for a, b in (("A", "B"), ("B", "A"))
    ]}, "CURVE_NOT_SOLVED", "curves[0].discount_curve"),
    ("unknown key", MARKET | {"fx_spot": []}, "UNKNOWN_FIELD", "fx_spot"),
    ("unknown key inside", curve(nodes=FLAT, discount_curv="X"), "UNKNOWN_FIELD", "curves[0].discount_curv"),
    ("a name not held", curve(nodes=FLAT) | {"discount": {"EUR": "D"}}, "UNKNOWN_CURVE", "discount.EUR"),
    ("Infinity", json.dumps(curve(nodes=FLAT)).replace("0.02", "Infinity", 1), "NOT_FINITE", "curves[0].nodes[0].rate"),
    ("a key twice", json.dumps(curve(nodes=FLAT)).replace('"rate"', '"rate": 0.03, "rate"', 1), "DUPLICATE_KEY",
     "curves[0].nodes[0].rate"),
    ("odd digits", curve(nodes=[{"tenor": "\u0661Y", "rate": 0.02}, *FLAT]), "INVALID_TENOR",
     "curves[0].nodes[0].tenor"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "document", "code", "path"), REFUSED, ids=[each[0] for each in REFUSED])
def test_a_market_that_cannot_be_used_is_refused_when_it_is_loaded(
    tenor: Tenor, tmp_path: Path, name: str, document: Any, code: str, path: str
) -> None:
    problem = tenor.refusal("market", "load", written(tmp_path, document))
    assert problem["code"] == "INVALID_MARKET"
    first = problem["problems"][0]
    assert (first["path"], first["code"]) == (path, code) and first["fix"]


def test_rates_that_are_meant_are_warned_of(tenor: Tenor, tmp_path: Path) -> None:
    loaded = tenor.json("market", "load", written(tmp_path, IN_PERCENT), "--rates-are-decimals")
    assert [(each["code"], each["path"]) for each in loaded["warnings"]] == [
        ("PERCENT_SUSPECTED", "curves[0].nodes[0].rate")
    ]
    told = tenor("market", "load", written(tmp_path, IN_PERCENT), "--rates-are-decimals")
    assert told.code == 0 and "warning: curves[0].nodes[0].rate" in told.err
    assert tenor.json("market", "load", SMALL_FUND / "market.json")["warnings"] == []


def test_nodes_of_a_curve_shock_and_levels_of_a_history_in_percent_are_refused(tenor: Tenor, tmp_path: Path) -> None:
    shock = {
        "kind": "CURVE",
        "curve_id": "USD-SOFR",
        "nodes": [{"tenor": "1Y", "rate": 4.1}, {"tenor": "5Y", "rate": 4.3}],
    }
    file = written(tmp_path, {"scenario_id": "levels", "shocks": [shock]})
    problem = tenor.refusal("scenario", "define", file)["problems"][0]
    assert (problem["path"], problem["code"]) == ("shocks[0].nodes[0].rate", "PERCENT_SUSPECTED")
    assert tenor.json("scenario", "define", file, "--rates-are-decimals")["version"] == 1
    history = tmp_path / "history.csv"
    history.write_text("date,kind,name,tenor,level\n2026-01-02,CURVE,USD,5Y,4.1\n2026-01-03,CURVE,USD,5Y,4.2\n")
    problem = tenor.refusal("scenario", "history", history, "--set", "past")["problems"][0]
    assert (problem["row"], problem["code"]) == (2, "PERCENT_SUSPECTED")
    assert tenor.json("scenario", "history", history, "--set", "past", "--rates-are-decimals")["scenarios"] == 1
