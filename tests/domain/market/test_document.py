import copy
import json
from datetime import date
from typing import Any

import pytest
import QuantLib as ql
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.market.document import (
    InvalidMarket,
    MarketDocument,
    canonical_json,
    parse_market,
    sha256_of,
    stored_market,
    suspicions_of,
)
from domain.market.parts import ParCurve, ZeroCurve, add_tenor, default_swap_maturity

OTS = {"incentive": "RATIO", "a": 0.2406, "b": 0.1389, "c": -6.481728, "d": 5.952}
FAST = {"rate": {"curve": "USD-SOFR", "tenor_yr": 10}, **OTS}
_FAST = "prepayment_models.fast"
MARKET: dict[str, Any] = {
    "as_of": "2026-01-23",
    "base_currency": "USD",
    "curves": [
        {
            "curve_id": "USD-SOFR",
            "currency": "USD",
            "kind": "ZERO",
            "interpolation": "LOG_LINEAR_DF",
            "nodes": [{"tenor": "1M", "rate": 0.045}, {"date": "2027-01-23", "rate": 0.047}],
        },
        {
            "curve_id": "EUR-ESTR",
            "currency": "EUR",
            "kind": "ZERO",
            "interpolation": "MONOTONE_CONVEX",
            "nodes": [{"tenor": "1W", "rate": -0.001}, {"tenor": "10Y", "rate": 0.02}],
        },
        {
            "curve_id": "USD-PAR",
            "currency": "USD",
            "kind": "PAR",
            "discount_curve": "USD-SOFR",
            "nodes": [{"type": "SWAP", "tenor": "5Y", "rate": 0.04, "fixed_frequency": 2}],
        },
    ],
    "spread_curves": [{"curve_id": "BBB-LOAN", "nodes": [{"tenor": "5Y", "rate": 0.018}]}],
    "credit_curves": [
        {"curve_id": "ACME-SR", "recovery": 0.4, "nodes": [{"tenor": "5Y", "hazard_rate": 0.02}]},
        {"curve_id": "B-SR", "recovery": 0.4, "nodes": [{"tenor": "5Y", "cds_spread": 0.01}]},
    ],
    "discount": {"USD": "USD-SOFR", "EUR": "EUR-ESTR"},
    "projection": {"USD-SOFR-3M": "USD-SOFR"},
    "fx_spots": [{"pair": "EURUSD", "spot": 1.09}, {"pair": "GBPUSD", "spot": 1.3}],
    "fixings": [
        {"index": "USD-SOFR-3M", "date": "2026-01-02", "rate": 0.0431},
        {"index": "USD-SOFR-3M", "date": "2026-01-23", "rate": 0.0432},
    ],
    "volatilities": [
        {
            "surface_id": "USD-SWPT",
            "product": "SWAPTION",
            "index": "USD-SOFR-3M",
            "kind": "NORMAL",
            "expiries_yr": [1, 5],
            "tenors_yr": [5, 10],
            "vols": [[0.008, 0.0085], [0.0075, 0.008]],
        },
        {
            "surface_id": "EURUSD",
            "product": "FX",
            "pair": "EURUSD",
            "kind": "LOGNORMAL",
            "expiries_yr": [0.25, 1],
            "strikes": [1.0, 1.1, 1.2],
            "vols": [[0.08, 0.07, 0.08], [0.085, 0.075, 0.085]],
        },
    ],
    "hull_white": {"USD": {"mean_reversion": 0.03, "sigma": 0.01}},
    "prepayment_models": {"fast": FAST},
    "rating_transitions": {},
}


def _changed(path: str, value: Any) -> dict[str, Any]:
    """The market with one place changed; `path` is written as problems write theirs."""
    document = copy.deepcopy(MARKET)
    *steps, last = [
        int(step) if step.isdigit() else step for step in path.replace("[", ".").replace("]", "").split(".")
    ]
    here: Any = document
    for step in steps:
        here = here[step]
    if isinstance(here, list) and last == len(here):
        here.append(value)
    else:
        here[last] = value
    return document


def _problems(document: Any) -> list[tuple[str, str]]:
    raw = document if isinstance(document, bytes | str) else json.dumps(document)
    with pytest.raises(InvalidMarket) as refused:
        parse_market(raw)
    assert all(problem.message and problem.fix for problem in refused.value.problems)
    return [(problem.path, problem.code) for problem in refused.value.problems]


def test_a_free_entry_lacks_all_that_makes_a_prepayment_model() -> None:
    lacking = [(f"prepayment_models.fast.{name}", "MISSING") for name in ("rate", "incentive", "a", "b", "c", "d")]
    assert sorted(_problems(_changed("prepayment_models.fast", {"cpr": 0.2}))) == sorted(
        [*lacking, ("prepayment_models.fast.cpr", "UNKNOWN_FIELD")]
    )


def test_a_whole_market_is_read() -> None:
    market = parse_market(json.dumps(MARKET))
    sofr, estr, par = market.curves
    assert (market.as_of, market.base_currency) == (date(2026, 1, 23), "USD")
    assert isinstance(sofr, ZeroCurve) and [node.on(market.as_of) for node in sofr.nodes] == [
        date(2026, 2, 23),
        date(2027, 1, 23),
    ]
    assert estr.interpolation == "MONOTONE_CONVEX"
    assert isinstance(par, ParCurve) and par.nodes[0].model_extra == {"fixed_frequency": 2}
    assert market.volatilities[0].vols == ((0.008, 0.0085), (0.0075, 0.008))
    said = {"version": 1, "min_cpr": 0.0, "max_cpr": 1.0}
    rate = {"curve": "USD-SOFR", "tenor_yr": 10, "spread": 0.0, "lag_months": 0}
    assert market.prepayment_models == {"fast": {**OTS, **said, "rate": rate}}


def test_the_smallest_market_takes_the_defaults() -> None:
    nodes = [{"tenor": "1Y", "rate": 0.04}, {"tenor": "2Y", "rate": 0.04}]
    curve = {"curve_id": "C", "currency": "USD", "nodes": nodes}
    market = parse_market(json.dumps({"as_of": "2026-01-23", "base_currency": "USD", "curves": [curve]}))
    assert (market.curves[0].kind, market.curves[0].interpolation) == ("ZERO", "LOG_LINEAR_DF")
    assert (market.discount, market.fixings) == ({}, ())


def test_a_market_taken_in_before_a_rule_was_made_is_read_as_it_is() -> None:
    """Keys at the top were kept once, and rates in percent went unnoticed."""
    old = _changed("curves[0].nodes[1].rate", 0.9) | {"source": "desk"}
    market = stored_market(json.dumps(old).encode())
    assert market.model_extra == {"source": "desk"} and canonical_json(market) == canonical_json(
        stored_market(canonical_json(market))
    )


NODE = {"tenor": "5Y", "rate": 0.04}
SECOND_SURFACE = {**MARKET["volatilities"][0], "surface_id": "USD-SWPT-2"}
FIXING = {"index": "USD-SOFR-3M", "date": "2026-01-02", "rate": 0.05}


@pytest.mark.parametrize(
    ("path", "value", "place", "code"),
    [
        ("as_of", "23/01/2026", "as_of", "INVALID_DATE"),
        ("as_of", 20260123, "as_of", "INVALID_DATE"),
        ("as_of", "2026-02-30", "as_of", "INVALID_DATE"),
        ("base_currency", "USX", "base_currency", "UNKNOWN_CURRENCY"),
        ("spread_curves", {}, "spread_curves", "WRONG_TYPE"),
        ("curves[0].kind", "FORWARD", "curves[0].kind", "UNKNOWN_KIND"),
        ("curves[0].interpolation", "LINEAR", "curves[0].interpolation", "UNKNOWN_VALUE"),
        ("curves[0].currency", "usd", "curves[0].currency", "UNKNOWN_CURRENCY"),
        ("curves[2].curve_id", "EUR-ESTR", "curves[2].curve_id", "DUPLICATE_ID"),
        ("curves[0].nodez", [], "curves[0].nodez", "UNKNOWN_FIELD"),
        ("curves[0].nodes", [], "curves[0].nodes", "TOO_FEW_NODES"),
        ("curves[0].nodes[1].rate", 4.7, "curves[0].nodes[1].rate", "PERCENT_SUSPECTED"),
        ("curves[0].nodes[1].rate", "0.047", "curves[0].nodes[1].rate", "WRONG_TYPE"),
        ("curves[0].nodes[1].rate", True, "curves[0].nodes[1].rate", "WRONG_TYPE"),
        ("curves[0].nodes[1].rate", None, "curves[0].nodes[1].rate", "WRONG_TYPE"),
        ("curves[0].nodes[1].rate", float("nan"), "curves[0].nodes[1].rate", "NOT_FINITE"),
        ("curves[0].nodes[1].rate", float("inf"), "curves[0].nodes[1].rate", "NOT_FINITE"),
        ("curves[0].nodes[1]", {"rate": 0.04}, "curves[0].nodes[1]", "TENOR_OR_DATE"),
        ("curves[0].nodes[1]", {**NODE, "date": "2031-01-23"}, "curves[0].nodes[1]", "TENOR_OR_DATE"),
        ("curves[0].nodes[1]", {"tenor": "1Q", "rate": 0.04}, "curves[0].nodes[1].tenor", "INVALID_TENOR"),
        ("curves[0].nodes[1]", {"tenor": "0M", "rate": 0.04}, "curves[0].nodes[1].tenor", "INVALID_TENOR"),
        ("curves[0].nodes[1]", {"tenor": "999Y", "rate": 0.04}, "curves[0].nodes[1].tenor", "INVALID_TENOR"),
        ("curves[0].nodes[1]", {"tenor": "199Y24M", "rate": 0.04}, "curves[0].nodes[1].tenor", "INVALID_TENOR"),
        ("curves[0].nodes[1]", {"tenor": "3M1Y", "rate": 0.04}, "curves[0].nodes[1].tenor", "INVALID_TENOR"),
        ("curves[0].nodes[1]", {"tenor": "\u0662Y", "rate": 0.04}, "curves[0].nodes[1].tenor", "INVALID_TENOR"),
        ("curves[0].nodes[1]", {"tenor": "2\u00b2Y", "rate": 0.04}, "curves[0].nodes[1].tenor", "INVALID_TENOR"),
        ("curves[0].nodes[1]", {"tenor": "", "rate": 0.04}, "curves[0].nodes[1].tenor", "INVALID_TENOR"),
        ("curves[0].nodes[1]", {"tenor": "1M", "rate": 0.04}, "curves[0].nodes[1]", "DUPLICATE_NODE"),
        ("curves[0].nodes[1]", {"date": "2026-02-23", "rate": 0.04}, "curves[0].nodes[1]", "DUPLICATE_NODE"),
        ("curves[0].nodes[1]", {"tenor": "3W", "rate": 0.04}, "curves[0].nodes[1]", "NODES_NOT_SORTED"),
        ("curves[0].nodes[0]", {"date": "2026-01-23", "rate": 0.04}, "curves[0].nodes[0]", "NODE_NOT_AFTER_AS_OF"),
        ("curves[2].nodes[0].type", "BOND", "curves[2].nodes[0].type", "UNKNOWN_VALUE"),
        ("curves[2].discount_curve", "X", "curves[2].discount_curve", "UNKNOWN_CURVE"),
        ("curves[2].index", "EUR-EURIBOR-6M", "curves[2].index", "WRONG_CURRENCY"),
        ("curves[2].nodes[0].fixed_freq", 2, "curves[2].nodes[0].fixed_freq", "UNKNOWN_FIELD"),
        ("curves[2].nodes[0].day_count", "ACT/360", "curves[2].nodes[0].day_count", "UNKNOWN_FIELD"),
        ("curves[2].nodes[0].fixed_day_count", "NL/365", "curves[2].nodes[0].fixed_day_count", "UNKNOWN_VALUE"),
        ("curves[2].nodes[0].float_frequency", 3, "curves[2].nodes[0].float_frequency", "UNKNOWN_VALUE"),
        ("curves[2].nodes[0].float_frequency", "4", "curves[2].nodes[0].float_frequency", "UNKNOWN_VALUE"),
        ("curves[2].nodes[0].fixed_frequency", [2], "curves[2].nodes[0].fixed_frequency", "UNKNOWN_VALUE"),
        ("fx_spot", [], "fx_spot", "UNKNOWN_FIELD"),
        ("credit_curves[1].nodes[0].hazard", 0.01, "credit_curves[1].nodes[0].hazard", "UNKNOWN_FIELD"),
        ("hull_white.USD.mean_revertion", 0.1, "hull_white.USD.mean_revertion", "UNKNOWN_FIELD"),
        ("volatilities[0].strike", [0.01], "volatilities[0].strike", "UNKNOWN_FIELD"),
        ("spread_curves[0].nodes", [], "spread_curves[0].nodes", "TOO_FEW_NODES"),
        ("spread_curves[0].nodes[0].rate", 180, "spread_curves[0].nodes[0].rate", "PERCENT_SUSPECTED"),
        ("credit_curves[0].recovery", 1, "credit_curves[0].recovery", "OUT_OF_RANGE"),
        ("credit_curves[0].nodes[0].cds_spread", 0.01, "credit_curves[0].nodes[0]", "HAZARD_OR_SPREAD"),
        ("discount.USD", "USD-OIS", "discount.USD", "UNKNOWN_CURVE"),
        ("discount.USD", "EUR-ESTR", "discount.USD", "WRONG_CURRENCY"),
        ("discount.XYZ", "EUR-ESTR", "discount.XYZ", "UNKNOWN_CURRENCY"),
        ("projection.EUR-3M", "EUR-3M", "projection.EUR-3M", "UNKNOWN_CURVE"),
        ("fx_spots[0].spot", 0, "fx_spots[0].spot", "OUT_OF_RANGE"),
        ("fx_spots[0].spot", -1.09, "fx_spots[0].spot", "OUT_OF_RANGE"),
        ("fx_spots[0].pair", "EUR/USD", "fx_spots[0].pair", "INVALID_PAIR"),
        ("fx_spots[0].pair", "USDUSD", "fx_spots[0].pair", "INVALID_PAIR"),
        ("fx_spots[0].pair", "USDGBP", "fx_spots[1].pair", "DUPLICATE_PAIR"),
        ("fixings[2]", FIXING, "fixings[2]", "DUPLICATE_FIXING"),
        ("fixings[1].date", "2026-01-24", "fixings[1].date", "FIXING_AFTER_AS_OF"),
        ("fixings[1].rate", 4.3, "fixings[1].rate", "PERCENT_SUSPECTED"),
        ("volatilities[0].expiries_yr", [5, 1], "volatilities[0].expiries_yr", "AXIS_NOT_ASCENDING"),
        ("volatilities[0].expiries_yr", [1, 2, 5], "volatilities[0]", "SHAPE_MISMATCH"),
        ("volatilities[0].tenors_yr", None, "volatilities[0]", "WRONG_AXES"),
        ("volatilities[0].vols", [[80, 85], [75, 80]], "volatilities[0]", "PERCENT_SUSPECTED"),
        ("volatilities[0].vols", [[0.01, 0.01], [0.01, 0]], "volatilities[0].vols", "INVALID_VOLATILITY"),
        ("volatilities[1].pair", None, "volatilities[1]", "MISSING_UNDERLYING"),
        ("volatilities[1].surface_id", "USD-SWPT", "volatilities[1].surface_id", "DUPLICATE_ID"),
        ("volatilities[2]", SECOND_SURFACE, "volatilities[2]", "DUPLICATE_SURFACE"),
        ("hull_white.USD.sigma", -0.01, "hull_white.USD.sigma", "OUT_OF_RANGE"),
        ("prepayment_models.fast.a", float("inf"), "prepayment_models.fast.a", "NOT_FINITE"),
        ("prepayment_models.fast.a", "0.24", "prepayment_models.fast.a", "WRONG_TYPE"),
        ("prepayment_models.fast.version", 0, "prepayment_models.fast.version", "OUT_OF_RANGE"),
        ("prepayment_models.fast.incentive", "SPREAD", "prepayment_models.fast.incentive", "UNKNOWN_VALUE"),
        ("prepayment_models.fast.burnot", {}, "prepayment_models.fast.burnot", "UNKNOWN_FIELD"),
        ("prepayment_models.fast.rate.lag", 1, "prepayment_models.fast.rate.lag", "UNKNOWN_FIELD"),
        ("prepayment_models.fast.rate.curve", "LIBOR", "prepayment_models.fast.rate.curve", "UNKNOWN_CURVE"),
        (f"{_FAST}.rate.tenor_yr", 2.5, f"{_FAST}.rate.tenor_yr", "TENOR_NOT_WHOLE"),
        ("prepayment_models.fast.rate.lag_months", -1, "prepayment_models.fast.rate.lag_months", "OUT_OF_RANGE"),
        ("prepayment_models.fast.rate.spread", 1.7, "prepayment_models.fast.rate.spread", "PERCENT_SUSPECTED"),
        ("prepayment_models.fast.seasonality", [1.0] * 11, "prepayment_models.fast.seasonality", "TWELVE_MONTHS"),
        (
            "prepayment_models.fast.seasonality",
            [-1.0] + [1.0] * 11,
            "prepayment_models.fast.seasonality[0]",
            "OUT_OF_RANGE",
        ),
        ("prepayment_models.fast.seasoning_months", 0, "prepayment_models.fast.seasoning_months", "OUT_OF_RANGE"),
        ("prepayment_models.fast.burnout", {"floor": 0.3}, "prepayment_models.fast.burnout.slope", "MISSING"),
        ("prepayment_models.fast.max_cpr", 1.5, "prepayment_models.fast.max_cpr", "OUT_OF_RANGE"),
        (
            "prepayment_models.fast",
            {**FAST, "min_cpr": 0.5, "max_cpr": 0.4},
            "prepayment_models.fast",
            "BOUNDS_CROSSED",
        ),
        ("prepayment_models. fast", FAST, "prepayment_models. fast", "INVALID_NAME"),
    ],
)
def test_what_makes_a_market_invalid(path: str, value: Any, place: str, code: str) -> None:
    assert _problems(_changed(path, value)) == [(place, code)]


def test_a_fixing_repeated_with_the_same_rate_is_no_fault() -> None:
    parse_market(json.dumps(_changed("fixings[2]", {**FIXING, "rate": 0.0431})))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", ("$", "NOT_JSON")),
        ("{", ("$", "NOT_JSON")),
        ("[" * 100_000, ("$", "NOT_JSON")),
        (b"\xff\xfe", ("$", "NOT_UTF8")),
        ("[]", ("$", "WRONG_TYPE")),
        ("null", ("$", "WRONG_TYPE")),
    ],
)
def test_what_is_no_document_at_all(raw: bytes | str, expected: tuple[str, str]) -> None:
    assert _problems(raw) == [expected]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("fx_spots[0].spot", 10**400),
        ("fx_spots[0].spot", 1e300),
        ("volatilities[1].vols", [[10**400] * 3] * 2),
        ("hull_white.USD.sigma", -(10**400)),
    ],
    ids=["spot", "spot as a float", "volatility", "sigma"],
)
def test_numbers_beyond_all_bounds_are_refused(path: str, value: Any) -> None:
    assert _problems(_changed(path, value))


def test_the_nearest_name_is_told_at_any_depth() -> None:
    document = _changed("curves[2].nodes[0].fixed_freq", 2) | {"fx_spot": []}
    document["curves"][0]["nodes"][0]["Rate"] = 0.04
    document["volatilities"][0]["strike"] = [0.01]
    with pytest.raises(InvalidMarket) as refused:
        parse_market(json.dumps(document))
    told = {each.path: each.fix.split("?")[0] for each in refused.value.problems}
    assert told == {
        "fx_spot": "did you mean 'fx_spots'",
        "curves[0].nodes[0].Rate": "did you mean 'rate'",
        "curves[2].nodes[0].fixed_freq": "did you mean 'fixed_frequency'",
        "volatilities[0].strike": "did you mean 'strikes'",
    }


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("curves[0].nodes[0].rate", 0.31, "curves[0].nodes[0].rate"),
        ("curves[0].nodes[0].rate", -0.387, "curves[0].nodes[0].rate"),
        ("curves[2].nodes[0].rate", 0.4, "curves[2].nodes[0].rate"),
        ("curves[0].jumps", [{"date": "2026-12-31", "rate": 0.5}], "curves[0].jumps[0].rate"),
        ("spread_curves[0].nodes[0].rate", 1.8, "spread_curves[0].nodes[0].rate"),
        ("credit_curves[0].nodes[0].hazard_rate", 2.0, "credit_curves[0].nodes[0].hazard_rate"),
        ("credit_curves[1].nodes[0].cds_spread", 0.95, "credit_curves[1].nodes[0].cds_spread"),
        ("fixings[1].rate", 4.32, "fixings[1].rate"),
        ("volatilities[0].vols", [[0.008, 0.11], [0.008, 0.008]], "volatilities[0].vols"),
        ("volatilities[1].vols", [[8.0, 7.0, 8.0], [8.5, 7.5, 8.5]], "volatilities[1].vols"),
        ("hull_white.USD.sigma", 0.9, "hull_white.USD.sigma"),
    ],
)
def test_what_looks_like_percent_is_refused_unless_it_is_meant(path: str, value: Any, place: str) -> None:
    document = _changed(path, value)
    assert _problems(document) == [(place, "PERCENT_SUSPECTED")]
    meant = parse_market(json.dumps(document), rates_are_decimals=True)
    assert [(each.path, each.code) for each in suspicions_of(meant)] == [(place, "PERCENT_SUSPECTED")]


def test_a_curve_in_percent_is_one_problem() -> None:
    document = _changed("curves[1].nodes", [{"tenor": f"{k}Y", "rate": 2.0 + k / 10} for k in range(1, 31)])
    with pytest.raises(InvalidMarket) as refused:
        parse_market(json.dumps(document))
    assert [each.path for each in refused.value.problems] == ["curves[1].nodes[0].rate"]
    assert "29 more" in refused.value.problems[0].message and "--rates-are-decimals" in refused.value.problems[0].fix


@pytest.mark.parametrize(
    ("as_of", "tenor", "maturity"),
    [
        ("2026-01-23", "5Y", "2030-12-20"),
        ("2026-03-19", "5Y", "2030-12-20"),
        ("2026-03-20", "5Y", "2031-06-20"),
        ("2026-09-19", "5Y", "2031-06-20"),
        ("2026-09-20", "5Y", "2031-12-20"),
        ("2026-01-23", "6M", "2026-06-20"),
        ("2026-01-23", "18M", "2027-06-20"),
        ("2026-01-23", "1Y6M", "2027-06-20"),
        ("2026-01-23", "3M", "2026-06-20"),
        ("2026-01-23", "2W", "2026-06-20"),
    ],
)
def test_default_swaps_are_quoted_to_the_standard_june_or_december(as_of: str, tenor: str, maturity: str) -> None:
    assert default_swap_maturity(date.fromisoformat(as_of), tenor) == date.fromisoformat(maturity)


@pytest.mark.parametrize("years", range(1, 11))
@pytest.mark.parametrize("as_of", ["2024-02-29", "2025-06-20", "2025-12-21", "2026-03-20", "2026-08-01", "2026-09-20"])
def test_standard_maturities_are_those_of_quantlib(as_of: str, years: int) -> None:
    day = date.fromisoformat(as_of)
    expected = ql.cdsMaturity(
        ql.Date(day.day, day.month, day.year), ql.Period(years, ql.Years), ql.DateGeneration.CDS2015
    )
    assert default_swap_maturity(day, f"{years}Y").isoformat() == expected.ISO()


def test_a_byte_order_mark_is_no_fault() -> None:
    parse_market(b"\xef\xbb\xbf" + json.dumps(MARKET).encode())


def test_a_key_given_twice_is_named() -> None:
    raw = json.dumps(MARKET).replace('"spot": 1.09', '"spot": 1.09, "spot": 1.1')
    assert _problems(raw) == [("fx_spots[0].spot", "DUPLICATE_KEY")]


def test_all_problems_are_told_at_once() -> None:
    document = _changed("curves[0].nodes[1].rate", 4.7)
    document["curves"][1]["nodes"].reverse()
    document["discount"]["GBP"] = "GBP-SONIA"
    document["fixings"][0]["date"] = "2027-01-01"
    del document["base_currency"]
    assert sorted(_problems(document)) == [
        ("base_currency", "MISSING"),
        ("curves[0].nodes[1].rate", "PERCENT_SUSPECTED"),
        ("curves[1].nodes[1]", "NODES_NOT_SORTED"),
        ("discount.GBP", "UNKNOWN_CURVE"),
        ("fixings[0].date", "FIXING_AFTER_AS_OF"),
    ]


@pytest.mark.parametrize(
    ("as_of", "tenor", "expected"),
    [
        ("2026-01-31", "1M", "2026-02-28"),
        ("2024-01-31", "1M", "2024-02-29"),
        ("2024-02-29", "1Y", "2025-02-28"),
        ("2024-02-29", "4Y", "2028-02-29"),
        ("2026-11-30", "3M", "2027-02-28"),
        ("2026-01-23", "18M", "2027-07-23"),
        ("2026-12-31", "1D", "2027-01-01"),
        ("2026-01-23", "2W", "2026-02-06"),
        ("2026-01-31", "1Y1M", "2027-02-28"),
        ("2026-01-23", "1Y3M", "2027-04-23"),
        ("2026-01-31", "1M1D", "2026-03-01"),
        ("2026-01-23", "2W3D", "2026-02-09"),
    ],
)
def test_tenors_are_calendar_time_with_the_end_of_month_clipped(as_of: str, tenor: str, expected: str) -> None:
    assert add_tenor(date.fromisoformat(as_of), tenor) == date.fromisoformat(expected)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_lists_and_keys_does_not_change_the_hash(random: Any) -> None:
    def shuffled(value: Any, keep: bool = False) -> Any:
        if isinstance(value, dict):
            names = random.sample(list(value), len(value))
            return {name: shuffled(value[name], name in ("nodes", "vols", "expiries_yr", "strikes")) for name in names}
        if isinstance(value, list) and not keep and value and isinstance(value[0], dict):
            return [shuffled(each) for each in random.sample(value, len(value))]
        return (
            [shuffled(each) for each in value]
            if isinstance(value, list) and keep and isinstance(value[0], dict)
            else value
        )

    assert _hash(shuffled(MARKET)) == _hash(MARKET)


def test_a_default_written_out_is_the_same_content() -> None:
    short = copy.deepcopy(MARKET)
    del short["curves"][0]["interpolation"], short["curves"][0]["kind"], short["rating_transitions"]
    assert _hash(short) == _hash(MARKET)


def test_another_number_is_other_content() -> None:
    assert _hash(_changed("fx_spots[0].spot", 1.0900000000000003)) != _hash(MARKET)


def test_canonical_bytes_read_back_to_the_same_market() -> None:
    raw = canonical_json(parse_market(json.dumps(MARKET)))
    again: MarketDocument = parse_market(raw)
    assert canonical_json(again) == raw
    assert b": " not in raw and b"null" not in raw


def _hash(document: dict[str, Any]) -> str:
    return sha256_of(parse_market(json.dumps(document)))
