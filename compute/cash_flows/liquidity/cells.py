"""Amounts of a rule set by line, book and currency: summed chunk by chunk, in the order of positions.

A line is a rule; a reason for which positions of a side have no weight; or the total of a side. Any node of the tree is
made of the cells of the books below it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.ladders import LadderCells as OneCell
from compute.cash_flows.ladders import over_chunks
from compute.cash_flows.liquidity.amounts import FINE, Amounts, Chunk, weighed
from compute.cash_flows.liquidity.matching import OUT_OF_REACH, LeftOut, Side, lines_of, side_of
from compute.cash_flows.liquidity.traits import Traits, traits_of
from compute.inputs.run_inputs import EPOCH, RunInputs
from compute.inputs.terms import Terms
from compute.pricers.shared.fx_rates import fx_rates
from domain.lazy import lazy
from domain.liquidity.rules import SIDES_OF, Rule

Codes = NDArray[np.int64]

IS_A_FIGURE = ("TIME", "COST")
"""Sides whose rule has a parameter: the amount is the figure itself, and weighs 1."""
LONGEST = "TIME"
"""The side whose amounts do not add: what is sold at the same time is sold when the last of it is."""
OF_WHOLE_CLASS = "OUTFLOW"
"""The side that asks for the class of the debtor, in default or not."""


class Line(NamedTuple):
    """What rules of one side have in common: together they are a row."""

    side: str
    item: str
    paragraph: str
    factor: float | None


@dataclass(frozen=True)
class ReportLines:
    """Numbers of lines: what the set's rules are about, in their order, then reasons of each side, then its total."""

    rules: tuple[Rule, ...]
    sides: tuple[Side, ...]

    @lazy
    def of_rules(self) -> tuple[Line, ...]:
        return tuple(dict.fromkeys(_line(rule) for rule in self.rules))

    def of_side(self, side: Side) -> Codes:
        """[rules of the side]"""
        return np.array([self.of_rules.index(_line(rule)) for rule in side.rules], np.int64)

    def reason(self, side_no: int, reason: int) -> int:
        return len(self.of_rules) + side_no * len(LeftOut) + reason

    def total(self, side_no: int) -> int:
        return len(self.of_rules) + len(self.sides) * len(LeftOut) + side_no

    @lazy
    def factors(self) -> Amounts:
        """[lines of rules] NaN where the rule has none."""
        return np.array([np.nan if line.factor is None else line.factor for line in self.of_rules])

    @lazy
    def longest(self) -> Codes:
        """Lines whose amounts do not add."""
        of_rules = [number for number, line in enumerate(self.of_rules) if line.side == LONGEST]
        of_sides = [self.total(number) for number, side in enumerate(self.sides) if side.name == LONGEST]
        return np.array(of_rules + of_sides, np.int64)


def _line(rule: Rule) -> Line:
    return Line(rule.side, rule.item, rule.paragraph, 1.0 if rule.side in IS_A_FIGURE else rule.factor)


@dataclass(frozen=True)
class AmountCells:
    """Sorted by line, book, currency; amounts NaN where none is known."""

    lines: ReportLines
    currencies: tuple[str, ...]
    line: Codes
    book: Codes
    currency: Codes
    amounts: Amounts
    """[4, cells]: amount, weighted, and both in base currency"""
    positions: Codes


def cells_of(run: RunInputs, rules: Sequence[Rule]) -> AmountCells:
    """Of all positions of the run under its one scenario."""
    as_of: date = EPOCH + timedelta(days=run.as_of_day)
    names = SIDES_OF[rules[0].rule_set]
    lines = ReportLines(tuple(rules), tuple(side_of(name, rules, as_of) for name in names))
    traits, by_contract = traits_of(run.portfolio), replace(run, is_contractual=True)
    currencies = run.portfolio.tables["instruments"].columns["currency"].categories

    def of_chunk(terms: Terms, _cell: Codes, _count: int) -> AmountCells:
        chunk = Chunk(run, by_contract, terms)
        return _of_entries(lines, currencies, *zip(*_entries(lines, traits, chunk), strict=True), chunk=chunk)

    everybody = OneCell(np.zeros(run.portfolio.position_count, np.int64), 1)
    parts = [part for _, part in over_chunks(run, everybody, of_chunk)]
    return reduced(
        lines,
        currencies,
        *(np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in _COLUMNS),
    )


_COLUMNS = ("line", "book", "currency", "amounts", "positions")


def reduced(
    lines: ReportLines,
    currencies: tuple[str, ...],
    line: Codes,
    book: Codes,
    currency: Codes,
    amounts: Amounts,
    positions: Codes,
) -> AmountCells:
    """Cells of the same line, book and currency become one: added up in their order, or the longest of them."""
    books = int(book.max(initial=0)) + 1
    key = (line * books + book) * len(currencies) + currency
    distinct, place = np.unique(key, return_inverse=True)
    known = ~np.isnan(amounts)
    sums = np.stack([np.bincount(place, np.nan_to_num(row), len(distinct)) for row in amounts])
    is_longest = np.isin(line, lines.longest)
    for row, (values, is_known) in enumerate(zip(amounts, known, strict=True)):
        chosen = is_longest & is_known
        longest = np.zeros(len(distinct))
        np.maximum.at(longest, place[chosen], values[chosen])
        sums[row] = np.where(np.bincount(place[chosen], minlength=len(distinct)) > 0, longest, sums[row])
    some = np.stack([np.bincount(place[k], minlength=len(distinct)) > 0 for k in known])
    of_books, of_currency = np.divmod(distinct, len(currencies))
    return AmountCells(
        lines,
        currencies,
        of_books // books,
        of_books % books,
        of_currency,
        np.where(some, sums, np.nan),
        np.bincount(place, positions, len(distinct)).astype(np.int64),
    )


def _entries(lines: ReportLines, traits: Traits, chunk: Chunk) -> Iterator[tuple[Codes, Codes, Amounts, Amounts]]:
    """(line, place in the chunk, amount, weighted), one for each line that a position is in."""
    rows, named = chunk.terms.rows, np.zeros(len(chunk.terms), np.bool_)
    for number, side in enumerate(lines.sides):
        classes = traits.asset_class if side.name == OF_WHOLE_CLASS else traits.performing_class
        place = lines_of(side, chunk.product, classes[rows], traits.rating[rows], traits)
        found = weighed(chunk, side)
        named |= side.names_product(chunk.product) | (side.name in IS_A_FIGURE)
        yield from _of_side(lines, number, place, found.amount, found.looked_at, found.left_out)
    unnamed = np.flatnonzero(~named)
    unknown = np.full(len(unnamed), np.nan)
    yield np.full(len(unnamed), lines.reason(0, LeftOut.NO_RULE)), unnamed, unknown, unknown


def _of_side(
    lines: ReportLines, number: int, place: Codes, amount: Amounts, looked_at: NDArray[np.bool_], left_out: Codes
) -> Iterator[tuple[Codes, Codes, Amounts, Amounts]]:
    side, factors = lines.sides[number], lines.factors
    of_rule = lines.of_side(side)[np.maximum(place, 0)]
    weighs = (place >= 0) & ~np.isnan(factors[of_rule])
    line = np.where(place >= 0, of_rule, lines.reason(number, 0) - 1 - place)
    stopped = weighs & (left_out != FINE)[:, None]
    line = np.where(stopped, lines.reason(number, 0) + left_out[:, None], line)
    factor = np.where(weighs & ~stopped, factors[of_rule], np.nan)
    owner, bucket = np.nonzero((amount != 0.0) & (place != OUT_OF_REACH) & looked_at[:, None])
    entries = _by_line(line[owner, bucket], owner, amount[owner, bucket], amount[owner, bucket] * factor[owner, bucket])
    yield entries
    weighing = ~np.isnan(entries[3])
    total = np.full(int(weighing.sum()), lines.total(number))
    yield _by_line(total, entries[1][weighing], entries[2][weighing], entries[3][weighing])


def _by_line(line: Codes, owner: Codes, amount: Amounts, weighted: Amounts) -> tuple[Codes, Codes, Amounts, Amounts]:
    """A position's buckets of one line together."""
    size = int(owner.max(initial=0)) + 1
    distinct, place = np.unique(line * size + owner, return_inverse=True)
    sums = [np.bincount(place, column, len(distinct)).astype(np.float64) for column in (amount, weighted)]
    return distinct // size, distinct % size, sums[0], sums[1]


def _of_entries(
    lines: ReportLines,
    currencies: tuple[str, ...],
    line: Sequence[Codes],
    owner: Sequence[Codes],
    amount: Sequence[Amounts],
    weighted: Sequence[Amounts],
    *,
    chunk: Chunk,
) -> AmountCells:
    rows = np.concatenate(owner).astype(np.int64)
    to_base = fx_rates(chunk.run, chunk.terms)[rows, 0]
    own = np.stack([np.concatenate(amount), np.concatenate(weighted)])
    of_line = np.concatenate(line).astype(np.int64)
    is_days = np.isin(of_line, lines.longest)
    base = own * np.where(is_days, 1.0, to_base)
    return reduced(
        lines,
        currencies,
        of_line,
        chunk.run.portfolio.book_row[chunk.terms.rows][rows].astype(np.int64),
        chunk.terms.texts("currency")[0][rows].astype(np.int64),
        np.concatenate((own, base)),
        np.ones(len(rows), np.int64),
    )
