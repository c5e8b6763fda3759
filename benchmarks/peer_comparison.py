"""The cases, and how both sides are timed and compared."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import peer_terms
from benchmarks.peer_quantlib import Peer
from benchmarks.peer_tenor import Price, Prices, fixed, floating, fx, inputs_of
from benchmarks.peer_terms import SPOT

POSITIONS = 4096
"""a chunk"""
PEER_LOANS = 500
"""200 kB each in QuantLib; a few are as good as many, they only stay in its caches more easily"""
REPEATS = 5
LEAST_SECONDS = 0.1
CPR = 0.06
LEG = "CashFlows.npv of a Leg"


@dataclass(frozen=True)
class Case:
    name: str
    ours: Prices
    peer: str
    theirs: Price


def cases(count: int = POSITIONS, few: int = PEER_LOANS) -> Iterator[Case]:
    """One at a time: QuantLib's objects of one case are not in memory while another is timed."""
    peer = Peer()
    bonds = list(peer_terms.bonds(count))
    yield Case("bond", fixed(inputs_of(bonds)), "FixedRateBond", peer.relinked([peer.bond(each) for each in bonds]))
    loans, speedy = list(peer_terms.loans(count)), peer_terms.loans(count, f"CPR {100 * CPR:g}")
    ours = fixed(inputs_of(loans))
    yield Case("loan", ours, "AmortizingFixedRateBond", peer.relinked([peer.loan(each) for each in loans[:few]]))
    yield Case("loan", ours, LEG, peer.legs([peer.loan_leg(each) for each in loans[:few]]))
    yield Case(
        "loan, CPR 6", fixed(inputs_of(speedy)), LEG, peer.legs([peer.loan_leg(each, CPR) for each in loans[:few]])
    )
    notes = list(peer_terms.floaters(count))
    yield Case(
        "floater", floating(inputs_of(notes)), "FloatingRateBond", peer.relinked([peer.floater(n) for n in notes])
    )
    forwards = list(peer_terms.fx_forwards(count))
    theirs = peer.relinked([peer.fx_forward(each) for each in forwards], unit=SPOT)
    yield Case("FX forward", fx(inputs_of(forwards)), "FxForward", theirs)


def figures(case: Case) -> dict[str, Any]:
    resolved, from_terms = rate(case.ours.resolved), rate(case.ours.from_terms)
    peer = rate(case.theirs)
    return {
        "case": case.name,
        "peer": case.peer,
        "ours_resolved_per_s": round(resolved),
        "ours_from_terms_per_s": round(from_terms),
        "peer_per_s": round(peer),
        "ratio_resolved": round(resolved / peer, 1),
        "ratio_from_terms": round(from_terms / peer, 1),
        "largest_relative_difference": difference(case),
    }


def difference(case: Case) -> float:
    """The largest of present values, relative, both ways that ours are made."""
    theirs = case.theirs()
    ours = (case.ours.resolved(), case.ours.from_terms())
    return max(float(np.max(np.abs(values[: len(theirs)] / theirs - 1))) for values in ours)


def rate(price: Price) -> float:
    """Valuations a second of processor time: best of five stretches of at least a tenth of a second."""
    started = time.process_time()
    valuations = price().size
    times = max(1, math.ceil(LEAST_SECONDS / (time.process_time() - started)))
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        for _ in range(times):
            price()
        seconds.append(time.process_time() - started)
    return valuations * times / min(seconds)
