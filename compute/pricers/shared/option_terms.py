"""What options share: their side, their volatility surface, and the leg terms that their index fills in."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import EPOCH, RunInputs
from compute.inputs.terms import ABSENT, UNKNOWN, Terms
from compute.kernels.options.caplet_volatilities import LOGNORMAL
from compute.kernels.options.volatility_surfaces import volatilities
from compute.outputs.failures import Failing
from domain.market.conventions import SwapConventions
from domain.market.index_conventions import index_conventions
from domain.measures.failures import Reason
from domain.portfolio.tables import DAY_COUNTS, OPTION_TYPES

Amounts = NDArray[np.float64]
CALLS = tuple(OPTION_TYPES.index(name) for name in ("CAP", "PAYER", "CALL"))
"""Options that gain when the forward rises."""


def sides(terms: Terms) -> Amounts:
    """[m] 1 for a call on the forward, -1 for a put."""
    return np.where(np.isin(terms.choice("option_type", OPTION_TYPES), CALLS), 1.0, -1.0)


def surface_rows_of(run: RunInputs, terms: Terms, product: str, underlying: str) -> NDArray[np.int32]:
    """[m] row of the surface; below 0 where the market has none."""
    known = run.tables.surface_of.get(product, {})
    return terms.code(f"{product} surface", underlying, lambda text: known.get(text, UNKNOWN))


def check_surface(run: RunInputs, terms: Terms, failing: Failing, product: str, underlying: str) -> None:
    failing.where(
        surface_rows_of(run, terms, product, underlying) < 0,
        Reason.MISSING_MARKET_DATA,
        lambda i: f"the market has no {product} volatilities for {terms.text_at(underlying, i)!r}",
    )


def shifts(run: RunInputs, row: NDArray[np.int32]) -> Amounts:
    """[N] of the surfaces, by which both the forward and the strike move up; 0 where there is no surface."""
    surfaces = run.tables.surfaces
    assert surfaces is not None
    return np.where(row >= 0, surfaces.shift[row], 0.0) if len(surfaces.shift) else np.zeros(len(row))


def check_strike(run: RunInputs, terms: Terms, failing: Failing, product: str, underlying: str) -> None:
    """A lognormal forward never gets to such a strike: certainly a mistake in the strike, or in the kind of surface."""
    row, surfaces = surface_rows_of(run, terms, product, underlying), run.tables.surfaces
    if surfaces is None or not len(surfaces.kind):
        return
    beyond = (row >= 0) & (surfaces.kind[row] == LOGNORMAL) & (terms.number("strike") + shifts(run, row) <= 0.0)
    fix = "use a rate above 0" if product == "FX" else "give the surface a larger shift, or NORMAL volatilities"
    failing.where(
        beyond,
        Reason.INVALID_TERMS,
        lambda i: f"strike {terms.number('strike')[i]:g} is out of reach of the lognormal surface: {fix}",
    )


def check_expiry(run: RunInputs, terms: Terms, failing: Failing) -> None:
    """Of an option that expires today nothing is left; one that is still there after its expiry is a mistake."""
    expiry = terms.day("expiry_date")
    failing.where(
        expiry < run.as_of_day,
        Reason.INVALID_TERMS,
        lambda i: f"it expired on {EPOCH + timedelta(days=int(expiry[i]))}: take it out, or book what it became",
    )


def kinds_and_vols(
    run: RunInputs, row: NDArray[np.int32], expiry_yr: Amounts, tenor_yr: Amounts, strike: Amounts
) -> tuple[NDArray[np.int8], Amounts]:
    """Kind [N] and volatility [N, S] of options, each on its surface's row."""
    surfaces = run.tables.surfaces
    assert surfaces is not None
    kinds: NDArray[np.int8] = surfaces.kind[row] if len(row) else np.empty(0, np.int8)
    return kinds, volatilities(surfaces, row, expiry_yr, tenor_yr, strike)


def day_count_of(terms: Terms, leg: str) -> NDArray[np.int8]:
    """[m] the leg's day count: its own column, else `day_count`, else the one of the swaps on its index."""
    own, general = (terms.choice(name, DAY_COUNTS) for name in (f"{leg}_day_count", "day_count"))
    default = _conventional(terms, lambda swap: DAY_COUNTS.index(str(getattr(swap, f"{leg}_day_count"))))
    return np.where(own != ABSENT, own, np.where(general != ABSENT, general, default)).astype(np.int8)


def frequency_of(terms: Terms, leg: str) -> NDArray[np.int32]:
    """[m] the leg's payments a year: its own column, else the one of the swaps on its index."""
    own = terms.number(f"{leg}_frequency")
    conventional = _conventional(terms, lambda swap: int(getattr(swap, f"{leg}_frequency")))
    return np.where(np.isnan(own), conventional, own).astype(np.int32)


def _conventional(terms: Terms, number_of: Callable[[SwapConventions], int]) -> NDArray[np.int32]:
    """[m] a number of the swaps on each one's index; asked once for every index and currency."""
    (index, indices), (currency, currencies) = terms.texts("index"), terms.texts("currency")
    pairs, row = np.unique(np.stack([index, currency]), axis=1, return_inverse=True)
    swaps = [index_conventions(indices[i] if i >= 0 else "", currencies[c]) for i, c in pairs.T]
    return np.array([number_of(swap) for swap in swaps], np.int32)[row.ravel()]
