"""The table of a rule set for some books: a row for each line and currency, and the total of each side."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.liquidity.cells import AmountCells, Line, reduced
from compute.cash_flows.liquidity.matching import LeftOut
from compute.cash_flows.tables import Columns
from domain.liquidity.rules import CAP, Rule

LIQUIDITY = (
    *("rule_set", "effective_from", "paragraph", "side", "item", "currency", "amount", "factor", "weighted"),
    *("amount_base", "weighted_base", "positions"),
)
TOTAL = "TOTAL"
CAPPED, CAPPED_BY = "INFLOW", "OUTFLOW"


@dataclass(frozen=True)
class Row:
    """Fields in the words of the table."""

    rule_set: str
    effective_from: date
    paragraph: str | None
    side: str
    item: str
    factor: float | None
    currency: str | None = None
    amount: float | None = None
    weighted: float | None = None
    amount_base: float | None = None
    weighted_base: float | None = None
    positions: int = 0


def liquidity_table(cells: AmountCells, books: NDArray[np.bool_]) -> Columns:
    """Of the positions that hang on the chosen books; [books] rows of `portfolio`."""
    chosen = np.flatnonzero(books[cells.book])
    here = reduced(
        cells.lines,
        cells.currencies,
        cells.line[chosen],
        np.zeros(len(chosen), np.int64),
        cells.currency[chosen],
        cells.amounts[:, chosen],
        cells.positions[chosen],
    )
    rows = list(_rows(here))
    return {name: [getattr(row, name) for row in rows] for name in LIQUIDITY}


def _rows(cells: AmountCells) -> Iterator[Row]:
    """Side by side: rules in the order of their file, what has no weight, and the side's total."""
    lines, totals = cells.lines, _totals(cells)
    for number, side in enumerate(lines.sides):
        for place, line in enumerate(lines.of_rules):
            if line.side == side.name:
                yield from _of_line(cells, place, _row(lines.rules, line))
        for reason in LeftOut:
            without_weight = Line(side.name, reason.name, "", None)
            yield from _of_line(cells, lines.reason(number, reason), _row(lines.rules, without_weight))
        yield totals[side.name]


def _row(rules: tuple[Rule, ...], line: Line) -> Row:
    begun = rules[0].effective_from
    return Row(rules[0].rule_set, begun, line.paragraph or None, line.side, line.item, line.factor)


def _of_line(cells: AmountCells, line: int, row: Row) -> Iterator[Row]:
    for cell in np.flatnonzero(cells.line == line):
        currency = cells.currencies[cells.currency[cell]]
        yield _with_amounts(row, cells.amounts[:, cell], currency, int(cells.positions[cell]))


def _with_amounts(row: Row, amounts: NDArray[np.float64], currency: str | None, positions: int) -> Row:
    amount, weighted, amount_base, weighted_base = (None if v != v else v + 0.0 for v in amounts.tolist())
    return replace(
        row,
        currency=currency,
        amount=amount,
        weighted=weighted,
        amount_base=amount_base,
        weighted_base=weighted_base,
        positions=positions,
    )


def _totals(cells: AmountCells) -> dict[str, Row]:
    """In the one currency that all share, else in base currency alone; inflows as far as they count."""
    found: dict[str, Row] = {}
    for number, side in enumerate(cells.lines.sides):
        mine = np.flatnonzero(cells.line == cells.lines.total(number))
        together = reduced(
            cells.lines,
            cells.currencies,
            cells.line[mine],
            np.zeros(len(mine), np.int64),
            np.zeros(len(mine), np.int64),
            cells.amounts[:, mine],
            cells.positions[mine],
        )
        amounts = together.amounts[:, 0] if len(mine) else np.zeros(4)
        if len(mine) > 1:
            amounts = np.where([True, True, False, False], np.nan, amounts)
        currency = cells.currencies[cells.currency[mine[0]]] if len(mine) == 1 else None
        row = _row(cells.lines.rules, Line(side.name, TOTAL, "", None))
        found[side.name] = _with_amounts(row, amounts, currency, int(together.positions.sum()))
    for rule in cells.lines.rules:
        if rule.item == CAP and rule.factor is not None:
            found[CAPPED] = _capped(
                found[CAPPED], rule.paragraph, rule.factor * (found[CAPPED_BY].weighted_base or 0.0)
            )
    return found


def _capped(inflows: Row, paragraph: str, most_base: float) -> Row:
    """Inflows make up for no more than a part of the outflows."""
    all_base = inflows.weighted_base or 0.0
    if all_base <= most_base:
        return replace(inflows, paragraph=paragraph)
    own = None if inflows.weighted is None else inflows.weighted * (most_base / all_base)
    return replace(inflows, paragraph=paragraph, weighted_base=most_base, weighted=own)
