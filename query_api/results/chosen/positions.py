"""Position rows that were asked for by filter, node, beginning of an id, or in another order; with further columns."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from query_api.errors import BadQuery
from query_api.reading import Array, Connection
from query_api.results.chosen.attached import Attached, texts_at
from query_api.results.chosen.fields import NamedPortfolio
from query_api.results.chosen.gather import gather_amounts, gather_details, gather_reason_numbers
from query_api.results.chosen.prepayment import field_of_models, models_of_market
from query_api.results.chosen.selection import Chooser, Wanted, base_rates
from query_api.results.columns import IDENTITY, Layout, layout
from query_api.results.table import (
    ResultTable,
    RunFacts,
    facts_of_run,
    numbers_of,
    position_results,
    schema_of,
)
from query_api.runs import NamedRun, RunRow, queryable_run, scenario_numbers

LoadBook = Callable[[str], NamedPortfolio]
"""A snapshot with its names, by sha256."""

SELECT_PORTFOLIO_SHA256 = "SELECT sha256 FROM read.snapshot WHERE snapshot_id = %s"

ROWS_OF_A_BATCH = 4_096
ROWS_OF_A_SORTED_BATCH = 131_072
"""Rows in another order than the run's come from many chunks, which are read for each batch anew."""

INDEX, SNAPSHOT, SCAN = "index", "snapshot", "scan"
"""How rows were found: by their place, by the snapshot's columns, by reading results of every position."""


@dataclass(frozen=True)
class Question:
    """What is asked of a run's positions."""

    scenario: str | None = None
    measures: list[str] | None = None
    columns: list[str] | None = None
    attached: list[str] = field(default_factory=list)
    wanted: Wanted = field(default_factory=Wanted)
    start: int = 0
    limit: int | None = None


@dataclass(frozen=True)
class Answer:
    table: ResultTable
    found_by: str


def positions_asked(connection: Connection, named: NamedRun, question: Question, load_book: LoadBook | None) -> Answer:
    """Rows in the snapshot's order, or as sorted, scenario after scenario; `start` and `limit` cut a page."""
    run = queryable_run(connection, named)
    models = models_of_market(connection, run)
    book = book_of(connection, run, load_book) if models and load_book is not None else None
    model = field_of_models(book, models) if book is not None else None
    if not question.wanted and not question.attached and model is None:
        table = position_results(
            connection,
            run.run_id,
            scenario=question.scenario,
            measures=question.measures,
            columns=question.columns,
            start=question.start,
            limit=question.limit,
        )
        return Answer(table, INDEX)
    asked, scenarios = layout(run, question.measures, question.columns), scenario_numbers(run, question.scenario)
    book = book or book_of(connection, run, load_book)
    chooser = Chooser(connection, run, book, question.wanted)
    attached = Attached(book, question.attached, schema_of(run, asked).names, model)
    schema = schema_of(run, asked, attached.fields)
    chosen = [(scenario_no, chooser.rows(scenario_no)) for scenario_no in scenarios]
    total = sum(len(rows) for _, rows in chosen)
    stop = total if question.limit is None else min(total, question.start + question.limit)
    batch_rows = ROWS_OF_A_SORTED_BATCH if question.wanted.sort else ROWS_OF_A_BATCH
    reader = _Reader(connection, run, book, asked, attached, schema)
    batches = (reader.batch(*each) for each in _cut(chosen, question.start, stop, batch_rows))
    found_by = SCAN if chooser.scans else SNAPSHOT
    return Answer(ResultTable(schema, batches, total, f"run-{run.run_id}"), found_by)


def book_of(connection: Connection, run: RunRow, load_book: LoadBook | None) -> NamedPortfolio:
    row = connection.execute(SELECT_PORTFOLIO_SHA256, (run.portfolio_snapshot_id,)).fetchone()
    if load_book is None or row is None:
        raise BadQuery("this service cannot read the portfolio of this run", "ask without filter, node, sort and with")
    return load_book(row[0])


def _cut(chosen: list[tuple[int, Array]], start: int, stop: int, most: int) -> Iterator[tuple[int, Array]]:
    """Rows [start, stop) of all scenarios' one after another, a batch at a time, each under one scenario."""
    before = 0
    for scenario_no, rows in chosen:
        mine = rows[max(0, start - before) : max(0, stop - before)]
        before += len(rows)
        for first in range(0, len(mine), most):
            yield scenario_no, mine[first : first + most]


@dataclass(frozen=True)
class _Reader:
    connection: Connection
    run: RunRow
    book: NamedPortfolio
    asked: Layout
    attached: Attached
    schema: pa.Schema

    def batch(self, scenario_no: int, rows: Array) -> pa.RecordBatch:
        cursor, facts = self.connection.cursor(binary=True), self._facts()
        numbers = [column.number for column in self.asked.columns]
        amounts = gather_amounts(cursor, self.run, rows, scenario_no, numbers)
        reasons = pa.array(gather_reason_numbers(cursor, self.run, rows, scenario_no))
        rates = base_rates(self.book, facts, scenario_no, rows)
        scenario = pa.scalar(self.run.scenario_ids[scenario_no], pa.string())
        details = [pa.array(gather_details(cursor, self.run, rows), pa.string())] if self.asked.detail else []
        arrays: list[Any] = [
            *(self._identity(name, rows) for name in IDENTITY),
            pa.repeat(scenario, len(rows)),
            facts.statuses.take(reasons),
            facts.reasons.take(reasons),
            *numbers_of(self.asked, amounts, rates),
            *details,
            *self.attached.arrays(rows),
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _facts(self) -> RunFacts:
        return facts_of_run(self.connection, self.run, self.asked)

    def _identity(self, name: str, rows: Array) -> pa.Array:
        """A blank one is the empty text, as in the tables of the run."""
        held = self.book.field(name)
        if held is None:
            return pa.repeat(pa.scalar("", pa.string()), len(rows))
        part = held.parts[0]
        return texts_at(part.column.categories, part.column.values[part.rows[rows]], ~part.speaks[rows]).fill_null("")
