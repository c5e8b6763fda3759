"""What scenarios make of a deal's speeds and of its clean-up call."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from compute.inputs.deals import Deal
from compute.inputs.run_inputs import RunInputs
from compute.pricers.debt.speeds import shocked_speeds
from compute.pricers.securitised.deals import Speeds, as_quoted, contractual
from domain.portfolio.attributes import value_text
from domain.portfolio.columns import Portfolio
from domain.scenarios.shocks import matches


def speeds_under(run: RunInputs, deal: Deal, scenario: int) -> Speeds:
    """Multipliers of all lines alike, or each shock in its order on the lines that it matches."""
    if run.is_contractual:
        return contractual(deal)
    tables = run.tables
    speeds = as_quoted(
        deal,
        float(tables.prepayment_multiplier[scenario]),
        float(tables.default_multiplier[scenario]),
        float(tables.severity_add[scenario]),
    )
    shocks = tables.speed_shocks[scenario]
    lines = deal.lines
    if shocks:
        moved = shocked_speeds(lines, shocks, lambda match: lines_matched(run.portfolio, deal, match))
        lines = lines._replace(**moved)
    return Speeds(speeds.shock, lines, speeds.model_cpr, is_called(run, deal, scenario))


def is_called(run: RunInputs, deal: Deal, scenario: int) -> bool:
    exercised = deal.is_exercised
    for shock in run.tables.call_shocks[scenario]:
        if matches(shock.deals, deal.deal_id):
            exercised = shock.exercised
    return exercised


def lines_matched(portfolio: Portfolio, deal: Deal, match: Mapping[str, str]) -> NDArray[np.bool_]:
    """[L] lines whose every named column matches its pattern; `*` also matches a missing one."""
    columns = portfolio.tables["collateral"].columns
    chosen = np.ones(len(deal.line_rows), np.bool_)
    for name, pattern in match.items():
        column = columns.get(name)
        if column is None:
            chosen &= matches(pattern, "")
            continue
        texts = (value_text(column.kind, value, column.categories) for value in column.values[deal.line_rows].tolist())
        chosen &= np.array([matches(pattern, text) for text in texts], np.bool_)
    return chosen


def meaning_of(speeds: Speeds) -> tuple[bytes, ...]:
    """Equal where two scenarios do the same to the deal."""
    lines = speeds.lines
    moved = (lines.prepayment_kind, lines.prepayment_pct, lines.default_kind, lines.default_pct)
    return (*(part.tobytes() for part in (*speeds.shock, *moved)), bytes([speeds.is_called]))
