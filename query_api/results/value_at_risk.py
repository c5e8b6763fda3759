"""Value at risk and expected shortfall of a run under its history: full revaluation, by node and by whatever adds up.

One row for the whole (the run, or one node), then one for each group: what it would lose on its own, what is due to it
of the whole (the components add up), and what the whole would lose less without it.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from domain.scenario_book import BASE
from query_api.errors import BadQuery
from query_api.reading import Connection
from query_api.results.gains import Array, Gains, gains_by_group
from query_api.results.grouping import TOTAL, LoadPortfolio
from query_api.results.history import RunHistory, history_of_run
from query_api.results.tail_risk import es_components, tail_figures, tail_size, var_components
from query_api.runs import RunRow, queryable_run

Row = dict[str, Any]

CONFIDENCE, ES_CONFIDENCE = 0.99, 0.975
HISTORICAL = "historical"


@dataclass(frozen=True)
class Asked:
    """`by` None: the whole alone."""

    by: str | None = None
    node: str | None = None
    confidence: float = CONFIDENCE
    es_confidence: float = ES_CONFIDENCE

    def __post_init__(self) -> None:
        for confidence in (self.confidence, self.es_confidence):
            if not 0.5 <= confidence < 1:
                raise BadQuery(f"a confidence of {confidence:g} is no tail", "use 0.5 or more and less than 1: 0.99")


def historical_var(
    connection: Connection,
    run_id: str | UUID,
    asked: Asked,
    *,
    history: str | None = None,
    load_portfolio: LoadPortfolio | None = None,
) -> list[Row]:
    run = queryable_run(connection, run_id)
    past = history_of_run(connection, run, history)
    base_no = run.scenarios.index(BASE)

    def gains(by: str) -> Gains:
        return gains_by_group(connection, run, base_no, past.numbers, by, asked.node, load_portfolio)

    whole = gains(TOTAL)
    rows = [_figures(run, past, asked, TOTAL, asked.node or "", whole, 0)]
    if asked.by in (None, TOTAL) or np.isnan(whole.gains).any():
        return rows
    parts = gains(str(asked.by))
    shares = _shares(parts, whole.gains[0], asked)
    own = [_figures(run, past, asked, str(asked.by), key, parts, place) for place, key in enumerate(parts.keys)]
    return rows + [row | share for row, share in zip(own, shares, strict=True)]


def _figures(run: RunRow, past: RunHistory, asked: Asked, by: str, key: str, found: Gains, place: int) -> Row:
    """What the group would lose by itself, and what it has of the whole: for the whole, everything."""
    gains = found.gains[place]
    own = None if np.isnan(gains).any() else tail_figures(gains, asked.confidence, asked.es_confidence)
    pv = None if own is None else float(found.pv[place])
    return {
        "node": asked.node or "",
        "by": by,
        "key": key,
        "method": HISTORICAL,
        "history": past.name,
        "scenarios": len(past.numbers),
        "confidence": asked.confidence,
        "es_confidence": asked.es_confidence,
        "base_currency": run.base_currency,
        "pv_base": pv,
        "var_base": own and own.var,
        "var_low_base": own and own.var_low,
        "var_high_base": own and own.var_high,
        "var_scenario_id": run.scenario_ids[past.numbers[own.at]] if own else None,
        "es_base": own and own.es,
        "es_standard_error_base": own and own.es_standard_error,
        "component_var_base": own and own.var,
        "component_es_base": own and own.es,
        "marginal_var": _per_unit(own.var if own else None, pv),
        "incremental_var_base": own and own.var,
        "incremental_es_base": own and own.es,
        "positions": int(found.positions[place]),
        "left_out": int(found.left_out[place]),
        "note": _note(len(past.numbers), asked),
    }


def _shares(parts: Gains, whole: Array, asked: Asked) -> list[Row]:
    """By group. A group without a value adds nothing and takes nothing away."""
    gains = np.nan_to_num(parts.gains)
    of_var, of_es = var_components(gains, whole, asked.confidence), es_components(gains, whole, asked.es_confidence)
    all_of_it = tail_figures(whole, asked.confidence, asked.es_confidence)
    shares = []
    for place, (component_var, component_es) in enumerate(zip(of_var.tolist(), of_es.tolist(), strict=True)):
        without = tail_figures(whole - gains[place], asked.confidence, asked.es_confidence)
        shares.append(
            {
                "component_var_base": None if np.isnan(component_var) else component_var,
                "component_es_base": component_es,
                "marginal_var": _per_unit(component_var, float(parts.pv[place])),
                "incremental_var_base": all_of_it.var - without.var,
                "incremental_es_base": all_of_it.es - without.es,
            }
        )
    return shares


def _per_unit(component: float | None, pv: float | None) -> float | None:
    """What one more unit of the group's value, of the same make-up, adds to the VaR."""
    if component is None or pv is None or np.isnan(component) or np.isnan(pv) or pv == 0:
        return None
    return component / pv


def _note(scenarios: int, asked: Asked) -> str:
    highest = max(asked.confidence, asked.es_confidence)
    if tail_size(scenarios, highest) >= 1:
        return ""
    needed = round(1 / (1 - highest))
    return f"{highest:.1%} lies beyond {scenarios} scenarios: the worst stands for it; {needed} or more are needed"
