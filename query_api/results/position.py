"""One position of a run under every scenario."""

import math
from typing import Any
from uuid import UUID

from query_api.errors import NotFound
from query_api.reading import Connection, array_cursor, unpacked
from query_api.results.columns import IDENTITY, ResultColumn, columns_of_run
from query_api.results.table import read_frames
from query_api.runs import RunRow, queryable_run, scenario_numbers

SELECT_ROW = "SELECT row_no FROM read.result_row WHERE run_no = %s AND position_id = %s"

SELECT_IDENTITY = """
SELECT position_id[%(place)s], instrument_id[%(place)s], book_id[%(place)s], product_type[%(place)s],
       currency[%(place)s], detail[%(place)s]
  FROM read.result_position WHERE run_no = %(run_no)s AND chunk_no = %(chunk_no)s
"""

SELECT_STATUS = """
SELECT s.scenario_no, r.status, r.reason
  FROM read.result_status s
  JOIN read.result_reason r ON r.run_no = s.run_no AND r.reason_no = s.reason_no[%(place)s]
 WHERE s.run_no = %(run_no)s AND s.chunk_no = %(chunk_no)s AND s.scenario_no = ANY(%(scenarios)s::smallint[])
"""

SELECT_RATES = "SELECT scenario_no, rate FROM read.result_fx WHERE run_no = %s AND currency = %s"

Row = dict[str, Any]


def position_results_of(
    connection: Connection, run_id: str | UUID, position_id: str, scenario: str | None = None
) -> list[Row]:
    """A row for each scenario, with the columns of the whole table."""
    run = queryable_run(connection, run_id)
    scenarios = scenario_numbers(run, scenario)
    place = _place(connection, run, position_id) | {"scenarios": scenarios}
    who = connection.execute(SELECT_IDENTITY, place).fetchone()
    assert who is not None
    columns = columns_of_run(run)
    numbers = [column.number for column in columns]
    frames = read_frames(array_cursor(connection), run, place["chunk_no"], [0, *scenarios], numbers)
    one = slice(place["place"] - 1, place["place"])
    amounts = {number: unpacked(of_column, one) for number, of_column in frames.items()}
    states = {s: (status, reason) for s, status, reason in connection.execute(SELECT_STATUS, place)}
    rates: dict[int, float] = dict(connection.execute(SELECT_RATES, (run.run_no, who[4])).fetchall())
    return [
        dict(zip(IDENTITY, who[:-1], strict=True))
        | {"scenario_id": run.scenario_ids[s], "status": states[s][0], "reason": states[s][1]}
        | _numbers(columns, {number: float(amounts[number][s][0]) for number in numbers}, rates.get(s, math.nan))
        | {"detail": who[-1]}
        for s in scenarios
    ]


def _place(connection: Connection, run: RunRow, position_id: str) -> dict[str, Any]:
    row = connection.execute(SELECT_ROW, (run.run_no, position_id)).fetchone()
    if row is None:
        raise NotFound(
            f"run {run.run_id} has no position {position_id!r}", "take an id from the run's position results"
        )
    chunk_no, index = divmod(row[0], run.chunk_size)
    return {"run_no": run.run_no, "chunk_no": chunk_no, "place": index + 1}


def _numbers(columns: list[ResultColumn], amounts: dict[int, float], rate: float) -> Row:
    own = {column.name: _blank(amounts[column.number]) for column in columns}
    twins = {column.base_name: _blank(amounts[column.number] * rate) for column in columns if column.base_name}
    return own | twins


def _blank(value: float) -> float | None:
    return None if math.isnan(value) else value
