"""Interest-rate swaps: a fixed leg against a floating one, discounted on one curve and projected on another."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_terms import unshocked_discount_terms
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.outputs.failures import Failing
from compute.outputs.family_values import Matrix, Valued
from compute.pricers.debt.spreads import PER_RATE
from compute.pricers.rates.stepped_swaps import (
    scattered,
    stepped_annuity,
    stepped_fixed_leg,
    stepped_floating_leg,
    steps_something,
)
from compute.pricers.rates.swap_legs import (
    Leg,
    LegTerms,
    fixed_leg,
    fixed_leg_pv,
    floating_leg,
    leg_terms,
)
from compute.pricers.shared.checks import check_curves, check_fixings, check_present
from compute.pricers.shared.fx_rates import fx_delta
from compute.pricers.shared.theta import is_asked
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import DAY_COUNTS

SIDES = ("PAY", "RECEIVE")
RECEIVE = SIDES.index("RECEIVE")


def price_swaps(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """Positions that passed `check_swaps`.

    `pay_receive` is the fixed leg's side. Interest accrued is what both legs have earned, less what they owe.
    """
    notional_ccy = terms.position_number("notional")
    received_ccy = np.where(terms.choice("pay_receive", SIDES) == RECEIVE, notional_ccy, -notional_ccy)
    swap = swap_legs(run, terms, received_ccy)
    return Valued(
        index=index,
        notional_ccy=notional_ccy,
        pv_ccy=swap.pv_ccy,
        pv_up_ccy=swap.pv_up_ccy,
        pv_down_ccy=swap.pv_down_ccy,
        values={
            "KEY_RATE_DV01": swap.key_rate_dv01_ccy,
            "FX_DELTA": fx_delta(run, terms, swap.pv_ccy),
            "ACCRUED_INTEREST": swap.accrued_ccy,
            "THETA": swap.pv_for_theta_ccy - swap.pv_ccy if is_asked(run) else None,
            "PAR_SPREAD": _par_spread(run, terms, received_ccy, swap.pv_ccy),
        },
        has_price=False,
    )


def _par_spread(run: RunInputs, terms: Terms, received_ccy: NDArray[np.float64], pv_ccy: Matrix) -> Matrix | None:
    """What the fixed coupon would have to rise by for the swap to be worth nothing, whichever side we are on."""
    if not run.asks("PAR_SPREAD"):
        return None
    leg, on = swap_leg(run, terms, "fixed"), unshocked_discount_terms(run, terms)
    annuity_ccy = fixed_leg_pv(run, leg, on, notional=received_ccy, coupon=np.ones(len(terms)))
    if steps_something(terms).any():
        annuity_ccy = stepped_annuity(run, terms, leg, received_ccy)
    with np.errstate(divide="ignore", invalid="ignore"):
        rise: Matrix = -pv_ccy / annuity_ccy * PER_RATE
    return rise


def swap_legs(run: RunInputs, terms: Terms, received_ccy: NDArray[np.float64]) -> Leg:
    """Both legs together, on the notional whose fixed leg is received."""
    steps = steps_something(terms)
    groups = ((np.flatnonzero(~steps), _level_legs), (np.flatnonzero(steps), _stepped_legs))
    parts = [(chosen, make(run, terms.of(chosen), received_ccy[chosen])) for chosen, make in groups if len(chosen)]
    return parts[0][1] if len(parts) == 1 else scattered(parts, len(terms))


def _stepped_legs(run: RunInputs, terms: Terms, received_ccy: NDArray[np.float64]) -> Leg:
    fixed = stepped_fixed_leg(run, terms, swap_leg(run, terms, "fixed"), received_ccy)
    return fixed.plus(stepped_floating_leg(run, terms, swap_leg(run, terms, "float"), -received_ccy))


def _level_legs(run: RunInputs, terms: Terms, received_ccy: NDArray[np.float64]) -> Leg:
    on = unshocked_discount_terms(run, terms)
    fixed = fixed_leg(run, swap_leg(run, terms, "fixed"), on, notional=received_ccy, coupon=terms.number("coupon"))
    margin = terms.number("margin", 0.0)
    floating = floating_leg(run, terms, swap_leg(run, terms, "float"), on, notional=-received_ccy, margin=margin)
    return fixed.plus(floating)


def check_swaps(run: RunInputs, terms: Terms, failing: Failing) -> None:
    check_present(
        failing,
        {
            "issue_date": terms.day("issue_date") == ABSENT_DATE,
            "maturity_date": terms.day("maturity_date") == ABSENT_DATE,
            "coupon": np.isnan(terms.number("coupon")),
            "index": terms.texts("index")[0] < 0,
            "pay_receive": terms.choice("pay_receive", SIDES) < 0,
            "fixed_frequency": np.isnan(terms.number("fixed_frequency")),
            "fixed_day_count": terms.choice("fixed_day_count", DAY_COUNTS) < 0,
            "float_frequency": np.isnan(terms.number("float_frequency")),
            "float_day_count": terms.choice("float_day_count", DAY_COUNTS) < 0,
        },
    )
    check_curves(run, terms, failing)
    candidates = np.flatnonzero(failing.fine)
    if not len(candidates):
        return
    chosen = terms.of(candidates)
    check_fixings(run, chosen, swap_leg(run, chosen, "float").schedules, candidates, failing)


def swap_leg(run: RunInputs, terms: Terms, side: str) -> LegTerms:
    return leg_terms(
        run,
        terms,
        from_day=terms.day("issue_date"),
        frequency=terms.whole(f"{side}_frequency"),
        day_count=terms.choice(f"{side}_day_count", DAY_COUNTS),
    )
