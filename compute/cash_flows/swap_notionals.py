"""How the notional of a swap falls up to a day, and what is left of it then."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.inputs.loan_events import stepped, steps_of
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms

Days = NDArray[np.int32]


class NotionalFalls(NamedTuple):
    """[k] of which swap, on which day, what share of the position's notional: negative where it rises."""

    swap: NDArray[np.int64]
    day: Days
    """offsets from the valuation date"""
    factor: NDArray[np.float64]


def notionals_over(run: RunInputs, swaps: Terms, until: Days) -> NotionalFalls:
    """A row of `steps` falls on its date, what is left after those before maturity on the day `until`: together the
    notional of today."""
    everyone = np.arange(len(swaps), dtype=np.int64)
    last = np.minimum(until, swaps.day("maturity_date") - run.as_of_day - 1) + run.as_of_day
    left = np.ones(len(swaps))
    if "steps" not in swaps.portfolio.tables:
        return NotionalFalls(everyone, until, left)
    swap, day, fall = _falls(swaps)
    counted = (day > run.as_of_day) & (day <= last[swap])
    left = stepped(swaps, "notional_factor", swaps.instruments, last.astype(np.int32), left)
    return NotionalFalls(
        np.concatenate([swap[counted], everyone]),
        np.concatenate([day[counted] - run.as_of_day, until]),
        np.concatenate([fall[counted], left]),
    )


def _falls(swaps: Terms) -> tuple[NDArray[np.int64], Days, NDArray[np.float64]]:
    """Of each row of `steps`: whose it is, its day, and the factor before it less its own."""
    steps, instrument = steps_of(swaps), swaps.instruments
    first, count = steps.offsets[instrument], np.diff(steps.offsets)[instrument]
    swap = np.repeat(np.arange(len(swaps), dtype=np.int64), count)
    number = np.arange(len(swap)) - np.repeat(np.cumsum(count) - count, count)
    row = first[swap] + number
    said = steps.values["notional_factor"]
    factor = np.where(np.isnan(said), 1.0, said)
    before = np.where(number == 0, 1.0, factor[np.maximum(row - 1, 0)])
    return swap, steps.day[row], before - factor[row]
