"""Value at risk and expected shortfall of a run under its history: full revaluation, by node and by whatever adds up.

One row for the whole (the run, or one node), then one for each group: what it would lose on its own, what is due to it
of the whole (the components add up), and what the whole would lose less without it.
"""

from collections.abc import Iterator
from uuid import UUID

import numpy as np

from domain.scenarios.versions import BASE
from query_api.reading import Connection
from query_api.results.group_of_position import TOTAL, LoadPortfolio
from query_api.runs import RunRow, queryable_run
from query_api.value_at_risk.gains import Array, Gains, gains_by_group
from query_api.value_at_risk.history import RunHistory, history_of_run
from query_api.value_at_risk.rows import Asked, Basis, Figures, Row, Share, TailRiskGroup, tail_row, whole_share
from query_api.value_at_risk.tail_statistics import es_components, tail_figures, tail_size, var_components

HISTORICAL = "historical"


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

    basis = Basis(run, asked, HISTORICAL, past.name, len(past.numbers), note_on(len(past.numbers), asked))
    whole = gains(TOTAL)
    own = _figures(run, past, asked, whole.gains[0])
    group = _group(whole, 0, TOTAL, asked.node or "")
    rows = [tail_row(basis, group, own, whole_share(own) if own else None)]
    if own is not None and asked.by not in (None, TOTAL):
        rows += _rows_of_parts(basis, past, str(asked.by), gains(str(asked.by)), whole.gains[0])
    return rows


def note_on(scenarios: int, asked: Asked) -> str:
    highest = max(asked.confidence, asked.es_confidence)
    if tail_size(scenarios, highest) >= 1:
        return ""
    needed = round(1 / (1 - highest))
    return (
        f"{highest:.4g} lies beyond {scenarios} scenarios: the worst loss stands for it; use {needed} scenarios or more"
    )


def _rows_of_parts(basis: Basis, past: RunHistory, by: str, parts: Gains, whole: Array) -> Iterator[Row]:
    shares = _shares(basis.asked, parts, whole)
    for place, (key, share) in enumerate(zip(parts.keys, shares, strict=True)):
        own = _figures(basis.run, past, basis.asked, parts.gains[place])
        yield tail_row(basis, _group(parts, place, by, key), own, share)


def _figures(run: RunRow, past: RunHistory, asked: Asked, gains: Array) -> Figures | None:
    if np.isnan(gains).any():
        return None
    found = tail_figures(gains, asked.confidence, asked.es_confidence)
    scenario_id = run.scenario_ids[past.numbers[found.at]]
    return Figures(found.var, found.es, found.var_low, found.var_high, found.es_standard_error, scenario_id)


def _shares(asked: Asked, parts: Gains, whole: Array) -> Iterator[Share]:
    """A group without a value adds nothing and takes nothing away."""
    gains = np.nan_to_num(parts.gains)
    of_var, of_es = var_components(gains, whole, asked.confidence), es_components(gains, whole, asked.es_confidence)
    together = tail_figures(whole, asked.confidence, asked.es_confidence)
    for place, (component_var, component_es) in enumerate(zip(of_var.tolist(), of_es.tolist(), strict=True)):
        without = tail_figures(whole - gains[place], asked.confidence, asked.es_confidence)
        yield Share(component_var, component_es, together.var - without.var, together.es - without.es)


def _group(found: Gains, place: int, by: str, key: str) -> TailRiskGroup:
    return TailRiskGroup(by, key, float(found.pv[place]), int(found.positions[place]), int(found.left_out[place]))
