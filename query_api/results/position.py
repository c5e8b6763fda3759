"""One position of a run under every scenario."""

import math
from typing import Any

import numpy as np
import pyarrow.compute as pc

from query_api.errors import NotFound
from query_api.reading import Connection, unpacked_numbers, unpacked_texts
from query_api.results.chosen.positions import LoadBook, book_of
from query_api.results.chosen.prepayment import field_of_models, models_of_market
from query_api.results.columns import IDENTITY, ResultColumn, chosen_columns
from query_api.results.table import read_columns, read_identities
from query_api.runs import NamedRun, RunRow, queryable_run, scenario_numbers

SELECT_ROWS = """
SELECT position_id, row_no FROM read.result_row WHERE run_no = %s AND first_position_id <= %s
 ORDER BY first_position_id DESC LIMIT 1
"""

SELECT_STATUS = """
SELECT s.scenario_no, r.status, r.reason
  FROM read.result_status s
  JOIN read.result_reason r ON r.run_no = s.run_no
   AND r.reason_no = get_byte(s.reason_no, 2 * %(row)s) + 256 * get_byte(s.reason_no, 2 * %(row)s + 1)
 WHERE s.run_no = %(run_no)s AND s.chunk_no = %(chunk_no)s AND s.scenario_no = ANY(%(scenarios)s::smallint[])
"""

SELECT_RATES = "SELECT scenario_no, rate FROM read.result_fx WHERE run_no = %s AND currency = %s"

Row = dict[str, Any]


def position_results_of(
    connection: Connection,
    named: NamedRun,
    position_id: str,
    scenario: str | None = None,
    load_book: LoadBook | None = None,
) -> list[Row]:
    """A row for each scenario, with the columns of the whole table."""
    run = queryable_run(connection, named)
    scenarios = scenario_numbers(run, scenario)
    place = _place(connection, run, position_id) | {"scenarios": scenarios}
    cursor, chunk_no, row = connection.cursor(binary=True), place["chunk_no"], place["row"]
    who = {name: texts[row].as_py() for name, texts in read_identities(cursor, run, chunk_no).items()}
    columns = chosen_columns(run, None)
    numbers = [column.number for column in columns]
    amounts = read_columns(cursor, run, chunk_no, slice(row, row + 1), scenarios, numbers)
    states = {s: (status, reason) for s, status, reason in connection.execute(SELECT_STATUS, place)}
    model = _model_of(connection, run, place["number"], load_book)
    rates: dict[int, float] = dict(connection.execute(SELECT_RATES, (run.run_no, who["currency"])).fetchall())
    return [
        {name: who[name] for name in IDENTITY}
        | {"scenario_id": run.scenario_ids[s], "status": states[s][0], "reason": states[s][1]}
        | _numbers(columns, {number: float(amounts[number][s][0]) for number in numbers}, rates.get(s, math.nan))
        | {"detail": who["detail"]}
        | model
        for s in scenarios
    ]


def _model_of(connection: Connection, run: RunRow, row: int, load_book: LoadBook | None) -> Row:
    """The prepayment model, where positions of the run follow one."""
    models = models_of_market(connection, run)
    if not models or load_book is None:
        return {}
    field = field_of_models(book_of(connection, run, load_book), models)
    return {} if field is None else {field.name: field.texts(np.array([row]))[0]}


def _place(connection: Connection, run: RunRow, position_id: str) -> dict[str, Any]:
    row_no = _row_of(connection, run, position_id)
    number = row_no if row_no is None else number_in_scope(run, row_no)
    if row_no is None or number is None:
        raise NotFound(
            f"run {run.run_id} has no position {position_id!r}", "take an id from the run's position results"
        )
    chunk_no, row = divmod(row_no, run.chunk_size)
    return {"run_no": run.run_no, "chunk_no": chunk_no, "row": row, "number": number}


def number_in_scope(run: RunRow, row_no: int) -> int | None:
    """Its place among the positions in scope; None where it is none of them."""
    if run.rows is None:
        return row_no
    number = int(np.searchsorted(run.rows, row_no))
    return number if number < len(run.rows) and run.rows[number] == row_no else None


def _row_of(connection: Connection, run: RunRow, position_id: str) -> int | None:
    found = connection.execute(SELECT_ROWS, (run.run_no, position_id), binary=True).fetchone()
    if found is None:
        return None
    place = pc.index(unpacked_texts(found[0]), position_id).as_py()
    return None if place < 0 else int(unpacked_numbers(found[1])[place])


def _numbers(columns: list[ResultColumn], amounts: dict[int, float], rate: float) -> Row:
    own = {column.name: _blank(amounts[column.number]) for column in columns}
    twins = {column.base_name: _blank(amounts[column.number] * rate) for column in columns if column.base_name}
    return own | twins


def _blank(value: float) -> float | None:
    return None if math.isnan(value) else value
