"""A file of past moves, or of past levels, as scenarios: one for every date, and what makes such a file unusable.

    date, kind, name, tenor, move | level

    kind     name                      tenor   move                        level
    CURVE    a curve id, or a pattern  5Y      basis points of zero rate   decimal, continuously compounded
    SPREAD   rating=BBB;sector=BANK            basis points                decimal
    FX       EURUSD                            per cent of the spot        spot
    VOL      a surface id, or a pattern        per cent of itself          volatility

The last column's name says which of the two the file holds.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from domain.documents import MAX_RATE, MAX_TOLD, IsoDate, Pair, nearest, shown
from domain.market import percent
from domain.market.parts import Tenor
from domain.scenarios.shocks import ScenarioDocument
from domain.texts import CODE, FIX, is_clean, named, visible

COLUMNS = ("date", "kind", "name", "tenor")
KEY_COLUMNS = ("date", "kind", "name")
MOVE, LEVEL = "move", "level"
BASIS_POINTS, PER_CENT = 10_000.0, 100.0
MAX_BP, MAX_PCT = 10_000.0, 1_000.0
MOVE_DIGITS = 10
"""Decimals of a move that survive: what a difference of two decimals adds beyond them is rounding."""


class Kind(StrEnum):
    CURVE = "CURVE"
    SPREAD = "SPREAD"
    FX = "FX"
    VOL = "VOL"

    @property
    def is_relative(self) -> bool:
        """Moves in per cent of the level, not in basis points."""
        return self in (Kind.FX, Kind.VOL)


class Series(NamedTuple):
    """What moves."""

    kind: Kind
    name: str
    tenor: str

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


@dataclass(frozen=True)
class HistoryProblem:
    """`row` counts as a spreadsheet does, the header being row 1; None speaks of the whole file."""

    row: int | None
    column: str
    code: str
    value: str
    message: str
    fix: str


class InvalidHistory(ValueError):
    """`problems` lists the first MAX_TOLD; `total` counts."""

    def __init__(self, problems: Iterable[HistoryProblem], more: int = 0) -> None:
        found = list(problems)
        self.total = len(found) + more
        self.problems = found[:MAX_TOLD]
        super().__init__("; ".join(each.message for each in self.problems))


@dataclass(frozen=True)
class Row:
    """A line of the file, each cell as text."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class History:
    """Moves by date; every series has one on every date."""

    series: tuple[Series, ...]
    dates: tuple[date, ...]
    moves: tuple[tuple[float, ...], ...]
    """[dates][series] basis points or per cent"""


@dataclass
class _Reading:
    """What has been read so far, and what was wrong with it."""

    values: dict[Series, dict[date, float]] = field(default_factory=dict)
    rows: dict[tuple[Series, date], int] = field(default_factory=dict)
    problems: list[HistoryProblem] = field(default_factory=list)
    more: int = 0
    """problems beyond those kept"""

    def report(self, problems: Iterable[HistoryProblem]) -> None:
        for problem in problems:
            if len(self.problems) < MAX_TOLD:
                self.problems.append(problem)
            else:
                self.more += 1


def read_history(
    header: Sequence[str],
    rows: Iterable[Row],
    *,
    horizon: int = 1,
    last: int | None = None,
    rates_are_decimals: bool = False,
) -> History:
    """The moves over `horizon` observations, overlapping, of the last dates; raises InvalidHistory with all problems.

    A move of several observations is the sum of their basis points, and the product of their percentages.
    Levels that look like percent are wrong unless `rates_are_decimals` says that they are meant.
    """
    holds = _what_it_holds(header)
    reading = _Reading()
    for row in rows:
        _read_row(reading, row, holds)
    if holds == LEVEL and not rates_are_decimals:
        reading.report(_suspicions(reading))
    dates = sorted({day for by_day in reading.values.values() for day in by_day})
    _find_gaps(reading, dates)
    _find_too_short(reading, len(dates), holds, horizon)
    if reading.problems:
        raise InvalidHistory(reading.problems, reading.more)
    series = tuple(sorted(reading.values))
    levels = [[reading.values[each][day] for day in dates] for each in series]
    columns = [_moves(each.kind, values, holds, horizon) for each, values in zip(series, levels, strict=True)]
    moves = [tuple(column[i] for column in columns) for i in range(len(columns[0]))]
    kept = len(moves) if last is None else min(last, len(moves))
    history = History(series, tuple(dates[-kept:]), tuple(moves[-kept:]))
    _refuse_impossible(history)
    return history


def scenarios_of(history: History, set_id: str) -> list[ScenarioDocument]:
    """`SET.2024-03-11`: what moved up to that date, as one scenario."""
    name = "Moves up to {}"
    return [
        ScenarioDocument(
            scenario_id=f"{set_id}.{day}", name=name.format(day), shocks=tuple(_shocks(history.series, moves))
        )
        for day, moves in zip(history.dates, history.moves, strict=True)
    ]


def match_of(name: str) -> dict[str, str]:
    """`rating=BBB;sector=BANK` as a SPREAD shock matches it; empty where it cannot be read."""
    pairs = [part.partition("=") for part in name.split(";")]
    if not all(attribute.strip() and separator for attribute, separator, _ in pairs):
        return {}
    return {attribute.strip(): pattern.strip() for attribute, _, pattern in pairs}


def _shocks(series: Sequence[Series], moves: Sequence[float]) -> Iterable[Any]:
    """Series are sorted, so the tenors of a curve stand together."""
    for (kind, name), group in groupby(zip(series, moves, strict=True), lambda each: each[0][:2]):
        members = list(group)
        size = members[0][1]
        match kind:
            case Kind.CURVE:
                yield {
                    "kind": "CURVE_MOVE",
                    "curves": name,
                    "moves": [{"tenor": each.tenor, "bp": bp} for each, bp in members],
                }
            case Kind.SPREAD:
                yield {"kind": "SPREAD", "match": match_of(name), "bp": size}
            case Kind.FX:
                yield {"kind": "FX", "pair": name, "pct": size}
            case _:
                yield {"kind": "VOL", "surfaces": name, "pct": size}


def _what_it_holds(header: Sequence[str]) -> str:
    problems = [
        HistoryProblem(
            1, name, "MISSING_COLUMN", "", f"there is no column {name}", f"add it: {','.join(COLUMNS)},{MOVE}"
        )
        for name in KEY_COLUMNS
        if name not in header
    ]
    unknown = [name for name in header if name and name not in (*COLUMNS, MOVE, LEVEL)]
    problems += map(_unknown_column, unknown[:MAX_TOLD])
    held = [name for name in (MOVE, LEVEL) if name in header]
    if len(held) != 1:
        message = "a history holds moves or levels: it has " + (f"both {MOVE} and {LEVEL}" if held else "neither")
        problems.append(HistoryProblem(1, MOVE, "MOVE_OR_LEVEL", "", message, f"keep one column, {MOVE} or {LEVEL}"))
    if problems:
        raise InvalidHistory(problems, max(len(unknown) - MAX_TOLD, 0))
    return held[0]


def _unknown_column(name: str) -> HistoryProblem:
    close = nearest(name, (*COLUMNS, MOVE, LEVEL))
    fix = f"did you mean {close!r}? Correct the name, or remove the column" if close else "remove it"
    return HistoryProblem(1, shown(name), "UNKNOWN_COLUMN", "", f"a history has no column {shown(name)!r}", fix)


def _read_row(reading: _Reading, row: Row, holds: str) -> None:
    found = [_day(row), _series(row), _number(row, holds)]
    problems = [each for each in found if isinstance(each, HistoryProblem)]
    if problems:
        reading.report(problems)
        return
    day, series, value = found
    assert isinstance(day, date) and isinstance(series, Series) and isinstance(value, float)
    before = reading.rows.setdefault((series, day), row.number)
    if before != row.number:
        message = f"{series} on {day} stands in row {before} already"
        reading.report([HistoryProblem(row.number, "date", "DUPLICATE", str(day), message, "keep one of the rows")])
    reading.report(_impossible_level(row, series, value) if holds == LEVEL else ())
    reading.values.setdefault(series, {})[day] = value


_DAY: TypeAdapter[date] = TypeAdapter(IsoDate)
_TENOR: TypeAdapter[str] = TypeAdapter(Tenor)
_PAIR: TypeAdapter[str] = TypeAdapter(Pair)


def _checked(adapter: TypeAdapter[Any], row: Row, column: str, code: str) -> Any:
    """The value, or the problem with it in the words that its own type has."""
    text = row.cells.get(column, "").strip()
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        fix = first.get("ctx", {}).get("fix", "correct it")
        return HistoryProblem(row.number, column, code, shown(text), visible(first["msg"]), fix)


def _day(row: Row) -> date | HistoryProblem:
    found: date | HistoryProblem = _checked(_DAY, row, "date", "INVALID_DATE")
    return found


def _series(row: Row) -> Series | HistoryProblem:
    kind_text, name, tenor = (row.cells.get(column, "").strip() for column in ("kind", "name", "tenor"))
    if not is_clean(name):
        return HistoryProblem(row.number, "name", CODE, shown(name), f"the name holds {named(name)}", FIX)
    if kind_text not in Kind.__members__:
        fix = f"use one of {', '.join(Kind)}"
        return HistoryProblem(
            row.number, "kind", "UNKNOWN_KIND", shown(kind_text), f"there is no kind {shown(kind_text)!r}", fix
        )
    kind, problem = Kind(kind_text), None
    if not name or len(name) > 128:
        return HistoryProblem(
            row.number, "name", "REQUIRED", shown(name), "what moves has no name", "name the curve, pair, match, …"
        )
    if kind is Kind.CURVE:
        problem = _checked(_TENOR, row, "tenor", "INVALID_TENOR")
    elif tenor:
        message = f"a {kind} has no tenor"
        problem = HistoryProblem(row.number, "tenor", "UNEXPECTED_TENOR", shown(tenor), message, "leave the cell empty")
    elif kind is Kind.FX:
        problem = _checked(_PAIR, row, "name", "INVALID_PAIR")
    elif kind is Kind.SPREAD and not match_of(name):
        message, fix = (
            "this does not say whose spread moves",
            "write attribute=pattern: rating=BBB, or rating=A;sector=*",
        )
        problem = HistoryProblem(row.number, "name", "INVALID_MATCH", name, message, fix)
    return problem if isinstance(problem, HistoryProblem) else Series(kind, name, tenor)


def _number(row: Row, column: str) -> float | HistoryProblem:
    text = row.cells.get(column, "").strip()
    try:
        value = float(text)
    except ValueError:
        fix = "write a plain number with a decimal point" if text else f"give every row its {column}"
        return HistoryProblem(row.number, column, "NOT_A_NUMBER", shown(text), "this is not a number", fix)
    if not math.isfinite(value):
        return HistoryProblem(
            row.number, column, "NOT_FINITE", shown(text), "NaN and Infinity are not numbers", "give a number"
        )
    return value


def _impossible_level(row: Row, series: Series, level: float) -> list[HistoryProblem]:
    if series.kind.is_relative and level <= 0:
        message, fix = f"a {series.kind} level is above nil", "give the level, not its logarithm or change"
    elif not series.kind.is_relative and abs(level) > MAX_RATE:
        message, fix = f"a rate beyond {MAX_RATE:.0%}, probably in percent", "rates are decimals: 5 % is 0.05"
        return [HistoryProblem(row.number, LEVEL, percent.CODE, f"{level:g}", message, fix)]
    else:
        return []
    return [HistoryProblem(row.number, LEVEL, "OUT_OF_RANGE", f"{level:g}", message, fix)]


_LIMITS = {
    Kind.CURVE: (percent.RATE, "zero rate"),
    Kind.SPREAD: (percent.RATE, "spread"),
    Kind.VOL: (percent.LOGNORMAL_VOLATILITY, "volatility"),
}


def _suspicions(reading: _Reading) -> Iterable[HistoryProblem]:
    """One for a series, at the first of its levels that is beyond what a decimal would be."""
    for series, by_day in sorted(reading.values.items()):
        limit, what = _LIMITS.get(series.kind, (math.inf, ""))
        for day, level in by_day.items():
            if abs(level) > limit:
                message = f"{series}: a {what} beyond {limit:g}, probably in percent"
                yield HistoryProblem(reading.rows[series, day], LEVEL, percent.CODE, f"{level:g}", message, percent.FIX)
                break


def _find_gaps(reading: _Reading, dates: Sequence[date]) -> None:
    """A day on which something has no value is no scenario: nothing is filled in behind the user's back."""
    for series, by_day in sorted(reading.values.items()):
        missing = len(dates) - len(by_day)
        if missing:
            first = next(day for day in dates if day not in by_day)
            more = f" and {missing - 1} more" if missing > 1 else ""
            message = f"{series} has no value on {first}{more}"
            fix = "add the rows, or take those dates out for every series"
            reading.report([HistoryProblem(None, "date", "MISSING_VALUE", str(first), message, fix)])


def _find_too_short(reading: _Reading, dates: int, holds: str, horizon: int) -> None:
    needed = horizon + (holds == LEVEL)
    if dates < needed and not reading.problems:
        message = f"a move over {horizon} observations needs {needed} dates, the file has {dates}"
        reading.report([HistoryProblem(None, "date", "TOO_SHORT", str(dates), message, "bring a longer history")])


def _moves(kind: Kind, values: Sequence[float], holds: str, horizon: int) -> list[float]:
    """[moves] the last of them ends on the last date."""
    if holds == LEVEL:
        pairs = zip(values, values[horizon:], strict=False)
        found = [(b / a - 1) * PER_CENT if kind.is_relative else (b - a) * BASIS_POINTS for a, b in pairs]
    else:
        windows = [values[i : i + horizon] for i in range(len(values) - horizon + 1)]
        found = [_compounded(each) if kind.is_relative else math.fsum(each) for each in windows]
    return [round(move, MOVE_DIGITS) for move in found]


def _compounded(moves_pct: Sequence[float]) -> float:
    return (math.prod(1 + each / PER_CENT for each in moves_pct) - 1) * PER_CENT


def _refuse_impossible(history: History) -> None:
    """Moves that no scenario can hold."""
    problems = []
    for day, moves in zip(history.dates, history.moves, strict=True):
        for series, move in zip(history.series, moves, strict=True):
            relative = series.kind.is_relative
            if not (-100 < move <= MAX_PCT if relative else abs(move) <= MAX_BP):
                bound = f"above -100 % and up to {MAX_PCT:g} %" if relative else f"within {MAX_BP:g} bp"
                message = f"{series} moves by {move:g} {'%' if relative else 'bp'} up to {day}"
                problems.append(
                    HistoryProblem(
                        None, "move", "OUT_OF_RANGE", f"{move:g}", message, f"moves are {bound}: check units"
                    )
                )
    if problems:
        raise InvalidHistory(problems)
