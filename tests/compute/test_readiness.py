"""Curves too coarse for a key rate: nodes that are far from it, or near another."""

import json
from typing import Any

import pytest

from commands.ingestion.prepare import prepare_portfolio
from compute.readiness import CoarseCurve, coarse_curves
from domain.market.document import parse_market
from domain.portfolio.columns import Portfolio
from domain.scenarios.shocks import parse_scenarios
from tests.builders.small_fund import FOLDER as FUND


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    prepared = prepare_portfolio(FUND)
    assert prepared.portfolio is not None
    return prepared.portfolio


def coarse(portfolio: Portfolio, nodes: list[dict[str, Any]], *shocks: dict[str, Any]) -> CoarseCurve | None:
    """Of the small fund's dollar curve with other nodes."""
    document = json.loads((FUND / "market.json").read_text())
    document["as_of"] = "2026-01-23"
    curve = next(each for each in document["curves"] if each["curve_id"] == "USD-SOFR")
    curve["nodes"] = nodes
    scenario = {"scenario_id": "keyed", "name": "x", "shocks": list(shocks)}
    scenarios = parse_scenarios(json.dumps(scenario).encode()) if shocks else []
    found = coarse_curves(portfolio, parse_market(json.dumps(document).encode()), scenarios, ("PV", "KEY_RATE_DV01"))
    return next((each for each in found if each.curve_id == "USD-SOFR"), None)


def node(when: str) -> dict[str, Any]:
    return {"date" if when.startswith("202") else "tenor": when, "rate": 0.04}


def nodes(*when: str) -> list[dict[str, Any]]:
    return [node(each) for each in when]


ALL = ("3M", "6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y", "15Y", "20Y", "30Y")
SHOCK = {"kind": "KEY_RATE", "curves": "USD-SOFR", "tenor_yr": 3, "bp": 25}


def test_a_node_for_each_key_rate_is_enough(portfolio: Portfolio) -> None:
    assert coarse(portfolio, nodes(*ALL), SHOCK) is None


@pytest.mark.parametrize("two_years", ["2Y", "2028-01-24", "2028-01-27"])
def test_a_node_days_after_the_key_rate_before_is_no_node_for_the_next(portfolio: Portfolio, two_years: str) -> None:
    """Two years and four days: a bump of the 3Y rate moves that node by 1 % of it, and nothing else."""
    found = coarse(portfolio, nodes("3M", "6M", "1Y", two_years, *ALL[5:]), SHOCK)
    assert found is not None
    assert (found.key_rates, found.scenarios) == (("3y",), ("keyed",))
    assert found.reach <= 4 / 365 and (found.reach > 0) == (two_years != "2Y")


def test_a_node_between_two_key_rates_is_near_neither(portfolio: Portfolio) -> None:
    """At 2.4 years, the next ones at 1 and 5: it moves by 0.6 of a bump at 2Y, of which 0.6 x 1 / 1.4 arrives there."""
    found = coarse(portfolio, nodes("3M", "6M", "1Y", "2028-06-17", *ALL[5:]))
    assert found is not None and found.key_rates == ("2y", "3y")
    assert found.reach == pytest.approx(0.6 / 1.4, abs=0.01)


def test_nodes_on_either_side_are_enough(portfolio: Portfolio) -> None:
    assert coarse(portfolio, nodes(*ALL[:4], "30M", "42M", *ALL[5:]), SHOCK) is None


def test_key_rates_past_the_last_node_are_asked_for_by_shocks_alone(portfolio: Portfolio) -> None:
    """The last node is two years and four days away."""
    short = nodes("3M", "6M", "1Y", "2028-01-27")
    assert coarse(portfolio, short) is None
    found = coarse(portfolio, short, SHOCK)
    assert found is not None and found.key_rates == ("3y",) and found.scenarios == ("keyed",)
