"""Totals of a run by node, attribute or tag: read from the rollups, or summed from the chunks where there are none."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pyarrow as pa

from domain.portfolio.columns import Portfolio
from query_api.errors import BadQuery
from query_api.reading import Connection
from query_api.results.chunk_totals import sum_chunks
from query_api.results.columns import ResultColumn, chosen_columns, measure_fields, table_metadata
from query_api.results.total import Total
from query_api.runs import RunRow, queryable_run, scenario_numbers

LoadPortfolio = Callable[[str], Portfolio]
"""A snapshot's columns by sha256; handed in where groupings with many values are to be summed from the chunks."""

SELECT_ROLLUPS = """
SELECT key, scenario_no, column_no, value, value_native, currency, positions, left_out FROM read.rollup
 WHERE run_no = %s AND dimension = %s AND scenario_no = ANY(%s::smallint[]) AND column_no = ANY(%s::smallint[])
   AND (%s::text IS NULL OR key = %s)
 ORDER BY scenario_no, key COLLATE "C", column_no
"""

SELECT_REASONS = """
SELECT key, scenario_no, reasons FROM read.rollup_reason
 WHERE run_no = %s AND dimension = %s AND scenario_no = ANY(%s::smallint[])
"""

# One index probe for each dimension, not one row for each of its many totals.
SELECT_DIMENSIONS = """
WITH RECURSIVE step(dimension) AS (
    (SELECT dimension FROM read.rollup WHERE run_no = %(run_no)s ORDER BY dimension LIMIT 1)
    UNION ALL
    SELECT (SELECT dimension FROM read.rollup
             WHERE run_no = %(run_no)s AND dimension > step.dimension ORDER BY dimension LIMIT 1)
      FROM step WHERE step.dimension IS NOT NULL
)
SELECT dimension FROM step WHERE dimension IS NOT NULL
"""

SELECT_PORTFOLIO_SHA256 = "SELECT sha256 FROM read.snapshot WHERE snapshot_id = %s"


def totals(
    connection: Connection,
    run_id: str | UUID,
    by: str,
    *,
    scenario: str | None = None,
    measures: list[str] | None = None,
    key: str | None = None,
    load_portfolio: LoadPortfolio | None = None,
) -> pa.Table:
    """A row for each group and scenario: amounts in the one native currency that all share (else blank), in base
    currency, averages; how many positions the row leaves out of any of its numbers, and why."""
    run = queryable_run(connection, run_id)
    columns = chosen_columns(run, measures)
    scenarios = scenario_numbers(run, scenario)
    found = read_totals(connection, run, by, columns, scenarios, key)
    if not found:
        found = _totals_from_chunks(connection, run, by, columns, scenarios, load_portfolio)
        found = [total for total in found if key is None or total.key == key]
    return _as_table(run, by, columns, found)


def groupings(connection: Connection, run: RunRow) -> list[str]:
    """What the run's totals can be asked by, without summing anything."""
    return [row[0] for row in connection.execute(SELECT_DIMENSIONS, {"run_no": run.run_no})]


def read_totals(
    connection: Connection,
    run: RunRow,
    dimension: str,
    columns: list[ResultColumn],
    scenarios: list[int],
    key: str | None = None,
) -> list[Total]:
    found: dict[tuple[int, str], Total] = {}
    chosen = [column.number for column in columns]
    for name, scenario_no, column_no, value, native, currency, positions, left_out in connection.execute(
        SELECT_ROLLUPS, (run.run_no, dimension, scenarios, chosen, key, key)
    ):
        total = found.setdefault((scenario_no, name), Total(name, scenario_no))
        total.values[column_no], total.natives[column_no] = value, native
        total.positions = max(total.positions, positions)
        total.left_out = max(total.left_out, left_out)
        total.currency = total.currency or currency
    asked = {column.measure.name for column in columns}
    for name, scenario_no, reasons in connection.execute(SELECT_REASONS, (run.run_no, dimension, scenarios)):
        if (scenario_no, name) in found:
            found[scenario_no, name].reasons = {
                reason: count for reason, count in reasons.items() if reason.partition(":")[0] in asked
            }
    return list(found.values())


def _totals_from_chunks(
    connection: Connection,
    run: RunRow,
    by: str,
    columns: list[ResultColumn],
    scenarios: list[int],
    load_portfolio: LoadPortfolio | None,
) -> list[Total]:
    row = connection.execute(SELECT_PORTFOLIO_SHA256, (run.portfolio_snapshot_id,)).fetchone()
    portfolio = load_portfolio(row[0]) if load_portfolio and row else None
    sums = sum_chunks(connection, run, by, columns, scenarios, portfolio) if portfolio else None
    if sums is None:
        known = groupings(connection, run)
        raise BadQuery(
            f"run {run.run_id} has no grouping {by!r}", f"group by one of {', '.join(known)}", groupings=known
        )
    return sums


def _as_table(run: RunRow, by: str, columns: list[ResultColumn], found: list[Total]) -> pa.Table:
    """Grouped by currency, the key is the currency that all share: one column says it."""
    words = {
        "scenario_id": [run.scenario_ids[total.scenario_no] for total in found],
        "positions": [total.positions for total in found],
        "left_out": [total.left_out for total in found],
        "reasons": [reasons_text(total.reasons) for total in found],
        "currency": [total.currency for total in found],
        "base_currency": [run.base_currency] * len(found),
    }
    if by == "currency":
        del words["currency"]
    counts = ("positions", "left_out")
    measured = measure_fields(columns, run.base_currency)
    taken = {*words, *(each.name for each in measured)}
    # An attribute may be called as a column of ours is.
    fields = [pa.field(f"group:{by}" if by in taken else by, pa.string())]
    fields += [pa.field(name, pa.int64() if name in counts else pa.string()) for name in words]
    schema = pa.schema([*fields, *measured], metadata=table_metadata(run))
    arrays = [[total.key for total in found], *words.values(), *_numbers(columns, found)]
    typed = [pa.array(values, kind) for values, kind in zip(arrays, schema.types, strict=True)]
    return pa.Table.from_arrays(typed, schema=schema)


def _numbers(columns: list[ResultColumn], found: list[Total]) -> Iterator[list[Any]]:
    """An amount's own column holds the native sum; every other measure has one value, whatever the currency."""
    for column in columns:
        yield [(total.natives if column.base_name else total.values).get(column.number) for total in found]
    for column in columns:
        if column.base_name:
            yield [total.values.get(column.number) for total in found]


def reasons_text(reasons: dict[str, int]) -> str:
    """`MEASURE:CODE=positions;…`"""
    return ";".join(f"{reason}={count}" for reason, count in reasons.items())
