"""Which rows of a run were asked for, and in which order: by node, by filter, by the beginning of an id, sorted."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from domain.portfolio.attributes import Holder
from domain.portfolio.tables import Kind
from query_api.errors import BadQuery, NotFound
from query_api.near import nearest_or_all
from query_api.reading import Array, Connection
from query_api.results.chosen.fields import Field, NamedPortfolio, number_of, value_of
from query_api.results.chosen.gather import gather_amounts, gather_reason_numbers
from query_api.results.chosen.where import Comparison, Empty, Leaf, holds, names_in, parse_filter
from query_api.results.columns import ResultColumn, columns_of_run
from query_api.results.table import RunFacts, facts_of_run
from query_api.runs import RunRow

STATUS, REASON = "status", "reason"
ORDERED = ("<", "<=", ">", ">=")
COMPARE: dict[str, Callable[[Array, Array | float], Array]] = {
    "=": np.equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


@dataclass(frozen=True)
class Wanted:
    """What a question says about rows; nothing of it means all of them in the snapshot's order."""

    where: str | None = None
    node: str | None = None
    q: str | None = None
    sort: str | None = None

    def __bool__(self) -> bool:
        return any((self.where, self.node, self.q, self.sort))


ALL = Wanted()


class Chooser:
    """Row numbers by scenario. `scans` says whether results of every position are read to choose among them."""

    def __init__(self, connection: Connection, run: RunRow, book: NamedPortfolio, wanted: Wanted) -> None:
        self._cursor, self._run, self._book = connection.cursor(binary=True), run, book
        self._facts: RunFacts = facts_of_run(connection, run)
        self._measured = measured_names(run)
        self._condition = parse_filter(wanted.where) if wanted.where else None
        self._keys = sort_keys(wanted.sort) if wanted.sort else []
        asked = (names_in(self._condition) if self._condition else []) + [name for name, _ in self._keys]
        self.scans = any(self._is_result(name) for name in asked)
        self._by_snapshot = self._of_snapshot(wanted)
        for name in asked:
            self._known(name)

    def mask(self, scenario_no: int) -> Array:
        """bool [positions]"""
        if self._condition is None:
            return self._by_snapshot
        found: Array = self._by_snapshot & holds(self._condition, lambda leaf: self._test(leaf, scenario_no))
        return found

    def rows(self, scenario_no: int) -> Array:
        rows: Array = np.flatnonzero(self.mask(scenario_no))
        if not self._keys:
            return rows
        ranked = []
        for name, falls in reversed(self._keys):
            ranks = self._ranks(name, scenario_no)[rows]
            ranked.append(-ranks if falls else ranks)  # a blank is NaN, and stands last either way
        return rows[np.lexsort(ranked)] if len(ranked) > 1 else rows[np.argsort(ranked[0], kind="stable")]

    def _of_snapshot(self, wanted: Wanted) -> Array:
        chosen = np.ones(self._run.positions, bool)
        if wanted.node is not None:
            if wanted.node not in self._book.nodes:
                fix = nearest_or_all(wanted.node, self._book.nodes)
                raise NotFound(f"the portfolio has no node {wanted.node!r}", fix)
            chosen &= self._book.below(wanted.node)
        if wanted.q:
            ids = self._book.portfolio.tables["positions"].columns["position_id"]
            first = bisect_left(ids.categories, wanted.q)
            last = bisect_left(ids.categories, wanted.q + "\U0010ffff")
            chosen &= (ids.values >= first) & (ids.values < last)
        return chosen

    def _is_result(self, name: str) -> bool:
        return name.lower() in self._measured or name.lower() in (STATUS, REASON)

    def _known(self, name: str) -> None:
        if not self._is_result(name) and self._book.field(name) is None:
            if name.lower() == "scenario_id":
                raise BadQuery("scenarios are not chosen by the filter", "name one with `scenario`")
            known = [*self._measured, STATUS, REASON, *self._book.names()]
            raise BadQuery(f"there is no column or attribute {name!r}", nearest_or_all(name, known))

    # --- testing ---

    def _test(self, leaf: Leaf, scenario_no: int) -> Array:
        name = leaf.name.lower()
        if name in self._measured:
            return _of_numbers(leaf, self._amounts(name, scenario_no))
        if name in (STATUS, REASON):
            words = self._facts.statuses if name == STATUS else self._facts.reasons
            return _of_words(leaf, words)[self._reason_numbers(scenario_no)]
        field = self._book.field(leaf.name)
        assert field is not None
        return _of_field(leaf, field)

    def _ranks(self, name: str, scenario_no: int) -> Array:
        if name.lower() in self._measured:
            return self._amounts(name.lower(), scenario_no)
        if name.lower() in (STATUS, REASON):
            words = self._facts.statuses if name.lower() == STATUS else self._facts.reasons
            place = np.argsort(np.argsort(np.array([each or "" for each in words.to_pylist()])))
            ranks: Array = place[self._reason_numbers(scenario_no)].astype(np.float64)
            return ranks
        field = self._book.field(name)
        assert field is not None
        return field.ranks()

    def _amounts(self, name: str, scenario_no: int) -> Array:
        column, in_base = self._measured[name]
        rows = np.arange(self._run.positions)
        found = gather_amounts(self._cursor, self._run, rows, scenario_no, [column.number])[column.number]
        return found * base_rates(self._book, self._facts, scenario_no, rows) if in_base else found

    def _reason_numbers(self, scenario_no: int) -> Array:
        return gather_reason_numbers(self._cursor, self._run, np.arange(self._run.positions), scenario_no)


def measured_names(run: RunRow) -> dict[str, tuple[ResultColumn, bool]]:
    """Every number of a result row: its column, and whether it is turned into base currency."""
    columns = columns_of_run(run)
    own = {column.name: (column, False) for column in columns}
    return own | {column.base_name: (column, True) for column in columns if column.base_name}


def base_rates(book: NamedPortfolio, facts: RunFacts, scenario_no: int, rows: Array) -> Array:
    """[rows] base currency per unit of each position's currency; NaN where the scenario has no rate."""
    currency = book.portfolio.tables["instruments"].columns["currency"]
    rates = [facts.rates.get((scenario_no, each), np.nan) for each in currency.categories]
    found: Array = np.array([*rates, np.nan])[currency.values[book.portfolio.instrument_row[rows]]]
    return found


def sort_keys(sort: str) -> list[tuple[str, bool]]:
    """`-pv_base,fico`: names, and whether each falls."""
    keys = [(each.strip().removeprefix("-").strip(), each.strip().startswith("-")) for each in sort.split(",")]
    if not all(name for name, _ in keys):
        raise BadQuery(f"{sort!r} names nothing to sort by", "write names, with a - before those that fall: -pv,fico")
    return keys


def _values(leaf: Leaf) -> tuple[str, ...]:
    return (leaf.value,) if isinstance(leaf, Comparison) else () if isinstance(leaf, Empty) else leaf.values


def _of_numbers(leaf: Leaf, numbers: Array) -> Array:
    """A blank is no number: it fails every comparison but `!=`, which is the other side of `=`."""
    return _compared(leaf, numbers, [number_of(leaf.name, each) for each in _values(leaf)])


def _compared(leaf: Leaf, numbers: Array, values: list[float]) -> Array:
    found: Array
    if isinstance(leaf, Empty):
        found = np.isnan(numbers)
    elif not isinstance(leaf, Comparison):
        found = np.isin(numbers, values)
    elif leaf.operator == "!=":
        found = ~(numbers == values[0])
    else:
        found = COMPARE[leaf.operator](numbers, values[0])
    return found


def _of_words(leaf: Leaf, words: pa.Array) -> Array:
    """bool [words]"""
    _refuse_order(leaf)
    said = [each or "" for each in words.to_pylist()]
    if isinstance(leaf, Empty):
        return np.array([not each for each in said], bool)
    negated = isinstance(leaf, Comparison) and leaf.operator == "!="
    return np.array([(each in _values(leaf)) is not negated for each in said], bool)


def _of_field(leaf: Leaf, field: Field) -> Array:
    """bool [positions]"""
    if isinstance(leaf, Empty):
        return ~field.is_filled
    negated = isinstance(leaf, Comparison) and leaf.operator == "!="
    positive = Comparison(leaf.name, "=", leaf.value) if negated and isinstance(leaf, Comparison) else leaf
    found: Array = np.logical_or.reduce([_of_part(positive, part) for part in field.parts])
    return np.logical_not(found, out=found) if negated else found


def _of_part(leaf: Leaf, part: Holder) -> Array:
    """Where the part speaks and its cell fits. Compared once for each row of the table, not for each position."""
    column = part.column
    if not len(column.values):
        return np.zeros(len(part.rows), bool)
    if column.kind is Kind.TEXT:
        _refuse_order(leaf)
        codes = [code for value in _values(leaf) if (code := _code_of(value, column.categories)) is not None]
        of_code = np.zeros(len(column.categories) + 1, bool)  # an absent one, -1, is the last, and fits nothing
        of_code[codes] = True
        fits = of_code[column.values]
    else:
        values = [value_of(column.kind, leaf.name, each) for each in _values(leaf)]
        fits = _compared(leaf, column.values, values)
    found: Array = part.speaks & fits[part.rows]
    return found


def _code_of(text: str, categories: tuple[str, ...]) -> int | None:
    """Categories are sorted."""
    place = bisect_left(categories, text)
    return place if place < len(categories) and categories[place] == text else None


def _refuse_order(leaf: Leaf) -> None:
    if isinstance(leaf, Comparison) and leaf.operator in ORDERED:
        fix = f"compare it with =, != or in: {leaf.name} in (A, B)"
        raise BadQuery(f"{leaf.name} is a text, and texts have no {leaf.operator}", fix)
