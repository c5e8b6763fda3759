"""`tenor risk quotes`: what a run's positions gain when one quote of its market falls by a basis point."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.quote_risk import quote_risk
from domain.access.asking import nodes_asked
from domain.portfolio.columns import Portfolio
from domain.portfolio.tree import paths, texts
from domain.refusals import Refused
from ops.audit.run_events import read_run
from ops.http.refused_queries import refusing_as_queries
from ops.ports import Storage
from query_api.scope import Kept
from query_api.services.quotes import WorkOut

MAX_POSITIONS_BY_HTTP = 20_000
"""Each is valued twice for each quote: what takes minutes is no request's."""
MOST_KEPT = 64
UNKNOWN = ("UNKNOWN_POSITION", "UNKNOWN_NODE")


def work_out_for(storage: Storage) -> WorkOut:
    """The same of what is in scope, refusing as queries do; the last answers are kept."""
    kept: Kept[dict[str, Any]] = Kept(MOST_KEPT)

    def work_out(run: str, node: str | None, position: str | None) -> dict[str, Any]:
        question = (run, node, position, nodes_asked())
        with refusing_as_queries(UNKNOWN):
            return kept.get(question, lambda: quotes_of_run(storage, run, node, position, MAX_POSITIONS_BY_HTTP))

    return work_out


def quotes_of_run(
    storage: Storage, run: str, node: str | None, position: str | None, most: int | None = None
) -> dict[str, Any]:
    """By quote, in base currency, of all positions, of those below a node, or of one; worked out anew."""
    requested = read_run(storage.store, run).requested
    market = storage.market(requested.market_sha256)
    portfolio = storage.portfolio(requested.portfolio_sha256)
    rows = chosen_rows(portfolio, node, position)
    if most is not None and len(rows) > most:
        message = f"{len(rows):,} positions by every quote take longer than a request may, which takes {most:,}"
        raise Refused("TOO_MANY_POSITIONS", message, "name a node, or run `tenor risk quotes` where the database is")
    risk = quote_risk(portfolio, market, rows, base_currency=requested.base_currency, chunk_size=requested.chunk_size)
    valued = np.isfinite(risk.dv01_base).all(axis=0)
    totals = risk.dv01_base[:, valued].sum(axis=1)
    return {
        "run_id": str(requested.originator_id),
        "base_currency": requested.base_currency,
        "node_id": node,
        "position_id": position,
        "positions": int(valued.sum()),
        "left_out": int((~valued).sum()),
        "quotes": [
            {"curve_id": q.curve_id, "type": q.type, "tenor": q.tenor, "rate": q.rate, "dv01_base": float(total)}
            for q, total in zip(risk.quotes, totals, strict=True)
        ],
    }


def chosen_rows(portfolio: Portfolio, node: str | None, position: str | None) -> NDArray[np.int64]:
    """Rows of `positions`; refuses what the portfolio does not have."""
    if position is not None:
        ids = portfolio.tables["positions"].columns["position_id"]
        named = [code for code, text in enumerate(ids.categories) if text == position]
        rows = np.flatnonzero(np.isin(ids.values, named))
        if not len(rows):
            raise Refused("UNKNOWN_POSITION", f"the run has no position {position!r}", "see `tenor results RUN`")
        return rows
    if node is None:
        return np.arange(portfolio.position_count)
    table = portfolio.tables["portfolio"]
    ids_of_nodes = texts(table.columns.get("node_id"), table.rows)
    if node not in ids_of_nodes:
        known = ", ".join(str(each) for each in ids_of_nodes[:20])
        raise Refused("UNKNOWN_NODE", f"the portfolio has no node {node!r}", f"use one of {known}")
    wanted = ids_of_nodes.index(node)
    below = np.array([wanted in path for path in paths(portfolio)])
    return np.flatnonzero(below[portfolio.book_row])
