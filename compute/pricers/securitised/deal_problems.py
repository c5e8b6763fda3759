"""What stands in the way of a deal, and so of all its tranches."""

from collections.abc import Iterator

import numpy as np

from compute.inputs.deals import Deal
from compute.inputs.run_inputs import RunInputs
from compute.kernels.deals.terms import is_note
from compute.kernels.flows.speeds import NO_SPEED
from compute.pricers.debt.prepayment_models import lacking
from compute.pricers.shared.resets import KnownRates
from domain.measures.failures import Reason

EXCESS_CCY = 0.01
"""Notes may be above the pool by a cent; sums of cents are rounded before they are compared."""


def problems_of(run: RunInputs, deal: Deal) -> list[tuple[Reason, str]]:
    found: list[tuple[Reason, str]] = run.lookups.once(
        "problems of deal",
        deal.deal_id,
        lambda: [(reason, f"deal {deal.deal_id}: {sentence}") for reason, sentence in _problems(run, deal)],
    )
    return found


def _problems(run: RunInputs, deal: Deal) -> Iterator[tuple[Reason, str]]:
    if deal.end_day[0] <= run.as_of_day:
        yield Reason.INVALID_TERMS, "first_payment_date is on or before the valuation date"
    notes = [is_note(kind) for kind in deal.tranches.kind]
    excess = round(float(deal.tranches.balance_ccy[notes].sum()) - deal.terms.pool_ccy, 4)
    if excess > EXCESS_CCY and not deal.is_undercollateralised:
        yield (
            Reason.INVALID_TERMS,
            f"its notes are above the pool by {excess:,.2f}; correct them, or say undercollateralised",
        )
    lines = deal.lines
    late = (lines.default_kind != NO_SPEED) & (lines.recovery_lag_mo >= lines.wam_mo)
    if late.any():
        yield (
            Reason.INVALID_TERMS,
            f"{int(late.sum())} of its lines have a recovery lag that is not shorter than the months left",
        )
    for model in sorted({name for name in deal.prepayment_models if name}):
        if model not in run.tables.prepayment.row:
            yield Reason.MISSING_MARKET_DATA, lacking(run, model)
    burns = np.array([run.tables.prepayment.burns_out(name) for name in deal.prepayment_models], np.bool_)
    if (burns & (lines.original_balance_ccy <= 0.0) & (lines.balance_ccy > 0.0)).any():
        yield Reason.INVALID_TERMS, "burnout is of original_balance, which is nil for some of its lines"
    for index in sorted({each for each in (*deal.tranche_rates.index, *deal.line_rates.index) if each is not None}):
        yield from _of_index(run, deal, index)


def _of_index(run: RunInputs, deal: Deal, index: str) -> Iterator[tuple[Reason, str]]:
    if index in run.tables.unsupported_indices:
        yield Reason.MISSING_MARKET_DATA, f"the curve of {index!r} is not solved: {run.tables.curve_problems}"
        return
    if index not in run.tables.projection_curve_of:
        yield Reason.MISSING_MARKET_DATA, f"the market has no projection curve for index {index!r}"
        return
    known = KnownRates(run, index)
    for k in np.flatnonzero(deal.start_day <= run.as_of_day).tolist():
        dates = int(deal.start_day[k]), int(deal.end_day[k])
        if not known.is_known(*dates):
            yield Reason.MISSING_MARKET_DATA, known.lacking_in_words(*dates)
