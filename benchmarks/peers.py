"""Tenor's kernels beside QuantLib on the same terms and curves: python benchmarks/peers.py [--json]

Both sides on one thread, by the process's own processor time, best of five; ten curves, parallel shifts of -100 to
+100 bp. A valuation is one position under one curve. Compilation is not in the figures.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from compute.engine import pin_arithmetic

pin_arithmetic()  # before numpy: the figures are those of official runs

import numpy as np

from benchmarks import peer_terms, peer_tenor
from benchmarks.peer_quantlib import Peer
from benchmarks.peer_tenor import Price, Prices, inputs_of

OUR_POSITIONS = 4096
"""a chunk"""
REPEATS = 5
LEAST_SECONDS = 0.1
SAME = 1e-10
CPR = 0.06


@dataclass(frozen=True)
class Case:
    name: str
    ours: Prices
    peer: str
    theirs: Price
    their_positions: int


def cases() -> list[Case]:
    peer, everyone = Peer(), OUR_POSITIONS
    loans = peer_tenor.fixed(inputs_of(peer_terms.loans(everyone)))
    speedy = peer_tenor.fixed(inputs_of(peer_terms.loans(everyone, f"CPR {100 * CPR:g}")))
    bonds = peer_tenor.fixed(inputs_of(peer_terms.bonds(everyone)))
    floaters = peer_tenor.floating(inputs_of(peer_terms.floaters(everyone)))
    forwards = peer_tenor.fx(inputs_of(peer_terms.fx_forwards(everyone)))

    def relinked(build: Callable[[Any], Any], terms: Iterable[Any]) -> Price:
        return peer.relinked([build(each) for each in terms])

    def legs(cpr: float) -> Price:
        return peer.legs([peer.loan_leg(each, cpr) for each in peer_terms.loans(200)])

    few, many = 200, 1000
    return [
        Case("bond 10y semi-annual", bonds, "FixedRateBond", relinked(peer.bond, peer_terms.bonds(many)), many),
        Case("loan 30y monthly", loans, "AmortizingFixedRateBond", relinked(peer.loan, peer_terms.loans(few)), few),
        Case("loan 30y monthly", loans, "CashFlows.npv, 360 flows", legs(0.0), few),
        Case(f"loan with CPR {100 * CPR:g}", speedy, "CashFlows.npv, 360 flows", legs(CPR), few),
        Case("note 10y quarterly", floaters, "FloatingRateBond", relinked(peer.floater, peer_terms.floaters(few)), few),
        Case("FX forward", forwards, "FxForward", relinked(peer.fx_forward, peer_terms.fx_forwards(many)), many),
    ]


def figures(case: Case) -> dict[str, Any]:
    ours, theirs = case.ours.resolved(), case.theirs()
    same = [np.max(np.abs(values[: len(theirs)] / theirs - 1)) for values in (ours, case.ours.from_terms())]
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
        "largest_relative_difference": float(max(same)),
    }


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


def main() -> int:
    rows = [figures(case) for case in cases()]
    if "--json" in sys.argv[1:]:
        print(json.dumps(rows, indent=1))
    else:
        print_table(rows)
    return 0 if all(row["largest_relative_difference"] < SAME for row in rows) else 1


def print_table(rows: list[dict[str, Any]]) -> None:
    print(f"{'valuations a second and core':<22}{'QuantLib':<26}{'resolved':>12}{'from terms':>12}{'QuantLib':>12}"
          f"{'ratios':>16}{'difference':>12}")
    for row in rows:
        ratios = f"{row['ratio_resolved']:g} / {row['ratio_from_terms']:g}"
        print(
            f"{row['case']:<28}{row['peer']:<26}{row['ours_resolved_per_s']:>12,}{row['ours_from_terms_per_s']:>12,}"
            f"{row['peer_per_s']:>12,}{ratios:>16}{row['largest_relative_difference']:>12.1e}"
        )


if __name__ == "__main__":
    raise SystemExit(main())
