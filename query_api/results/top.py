"""The positions with the largest amounts, and how concentrated a run is in them."""

from typing import Any

from domain.measures.measures import Unit
from query_api.errors import BadQuery
from query_api.reading import Connection
from query_api.results.columns import one_column
from query_api.results.in_scope import largest_in_scope
from query_api.runs import NamedRun, queryable_run, scenario_numbers

MAX_KEPT = 1_000

SELECT_TOP = """
SELECT rank, position_id, value FROM read.top
 WHERE run_no = %s AND scenario_no = %s AND column_no = %s AND rank <= %s ORDER BY rank
"""


def top_positions(
    connection: Connection,
    named: NamedRun,
    *,
    measure: str = "PV",
    scenario: str | None = None,
    limit: int = 20,
) -> list[dict[str, Any]]:
    """Largest first by absolute value in base currency; under BASE unless a scenario is named."""
    run = queryable_run(connection, named)
    (scenario_no,) = scenario_numbers(run, scenario or run.scenario_ids[0])
    column = one_column(run, measure)
    if not 1 <= limit <= MAX_KEPT:
        raise BadQuery(f"the {MAX_KEPT:,} largest are kept", f"use a limit of 1 to {MAX_KEPT:,}")
    if run.rows is not None and (column.base_name or column.measure.unit is Unit.BASE_CURRENCY):
        rows = largest_in_scope(connection, run, scenario_no, column, limit)
    else:
        rows = connection.execute(SELECT_TOP, (run.run_no, scenario_no, column.number, limit)).fetchall()
    if not rows and not column.base_name:
        raise BadQuery(f"{measure} is not an amount, and is not ranked", "name PV, DV01, CS01 or another amount")
    return [
        {
            "rank": rank,
            "position_id": position_id,
            "scenario_id": run.scenario_ids[scenario_no],
            "measure": column.name,
            "value": value,
            "base_currency": run.base_currency,
        }
        for rank, position_id, value in rows
    ]
