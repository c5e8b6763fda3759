"""Totals of a run by node, attribute or tag: read from the rollups, or summed from the chunks where there are none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from domain.measures.failures import counted
from domain.portfolio.columns import Portfolio
from domain.portfolio.groupings import ISSUER_GROUP
from query_api.errors import BadQuery
from query_api.reading import Array, Connection
from query_api.results.asked_groups import BETWEEN_KEYS, NODE, By, ChosenGroups, parse_by
from query_api.results.chosen.fields import NamedPortfolio
from query_api.results.chosen.positions import SCAN, LoadBook, book_of
from query_api.results.chosen.selection import ALL, Chooser, Wanted, measured_names
from query_api.results.chunk_totals import ChunkGroups, make_groups, sum_groups
from query_api.results.columns import Layout, ResultColumn, Shown, layout, table_metadata
from query_api.results.in_scope import groupings_of, is_whole, refuse_above
from query_api.results.netting_note import netting_note
from query_api.results.total import Total
from query_api.runs import NamedRun, RunRow, queryable_run, scenario_numbers

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

# Within a scope totals of nodes alone are there: a probe for each node, where the walk above would look at every total
# of an attribute, and see none.
SELECT_DIMENSIONS_IN_SCOPE = """
SELECT DISTINCT said.dimension
  FROM read.portfolio_node n CROSS JOIN LATERAL (VALUES ('node'), (lower(n.kind))) said (dimension)
 WHERE n.snapshot_id = %(snapshot_id)s AND EXISTS (
       SELECT FROM read.rollup r WHERE r.run_no = %(run_no)s AND r.dimension = said.dimension AND r.key = n.node_id)
 ORDER BY said.dimension
"""

ROLLUP, OF_ISSUERS = "rollup", "issuer"


def totals(
    connection: Connection,
    named: NamedRun,
    by: str,
    *,
    scenario: str | None = None,
    measures: list[str] | None = None,
    key: str | None = None,
    load_portfolio: LoadPortfolio | None = None,
) -> pa.Table:
    """A row for each group and scenario: amounts in the one native currency that all share (else blank), in base
    currency, averages; how many positions the row leaves out of any of its numbers, and why."""
    load_book = (lambda sha256: NamedPortfolio(load_portfolio(sha256))) if load_portfolio else None
    asked = layout(queryable_run(connection, named), measures)
    return totals_asked(connection, named, by, asked, scenario=scenario, key=key, load_book=load_book).table


@dataclass(frozen=True)
class TotalsAnswer:
    table: pa.Table
    found_by: str
    note: str = ""
    """what the totals leave out; empty where it is nothing"""


def totals_asked(
    connection: Connection,
    named: NamedRun,
    by: str,
    asked: Layout,
    *,
    scenario: str | None = None,
    key: str | None = None,
    wanted: Wanted = ALL,
    load_book: LoadBook | None = None,
) -> TotalsAnswer:
    """By one name of all positions from the rollups, where they hold it; else summed from the chunks."""
    run = queryable_run(connection, named)
    columns, scenarios, names = asked.columns, scenario_numbers(run, scenario), parse_by(by)
    is_plain = len(names) == 1 and not names[0].edges and not wanted
    found = read_totals(connection, run, names[0].name, columns, scenarios, key) if is_plain else []
    if is_plain and not found and names[0].name == ISSUER_GROUP:
        found = read_totals(connection, run, OF_ISSUERS, columns, scenarios, key)  # where nothing says a group
    for each in names:
        refuse_above(run, each.name, found if is_plain else read_totals(connection, run, each.name, columns[:1], [0]))
    if found and is_whole(run, names[0].name, found):
        note = netting_note(connection, run, columns, is_kept=True)
        return TotalsAnswer(_as_table(run, names, asked, found), ROLLUP, note)
    if names == [By(NODE)] and wanted:
        found = sum_by_nodes(connection, run, columns, scenarios, wanted, book_of(connection, run, load_book))
    else:
        found = sum_by(connection, run, names, columns, scenarios, wanted, load_book)
    found = [total for total in found if key is None or total.key == key]
    note = netting_note(connection, run, columns, is_kept=False)
    return TotalsAnswer(_as_table(run, names, asked, found), SCAN, note)


def groupings(connection: Connection, run: RunRow, load_book: LoadBook | None = None) -> list[str]:
    """What the run's totals can be asked by, without summing anything; within a scope, by what positions there have."""
    of_run = {"run_no": run.run_no, "snapshot_id": run.portfolio_snapshot_id}
    query = SELECT_DIMENSIONS if run.rows is None else SELECT_DIMENSIONS_IN_SCOPE
    kept = [row[0] for row in connection.execute(query, of_run)]
    return groupings_of(book_of(connection, run, load_book), kept) if run.rows is not None and load_book else kept


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
    names = counted(column.measure.name for column in columns)
    counts = {column.number for column in columns if column.measure.name in names}
    for name, scenario_no, column_no, value, native, currency, positions, left_out in connection.execute(
        SELECT_ROLLUPS, (run.run_no, dimension, scenarios, chosen, key, key)
    ):
        total = found.setdefault((scenario_no, name), Total(name, scenario_no))
        total.values[column_no], total.natives[column_no] = value, native
        total.positions = max(total.positions, positions)
        if column_no in counts:
            total.left_out = max(total.left_out, left_out)
        total.currency = total.currency or currency
    asked = {column.measure.name for column in columns}
    for name, scenario_no, reasons in connection.execute(SELECT_REASONS, (run.run_no, dimension, scenarios)):
        if (scenario_no, name) in found:
            found[scenario_no, name].reasons = {
                reason: count for reason, count in reasons.items() if reason.partition(":")[0] in asked
            }
    return list(found.values())


def sum_by(
    connection: Connection,
    run: RunRow,
    names: list[By],
    columns: list[ResultColumn],
    scenarios: list[int],
    wanted: Wanted,
    load_book: LoadBook | None,
) -> list[Total]:
    if load_book is None:
        known = groupings(connection, run)
        fix = f"group by one of {', '.join(known)}"
        raise BadQuery(f"run {run.run_id} has no grouping {names[0].name!r}", fix, groupings=known)
    book = book_of(connection, run, load_book)
    labels, codes = ChosenGroups(book, names, list(measured_names(run)), groupings(connection, run)).coded
    if not wanted:
        whole = make_groups(book.portfolio, labels, codes)
        found = sum_groups(connection, run, lambda _scenario_no: whole, columns, scenarios)
    else:
        chooser = Chooser(connection, run, book, wanted)

        def chosen(scenario_no: int) -> ChunkGroups:
            return make_groups(book.portfolio, labels, np.where(chooser.mask(scenario_no), codes, len(labels)))

        found = sum_groups(connection, run, chosen, columns, scenarios)
    return [total for total in found if total.positions]


def sum_by_nodes(
    connection: Connection,
    run: RunRow,
    columns: list[ResultColumn],
    scenarios: list[int],
    wanted: Wanted,
    book: NamedPortfolio,
) -> list[Total]:
    """Of what a filter leaves, level by level of the tree: a position counts once in each."""
    chooser, found = Chooser(connection, run, book, wanted), []
    masks = {number: chooser.mask(number) for number in scenarios}
    for nodes in book.levels():
        codes = np.where(nodes < 0, len(book.nodes), nodes)[book.portfolio.book_row]

        def chosen(scenario_no: int, codes: Array = codes) -> ChunkGroups:
            places = np.where(masks[scenario_no], codes, len(book.nodes))
            return make_groups(book.portfolio, book.nodes, places)

        found += [total for total in sum_groups(connection, run, chosen, columns, scenarios) if total.positions]
    return sorted(found, key=lambda total: (total.scenario_no, total.key))


def _as_table(run: RunRow, names: list[By], asked: Layout, found: list[Total]) -> pa.Table:
    """Grouped by currency, the key is the currency that all share: one column says it."""
    words = {
        "scenario_id": [run.scenario_ids[total.scenario_no] for total in found],
        "positions": [total.positions for total in found],
        "left_out": [total.left_out for total in found],
        "reasons": [reasons_text(total.reasons) for total in found],
        "currency": [total.currency for total in found],
        "base_currency": [run.base_currency] * len(found),
    }
    if any(by.name == "currency" for by in names):
        del words["currency"]
    counts = ("positions", "left_out")
    measured = asked.fields(run.base_currency)
    taken = {*words, *(each.name for each in measured)}
    # An attribute may be called as a column of ours is.
    fields = [pa.field(f"group:{by.name}" if by.name in taken else by.name, pa.string()) for by in names]
    fields += [pa.field(name, pa.int64() if name in counts else pa.string()) for name in words]
    schema = pa.schema([*fields, *measured], metadata=table_metadata(run))
    keys = [total.key.split(BETWEEN_KEYS) if len(names) > 1 else [total.key] for total in found]
    arrays: list[Any] = [[key[place] for key in keys] for place in range(len(names))]
    arrays += [*words.values(), *(_numbers(each, found) for each in asked.shown)]
    typed = [pa.array(values, kind) for values, kind in zip(arrays, schema.types, strict=True)]
    return pa.Table.from_arrays(typed, schema=schema)


def _numbers(each: Shown, found: list[Total]) -> list[Any]:
    """An amount's own column holds the native sum; every other measure has one value, whatever the currency."""
    is_native = each.column.base_name and not each.in_base
    return [(total.natives if is_native else total.values).get(each.column.number) for total in found]


def reasons_text(reasons: dict[str, int]) -> str:
    """`MEASURE:CODE=positions;…`"""
    return ";".join(f"{reason}={count}" for reason, count in reasons.items())
