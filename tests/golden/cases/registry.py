"""Which adapter answers for which instrument, and why some have none."""

from tests.golden.cases.bond_curves import key_rates, stepped_bond, z_spread, zero_bond
from tests.golden.cases.bond_yields import fixed_bond
from tests.golden.cases.callables import callable_bond
from tests.golden.cases.case import Adapter
from tests.golden.cases.cds import default_swap
from tests.golden.cases.cms import cms_coupon
from tests.golden.cases.daycounts import fractions
from tests.golden.cases.effective import effective_duration
from tests.golden.cases.floaters import note
from tests.golden.cases.fx import forward
from tests.golden.cases.hull_white import hull_white
from tests.golden.cases.loans import (
    actual_360_balloon,
    adjustable_rate,
    amortising,
    balloon_of_a_stated_payment,
    canadian_mortgage,
    capped_payment,
    draw_down,
    interest_only,
    whole_yen,
)
from tests.golden.cases.options import caplet, fx_option
from tests.golden.cases.pools import auto_speed, average_lives, average_speed, passthrough, with_defaults
from tests.golden.cases.swaps import overnight_swap, swap, swaption

ADAPTERS: dict[str, Adapter] = {
    "ABS_MBS.auto_ABS": auto_speed,
    "ABS_MBS.defaults": with_defaults,
    "ABS_MBS.effective_duration": effective_duration,
    "ABS_MBS.passthrough": passthrough,
    "ABS_MBS.passthrough WAL": average_lives,
    "ABS_MBS.speed": average_speed,
    "BOND.fixed": fixed_bond,
    "BOND.fixed key-rate": key_rates,
    "BOND.fixed z-spread": z_spread,
    "BOND.fixed_excoupon": fixed_bond,
    "BOND.fixed_longfirst": fixed_bond,
    "BOND.fixed_shortfirst": fixed_bond,
    "BOND.fixed_stepup": stepped_bond,
    "BOND.fixed_stub": stepped_bond,
    "BOND.frn": note,
    "BOND.zero": zero_bond,
    "CALLABLE_BOND": callable_bond,
    "DERIV.CDS": default_swap,
    "DERIV.FX_option": fx_option,
    "DERIV.IRS": swap,
    "DERIV.OIS": overnight_swap,
    "DERIV.capfloor": caplet,
    "DERIV.swaption": swaption,
    "FX_FWD": forward,
    "LOAN.act360_balloon": actual_360_balloon,
    "LOAN.amortising": amortising,
    "LOAN.amortising_JPY": whole_yen,
    "LOAN.amortising_balloon": balloon_of_a_stated_payment,
    "LOAN.canadian_mortgage": canadian_mortgage,
    "LOAN.floating_ARM": adjustable_rate,
    "LOAN.floating_ARM_negam": capped_payment,
    "LOAN.interest_only": interest_only,
    "LOAN.revolver_drawdown": draw_down,
    "STRUCTURED.CMS": cms_coupon,
    "daycount": fractions,
    "model.HullWhite": hull_white,
}

WITHOUT_ADAPTER = {
    "ABS_MBS.sequential_tranches": "no kernel for tranches yet",
    "BOND.fixed_bus252": "BUS/252 and the calendar of Brazil are none of ours",
    "BOND.frn_excoupon": "the library has no ex-coupon dates and one margin for all periods",
    "CALLABLE_BOND OAS": "a binomial lattice of given rates: ours is Hull-White's, fitted to a curve",
    "DERIV.bermudan_swaption": "Bermudan swaptions are no product of ours",
    "LOAN.amortising_bus252": "BUS/252 and the calendar of Brazil are none of ours",
    "credit.capital": "no kernel for regulatory capital yet",
    "curve.bootstrap": "bonds with coupons are no quotes of our curves: deposits, FRAs, futures and swaps are",
}
