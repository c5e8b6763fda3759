"""What bonds with calls and puts are worth a day later, and paid that day: THETA's other half.

The lattice is the one that tomorrow's files would build. What is paid tomorrow, or due already, counts whatever comes;
a right decided tomorrow is used where that is best, at the value it then has.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.kernels.hull_white.callable_bonds import (
    AT_ONCE,
    CALLED,
    PAID,
    PUTTED,
    CallableBonds,
    DatedAmounts,
    Dates,
    amounts_of,
    prices,
)
from compute.outputs.family_values import Matrix
from compute.pricers.callable.terms import hull_white_of
from compute.pricers.callable.values import parts_of, present_for_theta
from compute.pricers.debt.terms import Debt
from compute.pricers.shared.theta import A_DAY


@dataclass(frozen=True)
class _DayLater:
    """`rest` are the bonds from tomorrow on; the others are rows of the amounts of today's bonds."""

    rest: CallableBonds
    kept: NDArray[np.int64]
    settled: NDArray[np.int64]
    """paid tomorrow, or later for a date up to then"""
    called: NDArray[np.int64]
    """on a decision of tomorrow"""
    put: NDArray[np.int64]


def prices_for_theta(run: RunInputs, debt: Debt, bonds: CallableBonds) -> Matrix:
    """[n, S] per unit of notional, what is paid tomorrow included."""
    day_later = _a_day_on(bonds)
    on_lattices = replace(day_later, rest=day_later.rest.on(*hull_white_of(run, debt.terms)))
    parts = [_part(run, debt, bonds.amounts, on_lattices, scenarios) for scenarios in parts_of(run, bonds)]
    return np.concatenate(parts, axis=1)


def _part(run: RunInputs, debt: Debt, amounts: DatedAmounts, day_later: _DayLater, scenarios: slice) -> Matrix:
    present = present_for_theta(run, debt, amounts, scenarios)
    count = day_later.rest.position_count

    def worth(rows: NDArray[np.int64], nothing: float) -> Matrix:
        total = np.zeros((count, present.shape[1]))
        np.add.at(total, amounts.position[rows], present[rows])
        total[np.bincount(amounts.position[rows], minlength=count) == 0] = nothing
        return total

    held = prices(day_later.rest, present[day_later.kept])
    best = np.maximum(np.minimum(held, worth(day_later.called, np.inf)), worth(day_later.put, -np.inf))
    return best + worth(day_later.settled, 0.0)


def _a_day_on(bonds: CallableBonds) -> _DayLater:
    """Days count from tomorrow; a bond's last date stays, since its redemption is rolled back from it."""
    dates, amounts = bonds.dates, bonds.amounts
    later = dates.day > A_DAY
    later[dates.offsets[1:] - 1] = True
    is_due = (amounts.row == AT_ONCE) | ~later[amounts.row]
    kept = np.flatnonzero(~is_due)
    before = np.concatenate(([0], np.cumsum(later)))
    of_dates = Dates(
        before[dates.offsets],
        np.maximum(dates.day[later] - A_DAY, 1).astype(np.int32),
        dates.paid_loading[later],
        dates.strike_loading[:, later],
    )
    left = amounts_of(amounts, kept)
    rest = CallableBonds(of_dates, replace(left, row=before[left.row]), ())
    due = (np.flatnonzero(is_due & (amounts.purpose == purpose)) for purpose in (PAID, CALLED, PUTTED))
    return _DayLater(rest, kept, *due)
