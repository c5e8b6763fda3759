"""Attributes are looked up on the position, its instrument, its issuer: against a reading row by row."""

from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pytest

from domain.portfolio.attributes import is_held, labels, matched, own_labels
from domain.portfolio.columns import ABSENT_CODE, ABSENT_DATE, ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind

INSTRUMENTS, ISSUERS, POSITIONS = 40, 9, 300
Cells = list[Any]


def column(kind: Kind, cells: Cells) -> ColumnData:
    """From cells with None for an empty one; dates are epoch days."""
    match kind:
        case Kind.TEXT:
            categories = tuple(sorted({cell for cell in cells if cell is not None}))
            codes = [ABSENT_CODE if cell is None else categories.index(cell) for cell in cells]
            return ColumnData(kind, np.array(codes, np.int32), categories)
        case Kind.DATE:
            return ColumnData(kind, np.array([ABSENT_DATE if cell is None else cell for cell in cells], np.int32))
        case Kind.FLAG:
            return ColumnData(kind, np.array([-1 if cell is None else int(cell) for cell in cells], np.int8))
        case _:
            return ColumnData(kind, np.array([np.nan if cell is None else cell for cell in cells], np.float64))


VALUES: dict[Kind, Cells] = {
    Kind.TEXT: ["AA", "BBB", "B", "2020"],
    Kind.NUMBER: [2020.0, 0.5, -3.0, 1e22],
    Kind.DATE: [0, 20000, 20453],
    Kind.FLAG: [True, False],
}
SAID = {2020.0: "2020", 0.5: "0.5", -3.0: "-3", 1e22: "10000000000000000000000"} | {
    0: "1970-01-01",
    20000: "2024-10-04",
    20453: "2025-12-31",
}


def said(kind: Kind, cell: Any) -> str:
    if cell is None:
        return ""
    return ("true" if cell else "false") if kind is Kind.FLAG else SAID.get(cell, cell)


def sparse(kinds: tuple[Kind | None, Kind | None, Kind | None], seed: int) -> tuple[Portfolio, list[str]]:
    """A column `x` on the tables whose kind is given, two cells of three empty; and each position's answer."""
    rng = np.random.default_rng(seed)

    def cells(kind: Kind | None, count: int) -> Cells:
        return [rng.choice(VALUES[kind]).item() if kind and rng.random() < 0.34 else None for _ in range(count)]

    held = [cells(kind, n) for kind, n in zip(kinds, (POSITIONS, INSTRUMENTS, ISSUERS), strict=True)]
    issuer_of = [int(rng.integers(-1, ISSUERS + 1)) for _ in range(INSTRUMENTS)]
    names = [None if row < 0 else f"I{row:02d}" for row in issuer_of]
    instrument_row = rng.integers(0, INSTRUMENTS, POSITIONS).astype(np.int32)
    tables: dict[str, dict[str, ColumnData]] = {
        "positions": {"position_id": column(Kind.TEXT, [f"P{row:04d}" for row in range(POSITIONS)])},
        "instruments": {
            "instrument_id": column(Kind.TEXT, [f"N{row:04d}" for row in range(INSTRUMENTS)]),
            "issuer_id": column(Kind.TEXT, names),
            "currency": column(Kind.TEXT, ["USD" if row % 2 else "EUR" for row in range(INSTRUMENTS)]),
        },
        "issuers": {"issuer_id": column(Kind.TEXT, [f"I{row:02d}" for row in range(ISSUERS)])},
    }
    for table, kind, filled in zip(tables, kinds, held, strict=True):
        if kind:
            tables[table]["x"] = column(kind, filled)
    counts = dict(zip(tables, (POSITIONS, INSTRUMENTS, ISSUERS), strict=True))
    portfolio = Portfolio(
        {name: TableData(counts[name], columns) for name, columns in tables.items()},
        instrument_row,
        np.zeros(POSITIONS, np.int32),
    )
    answers = []
    for position, instrument in enumerate(instrument_row.tolist()):
        issuer = issuer_of[instrument]
        own = [held[0][position], held[1][instrument], held[2][issuer] if 0 <= issuer < ISSUERS else None]
        first = next(((kind, cell) for kind, cell in zip(kinds, own, strict=True) if cell is not None), None)
        answers.append(said(*first) if first and first[0] else "")
    return portfolio, answers


HOLDING = [
    (Kind.TEXT, None, None),
    (None, Kind.TEXT, None),
    (None, None, Kind.TEXT),
    (Kind.TEXT, Kind.TEXT, Kind.TEXT),
    (Kind.TEXT, None, Kind.TEXT),
    (Kind.NUMBER, Kind.TEXT, Kind.DATE),
    (None, Kind.NUMBER, Kind.TEXT),
    (Kind.FLAG, Kind.NUMBER, None),
    (None, None, Kind.NUMBER),
    (Kind.DATE, None, Kind.FLAG),
]


@pytest.mark.parametrize("kinds", HOLDING)
def test_the_first_cell_that_is_not_empty_speaks(kinds: tuple[Kind | None, Kind | None, Kind | None]) -> None:
    for seed in range(5):
        portfolio, answers = sparse(kinds, seed)
        found = labels(portfolio, "x")
        assert found is not None and [found.keys[code] for code in found.codes] == answers
        assert len(set(found.keys)) == len(found.keys)


@pytest.mark.parametrize("kinds", HOLDING)
@pytest.mark.parametrize("pattern", ["*", "B*", "20[0-9]*", "?", "true", "2025-*", ""])
def test_a_pattern_is_held_against_the_same_texts(
    kinds: tuple[Kind | None, Kind | None, Kind | None], pattern: str
) -> None:
    portfolio, answers = sparse(kinds, 7)
    expected = [pattern == "*" or (text != "" and fnmatchcase(text, pattern)) for text in answers]
    assert matched(portfolio, {"x": pattern}).tolist() == expected


def test_several_names_all_match() -> None:
    portfolio, answers = sparse((Kind.TEXT, None, Kind.TEXT), 3)
    currencies = own_labels(portfolio, "currency")
    assert currencies is not None
    both = matched(portfolio, {"x": "B*", "currency": "EUR"})
    euro = [currencies.keys[code] == "EUR" for code in currencies.codes]
    assert both.tolist() == [text.startswith("B") and own for text, own in zip(answers, euro, strict=True)]
    assert not matched(portfolio, {"nowhere": "B*"}).any() and matched(portfolio, {"nowhere": "*"}).all()


def test_issuer_and_book_are_their_ids() -> None:
    portfolio, _ = sparse((None, None, None), 1)
    assert is_held(portfolio, "issuer") and not is_held(portfolio, "x") and labels(portfolio, "x") is None
    by_id, by_name = labels(portfolio, "issuer_id"), labels(portfolio, "issuer")
    assert by_id is not None and by_name is not None and by_id.keys == by_name.keys


def test_more_keys_than_asked_for_are_none() -> None:
    portfolio, _ = sparse((Kind.TEXT, Kind.TEXT, None), 2)
    assert labels(portfolio, "position_id", 50) is None and labels(portfolio, "x", 50) is not None
