"""What stands in the way of pricing a rates derivative: terms, curves and fixings that are missing, as values."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_rows import discount_rows
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import UNKNOWN, Terms
from compute.kernels.dates.schedules import Schedules
from compute.outputs.failures import Failing
from compute.pricers.shared.resets import lacking_fixings, lacking_sentences
from domain.measures.failures import Reason


def check_present(failing: Failing, missing_by_name: Mapping[str, NDArray[np.bool_]]) -> None:
    for name, missing in missing_by_name.items():
        failing.where(missing, Reason.INVALID_TERMS, lambda i, n=name: f"{n} is missing")  # type: ignore[misc]


def check_curves(run: RunInputs, terms: Terms, failing: Failing) -> None:
    """The discount curve, the spread curve where one is named, and the projection curve of the index."""
    rows, problems = discount_rows(run, terms), run.tables.curve_problems
    why = f"is not solved: {problems}" if problems else "is not in the market"
    failing.where(rows < 0, Reason.MISSING_MARKET_DATA, lambda i: f"{_curve_of(terms, i)} {why}")
    failing.where(
        terms.row_in("spread_curve", run.tables.spread_row) == UNKNOWN,
        Reason.MISSING_MARKET_DATA,
        lambda i: f"spread curve {terms.text_at('spread_curve', i)!r} is not in the market",
    )
    failing.where(
        terms.row_in("index", run.tables.projection_curve_of) < 0,
        Reason.MISSING_MARKET_DATA,
        lambda i: f"the market has no projection curve for index {terms.text_at('index', i)!r}",
    )


def check_fixings(
    run: RunInputs, chosen: Terms, schedules: Schedules, candidates: NDArray[np.int64], failing: Failing
) -> None:
    """`chosen` and `schedules` are those of the `candidates`: every fixing that they lack is named with its date."""
    lacking = lacking_fixings(run, chosen, schedules)
    if not lacking.any():
        return
    sentences = {int(candidates[i]): text for i, text in lacking_sentences(run, chosen, schedules).items()}
    missing = np.zeros(len(failing.reason), np.bool_)
    missing[candidates[lacking]] = True
    failing.where(missing, Reason.MISSING_MARKET_DATA, lambda i: sentences[i])


def _curve_of(terms: Terms, i: int) -> str:
    named = terms.text_at("discount_curve", i)
    return f"discount curve {named!r}" if named else f"the discount curve of {terms.text_at('currency', i)}"
