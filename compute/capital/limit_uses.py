"""What a run uses of its policy's limits: measures, shares of exposure, large exposures."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pyarrow as pa

from compute.capital.columns import Array, Flags
from compute.capital.exposure_groups import Grouped, amounts_of, below, grouped, is_gsib, is_sovereign
from compute.capital.frameworks import Worked
from domain.capital.limits import ISSUER, LARGE_EXPOSURE, SHARE, LimitUse, limit_use
from domain.capital.policies import Limit
from domain.portfolio.tree import texts
from domain.refusals import Refused, Unknown

LARGE, LARGE_BETWEEN_GSIBS = 0.25, 0.15
"""Of tier 1 capital: LEX20.1, and between banks of global systemic importance LEX40.7."""
SCHEMA = pa.schema(
    [
        *(("limit_id", pa.string()), ("group", pa.string())),
        *((name, pa.float64()) for name in ("value", "limit", "used")),
        ("status", pa.string()),
    ]
)
TotalsOf = Callable[[Limit], Mapping[str, float | None]]
"""By group, the totals in base currency of a measure that capital does not work out; empty where the run has none."""


def limit_uses(worked: Worked, totals_of: TotalsOf) -> list[LimitUse]:
    """In the policy's order, groups by name; without a policy there is none."""
    policy = worked.policy
    if policy is None or not policy.limits:
        return []
    amounts = amounts_of(worked)
    return [use for limit in policy.limits for use in _uses(worked, amounts, limit, totals_of)]


def limits_table(uses: list[LimitUse]) -> pa.Table:
    rows = [vars(use) | {"status": use.status.value if use.status else None} for use in uses]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _uses(worked: Worked, amounts: Mapping[str, Array], limit: Limit, totals_of: TotalsOf) -> Iterator[LimitUse]:
    if limit.metric == LARGE_EXPOSURE:
        yield from _large_exposures(worked, amounts["EAD"], limit)
        return
    most = limit.max
    assert most is not None
    if limit.metric == SHARE:
        values: Mapping[str, float | None] = _shares(worked, amounts["EAD"], limit)
    elif limit.metric in amounts:
        values = _sums(worked, amounts[limit.metric], limit)
    else:
        values = totals_of(limit) or {"": None}
    for group in sorted(values):
        yield limit_use(limit.limit_id, group, values[group], most, limit.warn_at)


def _large_exposures(worked: Worked, ead: Array, limit: Limit) -> Iterator[LimitUse]:
    """Of groups of issuers against tier 1; sovereigns are left out. A limit of one's own cannot be wider."""
    found, chosen = _grouped(worked, ISSUER, limit)
    chosen &= ~is_sovereign(worked)
    capital = worked.setting.capital
    tier1 = capital.tier1 or 0.0
    sums, known = found.sums(ead, chosen), found.known(ead, chosen)
    gsibs = np.bincount(found.group[is_gsib(worked)], minlength=len(found.keys)) > 0
    for place in np.flatnonzero(known).tolist():
        rule = LARGE_BETWEEN_GSIBS if capital.gsib and gsibs[place] else LARGE
        most = rule if limit.max is None else min(rule, limit.max)
        value = float(sums[place]) / tier1 if tier1 > 0.0 else None
        yield limit_use(limit.limit_id, found.keys[place], value, most, limit.warn_at)


def _shares(worked: Worked, ead: Array, limit: Limit) -> dict[str, float | None]:
    found, chosen = _grouped(worked, limit.by or ISSUER, limit)
    sums, known = found.sums(ead, chosen), found.known(ead, chosen)
    total = float(sums.sum())
    return {found.keys[place]: float(sums[place]) / total for place in np.flatnonzero(known).tolist() if total}


def _sums(worked: Worked, amounts: Array, limit: Limit) -> dict[str, float | None]:
    found, chosen = _grouped(worked, limit.by, limit)
    sums, known = found.sums(amounts, chosen), found.known(amounts, chosen)
    places = np.flatnonzero(known).tolist() if limit.by else [0]
    return {found.keys[place]: float(sums[place]) for place in places}


def _grouped(worked: Worked, by: str | None, limit: Limit) -> tuple[Grouped, Flags]:
    found = grouped(worked, by)
    if found is None:
        raise Refused("UNKNOWN_COLUMN", f"limit {limit.limit_id}: there is no column {by!r}", "name one that it has")
    if limit.node is None:
        return found, np.ones(len(found.group), np.bool_)
    portfolio = worked.columns.portfolio
    nodes = portfolio.tables["portfolio"]
    names = texts(nodes.columns["node_id"], nodes.rows)
    if limit.node not in names:
        message = f"limit {limit.limit_id}: there is no node {limit.node!r}"
        raise Unknown("UNKNOWN_NODE", message, "name one of the portfolio's")
    return found, below(portfolio, found.book_row, names.index(limit.node))
