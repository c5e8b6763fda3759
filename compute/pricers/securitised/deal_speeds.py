"""What scenarios make of a deal's speeds and of its clean-up call."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from compute.inputs.deals import Deal
from compute.inputs.run_inputs import RunInputs
from compute.kernels.flows.prepayment_model import NO_MODEL
from compute.kernels.flows.speeds import NO_SPEED
from compute.pricers.debt.prepayment_models import market_rates
from compute.pricers.debt.speeds import shocked_speeds
from compute.pricers.securitised.deals import Models, Speeds, as_quoted, contractual
from compute.pricers.shared.bumps import AS_IS, Bump
from domain.portfolio.attributes import value_text
from domain.portfolio.columns import Portfolio
from domain.scenarios.shocks import matches


def speeds_under(run: RunInputs, deal: Deal, scenario: int, bump: Bump = AS_IS) -> Speeds:
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
    if run.without_default:
        lines = lines._replace(default_kind=np.full(len(lines.default_kind), NO_SPEED, np.int8))
    return Speeds(speeds.shock, lines, models_under(run, deal, scenario, bump), is_called(run, deal, scenario))


def models_under(run: RunInputs, deal: Deal, scenario: int, bump: Bump) -> Models | None:
    """None where no line names a model. A speed that replaces a line's leaves its model unread."""
    if not any(deal.prepayment_models):
        return None
    known = run.tables.prepayment
    row = np.array([known.row.get(name, NO_MODEL) for name in deal.prepayment_models], np.int32)
    rates = np.ascontiguousarray(market_rates(run, bump)[..., scenario])
    return Models(known.coefficients, row, rates, run.as_of_day)


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
