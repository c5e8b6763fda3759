"""A portfolio survives its bytes exactly."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.portfolio.columns import ABSENT_DATE, ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind
from ops.adapters.snapshot_codec import NotASnapshot, SnapshotCodec, decode_portfolio, encode_portfolio

NUMBERS = ColumnData(Kind.NUMBER, np.array([0.1, np.nan, -1e300, 0.0]))
COLUMNS = {
    "amount": NUMBERS,
    "count": ColumnData(Kind.INTEGER, np.array([1.0, 2.0, np.nan, 4.0])),
    "day": ColumnData(Kind.DATE, np.array([0, ABSENT_DATE, 20_000, -1], np.int32)),
    "flag": ColumnData(Kind.FLAG, np.array([0, 1, -1, 1], np.int8)),
    "text": ColumnData(Kind.TEXT, np.array([1, -1, 0, 1], np.int32), ("Zoë", "é\n")),
    "none": ColumnData(Kind.TEXT, np.full(4, -1, np.int32), ()),
}


def portfolio(columns: Mapping[str, ColumnData], rows: int) -> Portfolio:
    tables = {"positions": TableData(rows, columns), "issuers": TableData(0, {}), "instruments": TableData(4, COLUMNS)}
    return Portfolio(tables, np.arange(rows, dtype=np.int32), np.arange(rows, dtype=np.int32)[::-1])


def same(left: Portfolio, right: Portfolio) -> bool:
    rows = [
        np.array_equal(getattr(left, name), getattr(right, name)) and getattr(right, name).dtype == np.int32
        for name in ("instrument_row", "book_row")
    ]
    columns = [
        all(_same_column(column, right.tables[name].columns[each]) for each, column in table.columns.items())
        and table.columns.keys() == right.tables[name].columns.keys()
        and table.rows == right.tables[name].rows
        for name, table in left.tables.items()
    ]
    return left.tables.keys() == right.tables.keys() and all(rows) and all(columns)


def _same_column(left: ColumnData, right: ColumnData) -> bool:
    return (
        left.kind is right.kind
        and left.categories == right.categories
        and left.values.dtype == right.values.dtype
        and left.values.tobytes() == right.values.tobytes()
    )


def test_every_kind_of_column_comes_back_bit_by_bit() -> None:
    given_portfolio = portfolio(COLUMNS, 4)
    codec = SnapshotCodec()
    assert same(given_portfolio, codec.decode(codec.encode(given_portfolio)))
    assert same(given_portfolio, codec.decode(memoryview(codec.encode(given_portfolio))))


@given(st.lists(st.tuples(st.floats(), st.text(max_size=3)), max_size=20))
def test_any_numbers_and_texts_come_back(rows: list[tuple[float, str]]) -> None:
    texts = tuple(sorted({text for _, text in rows}))
    columns = {
        "amount": ColumnData(Kind.NUMBER, np.array([amount for amount, _ in rows], dtype=np.float64)),
        "text": ColumnData(Kind.TEXT, np.array([texts.index(text) for _, text in rows], dtype=np.int32), texts),
    }
    given_portfolio = portfolio(columns, len(rows))
    assert same(given_portfolio, decode_portfolio(encode_portfolio(given_portfolio)))


def test_a_reader_takes_only_the_tables_that_it_needs() -> None:
    decoded = decode_portfolio(encode_portfolio(portfolio(COLUMNS, 4)), ("instruments",))
    assert list(decoded.tables) == ["instruments"]
    assert decoded.instrument_row.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("data", [b"", b"TNRSNAP0....", b"PAR1"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotASnapshot):
        decode_portfolio(data)
