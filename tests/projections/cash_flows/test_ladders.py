"""Kept ladders rolled up: every group of the tree, products, currencies, and what chunks that failed leave out."""

import json

import numpy as np
import pytest

from domain.portfolio.columns import ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind
from domain.runs.facts import BlockColumns
from domain.runs.kept_flows import AMOUNTS, columns_of_bases
from domain.runs.run import RunRequested
from projections.cash_flows.ladders import groups_of, ladder_rows, left_out, named

BASES = ("BEHAVIOURAL", "CONTRACTUAL")
COLUMNS = columns_of_bases(BASES)
BUCKETS, SCENARIOS = 3, 2
GROUPS = {
    "B1": groups_of([("F", "FUND"), ("D", "DESK"), ("B1", "BOOK")]),
    "B2": groups_of([("F", "FUND"), ("B2", "BOOK")]),
}


def block(*cells: tuple[str, str, str], start: float) -> BlockColumns:
    """Numbers that tell where they stand."""
    shape = (len(COLUMNS), SCENARIOS, len(cells) * BUCKETS)
    values = start + np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    details = tuple(json.dumps(list(cell)) for cell in cells)
    no_reasons = np.zeros((0, *shape[1:]), np.uint8)
    return BlockColumns(COLUMNS, values, (), no_reasons, details, np.repeat(np.arange(len(cells)), BUCKETS))


FIRST = block(("B1", "LOAN", "USD"), ("B2", "LOAN", "EUR"), start=0.0)
SECOND = block(("B2", "LOAN", "USD"), start=1000.0)


def test_every_group_adds_up_its_cells_in_its_currency() -> None:
    rows = ladder_rows(iter([FIRST, SECOND]), GROUPS)
    b1_usd, b2_eur, b2_usd = FIRST.values[:, :, :3], FIRST.values[:, :, 3:], SECOND.values
    expected = {
        ("total", "", "USD"): b1_usd + b2_usd, ("total", "", "EUR"): b2_eur,
        ("node", "F", "USD"): b1_usd + b2_usd, ("node", "F", "EUR"): b2_eur,
        ("node", "D", "USD"): b1_usd, ("node", "B1", "USD"): b1_usd,
        ("node", "B2", "USD"): b2_usd, ("node", "B2", "EUR"): b2_eur,
        ("fund", "F", "USD"): b1_usd + b2_usd, ("fund", "F", "EUR"): b2_eur,
        ("sub_fund", "", "USD"): b1_usd + b2_usd, ("sub_fund", "", "EUR"): b2_eur,
        ("desk", "D", "USD"): b1_usd, ("desk", "", "USD"): b2_usd, ("desk", "", "EUR"): b2_eur,
        ("book", "B1", "USD"): b1_usd, ("book", "B2", "USD"): b2_usd, ("book", "B2", "EUR"): b2_eur,
        ("product_type", "LOAN", "USD"): b1_usd + b2_usd, ("product_type", "LOAN", "EUR"): b2_eur,
        ("currency", "USD", "USD"): b1_usd + b2_usd, ("currency", "EUR", "EUR"): b2_eur,
    }  # fmt: skip
    assert rows.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_array_equal(rows[key], values)


def test_a_row_holds_the_amounts_of_one_basis_and_scenario() -> None:
    told = {row[:5]: row[5] for row in named(ladder_rows(iter([SECOND]), GROUPS), ["BASE", "up@1"])}
    packed = told["book", "B2", "USD", "up@1", "CONTRACTUAL"]
    found = np.frombuffer(packed, "<f8").reshape(len(AMOUNTS), BUCKETS)
    np.testing.assert_array_equal(found, SECOND.values[len(AMOUNTS) :, 1])
    assert len(told) == 9 * len(BASES) * SCENARIOS


def test_positions_of_chunks_that_failed_are_left_out_and_counted(asked: RunRequested) -> None:
    texts = ColumnData(Kind.TEXT, np.array([0, 1], np.int32), ("B1", "B2"))
    instruments = {
        "product_type": ColumnData(Kind.TEXT, np.array([0, 0], np.int32), ("LOAN",)),
        "currency": ColumnData(Kind.TEXT, np.array([0, 1], np.int32), ("EUR", "USD")),
    }
    tables = {
        "portfolio": TableData(2, {"node_id": texts}),
        "instruments": TableData(2, instruments),
        "positions": TableData(5, {}),
    }
    portfolio = Portfolio(tables, np.array([0, 0, 1, 1, 1], np.int32), np.array([0, 0, 0, 1, 1], np.int32))
    found = left_out(portfolio, asked, [1, 2], (SCENARIOS, BUCKETS))
    counts = dict(zip(found.details, found.values[AMOUNTS.index("left_out"), 0, ::BUCKETS].tolist(), strict=True))
    assert counts == {json.dumps(["B1", "LOAN", "USD"]): 1.0, json.dumps(["B2", "LOAN", "USD"]): 2.0}
    assert found.values.sum() == 3.0 * len(BASES) * SCENARIOS


@pytest.fixture
def asked() -> RunRequested:
    return RunRequested.model_construct(chunk_size=2)
