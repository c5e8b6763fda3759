"""Capital read from what a run keeps: totals at nodes, and exposures of two runs; None where it keeps none."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from compute.capital.columns import Array
from compute.capital.comparison import POSITION, Known
from compute.capital.frameworks import MEASURES
from compute.capital.outcomes import SHORT
from compute.capital.reports import Sums, home_of
from domain.capital.policies import CapitalPolicy
from domain.portfolio.tables import NODE_KINDS
from query_api.results.columns import ResultColumn, columns_of_run
from query_api.results.table import facts_of_run, identities_of, pieces_between, rates_of, read_amounts
from query_api.results.total import Total
from query_api.results.totals import read_totals
from query_api.runs import RunRow, find_run
from query_api.tree import tree_of_snapshot

BASE_NO = 0
AMOUNTS = {name: name for name in ("ead", "el", "ul", "rwa_sa", "rwa_irb", "rwa_us_sa", "el_irb")}
AMOUNTS |= {"provision_irb": "provisions", "rwa_rated": "rwa_rated"}
AVERAGES = {
    "pd_12m": ("pd_ead", "ead_of_pd"),
    "lgd": ("lgd_pd_ead", "pd_ead_of_lgd"),
    "rating_factor": ("factor_ead", "ead_of_factor"),
}
"""What a total is made of, in the words of `reports.Sums`: an average stands for itself, over one."""
OF_TREE = ("node", "total", *(kind.lower() for kind in NODE_KINDS))
"""Groupings that are no columns."""
KEPT_AS = {"issuer_id": "issuer"}
"""Columns whose totals have another name."""


def kept_sums(
    connection: Any, run_id: str, by: str | None, capital: CapitalPolicy, *, with_allowance: bool
) -> Sums | None:
    run = find_run(connection, run_id)
    names = (*AMOUNTS, *AVERAGES, *(["allowance"] if with_allowance else []))
    if by in OF_TREE or not keeps(run, names):
        return None
    dimension = KEPT_AS.get(by, by) if by else "node"
    found = read_totals(connection, run, dimension, named(run, names), [BASE_NO])
    if not found:
        return None
    if by is not None:
        keys = [total.key for total in found]
        return Sums(keys, [by] * len(keys), _amounts(run, found), None)
    return _of_nodes(connection, run, found, capital)


def _of_nodes(connection: Any, run: RunRow, found: list[Total], capital: CapitalPolicy) -> Sums:
    """In the order of their ids; a node on which nothing hangs has nothing of everything."""
    nodes = sorted(tree_of_snapshot(connection, run.portfolio_snapshot_id), key=lambda node: str(node["node_id"]))
    names = [node["node_id"] for node in nodes]
    of_node = {total.key: total for total in found}
    amounts = _amounts(run, [of_node.get(name) or Total(name, BASE_NO) for name in names])
    roots = [node["node_id"] for node in nodes if node["parent_id"] is None]
    home = home_of(capital, names, roots[0] if len(roots) == 1 else None)
    return Sums(names, [node["kind"] for node in nodes], amounts, home)


def _amounts(run: RunRow, totals: list[Total]) -> Mapping[str, Array]:
    number_of = {column.name: column.number for column in columns_of_run(run)}

    def values(name: str) -> Array:
        return np.array([total.values.get(number_of[name]) for total in totals], np.float64)

    amounts = {said: np.nan_to_num(values(name)) for name, said in AMOUNTS.items()}
    if "allowance" in number_of:
        amounts["allowance"] = np.nan_to_num(values("allowance"))
    for name, (over, under) in AVERAGES.items():
        average = values(name)
        amounts |= {over: np.nan_to_num(average), under: np.where(np.isnan(average), 0.0, 1.0)}
    return amounts


def kept_exposures(connection: Any, run_id: str) -> dict[str, Known] | None:
    """By measure, under BASE."""
    run = find_run(connection, run_id)
    names = [name for measure in MEASURES for name in (measure.lower(), f"ead_{SHORT[measure]}")]
    if not keeps(run, names):
        return None
    columns, cursor = named(run, names), connection.cursor(binary=True)
    facts, found = facts_of_run(connection, run), []
    for piece in pieces_between(run, [BASE_NO], 0, run.positions):
        who = identities_of(cursor, run, piece)
        amounts = read_amounts(cursor, run, piece, columns)
        by_name = {column.name: amounts[column.number] for column in columns}
        ids = who["position_id"].to_numpy(zero_copy_only=False)
        found.append(by_name | {"id": ids, "rate": rates_of(who["currency"], facts, BASE_NO)})
    whole = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
    return {measure: _known(whole, measure) for measure in MEASURES}


def _known(whole: Mapping[str, Any], measure: str) -> Known:
    rwa = whole[measure.lower()]
    known = np.isfinite(rwa) & np.isfinite(whole["rate"])
    return Known(
        np.char.add(POSITION, whole["id"][known].astype(str)),
        whole[f"ead_{SHORT[measure]}"][known],
        rwa[known],
        whole["rate"][known],
    )


def keeps(run: RunRow, names: Any) -> bool:
    return run.is_queryable and set(names) <= set(run.columns)


def named(run: RunRow, names: Any) -> list[ResultColumn]:
    return [column for column in columns_of_run(run) if column.name in names]
