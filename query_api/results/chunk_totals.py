"""Totals that no rollup holds (an attribute of many values): summed from the chunks, one scenario at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.measures.averages import AVERAGES, brought, columns_read, weight_of
from domain.measures.failures import Reason, counted
from domain.measures.measures import Adds
from domain.portfolio.columns import Portfolio
from query_api.reading import Array, Connection
from query_api.results.attributes import currencies_of
from query_api.results.columns import ResultColumn, columns_of_run
from query_api.results.table import (
    Piece,
    RunFacts,
    facts_of_run,
    identities_of,
    pieces_between,
    rates_of,
    read_amounts,
    read_reason_numbers,
)
from query_api.results.total import Total
from query_api.runs import RunRow


@dataclass
class Sums:
    """Under one scenario, by column number. [groups] arrays; `native` is empty for what is not an amount."""

    values: dict[int, Array]
    weights: dict[int, Array]
    natives: dict[int, Array]
    reason_counts: dict[int, Array]


@dataclass(frozen=True)
class ChunkGroups:
    """`codes` [positions] into `keys`; `currency` the one that all of a group share, or None."""

    keys: list[str]
    codes: Array
    sizes: Array
    currencies: list[str | None]
    principal_ccy: Array


def sum_groups(
    connection: Connection,
    run: RunRow,
    groups_under: Callable[[int], ChunkGroups],
    columns: list[ResultColumn],
    scenarios: list[int],
) -> list[Total]:
    """`groups_under` says by scenario who belongs where: a filter may look at results."""
    facts = facts_of_run(connection, run)
    return [
        total
        for scenario_no in scenarios
        for total in _totals_under(connection, run, groups_under(scenario_no), columns, facts, scenario_no)
    ]


def make_groups(held: Portfolio, labels: list[str], codes: Array) -> ChunkGroups:
    """A code of `len(labels)` stands for a position in no group. Those have the last place, which nobody is told."""
    names, held_in = currencies_of(held)
    first = np.full(len(labels) + 1, len(names))
    last = np.full(len(labels) + 1, -1)
    np.minimum.at(first, codes, held_in)
    np.maximum.at(last, codes, held_in)
    pairs = zip(first[:-1].tolist(), last[:-1].tolist(), strict=True)
    shared = [names[a] if a == b else None for a, b in pairs]
    principal_ccy = np.abs(held.tables["positions"].columns["notional"].values)
    return ChunkGroups(labels, codes, np.bincount(codes, minlength=len(labels) + 1), shared, principal_ccy)


def _totals_under(
    connection: Connection,
    run: RunRow,
    groups: ChunkGroups,
    columns: list[ResultColumn],
    facts: RunFacts,
    scenario_no: int,
) -> Iterator[Total]:
    sums = _sum_scenario(connection, run, groups, columns, facts, scenario_no)
    asked = {column.measure.name for column in columns}
    blanks = _blanks(sums.reason_counts, facts, asked)
    numbers = [column.number for column in columns]
    amounts = [column.number for column in columns if column.base_name]
    values = zip(*(_values(column, sums)[: len(groups.keys)] for column in columns), strict=True)
    natives = zip(*(_natives(column, sums)[: len(groups.keys)] for column in columns if column.base_name), strict=True)
    for place, (key, currency, own) in enumerate(zip(groups.keys, groups.currencies, values, strict=True)):
        total = Total(key, scenario_no, int(groups.sizes[place]), currency=currency)
        total.values = dict(zip(numbers, own, strict=True))
        native = next(natives, ())
        total.natives = dict(zip(amounts, native, strict=True)) if currency else {}
        total.reasons = {label: int(counts[place]) for label, counts in blanks.items() if counts[place]}
        total.left_out = left_out(total.reasons, asked)
        yield total


def left_out(reasons: dict[str, int], asked: set[str]) -> int:
    """Positions that the worst-served number leaves out; a measure that does not apply leaves nobody out."""
    by_measure: dict[str, int] = {}
    for label, count in reasons.items():
        measure, _, code = label.partition(":")
        if code != Reason.NOT_APPLICABLE.name and measure in counted(asked):
            by_measure[measure] = by_measure.get(measure, 0) + count
    return max(by_measure.values(), default=0)


def _sum_scenario(
    connection: Connection,
    run: RunRow,
    groups: ChunkGroups,
    columns: list[ResultColumn],
    facts: RunFacts,
    scenario_no: int,
) -> Sums:
    count, cursor = len(groups.keys) + 1, connection.cursor(binary=True)
    values, weights, natives = ({column.number: np.zeros(count) for column in columns} for _ in range(3))
    sums = Sums(values, weights, natives, {})
    names = {name for column in columns for name in columns_read(column.measure)}
    beside = {column.name: column.number for column in columns_of_run(run) if column.name in names}
    read = [column for column in columns_of_run(run) if column in columns or column.name in names]
    for piece in pieces_between(run, [scenario_no], 0, run.positions):
        codes = groups.codes[piece.rows]
        if (codes == len(groups.keys)).all():
            continue
        amounts = read_amounts(cursor, run, piece, read)
        rates = rates_of(identities_of(cursor, run, piece)["currency"], facts, scenario_no)
        whose = {name: np.nan_to_num(amounts[number]) for name, number in beside.items()}
        beside_them = Weights(whose, groups.principal_ccy[piece.rows])
        for column in columns:
            _add(sums, column, amounts[column.number], rates, beside_them, codes)
        _count_reasons(sums, cursor, run, piece, codes, count)
    return sums


@dataclass(frozen=True)
class Weights:
    """What averages are weighed by, in the currency of the positions: their columns, 0 where blank, and the size of
    their notional."""

    columns: dict[str, Array]
    principal_ccy: Array


def _add(sums: Sums, column: ResultColumn, amounts: Array, rates: Array, weights: Weights, codes: Array) -> None:
    """A position without the number adds nothing, neither to the sum nor to the weight; a missing exchange rate
    leaves no total at all."""
    number, adds, is_there = column.number, column.measure.adds, ~np.isnan(amounts)
    power = 2 if adds is Adds.ROOT_SUM_OF_SQUARES else 1

    def add_up(values: Array) -> Array:
        return np.bincount(codes[is_there], values[is_there], len(sums.values[number]))

    if adds in AVERAGES:
        weight = weight_of(column.measure, weights.columns.__getitem__, weights.principal_ccy) * rates
        in_base = brought(column.measure, amounts, lambda name: weights.columns[name] * rates, weight)
        sums.values[number] += add_up(in_base)
        sums.weights[number] += add_up(weight)
    else:
        sums.values[number] += add_up((amounts * rates if column.base_name else amounts) ** power)
        sums.weights[number] += add_up(is_there.astype(np.float64))
        sums.natives[number] += add_up(amounts**power)


def _count_reasons(sums: Sums, cursor: Any, run: RunRow, piece: Piece, codes: Array, count: int) -> None:
    numbers = read_reason_numbers(cursor, run, piece)
    for number in np.unique(numbers).tolist():
        counts = sums.reason_counts.setdefault(number, np.zeros(count, np.int64))
        counts += np.bincount(codes[numbers == number], minlength=count)


def _blanks(counts: dict[int, Array], facts: RunFacts, asked: set[str]) -> dict[str, Array]:
    """Positions by `MEASURE:CODE`, of the measures asked for."""
    blanks: dict[str, Array] = {}
    for number, positions in counts.items():
        for label in facts.reasons[number].as_py().split(";"):
            if label.partition(":")[0] in asked:
                blanks[label] = blanks.get(label, 0) + positions
    return blanks


def _values(column: ResultColumn, sums: Sums) -> list[float | None]:
    """By group. Blank where nobody contributes, where the weights cancel, or where an exchange rate is missing."""
    values, weights = sums.values[column.number], sums.weights[column.number]
    match column.measure.adds:
        case Adds.SUM:
            found = values
        case Adds.ROOT_SUM_OF_SQUARES:
            found = np.sqrt(values)
        case _:
            found = values / np.where(weights == 0, np.nan, weights)
    return _listed(found, weights)


def _natives(column: ResultColumn, sums: Sums) -> list[float | None]:
    values = sums.natives[column.number]
    is_root = column.measure.adds is Adds.ROOT_SUM_OF_SQUARES
    return _listed(np.sqrt(values) if is_root else values, sums.weights[column.number])


def _listed(values: Array, weights: Array) -> list[float | None]:
    found = values.astype(object)
    found[(weights == 0) | np.isnan(values)] = None
    listed: list[float | None] = found.tolist()
    return listed
