"""What past moves would do to the run on the page: their gains as a histogram, and the VaR and ES of every desk."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.scenarios.versions import BASE
from query_api.errors import QueryRefused
from query_api.reading import Connection
from query_api.results.grouping import TOTAL
from query_api.runs import RunRow
from query_api.value_at_risk.gains import gains_by_group
from query_api.value_at_risk.historical import historical_var
from query_api.value_at_risk.history import DATED, history_of_run
from query_api.value_at_risk.rows import Asked, Row
from query_api.web import charts
from query_api.web.markup import Html, amount, scale_of, scaled, table, tag, text

BINS = 13


@dataclass(frozen=True)
class Past:
    """The whole first, then the desks."""

    rows: list[Row]
    gains: list[float]


def is_past(scenario_id: str) -> bool:
    """One of hundreds of days: no column and no bar of its own."""
    return DATED.fullmatch(scenario_id) is not None


def past_of(connection: Connection, run: RunRow) -> Past | None:
    """None where the run has no history, or several."""
    try:
        history = history_of_run(connection, run, None)
        rows = historical_var(connection, run.run_id, Asked("desk"))
    except QueryRefused:
        return None
    base_no = run.scenarios.index(BASE)
    whole = gains_by_group(connection, run, base_no, history.numbers, TOTAL, None, None)
    return None if np.isnan(whole.gains).any() else Past(rows, whole.gains[0].tolist())


def section(past: Past, names: dict[str, Any]) -> Html:
    whole = past.rows[0]
    unit, words = scale_of([*past.gains, whole["var_base"]])
    title = f"Gain or loss under {len(past.gains):,} moves of {whole['history']}"
    said = f"{title}, {whole['base_currency']} {words}".strip()
    counts, edges = np.histogram(np.array(past.gains) / unit, bins=BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    bars = [(f"{middle:+,.1f}", float(count)) for middle, count in zip(middles, counts, strict=True)]
    heads = [
        "Desk",
        f"VaR {100 * whole['confidence']:g} %",
        f"ES {100 * whole['es_confidence']:g} %",
        "VaR due",
        "ES due",
    ]
    figures = ("var_base", "es_base", "component_var_base", "component_es_base")
    lines = [
        [text(names.get(row["key"]) or row["key"] or "All positions"), *(scaled(row[name], unit) for name in figures)]
        for row in (*past.rows[1:], whole)
    ]
    note = f"{amount(whole['left_out'])} positions left out" if whole["left_out"] else "All positions"
    told = table(f"{note}, {whole['base_currency']} {words}".strip(), heads, lines)
    return tag("section", tag("h2", text(said)), charts.columns(said, bars), told)
