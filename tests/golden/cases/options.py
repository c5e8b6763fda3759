"""Options on forwards under Black's formula, discounted."""

import math

from compute.kernels.options.caplet_volatilities import LOGNORMAL
from compute.kernels.options.options import CAPLET, FLOORLET, option_on_rate
from tests.golden.cases.case import VALUE, Case, Figures, NotExpressible
from tests.golden.cases.swaps import strip

SIDES = {"call": CAPLET, "put": FLOORLET, "caplet": CAPLET, "floorlet": FLOORLET}


def caplet(case: Case) -> Figures:
    """One caplet on a forward that is given, paid at the end of its period; or a strip on an index."""
    inputs = case.inputs
    if "index" in inputs:
        return strip(case)
    expiry_yr, tau = inputs.number("expiry"), inputs.number("tau")
    deviation = inputs.number("vol") * math.sqrt(expiry_yr)
    side = SIDES[inputs.text("type", "caplet")]
    value = option_on_rate(LOGNORMAL, side, inputs.number("forward"), inputs.number("strike"), deviation)
    discount = math.exp(-inputs.number("zero_cont") * (expiry_yr + tau))
    return {VALUE: value * tau * discount * inputs.number("principal")}


def fx_option(case: Case) -> Figures:
    """Garman and Kohlhagen's value for one of base: Black's on the forward rate."""
    inputs = case.inputs
    expiry_yr, domestic, foreign = inputs.number("T"), inputs.number("r_domestic"), inputs.number("r_foreign")
    forward = inputs.number("spot") * math.exp((domestic - foreign) * expiry_yr)
    deviation = inputs.number("vol") * math.sqrt(expiry_yr)
    side = SIDES.get(inputs.text("type"))
    if side is None:
        raise NotExpressible(f"type {inputs.text('type')!r} is neither call nor put")
    value = option_on_rate(LOGNORMAL, side, forward, inputs.number("strike"), deviation)
    return {VALUE: value * math.exp(-domestic * expiry_yr)}
