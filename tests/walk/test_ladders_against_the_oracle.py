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
from ops.cash_flows import as_table, bucketed
from query_api.services.cashflow import AskedFlows, Basis, Shown
from tests.walk.oracle.ladders import Book, book_of
from tests.walk.oracle.market import read_market, read_scenarios
from tests.walk.oracle.terms import Terms, read_positions
from tests.walk.test_against_the_oracle import BASE, FUNDS

NAMES = ("behaviour", "chains", "currencies", "floaters", "loan_shapes", "oddities", "overnight", "payment_terms", "pools")
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
    return table.to_pylist()


def books(name: str, by: str | None, basis: Basis) -> Iterator[tuple[str, str, Book]]:
    folder = FUNDS / name
    market, (_, names) = read_market(folder), run_of(name, basis is Basis.CONTRACTUAL)
    under = {"BASE": market} | read_scenarios(folder, market)
    for scenario in names:
        given = (market.base_currency, MONTHS, by or "ALL", basis is Basis.CONTRACTUAL)
        yield scenario, market.base_currency, book_of(positions(name), under[scenario], *given)


@cache
def positions(name: str) -> list[Terms]:
    return read_positions(FUNDS / name)


@pytest.mark.parametrize("basis", list(Basis))
@pytest.mark.parametrize("by", [None, "book"])
@pytest.mark.parametrize("name", NAMES)
def test_ladders_are_the_oracles(name: str, by: str | None, basis: Basis) -> None:
    rows, seen = shown(name, Shown.LADDER, by, basis), 0
    gaps = shown(name, Shown.REPRICING, by, basis)
    for scenario, base, book in books(name, by, basis):
        for (group, currency), expected in book.groups.items():
            key = (group, currency, scenario)
            mine = [row for row in rows if (row["group"], row["currency"], row["scenario_id"]) == key]
            assert [row["end_date"] for row in mine] == book.edges
            assert {(row["positions"], row["left_out"]) for row in mine} == {(expected.positions, expected.left_out)}
            for row, right in zip(mine, expected.rows, strict=True):
                near = {"rel": 1e-9, "abs": 1e-10 * (1.0 + right.size)}
                assert row["cash_flow"] == pytest.approx(right.principal + right.interest, **near)
                assert row["principal"] == pytest.approx(right.principal, **near)
                assert row["interest"] == pytest.approx(right.interest, **near)
                assert row["pv"] == pytest.approx(right.pv, **near)
                if currency == base:
                    assert row["pv_base"] == row["pv"]
                seen += 1
            if any(floats_with_speeds(terms) for terms in positions(name)) and basis is Basis.BEHAVIOURAL:
                continue
            of_gap = [row for row in gaps if (row["group"], row["currency"], row["scenario_id"]) == key]
            for row, right in zip(of_gap, expected.rows, strict=True):
                near = {"rel": 1e-9, "abs": 1e-10 * (1.0 + right.size)}
                assert row["fixed"] == pytest.approx(right.fixed, **near)
                assert row["floating"] == pytest.approx(right.floating, **near)
    assert seen == len(rows) == len(gaps)


def floats_with_speeds(terms: Terms) -> bool:
    has = "prepayment" in terms.instrument or "default" in terms.instrument
    return has and terms.instrument.get("rate_type") == "FLOATING"
