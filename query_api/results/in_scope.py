"""What kept totals of a whole run cannot say of a part of it: read where it is said of nodes, else summed."""

import numpy as np

from query_api.errors import NotFound
from query_api.reading import Array, Connection
from query_api.results.chosen.fields import KINDS, NamedPortfolio
from query_api.results.columns import ResultColumn
from query_api.results.table import facts_of_run, identities_of, pieces_between, rates_of, read_amounts
from query_api.results.total import Total
from query_api.runs import RunRow

TOTAL, NODE = "total", "node"
TREE = (NODE, *KINDS)


def refuse_above(run: RunRow, dimension: str, found: list[Total]) -> None:
    """Totals of more than the scope are not there; neither are those of kinds of nodes that it has none of."""
    is_above = (dimension == TOTAL and not run.is_all_in_scope) or (dimension in TREE and not found)
    if run.rows is not None and is_above:
        raise NotFound(f"run {run.run_id} has no totals for {dimension}", "group by node, or by an attribute")


def is_whole(run: RunRow, dimension: str, found: list[Total]) -> bool:
    """Whether totals that were read are of all positions in scope: some may hang on no node of a kind."""
    if run.rows is None or dimension not in KINDS or not found:
        return True
    first = found[0].scenario_no
    return sum(total.positions for total in found if total.scenario_no == first) == run.positions


def largest_in_scope(
    connection: Connection, run: RunRow, scenario_no: int, column: ResultColumn, limit: int
) -> list[tuple[int, str, float]]:
    """Rank, position and amount in base currency: largest first, of equal ones the earlier."""
    cursor, facts = connection.cursor(binary=True), facts_of_run(connection, run)
    ids: list[str] = []
    amounts: Array = np.empty(0)
    for piece in pieces_between(run, [scenario_no], 0, run.positions):
        who = identities_of(cursor, run, piece)
        own = read_amounts(cursor, run, piece, [column])[column.number]
        values = own * rates_of(who["currency"], facts, scenario_no) if column.base_name else own
        there = np.flatnonzero(~np.isnan(values))
        ids += who["position_id"].take(there).to_pylist()
        amounts = np.concatenate((amounts, values[there]))
        order = np.lexsort((np.arange(len(amounts)), -np.abs(amounts)))[:limit]
        order.sort()
        ids, amounts = [ids[place] for place in order.tolist()], amounts[order]
    order = np.lexsort((np.arange(len(amounts)), -np.abs(amounts)))
    return [(rank, ids[place], float(amounts[place])) for rank, place in enumerate(order.tolist(), 1)]


def groupings_of(book: NamedPortfolio, kept: list[str]) -> list[str]:
    """Nodes, then what positions in scope have of attributes."""
    return list(dict.fromkeys([*kept, *book.names()]))
