"""Hull-White parameters of a currency from the swaption surface of a market file."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import DAYS_PER_YEAR
from compute.kernels.dates.calendars import civil_of_day, day_in_month
from compute.kernels.dates.daycounts import year_fraction
from compute.kernels.hull_white.closed_form import Fit, Swaptions, fit
from compute.kernels.options.option_strips import option_values
from compute.kernels.options.volatility_surfaces import volatilities
from compute.market.day_tables import MarketTables, build_market_tables
from domain.market.document import MarketDocument
from domain.market.index_conventions import index_conventions
from domain.market.parts import VolatilitySurface
from domain.portfolio.tables import DAY_COUNTS
from domain.scenarios.shocks import BASE_SCENARIO

Array = NDArray[np.float64]


class CannotCalibrate(ValueError):
    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.fix = code, fix


@dataclass(frozen=True)
class Quote:
    """A swaption at the money, and how the fitted model prices it; volatilities are normal."""

    expiry_yr: float
    tenor_yr: float
    market_vol_bp: float
    model_vol_bp: float


@dataclass(frozen=True)
class Calibrated:
    currency: str
    surface_id: str
    mean_reversion: float
    sigma: float
    quotes: tuple[Quote, ...]

    @property
    def largest_error_bp(self) -> float:
        return max(abs(each.model_vol_bp - each.market_vol_bp) for each in self.quotes)


def calibrate(market: MarketDocument, currency: str, mean_reversion: float | None = None) -> Calibrated:
    """Raises CannotCalibrate with what is wrong and how to mend it.

    Every expiry and tenor of the surface is one swaption at the money, on a swap with the currency's fixed leg and
    the index's floating leg, unadjusted dates. Where the index has another curve than the discounting, the fixed rate
    is lowered by what the forward swap rate is above that of the discount curve: at the money stays at the money.
    """
    surface = surface_of(market, currency)
    nodes = [(e, t) for e in surface.expiries_yr for t in surface.tenors_yr or ()]
    if len(nodes) < 2 and mean_reversion is None:
        message = f"{surface.surface_id} has one swaption, which does not tell mean reversion from sigma"
        raise CannotCalibrate("TOO_FEW_SWAPTIONS", message, "give --fixed-mean-reversion, or more expiries or tenors")
    tables = build_market_tables(market, [BASE_SCENARIO], n_days=int(366 * (max(map(sum, nodes)) + 2)))
    swaps = [_swap(tables, market, currency, surface.index or "", *node) for node in nodes]
    annuity, forward = np.array([each[1] for each in swaps]), np.array([each[2] for each in swaps])
    expiry, tenor = (np.array(axis) for axis in zip(*nodes, strict=True))
    price = annuity * _undiscounted(tables, surface, expiry, tenor, forward)
    if not (np.isfinite(price) & (price > 0)).all():
        message = f"{surface.surface_id} is lognormal and the forward rate of one of its swaps is not positive"
        raise CannotCalibrate("NO_MARKET_PRICE", message, "quote normal volatilities")
    fitted = fit(_stacked([each[0] for each in swaps]), price, mean_reversion)
    _refuse_unsettled(fitted, surface)
    to_vol = 1e4 * np.sqrt(2 * np.pi / expiry) / annuity
    quotes = zip(expiry, tenor, price * to_vol, fitted.price * to_vol, strict=True)
    listed = tuple(Quote(*(float(number) for number in each)) for each in quotes)
    return Calibrated(currency, surface.surface_id, fitted.mean_reversion, fitted.sigma, listed)


def surfaces_by_currency(market: MarketDocument) -> dict[str, VolatilitySurface]:
    """The first swaption surface of every currency, by the curve that its index is projected on."""
    currency_of = {curve.curve_id: curve.currency for curve in market.curves}
    found: dict[str, VolatilitySurface] = {}
    for surface in sorted(market.volatilities, key=lambda each: each.surface_id):
        currency = currency_of.get(market.projection.get(surface.index or "", ""))
        if surface.product == "SWAPTION" and currency is not None:
            found.setdefault(currency, surface)
    return found


def surface_of(market: MarketDocument, currency: str) -> VolatilitySurface:
    surface = surfaces_by_currency(market).get(currency)
    if surface is None:
        fix = "add a surface of product SWAPTION on an index that `projection` gives a curve of the currency"
        raise CannotCalibrate("NO_SWAPTION_SURFACE", f"the market has no swaption volatilities in {currency}", fix)
    if currency not in market.discount:
        raise CannotCalibrate(
            "NO_DISCOUNT_CURVE", f"the market names no discount curve for {currency}", "add it to `discount`"
        )
    return surface


def _refuse_unsettled(fitted: Fit, surface: VolatilitySurface) -> None:
    if not fitted.converged:
        message = (
            f"no mean reversion and sigma fit {surface.surface_id}: the search ended at "
            f"mean_reversion {fitted.mean_reversion:.6g}, sigma {fitted.sigma:.6g}"
        )
        raise CannotCalibrate("DID_NOT_CONVERGE", message, "give --fixed-mean-reversion, or check the volatilities")


def _undiscounted(
    tables: MarketTables, surface: VolatilitySurface, expiry: Array, tenor: Array, forward: Array
) -> Array:
    assert tables.surfaces is not None
    row = np.full(len(expiry), tables.surface_of["SWAPTION"][surface.index or ""], np.int32)
    vol = volatilities(tables.surfaces, row, expiry, tenor, forward)
    kinds = tables.surfaces.kind[row]
    values = option_values(kinds, np.ones(len(row)), forward[:, None], forward, vol * np.sqrt(expiry)[:, None])
    return values[:, 0]


@dataclass(frozen=True)
class _Swap:
    expiry_yr: float
    start_factor: float
    paid_yr: Array
    paid: Array
    factor: Array


def _swap(
    tables: MarketTables, market: MarketDocument, currency: str, index: str, expiry_yr: float, tenor_yr: float
) -> tuple[_Swap, float, float]:
    """The swap as the model sees it, its annuity, and its forward rate."""
    conventions = index_conventions(index, currency)
    start = round(expiry_yr * DAYS_PER_YEAR)
    rows = tables.discount_curve_of[currency], tables.projection_curve_of[index]
    discount, projection = (tables.discount_factors[row, :, 0] for row in rows)
    fixed, fraction = _periods(tables, start, tenor_yr, conventions.fixed_frequency, conventions.fixed_day_count)
    floating, _ = _periods(tables, start, tenor_yr, conventions.float_frequency, conventions.float_day_count)
    ends, starts = discount[floating[1:]], projection[floating]
    annuity = float((fraction * discount[fixed[1:]]).sum())
    forward = float(((starts[:-1] / starts[1:] - 1.0) * ends).sum()) / annuity
    single_curve = float(discount[start] - discount[fixed[-1]]) / annuity
    paid = fraction * single_curve
    paid[-1] += 1.0
    factor = discount[fixed[1:]]
    return (
        _Swap(start / DAYS_PER_YEAR, float(discount[start]), fixed[1:] / DAYS_PER_YEAR, paid, factor),
        annuity,
        forward,
    )


def _periods(
    tables: MarketTables, start: int, tenor_yr: float, frequency: int, day_count: str
) -> tuple[NDArray[np.int64], Array]:
    """Days from the valuation date that begin and end the periods, and their fractions."""
    year, month, day = civil_of_day(tables.as_of_day + start)
    step = 12 // frequency
    count = max(round(tenor_yr * frequency), 1)
    days = np.array([day_in_month(12 * year + month - 1 + step * k, day) for k in range(count + 1)], np.int32)
    code = np.full(count, DAY_COUNTS.index(day_count), np.int8)
    fraction = year_fraction(code, days[:-1], days[1:], days[:-1], days[1:], np.full(count, frequency, np.int32))
    return (days - tables.as_of_day).astype(np.int64), fraction


def _stacked(swaps: list[_Swap]) -> Swaptions:
    most = max(len(each.paid) for each in swaps)

    def padded(rows: Iterator[Array], fill: float) -> Array:
        return np.array([np.concatenate((row, np.full(most - len(row), fill))) for row in rows])

    expiry = np.array([each.expiry_yr for each in swaps])
    return Swaptions(
        expiry,
        expiry,
        np.array([each.start_factor for each in swaps]),
        padded((each.paid_yr for each in swaps), 100.0),
        padded((each.paid for each in swaps), 0.0),
        padded((each.factor for each in swaps), 1.0),
    )
