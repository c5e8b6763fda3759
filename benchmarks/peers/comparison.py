"""The cases, and how both sides are timed and compared."""

import gc
import importlib
import importlib.util
import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.peers import terms as peer_terms
from benchmarks.peers.case import Case
from benchmarks.peers.derivative_cases import derivative_cases
from benchmarks.peers.quantlib import Peer
from benchmarks.peers.tenor import Price, fixed, floating, fx, inputs_of
from benchmarks.peers.terms import SPOT

POSITIONS = 4096
"""a chunk"""
PEER_POSITIONS = 500
"""A loan is 200 kB in QuantLib; a few are as good as many, they only stay in its caches more easily."""
REPEATS = 5
MIN_SECONDS = 0.1
CPR = 0.06
LEG = "CashFlows.npv of a Leg"


MORE_CASES = ("benchmarks.peers.callables",)
"""Modules with a `cases(count, few)` of their own, listed where they are there."""


def cases(count: int = POSITIONS, few: int = PEER_POSITIONS) -> Iterator[Case]:
    """One at a time: QuantLib's objects of one case are not in memory while another is timed."""
    yield from debt_cases(count, few)
    yield from derivative_cases(count, few)
    for name in MORE_CASES:
        if importlib.util.find_spec(name):
            yield from importlib.import_module(name).cases(count, few)


def debt_cases(count: int, few: int) -> Iterator[Case]:
    peer = Peer()
    bonds = list(peer_terms.bonds(count))
    yield Case("bond", fixed(inputs_of(bonds)), "FixedRateBond", peer.relinked([peer.bond(b) for b in bonds[:few]]))
    loans, speedy = list(peer_terms.loans(count)), peer_terms.loans(count, f"CPR {100 * CPR:g}")
    ours, plain = fixed(inputs_of(loans)), peer.relinked([peer.loan(each) for each in loans[:few]])
    yield Case("loan", ours, "AmortizingFixedRateBond", plain)
    yield Case("loan", ours, LEG, peer.legs([peer.loan_leg(each) for each in loans[:few]]))
    ours = fixed(inputs_of(speedy))
    yield Case("loan, CPR 6", ours, "AmortizingFixedRateBond without", plain, compared=False)
    yield Case("loan, CPR 6", ours, LEG, peer.legs([peer.loan_leg(each, CPR) for each in loans[:few]]))
    notes = list(peer_terms.floaters(count))
    theirs = peer.relinked([peer.floater(each) for each in notes[:few]])
    yield Case("floater", floating(inputs_of(notes)), "FloatingRateBond", theirs)
    forwards = list(peer_terms.fx_forwards(count))
    theirs = peer.relinked([peer.fx_forward(each) for each in forwards[:few]], unit=SPOT)
    yield Case("FX forward", fx(inputs_of(forwards)), "FxForward", theirs)


def figures(case: Case) -> dict[str, Any]:
    resolved, from_terms = rate(case.ours.resolved), rate(case.ours.from_terms)
    peer, differs = rate(case.theirs), difference(case)
    return {
        "case": case.name,
        "peer": case.peer,
        "ours_resolved_per_s": round(resolved),
        "ours_from_terms_per_s": round(from_terms),
        "peer_per_s": round(peer),
        "ratio_resolved": round(resolved / peer, 1),
        "ratio_from_terms": round(from_terms / peer, 1),
        "largest_difference": differs,
        "tolerance": case.tolerance,
        "same": differs <= case.tolerance,
    }


def difference(case: Case) -> float:
    """The largest, both ways that ours are made: relative, or absolute where `within` is an amount."""
    if not case.compared:
        return 0.0
    theirs = case.theirs()
    unit = np.abs(theirs) if case.is_relative else 1.0
    ours = (case.ours.resolved(), case.ours.from_terms())
    return max(float(np.max(np.abs(values[: len(theirs)] - theirs) / unit)) for values in ours)


def rate(price: Price) -> float:
    """Valuations a second of processor time: best of five stretches of at least a tenth of a second."""
    price()  # compiled, and in the caches
    gc.collect()
    started = time.process_time()
    valuations = price().size
    times = max(1, math.ceil(MIN_SECONDS / (time.process_time() - started)))
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        for _ in range(times):
            price()
        seconds.append(time.process_time() - started)
    return valuations * times / min(seconds)
