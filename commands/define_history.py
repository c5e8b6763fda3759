"""Past moves of the market as scenarios and a set of them: hundreds of definitions, stored in one go."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from commands.define_scenario import as_json, scenario_of, scenario_set_of
from commands.once import once, use_before
from commands.refusals import InvalidInput
from domain.answered_commands import Key
from domain.event import Envelope, Event
from domain.ports import EventStore
from domain.scenarios import versions as book
from domain.scenarios.past_moves import History, InvalidHistory, Row, read_history, scenarios_of
from domain.scenarios.shocks import Identifier, ScenarioDocument

PARQUET_MAGIC = b"PAR1"
MAX_HORIZON = 260
"""A year of observations."""
MAX_CELLS = 10_000_000
MAX_SET_ID = 64 - len(".2024-03-11")
SHAPE = "bring CSV (UTF-8, commas) or Parquet with the columns date,kind,name,tenor and move or level"

_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


@dataclass(frozen=True)
class DefineHistory:
    set_id: str
    horizon: int = 1
    """observations that a move spans"""
    last: int | None = None
    """moves kept, the latest; all of them without it"""
    rates_are_decimals: bool = False
    """levels that look like percent are meant as they stand"""


ReadHistory = Callable[[bytes, DefineHistory], History]


def define_history(
    store: EventStore,
    envelope: Envelope,
    raw: bytes,
    command: DefineHistory,
    read: ReadHistory | None = None,
    *,
    key: Key | None = None,
) -> dict[str, Any]:
    """All or nothing; the same history again is the same versions. `read` reads a file from outside elsewhere."""
    use_before(store, key)
    check_set_id(command.set_id)
    check_horizon(command.horizon)
    history = (read or history_of)(raw, command)
    documents = scenarios_of(history, command.set_id)
    defined, position = once(store, envelope, key, lambda: _decide(store, envelope, command, history, documents))
    return {**defined, "event_position": position}


def _decide(
    store: EventStore, envelope: Envelope, command: DefineHistory, history: History, documents: list[ScenarioDocument]
) -> tuple[list[Event], dict[str, object]]:
    scenarios = [scenario_of(store, document.scenario_id) for document in documents]
    events: list[Event] = []
    pinned: list[str] = []
    for document, scenario in zip(documents, scenarios, strict=True):
        fresh = book.define(scenario, envelope, document.scenario_id, as_json(document))
        events += fresh
        pinned.append(f"{document.scenario_id}@{len(scenario.versions) + len(fresh)}")
    scenario_set = scenario_set_of(store, command.set_id)
    of_set = book.define_set(scenario_set, envelope, command.set_id, pinned)
    events += of_set
    return events, {
        "scenario_set_id": command.set_id,
        "version": len(scenario_set.versions) + len(of_set),
        "scenarios": len(documents),
        "first_date": str(history.dates[0]),
        "last_date": str(history.dates[-1]),
        "series": [str(series) for series in history.series],
        "horizon": command.horizon,
    }


def check_set_id(set_id: str) -> None:
    try:
        _IDENTIFIER.validate_python(set_id)
    except ValidationError as error:
        fix = error.errors(include_url=False)[0].get("ctx", {}).get("fix", "correct it")
        raise InvalidInput("INVALID_HISTORY", f"a set cannot be called {set_id!r}", fix) from error
    if len(set_id) > MAX_SET_ID:
        message = f"the name of a history has at most {MAX_SET_ID} characters: each scenario's adds a date to it"
        raise InvalidInput("INVALID_HISTORY", message, "choose a shorter name")


def check_horizon(horizon: int) -> None:
    if not 1 <= horizon <= MAX_HORIZON:
        message = f"a move spans 1 to {MAX_HORIZON} observations, not {horizon}"
        raise InvalidInput("INVALID_HISTORY", message, "ask for a shorter horizon")


def history_of(raw: bytes, command: DefineHistory) -> History:
    """Raises InvalidInput with every problem, by row and column."""
    header, rows = _parquet(raw) if raw.startswith(PARQUET_MAGIC) else _csv(raw)
    try:
        return read_history(
            header, rows, horizon=command.horizon, last=command.last, rates_are_decimals=command.rates_are_decimals
        )
    except InvalidHistory as invalid:
        problems = [asdict(each) | {"path": _place(each.row, each.column)} for each in invalid.problems]
        first = problems[0]
        more = f" (and {invalid.total - 1:,} more)" if invalid.total > 1 else ""
        if invalid.total > len(problems):
            more += f"; the first {len(problems):,} are listed"
        message = f"the history cannot be used: {first['path']}: {first['message']}{more}"
        raise InvalidInput("INVALID_HISTORY", message, first["fix"], problems) from invalid


def _place(row: int | None, column: str) -> str:
    return column if row is None else f"row {row} {column}"


def _csv(raw: bytes) -> tuple[list[str], Iterator[Row]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("INVALID_HISTORY", "the history is neither UTF-8 text nor Parquet", SHAPE) from error
    lines = _lines(text)
    header = [name.strip() for name in next(lines, [])]
    rows = (
        Row(number, dict(zip(header, cells, strict=False))) for number, cells in enumerate(lines, start=2) if any(cells)
    )
    return header, rows


def _lines(text: str) -> Iterator[list[str]]:
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        yield from lines
    except csv.Error as error:
        message = f"line {lines.line_num:,} holds a cell of more than {csv.field_size_limit():,} characters"
        fix = "look for a quotation mark that is never closed"
        raise InvalidInput("INVALID_HISTORY", f"the history cannot be used: {message}", fix) from error


def _parquet(raw: bytes) -> tuple[list[str], Iterator[Row]]:
    try:
        file = pq.ParquetFile(pa.BufferReader(raw))
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        if rows * columns > MAX_CELLS:
            message = f"the history has {rows:,} rows of {columns} columns; the limit is {MAX_CELLS:,} cells"
            raise InvalidInput("LIMIT_EXCEEDED", message, "bring fewer dates or series")
        table = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidInput("INVALID_HISTORY", "the Parquet file is damaged", SHAPE) from error
    named = (
        Row(number, {name: _text(value) for name, value in each.items()})
        for number, each in enumerate(table.to_pylist(), start=2)
    )
    return table.column_names, named


def _text(value: Any) -> str:
    """A number's shortest text reads back to the same double; a timestamp at midnight is its date."""
    if value is None:
        return ""
    return str(value).removesuffix(" 00:00:00")
