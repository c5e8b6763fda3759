"""Cases of what is not a plain bond, loan or forward: each product beside QuantLib's fastest engine for it."""

from collections.abc import Iterator

import numpy as np

from benchmarks.peers import derivative_terms as terms_of
from benchmarks.peers import tenor_derivatives as ours
from benchmarks.peers.case import Case
from benchmarks.peers.quantlib import Values
from benchmarks.peers.quantlib_derivatives import DerivativePeer
from benchmarks.peers.tenor import fixed, inputs_of
from benchmarks.peers.terms import NOTIONAL, bonds

OF_NOTIONAL = 1e-10 * NOTIONAL
"""A swap may be worth nothing: differences count beside the notional."""
STANDARD_MODEL = 1e-9 * NOTIONAL
MIDPOINT = 1e-3 * NOTIONAL
"""Another model: defaults fall in the middle of periods."""


def derivative_cases(count: int, few: int) -> Iterator[Case]:
    peer = DerivativePeer()
    plain, spread = list(bonds(count)), list(terms_of.spread_bonds(count))
    with_spread, shared = fixed(inputs_of(spread)), peer.relinked([peer.bond(each) for each in plain[:few]])
    own = peer.relinked([peer.spread_bond(each) for each in spread[:few]])
    yield Case("bond, spread each", with_spread, "FixedRateBond without one", shared, compared=False)
    yield Case("bond, spread each", with_spread, "ZeroSpreadedTermStructure", own)
    swaps, caps = list(terms_of.swaps(count)), list(terms_of.caps(count))
    theirs = peer.relinked([peer.swap(each) for each in swaps[:few]])
    yield Case("IRS", ours.prices(swaps, ours.swaps), "DiscountingSwapEngine", theirs, OF_NOTIONAL)
    theirs = peer.relinked([peer.cap(each) for each in caps[:few]])
    yield Case("cap", ours.prices(caps, ours.caps), "BlackCapFloorEngine", theirs, OF_NOTIONAL)
    options = list(terms_of.swaptions(count))
    theirs = peer.relinked([peer.swaption(each) for each in options[:few]])
    yield Case("swaption", ours.prices(options, ours.swaptions), "BlackSwaptionEngine", theirs, OF_NOTIONAL)
    credit = list(terms_of.credit_default_swaps(count))
    priced = ours.prices(credit, ours.credit_default_swaps)
    for name, engine, within in (("Isda", peer.isda, STANDARD_MODEL), ("MidPoint", peer.midpoint, MIDPOINT)):
        theirs = peer.relinked([peer.credit_default_swap(each, engine) for each in credit[:few]])
        yield Case("CDS", priced, f"{name}CdsEngine", theirs, within)
    on_fx = list(terms_of.fx_options(count))
    theirs = peer.relinked([peer.fx_option(each) for each in on_fx[:few]], unit=NOTIONAL)
    yield Case("FX option", ours.prices(on_fx, ours.fx_options), "AnalyticEuropeanEngine", theirs, OF_NOTIONAL)
    yield yields_case(peer, count, few)


def yields_case(peer: DerivativePeer, count: int, few: int) -> Case:
    """Both search for the yields of the same values."""
    unadjusted = list(terms_of.unadjusted_bonds(count))
    values: Values = fixed(inputs_of(unadjusted)).resolved()
    theirs = peer.bond_yields([peer.unadjusted_bond(each) for each in unadjusted[:few]], np.asarray(values[:few]))
    return Case("bond yield", ours.prices(unadjusted, ours.yields), "BondFunctions.bondYield", theirs, 1e-10)
