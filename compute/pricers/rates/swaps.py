"""Interest-rate swaps: a fixed leg against a floating one, discounted on one curve and projected on another."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.outputs.failures import Failing
from compute.outputs.family_values import Matrix, Valued
from compute.pricers.debt.spreads import PER_RATE
from compute.pricers.rates.swap_legs import (
    Leg,
    LegTerms,
    discount_on,
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
        key_rate_dv01_ccy=swap.key_rate_dv01_ccy,
        fx_delta_base=fx_delta(run, terms, swap.pv_ccy),
        accrued_ccy=swap.accrued_ccy,
        theta_ccy=swap.pv_tomorrow_ccy - swap.pv_ccy if is_asked(run) else None,
        par_spread_bp=_par_spread(run, terms, received_ccy, swap.pv_ccy),
        has_price=False,
    )


def _par_spread(run: RunInputs, terms: Terms, received_ccy: NDArray[np.float64], pv_ccy: Matrix) -> Matrix | None:
    """What the fixed coupon would have to rise by for the swap to be worth nothing, whichever side we are on."""
    if not run.asks("PAR_SPREAD"):
        return None
    leg, on = swap_leg(run, terms, "fixed"), discount_on(run, terms)
    annuity_ccy = fixed_leg_pv(run, leg, on, notional=received_ccy, coupon=np.ones(len(terms)))
    with np.errstate(divide="ignore", invalid="ignore"):
        rise: Matrix = -pv_ccy / annuity_ccy * PER_RATE
    return rise


def swap_legs(run: RunInputs, terms: Terms, received_ccy: NDArray[np.float64]) -> Leg:
    """Both legs together, on the notional whose fixed leg is received."""
    on = discount_on(run, terms)
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
