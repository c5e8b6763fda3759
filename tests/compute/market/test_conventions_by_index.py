"""PAR curves by the conventions of their index, solved or refused with the node; amounts through chains of pairs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.market.par_curves import bootstrap
from domain.market.document import parse_market
from ops.market_checks import find_unsolved
from tests.builders.derivative_fund import column, market, priced

OIS_TENORS = [
    *("1W", "2W", "3W", "3D", "1Y"),
    *(f"{k}M" for k in (*range(1, 12), 15, 18, 21)),
    *(f"{k}Y" for k in (*range(2, 13), 15, 20, 25, 30, 40, 50)),
]
EURIBOR_SWAP = {
    "product_type": "IRS",
    "currency": "EUR",
    "issue_date": "2016-03-01",
    "maturity_date": "2036-03-01",
    "coupon": 0.04,
    "index": "EUR-EURIBOR-6M",
    "pay_receive": "RECEIVE",
    "fixed_frequency": 1,
    "fixed_day_count": "30/360",
    "float_frequency": 2,
    "float_day_count": "ACT/360",
    "calendar": "TARGET",
    "business_day": "FOLLOWING",
    "adjust_accrual": "true",
}


def par(curve_id: str, quotes: list[tuple[str, str]], rate: float = 0.02, **more: Any) -> dict[str, Any]:
    nodes = [{"type": kind, "tenor": tenor, "rate": rate} for kind, tenor in quotes]
    return {"curve_id": curve_id, "currency": "EUR", "kind": "PAR", "nodes": nodes} | more


def euribor_market(**more: Any) -> dict[str, Any]:
    ois = par("EUR1D", [("DEPOSIT", "1D"), *(("OIS", tenor) for tenor in OIS_TENORS)])
    years = (*range(2, 8), 10, 12, 15, 20, 25, 30, 40, 50)
    euribor = par("EUR-EURIBOR-6M", [("DEPOSIT", "6M"), *(("SWAP", f"{k}Y") for k in years)], discount_curve="EUR1D")
    return {
        "as_of": "2016-02-05",
        "base_currency": "EUR",
        "curves": [ois, euribor | more],
        "discount": {"EUR": "EUR1D"},
        "projection": {"EUR-EURIBOR-6M": "EUR-EURIBOR-6M"},
        "fx_spots": [{"pair": "EURUSD", "spot": 1.0}],
    }


@pytest.mark.parametrize("more", [{}, {"index": "EUR-EURIBOR-6M"}], ids=["by projection", "by name"])
def test_euribor_swaps_are_bootstrapped_as_they_are_quoted(tmp_path: Path, more: dict[str, Any]) -> None:
    """All quotes at 2 %. ORE prints 3,257,771; with the overnight swaps' ACT/360 it would be 3,210,050."""
    pv = column(priced(tmp_path, [EURIBOR_SWAP], euribor_market(**more), measures=("PV",)), "pv")[0, 0] * 10
    assert pv == pytest.approx(3_257_823.44, abs=0.01)


def test_another_index_is_another_curve() -> None:
    by_index = {
        index: bootstrap(parse_market(json.dumps(euribor_market(index=index)))).solved["EUR-EURIBOR-6M"].zero_rates[-1]
        for index in ("EUR-EURIBOR-6M", "EUR-EURIBOR-3M", "EUR-ESTR")
    }
    assert len({round(float(rate), 6) for rate in by_index.values()}) == 3


def test_a_compound_tenor_is_its_months() -> None:
    nodes = [("OIS", "1Y3M"), ("OIS", "2Y")]
    document = euribor_market() | {"curves": [par("EUR1D", nodes)], "projection": {}}
    solved = bootstrap(parse_market(json.dumps(document))).solved["EUR1D"]
    assert solved.node_days.tolist() == [455, 731]  # to 2017-05-05 and 2018-02-05


UNSOLVED: list[tuple[str, list[dict[str, Any]], str, str]] = [
    ("an arbitrage", [par("A", [("OIS", "1Y")]) | {"nodes": [
        {"type": "OIS", "tenor": "1Y", "rate": 0.25}, {"type": "OIS", "tenor": "13M", "rate": 0.01},
    ]}], "curves[0].nodes[1]", "forward rate"),
    ("a FRA backwards", [par("A", [("FRA", "6x3"), ("OIS", "2Y")])], "curves[0].nodes[0]", "FRA"),
    ("a FRA beyond all years", [par("A", [("FRA", "3x9999"), ("OIS", "2Y")])], "curves[0].nodes[0]", "FRA"),
    ("odd digits", [par("A", [("OIS", "\u0661Y"), ("OIS", "2Y")])], "curves[0].nodes[0]", "OIS"),
    ("a tenor without end", [par("A", [("OIS", "9999Y"), ("OIS", "2Y")])], "curves[0].nodes[0]", "9999Y"),
    ("one quote", [par("A", [("OIS", "2Y")])], "curves[0].nodes", "1 quotes"),
    ("a circle", [par("A", [("OIS", "1Y"), ("SWAP", "2Y")], discount_curve="B"),
                  par("B", [("OIS", "1Y"), ("SWAP", "2Y")], discount_curve="A")], "curves[0].discount_curve",
     "A on B on A"),
    ("on one without a solution", [par("A", [("OIS", "1Y"), ("SWAP", "2Y")], discount_curve="B"),
                                   par("B", [("OIS", "2Y")])], "curves[0].discount_curve", "B, which is not solved"),
]  # fmt: skip


@pytest.mark.parametrize(("_name", "curves", "path", "says"), UNSOLVED, ids=[each[0] for each in UNSOLVED])
def test_what_has_no_solution_is_told_with_the_curve_and_the_node(
    _name: str, curves: list[dict[str, Any]], path: str, says: str
) -> None:
    document = {"as_of": "2016-02-05", "base_currency": "EUR", "curves": curves}
    problems = {each.path: each for each in find_unsolved(parse_market(json.dumps(document)))}
    assert says in problems[path].message and problems[path].fix and problems[path].code == "CURVE_NOT_SOLVED"


CURRENCIES = ("EUR", "PLN", "SEK", "NOK")
OVER_EURO = [("EURUSD", 1.25), ("EURPLN", 4.0), ("EURSEK", 10.0)]
ZERO_BOND = {"product_type": "BOND", "rate_type": "ZERO", "frequency": 0, "day_count": "ACT/365F"}
FORWARD = {"product_type": "FX_FWD", "currency": "SEK", "pair": "PLNSEK", "strike": 2.0, "maturity_date": "2026-07-23"}


def over_euro() -> dict[str, Any]:
    """Nothing is discounted; no pair leads to NOK."""
    nodes = [{"tenor": "1Y", "rate": 0.0}, {"tenor": "5Y", "rate": 0.0}]
    flat = [{"curve_id": f"{each}-FLAT", "currency": each, "nodes": nodes} for each in (*CURRENCIES, "USD")]
    return market(
        curves=flat,
        discount={each: f"{each}-FLAT" for each in (*CURRENCIES, "USD")},
        projection={},
        fx_spots=[{"pair": pair, "spot": spot} for pair, spot in OVER_EURO],
    )


def test_amounts_convert_and_move_along_the_chain(tmp_path: Path) -> None:
    """Base USD. A forward on PLNSEK is worth its 2.5 less 2; +1 % of PLN is 1 % of 2.5 SEK, 0.3125 USD."""
    bonds = [ZERO_BOND | {"currency": each, "maturity_date": "2027-01-23"} for each in CURRENCIES]
    shocks = [{"kind": "FX", "pair": "EURPLN", "pct": 25}], [{"kind": "FX", "pair": "USDEUR", "pct": -20}]
    facts = priced(tmp_path, [*bonds, FORWARD], over_euro(), *shocks, measures=("PV", "FX_DELTA"))
    rates = {name: np.array(values) for name, values in facts.fx_to_base.items()}
    np.testing.assert_allclose(rates["PLN"], [0.3125, 0.25, 0.390625])
    np.testing.assert_allclose(rates["SEK"], [0.125, 0.125, 0.15625])
    assert "NOK" not in rates and facts.failed == 1
    million = 1e6
    pv, delta = column(facts, "pv"), column(facts, "fx_delta")
    np.testing.assert_allclose(pv[:, -1] / million, [0.5, 0.0, 0.5], atol=1e-12)
    np.testing.assert_allclose(delta[:, 1] / million, [0.003125, 0.0025, 0.00390625])
    np.testing.assert_allclose(delta[:, -1] / million, [0.003125, 0.0025, 0.00390625])
    details = next(iter(facts.blocks.values())).details
    assert any("no spot for NOKUSD" in sentence for sentence in details)
