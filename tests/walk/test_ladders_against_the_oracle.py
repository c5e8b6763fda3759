"""Ladders and gaps of the oracle's funds: several currencies, shorts, scenarios, both bases, by book and in all."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import PRICES_ONLY, RunInputs, resolve
from domain.market.document import parse_market
from domain.scenarios.shocks import parse_scenarios
from ops.cash_flows.tables import as_table, bucketed
from query_api.services.cashflow import AskedFlows, Basis, Shown
from tests.walk.oracle.ladders import Book, book_of
from tests.walk.oracle.market import Market, MissingMarketData, read_market, read_scenarios
from tests.walk.oracle.terms import Terms, read_positions
from tests.walk.through_both import BASE, FUNDS

NAMES = (
    "behaviour",
    "chains",
    "currencies",
    "floaters",
    "loan_shapes",
    "oddities",
    "overnight",
    "payment_terms",
    "pools",
)
MONTHS = [1, 3, 12, 60]
TENORS = "1M,3M,1Y,5Y"
SCENARIOS = 3
"""Of a fund, BASE among them."""


@cache
def run_of(name: str, is_contractual: bool) -> tuple[RunInputs, list[str]]:
    folder = FUNDS / name
    portfolio = prepare_portfolio(folder).portfolio
    assert portfolio is not None
    scenarios = [BASE, *parse_scenarios((folder / "scenarios.json").read_bytes())][:SCENARIOS]
    base = read_market(folder).base_currency
    market = parse_market((folder / "market.json").read_bytes())
    run = resolve(portfolio, market, scenarios, base_currency=base, measures=PRICES_ONLY, chunk_size=4096)
    return replace(run, is_contractual=is_contractual), [each.scenario_id for each in scenarios]


def shown(name: str, what: Shown, by: str | None, basis: Basis) -> list[dict[str, Any]]:
    run, names = run_of(name, basis is Basis.CONTRACTUAL)
    table: pa.Table = as_table(bucketed(run, AskedFlows(what, "", None, basis, by, None, TENORS), names))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def books(name: str, by: str | None, basis: Basis) -> Iterator[tuple[str, Market, Book]]:
    folder = FUNDS / name
    market, (_, names) = read_market(folder), run_of(name, basis is Basis.CONTRACTUAL)
    under = {"BASE": market} | read_scenarios(folder, market)
    for scenario in names:
        given = (market.base_currency, MONTHS, by or "ALL", basis is Basis.CONTRACTUAL)
        yield scenario, under[scenario], book_of(positions(name), under[scenario], *given)


@cache
def positions(name: str) -> list[Terms]:
    return read_positions(FUNDS / name)


@pytest.mark.parametrize("basis", list(Basis))
@pytest.mark.parametrize("by", [None, "book"])
@pytest.mark.parametrize("name", NAMES)
def test_ladders_are_the_oracles(name: str, by: str | None, basis: Basis) -> None:
    rows, seen = shown(name, Shown.LADDER, by, basis), 0
    gaps, held = shown(name, Shown.REPRICING, by, basis), positions(name)
    is_told_apart = basis is Basis.CONTRACTUAL or not any(may_fall_short(terms) for terms in held)
    for scenario, market, book in books(name, by, basis):
        for (group, currency), expected in book.groups.items():
            key, rate = (group, currency, scenario), rate_of(market, currency)
            mine = [row for row in rows if (row["group"], row["currency"], row["scenario_id"]) == key]
            assert [row["end_date"] for row in mine] == book.edges
            assert {(row["positions"], row["left_out"]) for row in mine} == {(expected.positions, expected.left_out)}
            for row, right in zip(mine, expected.rows, strict=True):
                assert row["cash_flow"] == near(right.principal + right.interest, right.size)
                if is_told_apart:
                    assert row["principal"] == near(right.principal, right.size)
                    assert row["interest"] == near(right.interest, right.size)
                assert row["pv"] == near(right.pv, right.size)
                assert row["pv_base"] is None or row["pv_base"] == near(right.pv * rate, right.size)
                seen += 1
            if not is_told_apart or (basis is Basis.BEHAVIOURAL and any(map(floats_with_speeds, held))):
                continue
            of_gap = [row for row in gaps if (row["group"], row["currency"], row["scenario_id"]) == key]
            for row, right in zip(of_gap, expected.rows, strict=True):
                assert row["fixed"] == near(right.fixed, right.size)
                assert row["floating"] == near(right.floating, right.size)
    assert seen == len(rows) == len(gaps)


def near(value: float, size: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-10 * (1.0 + size))


def rate_of(market: Market, currency: str) -> float:
    try:
        return market.fx(currency, market.base_currency)
    except MissingMarketData:
        return float("nan")


def floats_with_speeds(terms: Terms) -> bool:
    return has_speeds(terms) and terms.instrument.get("rate_type") == "FLOATING"


def may_fall_short(terms: Terms) -> bool:
    """Under speeds the oracle's flow does not tell interest that joins the balance from what is prepaid beside it."""
    return has_speeds(terms) and "payment_amount" in terms.instrument


def has_speeds(terms: Terms) -> bool:
    return "prepayment" in terms.instrument or "default" in terms.instrument
