import copy
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.market.document import InvalidMarket, MarketDocument, canonical_json, parse_market, sha256_of
from domain.market.parts import ParCurve, ZeroCurve, add_tenor

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
    "prepayment_models": {"fast": {"cpr": 0.2}},
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
    assert market.prepayment_models == {"fast": {"cpr": 0.2}}


def test_the_smallest_market_takes_the_defaults() -> None:
    nodes = [{"tenor": "1Y", "rate": 0.04}, {"tenor": "2Y", "rate": 0.04}]
    curve = {"curve_id": "C", "currency": "USD", "nodes": nodes}
    market = parse_market(json.dumps({"as_of": "2026-01-23", "base_currency": "USD", "curves": [curve]}))
    assert (market.curves[0].kind, market.curves[0].interpolation) == ("ZERO", "LOG_LINEAR_DF")
    assert (market.discount, market.fixings) == ({}, ())


def test_top_level_keys_that_are_not_known_are_kept_and_hashed() -> None:
    market = parse_market(json.dumps({**MARKET, "source": "desk"}))
    assert market.model_extra == {"source": "desk"}
    assert sha256_of(market) != sha256_of(parse_market(json.dumps(MARKET)))


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
        ("curves[0].nodes", [NODE], "curves[0].nodes", "TOO_FEW_NODES"),
        ("curves[0].nodes[1].rate", 4.7, "curves[0].nodes[1].rate", "RATE_NOT_DECIMAL"),
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
        ("curves[0].nodes[1]", {"tenor": "1M", "rate": 0.04}, "curves[0].nodes[1]", "DUPLICATE_NODE"),
        ("curves[0].nodes[1]", {"date": "2026-02-23", "rate": 0.04}, "curves[0].nodes[1]", "DUPLICATE_NODE"),
        ("curves[0].nodes[1]", {"tenor": "3W", "rate": 0.04}, "curves[0].nodes[1]", "NODES_NOT_SORTED"),
        ("curves[0].nodes[0]", {"date": "2026-01-23", "rate": 0.04}, "curves[0].nodes[0]", "NODE_NOT_AFTER_AS_OF"),
        ("curves[2].nodes[0].type", "BOND", "curves[2].nodes[0].type", "UNKNOWN_VALUE"),
        ("curves[2].discount_curve", "X", "curves[2].discount_curve", "UNKNOWN_CURVE"),
        ("spread_curves[0].nodes", [], "spread_curves[0].nodes", "TOO_FEW_NODES"),
        ("spread_curves[0].nodes[0].rate", 180, "spread_curves[0].nodes[0].rate", "RATE_NOT_DECIMAL"),
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
        ("fixings[1].rate", 4.3, "fixings[1].rate", "RATE_NOT_DECIMAL"),
        ("volatilities[0].expiries_yr", [5, 1], "volatilities[0].expiries_yr", "AXIS_NOT_ASCENDING"),
        ("volatilities[0].expiries_yr", [1, 2, 5], "volatilities[0]", "SHAPE_MISMATCH"),
        ("volatilities[0].tenors_yr", None, "volatilities[0]", "WRONG_AXES"),
        ("volatilities[0].vols", [[80, 85], [75, 80]], "volatilities[0]", "VOLATILITY_NOT_DECIMAL"),
        ("volatilities[0].vols", [[0.01, 0.01], [0.01, 0]], "volatilities[0].vols", "INVALID_VOLATILITY"),
        ("volatilities[1].pair", None, "volatilities[1]", "MISSING_UNDERLYING"),
        ("volatilities[1].surface_id", "USD-SWPT", "volatilities[1].surface_id", "DUPLICATE_ID"),
        ("volatilities[2]", SECOND_SURFACE, "volatilities[2]", "DUPLICATE_SURFACE"),
        ("hull_white.USD.sigma", -0.01, "hull_white.USD.sigma", "OUT_OF_RANGE"),
        ("prepayment_models.fast.cpr", float("inf"), "prepayment_models.fast.cpr", "NOT_FINITE"),
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
        ("curves[0].nodes[1].rate", "RATE_NOT_DECIMAL"),
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
