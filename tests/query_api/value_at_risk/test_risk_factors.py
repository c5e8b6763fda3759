"""Moves of a history as risk factors, the weights of its days, and the groups of a tree."""

import json
from typing import Any

import numpy as np
import pytest

from compute.market.shocks import apply_shocks
from domain.market.document import MarketDocument, parse_market
from domain.measures.measures import KEY_RATE_LABELS, KEY_RATE_TENORS_YR
from domain.scenarios.shocks import ScenarioDocument
from query_api.errors import BadQuery
from query_api.results.group_of_position import groups_on_path
from query_api.value_at_risk.history import dated_scenarios, name_of
from query_api.value_at_risk.parametric import day_weights
from query_api.value_at_risk.risk_factors import factor_moves


def market() -> MarketDocument:
    """A node on every key rate's very day, so that a curve's nodes move as the key rates do."""
    days = np.datetime64("2026-01-23") + np.rint(np.array(KEY_RATE_TENORS_YR) * 365).astype(int)
    nodes = [{"date": str(day), "rate": 0.03} for day in days]
    curves = [{"curve_id": f"{c}-OIS", "currency": c, "kind": "ZERO", "nodes": nodes} for c in ("USD", "EUR", "GBP")]
    document = {
        "as_of": "2026-01-23",
        "base_currency": "USD",
        "curves": curves,
        "discount": {"USD": "USD-OIS", "EUR": "EUR-OIS", "GBP": "GBP-OIS"},
        "fx_spots": [{"pair": "EURUSD", "spot": 1.2}, {"pair": "USDJPY", "spot": 150}, {"pair": "EURGBP", "spot": 0.9}],
    }
    return parse_market(json.dumps(document))


def scenario(*shocks: dict[str, Any]) -> ScenarioDocument:
    return ScenarioDocument.model_validate({"scenario_id": "s", "shocks": shocks})


SHOCKS: list[dict[str, Any]] = [
    {"kind": "CURVE_MOVE", "curves": "USD-*", "moves": [{"tenor": "2Y", "bp": -4}, {"tenor": "10Y", "bp": 7}]},
    {"kind": "PARALLEL", "curves": "*", "bp": 3},
    {"kind": "KEY_RATE", "curves": "EUR-OIS", "tenor_yr": 5, "bp": 10},
    {"kind": "TWIST", "curves": "GBP*", "short_bp": -5, "long_bp": 8, "pivot_yr": 7},
]


@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP"])
def test_key_rates_move_as_the_revalued_curve_does(currency: str) -> None:
    """What compute does to the nodes of the curve; a node's day is within half a day of its key rate."""
    found = factor_moves([scenario(*SHOCKS)], market(), "USD", [currency])
    moved = apply_shocks(market(), scenario(*SHOCKS)).curves[f"{currency}-OIS"].zero_rates
    np.testing.assert_allclose(found.moves[0, : len(KEY_RATE_LABELS)], (moved - 0.03) * 1e4, atol=0.02)
    assert str(found.factors[5]) == f"RATE {currency} 5y"


@pytest.mark.parametrize("base", ["USD", "EUR", "JPY"])
def test_currencies_move_as_the_revalued_spots_do(base: str) -> None:
    """Direct, inverse and over the dollar."""
    shocks = [{"kind": "FX", "pair": "EURUSD", "pct": 5}, {"kind": "FX", "pair": "JPYUSD", "pct": -3}]
    found = factor_moves([scenario(*shocks)], market(), base, ["EUR", "JPY", "USD"])
    moves = {factor.name: move for factor, move in zip(found.factors, found.moves[0], strict=True)}
    in_dollars = {"EUR": 1.05, "JPY": 0.97, "USD": 1.0}
    for currency in {"EUR", "JPY", "USD"} - {base}:
        assert moves[currency] == pytest.approx((in_dollars[currency] / in_dollars[base] - 1) * 100, rel=1e-12)


def test_spreads_of_one_match_are_one_factor() -> None:
    first = scenario(
        {"kind": "SPREAD", "match": {"rating": "BBB", "sector": "BANK"}, "bp": 4},
        {"kind": "SPREAD", "match": {"sector": "BANK", "rating": "BBB"}, "bp": 1},
    )
    found = factor_moves([first, scenario({"kind": "SPREAD", "match": {"rating": "A"}, "bp": 2})], market(), "USD", [])
    assert [str(factor) for factor in found.factors] == ["SPREAD rating=A", "SPREAD rating=BBB;sector=BANK"]
    assert found.moves.tolist() == [[0.0, 5.0], [2.0, 0.0]]


def test_what_is_no_move_of_rates_is_refused() -> None:
    with pytest.raises(BadQuery, match="IRRBB"):
        factor_moves([scenario({"kind": "IRRBB", "name": "PARALLEL_UP"})], market(), "USD", ["USD"])


def test_days_weigh_the_same_or_fade() -> None:
    assert day_weights(4, None).tolist() == [0.25] * 4
    np.testing.assert_allclose(day_weights(3, 0.5), np.array([1, 2, 4]) / 7)


def test_a_runs_own_history_is_what_is_called_by_dates() -> None:
    scenarios = ["BASE", "past.2024-01-03@1", "up100@2", "past.2024-01-02@3"]
    assert dated_scenarios(scenarios) == ["past.2024-01-02@3", "past.2024-01-03@1"]
    assert name_of("past.2024-01-02@3") == "past"
    with pytest.raises(BadQuery, match="several"):
        dated_scenarios([*scenarios, "other.2024-01-02@1"])


@pytest.mark.parametrize(
    ("by", "node", "expected"),
    [
        ("total", None, [""]),
        ("node", None, ["F", "D", "B"]),
        ("node", "D", ["D", "B"]),
        ("desk", None, ["D"]),
        ("sub_fund", None, [""]),
        ("children", None, ["F"]),
        ("children", "F", ["D"]),
        ("children", "B", ["B"]),
    ],
)
def test_the_groups_of_a_position_on_a_book(by: str, node: str | None, expected: list[str]) -> None:
    assert groups_on_path(["F", "D", "B"], {"F": "FUND", "D": "DESK", "B": "BOOK"}, by, node) == expected
