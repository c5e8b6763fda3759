"""Backtests of VaR figures: those that a file brings with each day's gain, and those that a run's own history gives.

For a run each day of the history is held against the VaR of the days before it: today's positions throughout, so
that no trade and no payment blurs the comparison.
"""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.documents import MAX_TOLD, nearest, shown
from domain.scenarios.versions import BASE
from query_api.errors import BadQuery
from query_api.reading import Connection
from query_api.results.group_of_position import TOTAL, LoadPortfolio
from query_api.runs import queryable_run
from query_api.value_at_risk.coverage_tests import MIN_DAYS, Test, backtest
from query_api.value_at_risk.gains import gains_by_group
from query_api.value_at_risk.history import history_of_run
from query_api.value_at_risk.rows import CONFIDENCE, Asked
from query_api.value_at_risk.tail_statistics import tail_figures

Document = dict[str, Any]

WINDOW = 250
COLUMNS = ("date", "pnl", "var")
SHAPE = "bring CSV with the columns date,pnl,var: the day's gain, and the VaR stated for it as a positive loss"


@dataclass(frozen=True)
class Day:
    name: str
    """a date, or a scenario"""
    pnl: float
    var: float

    @property
    def is_exception(self) -> bool:
        return -self.pnl > self.var


def backtest_run(
    connection: Connection,
    run_id: str | UUID,
    *,
    node: str | None = None,
    history: str | None = None,
    confidence: float = CONFIDENCE,
    window: int = WINDOW,
    load_portfolio: LoadPortfolio | None = None,
) -> Document:
    asked = Asked(None, node, confidence)
    run = queryable_run(connection, run_id)
    past = history_of_run(connection, run, history)
    days = len(past.numbers) - window
    if window < MIN_DAYS or days < MIN_DAYS:
        message = f"{len(past.numbers)} days of history leave {max(days, 0)} to test after a window of {window}"
        raise BadQuery(message, "use a shorter window, or a run over a longer history")
    found = gains_by_group(connection, run, run.scenarios.index(BASE), past.numbers, TOTAL, node, load_portfolio)
    gains = found.gains[0]
    if math.isnan(float(gains.sum())):
        raise BadQuery("no position has a value", "look at the reasons: `tenor results RUN`")
    tested = [
        Day(
            run.scenario_ids[past.numbers[place]],
            float(gains[place]),
            tail_figures(gains[place - window : place], asked.confidence, asked.es_confidence).var,
        )
        for place in range(window, len(gains))
    ]
    whose = {"run_id": str(run.run_id), "node": node or "", "history": past.name, "window": window}
    return whose | {"base_currency": run.base_currency} | _document(tested, confidence)


def backtest_file(raw: bytes, confidence: float = CONFIDENCE) -> Document:
    """Of the days in a file, in the order of their dates."""
    Asked(None, None, confidence)
    days, problems, count = _read(raw)
    if not problems and len(days) < MIN_DAYS:
        problems = [_problem(None, "date", str(len(days)), "a backtest needs two days or more", "bring more days")]
    if problems:
        first = problems[0]
        more = f" (and {count - 1:,} more)" if count > 1 else ""
        if count > len(problems):
            more += f"; the first {len(problems):,} are listed"
        raise BadQuery(
            f"the file cannot be used: {first['path']}: {first['message']}{more}", first["fix"], problems=problems
        )
    return _document(sorted(days, key=lambda day: day.name), confidence)


def _document(days: list[Day], confidence: float) -> Document:
    found = backtest([day.is_exception for day in days], confidence)
    return {
        "confidence": confidence,
        "days": found.days,
        "exceptions": found.exceptions,
        "expected_exceptions": found.expected,
        **_test("kupiec", found.kupiec),
        **_test("independence", found.independence),
        **_test("conditional_coverage", found.conditional_coverage),
        "zone": found.zone.value,
        "cumulative_probability": found.cumulative_probability,
        "exception_days": [{"date": d.name, "pnl": d.pnl, "var": d.var} for d in days if d.is_exception],
    }


def _test(name: str, test: Test) -> Document:
    return {f"{name}_lr": test.statistic, f"{name}_p_value": test.p_value, f"{name}_rejects": test.rejects}


def _read(raw: bytes) -> tuple[list[Day], list[Document], int]:
    """The good rows, what is wrong with the others, and how much that is; rows count as a spreadsheet does."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], [_problem(None, "", "", "this is not UTF-8 text", SHAPE)], 1
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        return _days(lines)
    except csv.Error:
        message = f"a cell has more than {csv.field_size_limit():,} characters"
        fix = "look for a quotation mark that is never closed"
        return [], [_problem(lines.line_num, "", "", message, fix)], 1


def _days(lines: Iterator[list[str]]) -> tuple[list[Day], list[Document], int]:
    header = [name.strip() for name in next(lines, [])]
    missing = [_problem(1, name, "", f"there is no column {name}", SHAPE) for name in COLUMNS if name not in header]
    if missing:
        return [], missing, len(missing)
    unknown = [name for name in header if name and name not in COLUMNS]
    if unknown:
        return [], [_unknown_column(name) for name in unknown[:MAX_TOLD]], len(unknown)
    days, problems, count, seen = [], list[Document](), 0, set[str]()
    for number, cells in enumerate(lines, start=2):
        if any(cell.strip() for cell in cells):
            found = _day(number, dict(zip(header, (cell.strip() for cell in cells), strict=False)), seen)
            if isinstance(found, Day):
                days.append(found)
            else:
                count += len(found)
                problems += found[: MAX_TOLD - len(problems)]
    return days, problems, count


def _unknown_column(name: str) -> Document:
    close = nearest(name, COLUMNS)
    fix = f"did you mean {close!r}? Correct the name, or remove the column" if close else "remove it"
    return _problem(1, shown(name), "", f"a backtest has no column {shown(name)!r}", fix)


def _day(number: int, cells: dict[str, str], seen: set[str]) -> Day | list[Document]:
    problems, day = [], cells.get("date", "")
    try:
        day = date.fromisoformat(day).isoformat()
    except ValueError:
        problems.append(_problem(number, "date", day, "this is not a date", "write it as YYYY-MM-DD"))
    if day in seen:
        problems.append(_problem(number, "date", day, "the date stands in an earlier row", "keep one of the rows"))
    seen.add(day)
    pnl, var = (_number(cells.get(name, "")) for name in ("pnl", "var"))
    for name, value in (("pnl", pnl), ("var", var)):
        if value is None:
            text = cells.get(name, "")
            problems.append(_problem(number, name, text, "this is not a finite number", "write a plain number"))
    if var is not None and var < 0:
        problems.append(_problem(number, "var", f"{var:g}", "a VaR is a loss, and positive", "turn its sign"))
    return problems or Day(day, pnl or 0.0, var or 0.0)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _problem(row: int | None, column: str, value: str, message: str, fix: str) -> Document:
    path = column if row is None else f"row {row} {column}"
    return {"path": path, "row": row, "column": column, "value": shown(value), "message": message, "fix": fix}
