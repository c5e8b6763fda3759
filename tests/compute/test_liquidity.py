"""Liquidity of positions against a second implementation, and against figures worked out by hand."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands.ingestion.prepare import prepare_portfolio
from compute.cash_flows.liquidity.cells import AmountCells, cells_of
from compute.cash_flows.liquidity.table import LIQUIDITY, liquidity_table
from compute.inputs.run_inputs import PRICES_ONLY, RunInputs, resolve
from domain.liquidity.rules import RULE_SETS, rules_in_force
from domain.market.document import parse_market
from domain.portfolio.tree import paths, texts
from domain.scenarios.shocks import BASE_SCENARIO
from tests.builders.deal_fund import ALL, LOAN, POOL, TRANCHE, write_deal
from tests.builders.derivative_fund import market as derivative_market
from tests.builders.derivative_fund import priced
from tests.builders.liquidity_fund import market, write_fund
from tests.walk.oracle.liquidity import table as plain_table
from tests.walk.oracle.market import read_market
from tests.walk.oracle.terms import read_positions

Row = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fund(tmp_path_factory.mktemp("fund"))


@pytest.fixture(scope="module")
def run(folder: Path) -> RunInputs:
    return run_of(folder, market())


def run_of(folder: Path, given: dict[str, Any], chunk_size: int = 4096) -> RunInputs:
    prepared = prepare_portfolio(folder)
    assert prepared.portfolio is not None, prepared.errors
    document = parse_market(json.dumps(given), rates_are_decimals=True)
    return resolve(
        prepared.portfolio,
        document,
        [BASE_SCENARIO],
        base_currency="USD",
        measures=PRICES_ONLY,
        chunk_size=chunk_size,
    )


def cells(run: RunInputs, rule_set: str, given: dict[str, Any] | None = None) -> AmountCells:
    as_of = parse_market(json.dumps(given or market()), rates_are_decimals=True).as_of
    return cells_of(run, rules_in_force(rule_set, as_of))


def rows_of(run: RunInputs, found: AmountCells, node: str = "FUND") -> list[Row]:
    tree = run.portfolio.tables["portfolio"]
    wanted = texts(tree.columns["node_id"], tree.rows).index(node)
    below = np.array([wanted in path for path in paths(run.portfolio)])
    columns = liquidity_table(found, below)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def of_item(rows: list[Row], side: str, item: str, currency: str | None = "USD") -> Row:
    (found,) = (
        row for row in rows if (row["side"], row["item"]) == (side, item) and currency in (row["currency"], None)
    )
    return found


NODES = {
    "FUND": {"SMALL", "BANKS", "FIRMS", "BONDS", "HEDGES"},
    "LENDING": {"SMALL", "BANKS", "FIRMS"},
    "TREASURY": {"BONDS", "HEDGES"},
    "BANKS": {"BANKS"},
}


@pytest.mark.parametrize("rule_set", RULE_SETS)
@pytest.mark.parametrize("node", NODES)
def test_every_row_is_the_second_implementations(folder: Path, run: RunInputs, rule_set: str, node: str) -> None:
    held = [terms for terms in read_positions(folder) if terms.position["book_id"] in NODES[node]]
    plain = plain_table(rule_set, held, read_market(folder))
    rows = rows_of(run, cells(run, rule_set), node)
    shown: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = (row["side"], row["item"], "" if row["item"] == "TOTAL" else row["currency"])
        assert key not in shown
        shown[key] = row
    assert {key for key in shown if key[1] != "TOTAL"} == {key for key in plain if key[1] != "TOTAL"}
    for (side, item, currency), row in shown.items():
        amount, weighted, positions = plain.get((side, item, currency), (0.0, 0.0, 0))
        base = item == "TOTAL"
        told = (row["amount_base"], row["weighted_base"]) if base else (row["amount"], row["weighted"])
        assert told == (near(amount), near(weighted)), (side, item, currency)
        assert row["positions"] == positions, (side, item, currency)


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-10, abs=1e-9)


def test_figures_by_hand(run: RunInputs) -> None:
    """The builder says what each loan pays."""
    rows = rows_of(run, cells(run, "LCR"))
    # AUTO: 12,000 / 12 = 1,000 on 5 February. HOME, linear: 26,000 / 13 = 2,000 on 31 January, and 26,000 x 6 % / 12.
    assert of_item(rows, "INFLOW", "RETAIL")["amount"] == pytest.approx(3130.0)
    # DAY-30 pays 10,000 + 90 on the last day that counts. SIX-MONTHS paid 90 on 23 January, the day of the run: past.
    # SIX-MONTHS-1 pays 90 on 24 January. DAY-31 pays a day too late.
    assert of_item(rows, "INFLOW", "BANK")["weighted"] == pytest.approx(10_180.0)
    # ONE-YEAR-1 pays 90 on 24 January, ONE-YEAR nothing in time; half of it counts.
    assert of_item(rows, "INFLOW", "CORPORATE")["weighted"] == pytest.approx(45.0)
    assert of_item(rows, "INFLOW", "NON_PERFORMING")["weighted"] == 0.0
    # 5 % of 1,000, 10 % of 2,000 + 300 and of 400, 40 % of 500; 700 of nobody known are left out.
    outflows = of_item(rows, "OUTFLOW", "TOTAL")
    assert (outflows["weighted"], outflows["positions"]) == (pytest.approx(50 + 230 + 40 + 200), 5)
    assert of_item(rows, "OUTFLOW", "NO_ASSET_CLASS")["amount"] == 700.0
    # Inflows make up for three quarters of 520 at most.
    inflows = of_item(rows, "INFLOW", "TOTAL")
    assert (inflows["weighted_base"], inflows["paragraph"]) == (pytest.approx(390.0), "LCR40.77")
    assert inflows["amount_base"] > 10_000.0


def test_balances_by_hand(run: RunInputs) -> None:
    rows = rows_of(run, cells(run, "NSFR"))
    # 22 February, 23 February and the day six months on; a day later is the next bucket.
    assert of_item(rows, "RSF", "LOANS_BANK_TO_6M")["amount"] == pytest.approx(30_000.0)
    assert of_item(rows, "RSF", "LOANS_BANK_TO_1Y")["weighted"] == pytest.approx(5_000.0)
    # AUTO: February to July 5 are six payments, the other six by 5 January 2027.
    assert of_item(rows, "RSF", "LOANS_RETAIL_TO_6M")["amount"] == pytest.approx(6_000.0)
    assert of_item(rows, "RSF", "LOANS_RETAIL_TO_1Y")["amount"] == pytest.approx(6_000.0)
    # A year on counts as a year, a day later as more; the loan to the shop ends in 2028.
    assert of_item(rows, "RSF", "LOANS_CORPORATE_TO_1Y")["amount"] == pytest.approx(10_000.0)
    assert of_item(rows, "RSF", "LOANS_CORPORATE_BEYOND_1Y")["weighted"] == pytest.approx(17_000.0)
    assert of_item(rows, "RSF", "LOANS_LOW_RISK_WEIGHT_BEYOND_1Y")["weighted"] == pytest.approx(6_500.0)
    assert of_item(rows, "RSF", "LEVEL_1_BEYOND_1Y", "EUR")["weighted_base"] == pytest.approx(5_000 * 0.05 * 1.2)


def test_a_sale_by_hand(run: RunInputs) -> None:
    rows = rows_of(run, cells(run, "LIQUIDATION"))
    # 5,000 at a quarter of 1,000 a day are 20 days; 3,000 at a quarter of 500 are 24, more than 4,000 of 2,000 and
    # 2,000 of 1,000 that have to be bought back.
    assert of_item(rows, "TIME", "DAYS", "EUR")["amount"] == pytest.approx(20.0)
    assert of_item(rows, "TIME", "DAYS")["amount"] == pytest.approx(24.0)
    assert of_item(rows, "TIME", "TOTAL", None)["weighted_base"] == pytest.approx(24.0)
    assert of_item(rows, "COST", "NOT_PRICED", "CHF")["positions"] == 1


@pytest.mark.parametrize("rule_set", RULE_SETS)
def test_chunks_change_no_figure(run: RunInputs, rule_set: str) -> None:
    whole = rows_of(run, cells(run, rule_set))
    for row, other in zip(whole, rows_of(run, cells(replace(run, chunk_size=5), rule_set)), strict=True):
        assert row == {name: near(v) if isinstance(v, float) else v for name, v in other.items()}


def test_books_add_up_to_their_node(run: RunInputs) -> None:
    found = cells(run, "NSFR")
    desks = ("LENDING", "TREASURY")
    parts = [of_item(rows_of(run, found, desk), "RSF", "TOTAL", None)["weighted_base"] for desk in desks]
    assert of_item(rows_of(run, found), "RSF", "TOTAL", None)["weighted_base"] == pytest.approx(sum(parts))


def test_pools_and_tranches_are_balances_by_contract(tmp_path: Path) -> None:
    """What they will have repaid in all is what is held, whatever their speeds; a loan without class is left out."""
    folder = write_deal(tmp_path, ALL)
    priced(folder, [*[TRANCHE] * 4, POOL, LOAN], derivative_market(), measures=PRICES_ONLY)
    run = run_of(folder, derivative_market())
    rows = rows_of(run, cells(run, "NSFR", derivative_market()))
    securities = [row for row in rows if row["item"].startswith("OTHER_SECURITIES")]
    assert {row["item"].rpartition("_")[2] for row in securities} == {"6M", "1Y"}
    assert sum(row["amount"] for row in securities) >= 2_000_000.0 - 1e-3
    assert of_item(rows, "RSF", "NO_ASSET_CLASS")["amount"] == pytest.approx(1_000_000.0)
    assert list(rows[0]) == list(LIQUIDITY)
