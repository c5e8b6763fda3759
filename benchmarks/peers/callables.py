"""Callable bonds and OAS beside QuantLib's tree: python -m benchmarks.peers.callables [--json]

As in report.py: one thread, processor time, best of five, ten curves; QuantLib's objects are built once and
relinked, each with its own tree. Ours share a lattice where they share a coupon cycle: 160 cycles among 1,024 bonds.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from compute.engine_version import pin_arithmetic

if TYPE_CHECKING:
    from benchmarks.peers.case import Case

COUNT = 1024
FEW = 6
"""A tree of QuantLib takes milliseconds."""
QUANTLIB_STEPS = 100
MEAN_REVERSION, SIGMA = 0.03, 0.01
CHEAPER = 1.0
"""per 100, below the model: the market price of the OAS"""
SAME_PER_100 = 0.03
"""A tree of 100 steps is itself up to two cents off."""
SAME_BP = 2.0


def cases(count: int = COUNT, few: int = FEW) -> Iterator["Case"]:
    """Values are per 100 of notional; those of OAS in basis points. The first tree has as many steps as ours."""
    from benchmarks.peers.case import Case
    from benchmarks.peers.quantlib import Peer

    count, few = min(count, COUNT), min(few, FEW)
    run, peer = _inputs(list(_terms(count))), Peer()
    bonds = [_ql_bond(each) for each in list(_terms(count))[:few]]
    ours, oas = _prices(run), _spreads(run)
    for steps in (_steps(run), QUANTLIB_STEPS):
        engine = _engine(peer, steps)
        for bond in bonds:
            bond.setPricingEngine(engine)
        yield Case("callable", ours, f"tree of {steps} steps", peer.relinked(bonds), SAME_PER_100)
    yield Case("OAS", oas, f"OAS, {QUANTLIB_STEPS} steps", _ql_spreads(peer, bonds[:2]), SAME_BP)


def _terms(count: int) -> Iterator[dict[str, Any]]:
    """Ten years, two coupons a year, nine calls, one a year from the next on."""
    from benchmarks.peers.terms import bonds

    for each in bonds(count):
        coupon = 0.02 + 0.0001 * ((each["coupon"] - 0.02) / 0.0001 % 200)
        yield each | {
            "product_type": "CALLABLE_BOND",
            "business_day": "UNADJUSTED",
            "calendar": "NONE",
            "coupon": coupon,
        }


def _calls(terms: dict[str, Any]) -> list[Any]:
    return [terms["maturity_date"].replace(year=terms["maturity_date"].year - k) for k in range(9, 0, -1)]


def _inputs(instruments: list[dict[str, Any]]) -> Any:
    """By the way that a user's files take, as `peer_tenor.inputs_of`, with exercises and hull_white."""
    from benchmarks.peers import tenor as peer_tenor

    rights = [
        {"instrument_id": f"I{number:06d}", "date": day, "price_per_100": 100.0, "kind": "CALL"}
        for number, terms in enumerate(instruments)
        for day in _calls(terms)
    ]
    run = peer_tenor.inputs_of(instruments, exercises=rights)
    return replace(run, tables=replace(run.tables, hull_white={"USD": (MEAN_REVERSION, SIGMA)}))


def _resolved(run: Any) -> tuple[Any, Any, Any]:
    import numpy as np

    from compute.pricers.callable.terms import build_bonds, hull_white_of, live_exercises
    from compute.pricers.debt.projection import project_fixed
    from compute.pricers.debt.terms import resolve_debt
    from domain.portfolio.tables import RATE_TYPES

    terms = run.chunk(0)
    debt = replace(resolve_debt(run, terms, np.zeros(len(terms), np.bool_)), notional_ccy=np.ones(len(terms)))
    projected = project_fixed(run, debt, terms.choice("rate_type", RATE_TYPES))
    bonds = build_bonds(run, debt, projected.flows, live_exercises(run, terms)).on(*hull_white_of(run, terms))
    return debt, bonds, projected.accrued_ccy


def _prices(run: Any) -> Any:
    from benchmarks.peers.tenor import Prices

    debt, bonds, _ = _resolved(run)
    return Prices(lambda: _values(run, debt, bonds), lambda: _values(run, *_resolved(run)[:2]))


def _values(run: Any, debt: Any, bonds: Any) -> Any:
    import numpy as np

    from compute.pricers.callable.values import prices_at_spreads

    everywhere = np.ones(debt.discount_terms.spread.shape, np.bool_)
    return 100.0 * prices_at_spreads(run, debt, bonds, debt.discount_terms.spread, everywhere)


def _spreads(run: Any) -> Any:
    import numpy as np

    from benchmarks.peers.tenor import Prices
    from compute.kernels.valuing.spread_search import solve_spreads
    from compute.pricers.callable.values import prices_at_spreads

    debt, bonds, _ = _resolved(run)
    target = (_values(run, debt, bonds) - CHEAPER) / 100.0

    def solve() -> Any:
        def price_at(spread: Any, active: Any) -> Any:
            return prices_at_spreads(run, debt, bonds, spread, active)

        return 1e4 * solve_spreads(price_at, target, np.zeros_like(target))

    return Prices(solve, solve)


def _steps(run: Any) -> int:
    """Of our lattices, as many as the longest has."""
    return max(len(group.lattice.times_yr) - 1 for group in _resolved(run)[1].groups)


def _ql_bond(terms: dict[str, Any]) -> Any:
    import QuantLib as ql

    from benchmarks.peers.quantlib import day, schedule

    calls = ql.CallabilitySchedule()
    for each in _calls(terms):
        calls.append(ql.Callability(ql.BondPrice(100.0, ql.BondPrice.Clean), ql.Callability.Call, day(each)))
    count, issued = ql.ActualActual(ql.ActualActual.ISMA), day(terms["issue_date"])
    return ql.CallableFixedRateBond(
        0, 100.0, schedule(terms), [terms["coupon"]], count, ql.Unadjusted, 100.0, issued, calls
    )


def _engine(peer: Any, steps: int) -> Any:
    import QuantLib as ql

    return ql.TreeCallableFixedRateBondEngine(ql.HullWhite(peer.usd, MEAN_REVERSION, SIGMA), steps)


def _ql_spreads(peer: Any, bonds: list[Any]) -> Any:
    import numpy as np
    import QuantLib as ql

    conventions = ql.Actual365Fixed(), ql.Continuous, ql.Annual
    targets = peer.relinked(bonds)() - CHEAPER

    def solve() -> Any:
        columns = []
        for number in peer.each_curve():
            prices = [target - bond.accruedAmount() for target, bond in zip(targets[:, number], bonds, strict=True)]
            columns.append([b.OAS(price, peer.usd, *conventions) for b, price in zip(bonds, prices, strict=True)])
        return 1e4 * np.array(columns).T

    return solve


def main() -> int:
    pin_arithmetic()  # before numpy is there: the figures are those of official runs
    from benchmarks.peers.comparison import figures
    from benchmarks.peers.report import print_table

    rows = [figures(case) for case in cases()]
    if "--json" in sys.argv[1:]:
        print(json.dumps(rows, indent=1))
    else:
        print_table(rows)
    return 0 if all(row["same"] for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
