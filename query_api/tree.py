"""The portfolio tree: funds, desks and books of a snapshot, and what a run makes of each node."""

from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from domain.scenarios.versions import BASE
from query_api.errors import NotFound
from query_api.reading import Connection
from query_api.results.columns import chosen_columns
from query_api.results.total import Total
from query_api.results.totals import read_totals, reasons_text
from query_api.runs import NamedRun, queryable_run, scenario_numbers
from query_api.scope import is_limited, trimmed_path

SELECT_NODES = """
SELECT node_id, parent_id, name, kind, path, positions FROM read.portfolio_node WHERE snapshot_id = %s ORDER BY path
"""

Row = dict[str, Any]


def tree_of_snapshot(connection: Connection, snapshot_id: UUID) -> list[Row]:
    """Parents before children, each with its `path` from the root."""
    with connection.cursor(row_factory=dict_row) as cursor:
        nodes = cursor.execute(SELECT_NODES, (snapshot_id,)).fetchall()
    if not nodes:
        raise NotFound(f"the tree of snapshot {snapshot_id} is not there", "ask again in a moment")
    if not is_limited():
        return nodes
    seen = {node["node_id"] for node in nodes}
    return [
        node | {"path": trimmed_path(node["path"], seen), "parent_id": _parent_seen(node["parent_id"], seen)}
        for node in nodes
    ]


def _parent_seen(parent_id: str | None, seen: set[str]) -> str | None:
    return parent_id if parent_id in seen else None


def tree_of_run(
    connection: Connection, named: NamedRun, *, scenario: str | None = None, measures: list[str] | None = None
) -> list[Row]:
    """The nodes with their totals under one scenario (BASE by default)."""
    run = queryable_run(connection, named)
    columns = chosen_columns(run, measures)
    (scenario_no,) = scenario_numbers(run, scenario or BASE)
    found = {total.key: total for total in read_totals(connection, run, "node", columns, [scenario_no])}
    names = [(column.number, column.name, column.base_name) for column in columns]
    common = {"scenario_id": run.scenario_ids[scenario_no], "base_currency": run.base_currency}
    return [
        node | common | _figures(found.get(node["node_id"]), names)
        for node in tree_of_snapshot(connection, run.portfolio_snapshot_id)
    ]


def _figures(total: Total | None, names: list[tuple[int, str, str | None]]) -> Row:
    """A node on which nothing hangs has no figures."""
    total = total or Total("", 0)
    own = {name: (total.natives if base else total.values).get(number) for number, name, base in names}
    twins = {base: total.values.get(number) for number, _, base in names if base}
    said = {"left_out": total.left_out, "reasons": reasons_text(total.reasons), "currency": total.currency}
    return said | own | twins
