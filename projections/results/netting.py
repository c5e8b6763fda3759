"""Netting sets beside positions in the totals of a run: they have no rows, and are added up at their nodes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from domain.measures.averages import AVERAGES, columns_read
from domain.measures.measures import Adds, Measure
from domain.portfolio.term_use import NETTED
from domain.runs.netted import ADDED, NettedSums
from projections.results.blocks import Values
from projections.results.dimensions import TREE
from projections.results.groups import Groups, Key, groups_on_path

EXTERNAL = "EXTERNAL"


@dataclass(frozen=True)
class NettedRows:
    """Addends of groups, in base currency; under every scenario alike."""

    groups: Groups
    """with those that netting sets alone are in"""
    count: int
    sums: Values
    """[groups, columns] amounts; of risk weights what is weighed"""
    weights: Values
    """[groups, averages] exposure of what has a risk weight"""
    has: npt.NDArray[np.bool_]
    """[groups, columns] whether a set has a figure there"""


def has_derivatives(groups: Groups) -> bool:
    """Whether anything of a portfolio is netted, by the groups of its positions."""
    products = {name for name in NETTED if name != EXTERNAL}
    return any(name == "ccr_class" or (name == "product_type" and key in products) for name, key in groups.keys)


def asks_for_exposures(measures: Sequence[Measure]) -> bool:
    return any(name in ADDED for measure in measures for name in measure.result_columns)


def netted_rows(groups: Groups, measures: Sequence[Measure], netted: NettedSums) -> NettedRows:
    """`measures` a column each, as `Totals.columns`."""
    group, row, groups = _places(groups, netted)
    shape = (len(groups.keys), len(measures))
    sums, under, has = np.zeros(shape), np.zeros(shape), np.zeros(shape, np.bool_)
    for place, measure in enumerate(measures):
        over_name, under_name = _columns_of(measure)
        if over_name is None:
            continue
        over = np.asarray(netted.amounts[over_name], np.float64)[row]
        known = ~np.isnan(over)
        sums[:, place] = _by_group(group[known], over[known], len(groups.keys))
        has[group[known], place] = True
        if under_name is not None:
            weight = np.asarray(netted.amounts[under_name], np.float64)[row]
            under[:, place] = _by_group(group[known], weight[known], len(groups.keys))
    averages = [place for place, measure in enumerate(measures) if measure.adds in AVERAGES]
    return NettedRows(groups, len(netted), sums, under[:, averages], has)


def _columns_of(measure: Measure) -> tuple[str | None, str | None]:
    """What a set adds to a total, and to what that is divided by; of an average by exposure it has no part."""
    if measure.adds is Adds.RWA_BY_EAD:
        over, under = columns_read(measure)
        return over, under
    (name, *more) = measure.result_columns
    return (name if name in ADDED and not more else None), None


def _places(groups: Groups, netted: NettedSums) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Groups]:
    """[pairs] group and set of every group that a set is in; and the groups, with new ones."""
    keys_of: list[list[Key]] = [groups_on_path(path) if path else [("total", "")] for path in netted.nodes]
    for dimension in dict.fromkeys(name for name, _ in groups.keys if name not in TREE):
        for keys, label in zip(keys_of, netted.label_of(dimension), strict=True):
            keys.append((dimension, label))
    number = {key: place for place, key in enumerate(groups.keys)}
    pairs = [(number.setdefault(key, len(number)), row) for row, keys in enumerate(keys_of) for key in keys]
    group, row = np.array(pairs, np.int64).reshape(-1, 2).T
    return group, row, _with_keys(groups, tuple(number))


def _with_keys(groups: Groups, keys: tuple[Key, ...]) -> Groups:
    """No position is in the new ones."""
    new = len(keys) - len(groups.keys)
    if not new:
        return groups
    nobody = sparse.csr_matrix((new, groups.cell_count))
    return replace(groups, keys=keys, membership=sparse.csr_matrix(sparse.vstack([groups.membership, nobody])))


def _by_group(group: npt.NDArray[np.int64], amounts: Values, count: int) -> Values:
    return np.bincount(group, weights=amounts, minlength=count).astype(np.float64)
