"""Position results of a run as one table, streamed chunk by chunk: memory does not grow with the run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from domain.measures.measures import BY_NAME
from query_api.frames import parts_of, unpacked
from query_api.reading import Array, Connection, Cursor, unpacked_numbers, unpacked_texts
from query_api.results.columns import DETAIL, FIRST, IDENTITY, Layout, ResultColumn, layout, table_metadata
from query_api.runs import NamedRun, RunRow, queryable_run, scenario_numbers

SELECT_POSITIONS = """
SELECT position_id, instrument_id, book_id, product_type, currency, detail
  FROM read.result_position WHERE run_no = %s AND chunk_no = %s
"""

SELECT_FRAMES = """
SELECT column_no, part_no, scenario_no, packed FROM read.result_chunk
 WHERE run_no = %s AND chunk_no = %s AND part_no BETWEEN %s AND %s
   AND scenario_no = ANY(%s::smallint[]) AND column_no = ANY(%s::smallint[])
"""

SELECT_STATUS = "SELECT reason_no FROM read.result_status WHERE run_no = %s AND chunk_no = %s AND scenario_no = %s"

SELECT_REASONS = "SELECT reason_no, status, reason FROM read.result_reason WHERE run_no = %s"

SELECT_FX = "SELECT scenario_no, currency, rate FROM read.result_fx WHERE run_no = %s"


@dataclass(frozen=True)
class ResultTable:
    """A table on its way: its schema, how many rows it has in all, and its rows in batches, to be read once."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    rows: int
    name: str

    @classmethod
    def of(cls, table: pa.Table, name: str) -> "ResultTable":
        return cls(table.schema, iter(table.to_batches()), table.num_rows, name)


@dataclass(frozen=True)
class Piece:
    """Rows [first, last) of a chunk under a scenario; `picks` of them where not all of them are in scope."""

    scenario_no: int
    chunk_no: int
    first: int
    last: int
    start: int
    """the place of its first row among the run's"""
    picks: Array | None = None

    @property
    def count(self) -> int:
        return self.last - self.first if self.picks is None else len(self.picks)

    @property
    def rows(self) -> slice:
        """Places among the run's."""
        return slice(self.start, self.start + self.count)

    def picked(self, values: Array) -> Array:
        """Of values of [first, last)."""
        return values if self.picks is None else values[self.picks]


@dataclass(frozen=True)
class RunFacts:
    """What is the same for every chunk: exchange rates by (scenario, currency), status and reason by number."""

    rates: dict[tuple[int, str], float]
    statuses: pa.Array
    reasons: pa.Array


def position_results(
    connection: Connection,
    named: NamedRun,
    *,
    scenario: str | None = None,
    measures: list[str] | None = None,
    columns: list[str] | None = None,
    start: int = 0,
    limit: int | None = None,
) -> ResultTable:
    """Rows in the snapshot's order, scenario after scenario; `start` and `limit` cut a page out of them."""
    run = queryable_run(connection, named)
    asked = layout(run, measures, columns)
    scenarios = scenario_numbers(run, scenario)
    schema = schema_of(run, asked)
    total = run.positions * len(scenarios)
    stop = total if limit is None else min(total, start + limit)
    pieces = pieces_between(run, scenarios, start, stop)
    return ResultTable(schema, _batches(connection, run, asked, schema, pieces), total, f"run-{run.run_id}")


def schema_of(run: RunRow, asked: Layout, attached: Sequence[pa.Field] = ()) -> pa.Schema:
    fields = [*(pa.field(name, pa.string()) for name in FIRST), *asked.fields(run.base_currency)]
    fields += [pa.field(DETAIL, pa.string())] if asked.detail else []
    return pa.schema([*fields, *attached], metadata=table_metadata(run))


def reasons_shown(reasons: pa.Array, asked: Layout) -> pa.Array:
    """Of the measures that are shown alone; where none is, of all that are shown without being named."""
    shown = {each.column.measure.name for each in asked.shown}
    shown = shown or {name for name, measure in BY_NAME.items() if not measure.is_beside}
    kept = [
        [part for part in (text or "").split(";") if part.partition(":")[0] in shown] for text in reasons.to_pylist()
    ]
    return pa.array([";".join(parts) for parts in kept], pa.string())


def pieces_between(run: RunRow, scenarios: list[int], start: int, stop: int) -> Iterator[Piece]:
    """Row k * positions + i of the table is position i under the k-th scenario."""
    if run.rows is not None:
        yield from _pieces_in_scope(run, run.rows, scenarios, start, stop)
        return
    while start < stop:
        turn, row = divmod(start, run.positions)
        chunk_no, first = divmod(row, run.chunk_size)
        rows = min(run.chunk_size - first, run.positions - row, stop - start)
        yield Piece(scenarios[turn], chunk_no, first, first + rows, row)
        start += rows


def _pieces_in_scope(run: RunRow, places: Array, scenarios: list[int], start: int, stop: int) -> Iterator[Piece]:
    chunks = places // run.chunk_size
    while start < stop:
        turn, row = divmod(start, run.positions)
        chunk_no = int(chunks[row])
        end = min(int(np.searchsorted(chunks, chunk_no, side="right")), row + stop - start)
        within = places[row:end] - chunk_no * run.chunk_size
        first = int(within[0])
        yield Piece(scenarios[turn], chunk_no, first, int(within[-1]) + 1, row, within - first)
        start += end - row


def chunks_of(run: RunRow) -> Iterator[Piece]:
    """A piece for each chunk that holds positions, all of them that are in scope."""
    return pieces_between(run, [0], 0, run.positions)


def facts_of_run(connection: Connection, run: RunRow, asked: Layout | None = None) -> RunFacts:
    """The reasons of the measures that are asked for; without, every reason whole."""
    rates = {(number, currency): rate for number, currency, rate in connection.execute(SELECT_FX, (run.run_no,))}
    known = {number: words for number, *words in connection.execute(SELECT_REASONS, (run.run_no,))}
    words = [known.get(number, (None, None)) for number in range(max(known, default=0) + 1)]
    statuses, reasons = zip(*words, strict=True)
    told = pa.array(reasons, pa.string())
    return RunFacts(rates, pa.array(statuses, pa.string()), reasons_shown(told, asked) if asked else told)


def read_identities(cursor: Cursor, run: RunRow, chunk_no: int) -> dict[str, pa.Array]:
    """position_id, instrument_id, book_id, product_type, currency and detail of a chunk's rows."""
    *who, details = cursor.execute(SELECT_POSITIONS, (run.run_no, chunk_no)).fetchone()
    texts = [unpacked_texts(each) for each in who]
    told = pa.array(details, pa.string()) if details else pa.repeat(pa.scalar("", pa.string()), len(texts[0]))
    return dict(zip((*IDENTITY, "detail"), (*texts, told), strict=True))


def identities_of(cursor: Cursor, run: RunRow, piece: Piece) -> dict[str, pa.Array]:
    """The same of the piece's rows alone."""
    found = read_identities(cursor, run, piece.chunk_no)
    cut = {name: texts.slice(piece.first, piece.last - piece.first) for name, texts in found.items()}
    if piece.picks is None:
        return cut
    picks = pa.array(piece.picks)
    return {name: texts.take(picks) for name, texts in cut.items()}


def read_amounts(cursor: Cursor, run: RunRow, piece: Piece, columns: list[ResultColumn]) -> dict[int, Array]:
    """Of the piece's rows, by column."""
    found = read_piece(cursor, run, piece, [piece.scenario_no], [column.number for column in columns])
    return {number: by_scenario[piece.scenario_no] for number, by_scenario in found.items()}


def read_piece(
    cursor: Cursor, run: RunRow, piece: Piece, scenarios: list[int], columns: list[int]
) -> dict[int, dict[int, Array]]:
    """Of the piece's rows, by column and scenario."""
    found = read_columns(cursor, run, piece.chunk_no, slice(piece.first, piece.last), scenarios, columns)
    if piece.picks is None:
        return found
    return {
        column: {scenario: piece.picked(values) for scenario, values in by_scenario.items()}
        for column, by_scenario in found.items()
    }


def read_columns(
    cursor: Cursor, run: RunRow, chunk_no: int, rows: slice, scenarios: list[int], columns: list[int]
) -> dict[int, dict[int, Array]]:
    """Of rows of a chunk, by column and scenario (scenario 0 too, from which the others are told)."""
    asked = (run.run_no, chunk_no, *parts_of(rows), [0, *scenarios], columns)
    frames: dict[int, dict[int, dict[int, bytes]]] = {}
    for column, part, scenario, frame in cursor.execute(SELECT_FRAMES, asked).fetchall():
        frames.setdefault(column, {}).setdefault(part, {})[scenario] = frame
    return {column: unpacked(parts, rows) for column, parts in frames.items()}


def read_reason_numbers(cursor: Cursor, run: RunRow, piece: Piece) -> Array:
    (packed,) = cursor.execute(SELECT_STATUS, (run.run_no, piece.chunk_no, piece.scenario_no)).fetchone()
    return piece.picked(unpacked_numbers(packed, "<i2")[piece.first : piece.last])


def rates_of(currencies: pa.Array, facts: RunFacts, scenario_no: int) -> Array:
    """Base currency per unit of each row's currency; NaN where the scenario has no rate."""
    encoded = currencies.dictionary_encode()
    rates = [facts.rates.get((scenario_no, currency), np.nan) for currency in encoded.dictionary.to_pylist()]
    codes: Array = encoded.indices.to_numpy()
    return np.array(rates, np.float64)[codes]


def _batches(
    connection: Connection, run: RunRow, asked: Layout, schema: pa.Schema, pieces: Iterator[Piece]
) -> Iterator[pa.RecordBatch]:
    cursor, facts = connection.cursor(binary=True), facts_of_run(connection, run, asked)
    for piece in pieces:
        yield _batch(cursor, run, asked, schema, facts, piece)


def _batch(
    cursor: Cursor, run: RunRow, asked: Layout, schema: pa.Schema, facts: RunFacts, piece: Piece
) -> pa.RecordBatch:
    rows, who = piece.count, identities_of(cursor, run, piece)
    amounts = read_amounts(cursor, run, piece, asked.columns)
    reason_numbers = pa.array(read_reason_numbers(cursor, run, piece))
    rates = rates_of(who["currency"], facts, piece.scenario_no)
    arrays = [
        *(who[name] for name in IDENTITY),
        pa.repeat(pa.scalar(run.scenario_ids[piece.scenario_no], pa.string()), rows),
        facts.statuses.take(reason_numbers),
        facts.reasons.take(reason_numbers),
        *numbers_of(asked, amounts, rates),
        *([who[DETAIL]] if asked.detail else []),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def numbers_of(asked: Layout, amounts: dict[int, Array], rates: Array) -> Iterator[pa.Array]:
    for each in asked.shown:
        own = amounts[each.column.number]
        yield numbers(own * rates if each.in_base else own)


def numbers(values: Array) -> pa.Array:
    """A blank is NaN in the store and null in a table."""
    return pa.array(values, pa.float64(), from_pandas=True)
