"""Prepayment by a model: what borrowers' incentive, loan age, the season and the balance that is left make of a month.

CPR = multiplier x clip((a + b atan(c + d x)) x min(1, age / seasoning) x season x (floor + slope B / B0))
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.calendars import civil_of_day, day_in_month
from compute.kernels.flows.prepaying_pool import SpeedPath, Speeds, Variants
from compute.kernels.flows.speeds import MODEL
from compute.kernels.kernel import kernel

Amounts = NDArray[np.float64]
Days = NDArray[np.int32]

MONTHS_PER_YEAR = 12


class Models(NamedTuple):
    """Q models of the market. A part that a model leaves out is 1 whatever happens."""

    is_ratio: NDArray[np.bool_]
    """the incentive is gross rate / market rate, else the difference"""
    a: Amounts
    b: Amounts
    c: Amounts
    d: Amounts
    seasoning_mo: Amounts
    """0 without seasoning"""
    seasonality: Amounts
    """[Q, 12] January first"""
    floor: Amounts
    slope: Amounts
    least: Amounts
    most: Amounts
    lag_mo: NDArray[np.int32]


class Followed(NamedTuple):
    """What n positions follow under the market rates of S scenarios."""

    models: Models
    market_rate: Amounts
    """[Q, days, S] par rate and spread, by days from the valuation date"""
    as_of_day: int
    row: NDArray[np.int32]
    """[n] the model of each, read where its speed is MODEL"""
    scenario: NDArray[np.int32]
    """[V] whose market rates each variant of speeds sees"""
    pay_day: Days
    """[P] epoch days"""
    gross_rate: Amounts
    """[P] a year, in force; of floaters their kernel's own"""
    original_ccy: Amounts
    """[n] balance at origination, of what is held, positive"""


@kernel
def fill_market_rates(as_of_day: int, tenor_yr: int, spread: float, factors: Amounts, rates: Amounts) -> None:
    """Fills rates [D, S]: par rate of annual payments over `tenor_yr` years from each day, and the spread.

        (DF(d) - DF(d + T)) / sum over j of DF(d + j years)

    Args: factors [days, S]; the D days are those whose rate ends within the table
    """
    days, scenarios = rates.shape
    annuity = np.empty(scenarios)
    for day in range(days):
        year, month, roll = civil_of_day(as_of_day + day)
        number, end = 12 * year + month - 1, day
        annuity[:] = 0.0
        for j in range(1, tenor_yr + 1):
            end = day_in_month(number + MONTHS_PER_YEAR * j, roll) - as_of_day
            for s in range(scenarios):
                annuity[s] += factors[end, s]
        for s in range(scenarios):
            rates[day, s] = spread + (factors[day, s] - factors[end, s]) / annuity[s]


@kernel
def rate_day(as_of_day: int, month_day: int, lag_mo: int) -> int:
    """Days from the valuation date to where a month's market rate is read: a month and the lag before, at least 0."""
    year, month, roll = civil_of_day(month_day)
    return max(day_in_month(12 * year + month - 2 - lag_mo, roll) - as_of_day, 0)


@kernel
def incentive_cpr(models: Models, q: int, gross_rate: float, market_rate: float) -> float:
    """a + b atan(c + d x)"""
    incentive = gross_rate / market_rate if models.is_ratio[q] else gross_rate - market_rate
    return float(models.a[q] + models.b[q] * math.atan(models.c[q] + models.d[q] * incentive))


@kernel
def seasoned(models: Models, q: int, age_mo: int) -> float:
    """Share of its speed that a loan of this age has reached."""
    full = models.seasoning_mo[q]
    return min(1.0, max(age_mo, 0) / full) if full > 0.0 else 1.0


@kernel
def bounded_smm(models: Models, q: int, cpr: float, multiplier: float) -> float:
    """Monthly rate of a CPR within the model's bounds, then times the multiplier; at most all."""
    annual = multiplier * min(max(cpr, models.least[q]), models.most[q])
    return -math.expm1(math.log1p(-min(annual, 1.0)) / 12.0)


@kernel
def burnt_out(models: Models, q: int, left: float) -> float:
    """What is left of the speed where `left` of the original balance performs."""
    return float(models.floor[q] + models.slope[q] * left)


class Seen(NamedTuple):
    """What one position's model sees that no scenario changes: n periods, N months of speeds."""

    rate_day: Days
    """[n] from the valuation date: where the market rate is read"""
    season: Amounts
    """[n]"""
    seasoned: Amounts
    """[N]"""
    added_ccy: Amounts
    """[n] drawn with each payment, signed as the balance"""


@kernel
def months_seen(followed: Followed, i: int, first: int, path: SpeedPath, kind: int) -> Seen:
    """All months of a period have its payment date; the loan's age is each month's own.

    Args: first  row of the position's first period in `followed`; nothing is seen where its speed is no model's
    """
    count = len(path.months) if kind == MODEL else 0
    months = path.months[:count].sum()
    seen = Seen(np.empty(count, np.int32), np.empty(count), np.empty(months), np.zeros(count))
    q, models, number = followed.row[i], followed.models, 0
    for j in range(count):
        pay = followed.pay_day[first + j]
        _, month, _ = civil_of_day(pay)
        seen.rate_day[j] = rate_day(followed.as_of_day, pay, models.lag_mo[q])
        seen.season[j] = models.seasonality[q, month - 1]
        for back in range(path.months[j] - 1, -1, -1):
            age = path.end_age_mo[j] - (back if path.step_mo == 1.0 else 0)
            seen.seasoned[number] = seasoned(models, q, age)
            number += 1
    return seen


@kernel
def fill_followed(
    path: SpeedPath,
    i: int,
    v: int,
    balance_ccy: float,
    scheduled_share: Amounts,
    gross_rate: Amounts,
    seen: Seen,
    speeds: Speeds,
    variants: Variants,
    followed: Followed,
) -> None:
    """Fills `smm` of a position that follows a model, after `prepaying_pool.fill_speeds` has filled what defaults.

    The balance runs along as `prepaying_pool.fill_pool` will have it; all months of a period have its first one.

    Args: scheduled_share, gross_rate [n periods]; seen as `months_seen`
    """
    if speeds.prepayment_kind[i] != MODEL:
        return
    q, s, models = followed.row[i], followed.scenario[v], followed.models
    multiplier = speeds.prepayment_pct[i] / 100.0 * variants.prepayment_multiplier[v]
    market_rate, original, number = followed.market_rate[q], followed.original_ccy[i], 0
    left = abs(balance_ccy) / original if original > 0.0 else 0.0
    for j in range(len(scheduled_share)):
        borrowers = incentive_cpr(models, q, gross_rate[j], market_rate[seen.rate_day[j], s])
        full = borrowers * seen.season[j] * burnt_out(models, q, left)
        stays, prepaid = 1.0, 0.0
        for _ in range(path.months[j]):
            rate = bounded_smm(models, q, full * seen.seasoned[number], multiplier)
            if path.step_mo != 1.0:  # paid every 14 or 7 days: such a step's part of a month
                rate = -math.expm1(path.step_mo * math.log1p(-rate))
            prepaid += stays * rate
            stays *= 1.0 - rate
            number += 1
        path.smm[j] = min(prepaid, 1.0 - path.mdr[j])
        left *= (1.0 - scheduled_share[j]) * (1.0 - path.mdr[j] - path.smm[j])
        if seen.added_ccy[j] != 0.0 and original > 0.0:
            left += abs(seen.added_ccy[j]) / original


@kernel
def line_speeds(
    models: Models,
    row: NDArray[np.int32],
    gross_rate: Amounts,
    market_rate: Amounts,
    as_of_day: int,
    month_day: Days,
    first_collection_mo: NDArray[np.int32],
    age_mo: NDArray[np.int32],
    cpr: Amounts,
) -> None:
    """Fills cpr [L, M] of a deal's lines before burnout and bounds; a row of NO_MODEL keeps its nil.

    Args: row [L]; gross_rate [L, M]; market_rate [Q, days] of one scenario; month_day [K] distribution dates
    """
    for i in range(cpr.shape[0]):
        q = row[i]
        if q < 0:
            continue
        for m in range(cpr.shape[1]):
            day = month_day[min(max(m + 1 - first_collection_mo[i], 0), len(month_day) - 1)]
            _, month, _ = civil_of_day(day)
            market = market_rate[q, rate_day(as_of_day, day, models.lag_mo[q])]
            borrowers = incentive_cpr(models, q, gross_rate[i, m], market)
            cpr[i, m] = borrowers * models.seasonality[q, month - 1] * seasoned(models, q, age_mo[i] + m + 1)


NO_MODEL = -1
