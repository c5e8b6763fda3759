"""Rates that notes are paid on, as quotients of bonds: a swap rate, of which a forward rate is the one with one period.

    t = T_0        T_1        T_2                T_J
    |--------------|----------|------ ... --------|         fixed payments delta_j at T_1 .. T_J, some of them nil

    rate = sum_j P(t, T_(j+1)) [Pi(t, T_j) / Pi(t, T_(j+1)) - 1] / sum_j delta_j P(t, T_j)

with P the bonds of the discount curve and Pi those of the projection curve, a deterministic spread apart. Under the
measure of the bond that pays the coupon at T_p, numerator and denominator are sums of exp(-B_j X):

    rate = sum_j (A_j - v_j) exp(-B_j X) / sum_j delta_j v_j exp(-B_j X)
    v_j = P(0, T_j) g_j,   A_j = P(0, T_(j+1)) Pi(0, T_j) / Pi(0, T_(j+1)) g_j,   g_j = exp(-(B_j - B_p)^2 y / 2)

without v_0 and A_J in the numerator. Only v and A depend on curves, only exp(-B X) on paths.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.curves.curves import BASIS_POINT, DAYS_PER_YEAR
from compute.kernels.dates.calendars import civil_of_day, day_in_month
from compute.kernels.dates.daycounts import years_between
from compute.kernels.kernel import kernel
from compute.kernels.monte_carlo.gaussian_paths import loading, unit_variance

Array = NDArray[np.float64]
Days = NDArray[np.int32]


class RateDates(NamedTuple):
    """Dates of M rates: the rows offsets[i]:offsets[i + 1] are T_0 .. T_J of rate i."""

    offsets: NDArray[np.int64]
    day: Days
    """[N] days from the valuation date; T_0 is the day of the fixing"""
    accrual: Array
    """[N] delta, 0 where the fixed leg pays nothing"""

    @property
    def fixing_day(self) -> Days:
        """[M]"""
        days: Days = self.day[self.offsets[:-1]]
        return days


class RateModel(NamedTuple):
    """The same with what the model says of each date; no curve and no sigma in it.

    Dates between those of the fixed leg carry a deterministic spread only: their bonds are shared between the fixed
    dates on either side, by B, so that paths are multiplied with K <= N of them.
    """

    dates: RateDates
    is_first: NDArray[np.bool_]
    is_last: NDArray[np.bool_]
    convexity: Array
    """[N] -(B_j - B_p)^2 y / 2 at sigma = 1"""
    left: NDArray[np.int64]
    """[N] row of the kept date on or before each date"""
    right: NDArray[np.int64]
    share: Array
    """[N] of `right`, above 0 but for a kept date"""
    offsets: NDArray[np.int64]
    """[M + 1] of the kept dates"""
    loading: Array
    """[K] B_j of the kept dates"""
    years: Array
    """[K]"""


class Weights(NamedTuple):
    """Under S curves. `growth` and `bond` are [N, S], `top` and `bottom` [K, S]."""

    growth: Array
    """A, 0 at T_J"""
    bond: Array
    """v"""
    top: Array
    """A - v, of the numerator"""
    bottom: Array
    """delta v, of the denominator"""
    to_left: Array
    """[N] share of each date's part of `top` that its left kept date takes"""
    to_right: Array


def forward_dates(start: Days, end: Days, fraction: Array) -> RateDates:
    """Forward rates over single periods; days from the valuation date."""
    count = len(start)
    day = np.stack([start, end], axis=1).reshape(-1).astype(np.int32)
    accrual = np.stack([np.zeros(count), fraction], axis=1).reshape(-1)
    return RateDates(np.arange(count + 1, dtype=np.int64) * 2, day, accrual)


def swap_dates(
    as_of_day: int, start: Days, *, months: int, fixed_months: int, step_months: int, day_count: int
) -> RateDates:
    """Swaps from the days given on, unadjusted: fixed payments every `fixed_months`, dates every `step_months`."""
    day, accrual = _swap_dates(as_of_day, start.astype(np.int32), months, fixed_months, step_months, day_count)
    offsets = np.arange(len(start) + 1, dtype=np.int64) * (months // step_months + 1)
    return RateDates(offsets, day.reshape(-1), accrual.reshape(-1))


def interleaved(legs: list[RateDates]) -> RateDates:
    """Rates of several legs, M of each, in the order rate 0 of every leg, rate 1 of every leg, and so on."""
    if len(legs) == 1:
        return legs[0]
    count = len(legs[0].offsets) - 1
    rows = [np.arange(leg.offsets[i], leg.offsets[i + 1]) for i in range(count) for leg in legs]
    which = [number for _ in range(count) for number in range(len(legs))]
    day = [legs[leg].day[row] for leg, row in zip(which, rows, strict=True)]
    accrual = [legs[leg].accrual[row] for leg, row in zip(which, rows, strict=True)]
    offsets = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    none: list[Days] = [np.empty(0, np.int32)]
    return RateDates(offsets, np.concatenate(day or none), np.concatenate(accrual or [np.empty(0)]))


def rate_model(dates: RateDates, pay_day: Days, mean_reversion: float) -> RateModel:
    """`pay_day` [M] of the coupon that each rate sets."""
    counts = np.diff(dates.offsets)
    fixing, pay = np.repeat(dates.fixing_day, counts), np.repeat(pay_day, counts)
    of_date = loading(mean_reversion, (dates.day - fixing) / DAYS_PER_YEAR)
    of_payment = loading(mean_reversion, (pay - fixing) / DAYS_PER_YEAR)
    convexity = -0.5 * (of_date - of_payment) ** 2 * unit_variance(mean_reversion, fixing / DAYS_PER_YEAR)
    row = np.arange(len(dates.day))
    is_first, is_last = np.isin(row, dates.offsets[:-1]), np.isin(row, dates.offsets[1:] - 1)
    is_kept = is_first | (dates.accrual != 0.0)
    kept, before = np.flatnonzero(is_kept), np.cumsum(is_kept) - 1
    after = before + ~is_kept
    gap = np.where(is_kept, 0.0, of_date[kept[after]] - of_date[kept[before]])
    halves = np.where(is_kept, 0.0, 0.5)  # far out a fast mean reversion leaves no gap, and any share does
    share = np.divide(of_date - of_date[kept[before]], gap, out=halves, where=gap > 0.0)
    offsets = np.append(0, np.cumsum(is_kept))[dates.offsets]
    of_kept = of_date[kept], dates.day[kept] / DAYS_PER_YEAR
    return RateModel(dates, is_first, is_last, convexity, before, after, share, offsets, *of_kept)


def weights_of(model: RateModel, sigma: float, discount: Array, projection: Array) -> Weights:
    """Under S curves of each kind [days, S].

    Accuracy: exact on one curve; on two, a bond between fixed dates keeps its mean and its slope in the state and is
              off by (B_right - B_left)^2 (X^2 - y) / 8 of it, times the curves' spread: 1e-9 of a rate
    """
    day, following = model.dates.day, _following(model)
    tilt = np.exp(sigma * sigma * model.convexity)[:, None]
    bond = discount[day] * tilt
    growth = discount[following] * projection[day] / projection[following] * tilt
    growth[model.is_last] = 0.0
    top = growth - np.where(model.is_first[:, None], 0.0, bond)
    bottom = bond * model.dates.accrual[:, None]
    is_kept, shares = model.share == 0.0, _shares(model, sigma)
    kept = np.ascontiguousarray(top[is_kept])
    if not is_kept.all():
        for row, share in zip((model.left, model.right), shares, strict=True):
            np.add.at(kept, row[~is_kept], top[~is_kept] * share[~is_kept, None])
    return Weights(growth, bond, kept, np.ascontiguousarray(bottom[is_kept]), *shares)


def key_rates_of_rates(
    model: RateModel,
    weights: Weights,
    by_top: Array,
    by_bottom: Array,
    curve_rows: tuple[int, int],
    key_gradients: Array,
    gradient_of_scenario: NDArray[np.int32],
) -> Array:
    """Key-rate DV01 of an amount that comes through the rates that it is paid on.

    Args:    by_top, by_bottom     [K, S]  slope of the amount in the weights' top and bottom
             curve_rows            discount and projection curve
             key_gradients         [gradients, curves, days, keys]  d ln DF / d key rate; gradient_of_scenario [S]
    Returns: [S, keys]  per basis point
    """
    by_growth = by_top[model.left] * weights.to_left[:, None] + by_top[model.right] * weights.to_right[:, None]
    by_bond = by_bottom[model.left] * model.dates.accrual[:, None] - np.where(model.is_first[:, None], 0.0, by_growth)
    key_rates = np.zeros((by_top.shape[1], key_gradients.shape[3]))
    _add_key_rates(
        model.dates.day,
        _following(model),
        by_growth * weights.growth,
        by_bond * weights.bond,
        *curve_rows,
        key_gradients,
        gradient_of_scenario,
        key_rates,
    )
    return key_rates


def _shares(model: RateModel, sigma: float) -> tuple[Array, Array]:
    """By B, so that the slope in the state is kept, times what keeps the mean under the payment's measure.

    A mean reversion far below nil explodes, and its notes have no finite value.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.exp(-sigma * sigma * model.convexity)
        of_kept = means[model.share == 0.0]
        scale = means / ((1.0 - model.share) * of_kept[model.left] + model.share * of_kept[model.right])
    return (1.0 - model.share) * scale, model.share * scale


def _following(model: RateModel) -> Days:
    """[N] the next date of the same rate; its own for the last."""
    day = model.dates.day
    following: Days = np.where(model.is_last, day, np.append(day[1:], 0))
    return following


@kernel
def _swap_dates(
    as_of: int, start: Days, months: int, fixed_months: int, step_months: int, day_count: int
) -> tuple[Days, Array]:
    """Whole months counted from the start, the day clipped to its month; a fixed period is regular."""
    count = months // step_months + 1
    day, accrual = np.empty((len(start), count), np.int32), np.zeros((len(start), count))
    for i in range(len(start)):
        year, month, roll = civil_of_day(start[i] + as_of)
        paid = start[i] + as_of
        for j in range(count):
            date = day_in_month(12 * year + month - 1 + j * step_months, roll)
            day[i, j] = date - as_of
            if j > 0 and (j * step_months) % fixed_months == 0:
                accrual[i, j] = years_between(day_count, paid, date, paid, date, 12 // fixed_months)
                paid = date
    return day, accrual


@kernel
def _add_key_rates(
    day: Days,
    following: Days,
    by_growth: Array,
    by_bond: Array,
    discount_row: int,
    projection_row: int,
    key_gradients: Array,
    gradient_of_scenario: NDArray[np.int32],
    key_rates: Array,
) -> None:
    """ln A moves with DF(next) on the discount curve and DF(this) / DF(next) on the projection curve; ln v with DF."""
    for j in range(len(day)):
        this, after = day[j], following[j]
        for s in range(by_growth.shape[1]):
            discount = key_gradients[gradient_of_scenario[s], discount_row]
            projection = key_gradients[gradient_of_scenario[s], projection_row]
            for k in range(key_rates.shape[1]):
                moved = by_growth[j, s] * (discount[after, k] + projection[this, k] - projection[after, k])
                key_rates[s, k] -= BASIS_POINT * (moved + by_bond[j, s] * discount[this, k])
