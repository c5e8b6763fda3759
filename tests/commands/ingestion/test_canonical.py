"""The same content is the same sha256, however it was brought; other content is another."""

import hashlib
import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.ingestion.canonical import content_sha256
from commands.ingestion.prepare import Prepared
from domain.portfolio.columns import ABSENT_DATE, ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind

Tables = dict[str, list[dict[str, Any]]]
Bring = Callable[..., Prepared]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_row_and_column_order_do_not_matter(sound: Tables, bring: Bring, seed: int) -> None:
    chance = random.Random(seed)
    shuffled: Tables = {}
    for name, rows in sound.items():
        names = list(dict.fromkeys(each for row in rows for each in row))
        chance.shuffle(names)
        shuffled[name] = [{each: row.get(each, "") for each in names} for row in rows]
        chance.shuffle(shuffled[name])
    assert bring(shuffled).sha256 == bring(sound).sha256


SAME = [
    ("positions", 0, "notional", "1000.500"),
    ("positions", 0, "notional", "+1000.5"),
    ("positions", 0, "notional", "1.0005e3"),
    ("instruments", 0, "frequency", "12.0"),
    ("positions", 0, "tags", '{"A": "1", "B": true}'),
    ("positions", 0, "tags", "B=true; A=1;"),
    ("positions", 0, "unused", ""),
]
OTHER = [
    ("positions", 0, "notional", "1000.5000000000001"),
    ("positions", 0, "notional", "-1000.5"),
    ("positions", 0, "position_id", "P1b"),
    ("positions", 0, "book_id", "BOOK2"),
    ("positions", 0, "tags", "A=1"),
    ("positions", 0, "used", "0"),
    ("instruments", 0, "redemption_per_100", "100"),
    ("instruments", 0, "calendar", "NONE"),
    ("instruments", 0, "end_of_month", "false"),
]


@pytest.mark.parametrize(("table", "place", "column", "value"), SAME)
def test_another_spelling_is_the_same_content(
    sound: Tables, bring: Bring, table: str, place: int, column: str, value: str
) -> None:
    before = bring(sound).sha256
    sound[table][place][column] = value
    assert bring(sound).sha256 == before


@pytest.mark.parametrize(("table", "place", "column", "value"), OTHER)
def test_another_value_is_other_content_even_where_it_is_the_default(
    sound: Tables, bring: Bring, table: str, place: int, column: str, value: str
) -> None:
    before = bring(sound).sha256
    sound[table][place][column] = value
    after = bring(sound)
    assert after.errors == [] and after.sha256 != before


def test_negative_nil_is_nil(sound: Tables, bring: Bring) -> None:
    sound["positions"][2]["notional"] = "0"
    before = bring(sound).sha256
    sound["positions"][2]["notional"] = "-0.0"
    assert bring(sound).sha256 == before


def test_the_canonical_form(sound: Tables, bring: Bring) -> None:
    portfolio = bring(sound).portfolio
    assert portfolio is not None
    positions = portfolio.tables["positions"].columns
    assert set(positions) == {"position_id", "instrument_id", "book_id", "notional", "tag:A", "tag:B"}
    assert positions["notional"].values.tolist() == [1000.5, -2000.0, 500.0]
    assert positions["tag:A"].kind is Kind.TEXT and positions["tag:A"].categories == ("1",)
    assert positions["tag:B"].values.tolist() == [0, -1, -1] and positions["tag:B"].categories == ("true",)
    instruments = portfolio.tables["instruments"].columns
    assert instruments["instrument_id"].categories == ("F1", "L1", "X1")
    assert portfolio.instrument_row.tolist() == [1, 0, 2] and portfolio.instrument_row.dtype == np.int32
    assert instruments["issue_date"].values.dtype == np.int32
    assert instruments["issue_date"].values[2] == ABSENT_DATE
    nodes = portfolio.tables["portfolio"].columns["node_id"]
    assert [nodes.categories[nodes.values[row]] for row in portfolio.book_row] == ["BOOK", "BOOK2", "BOOK"]


def test_the_hash_is_of_the_bytes_that_its_docstring_names() -> None:
    """A second writing of the format, byte by byte."""
    table = TableData(
        2,
        {
            "when": ColumnData(Kind.DATE, np.array([1, ABSENT_DATE], np.int32)),
            "id": ColumnData(Kind.TEXT, np.array([0, 1], np.int32), ("a", "é")),
            "amount": ColumnData(Kind.NUMBER, np.array([0.5, np.nan])),
        },
    )
    portfolio = Portfolio({"positions": table}, np.zeros(2, np.int32), np.zeros(2, np.int32))

    def texts(*values: str) -> bytes:
        encoded = [value.encode() for value in values]
        return struct.pack(f"<{len(encoded) + 1}Q", len(encoded), *map(len, encoded)) + b"".join(encoded)

    expected = b"tenor portfolio 1\0" + texts("table", "positions", "2")
    expected += texts("column", "amount", "number") + struct.pack("<dd", 0.5, float("nan")) + texts()
    expected += texts("column", "id", "text") + struct.pack("<ii", 0, 1) + texts("a", "é")
    expected += texts("column", "when", "date") + struct.pack("<ii", 1, ABSENT_DATE) + texts()
    assert content_sha256(portfolio) == hashlib.sha256(expected).hexdigest()
