"""Hull-White: the fit to swaptions, the convexity of futures, and Hull's own tree."""

import itertools
import math
import re

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.calendars import adjust, civil_of_day, day_in_month
from compute.kernels.dates.daycounts import year_fraction
from compute.kernels.hull_white.closed_form import Swaptions, fit, forward_of_future
from compute.kernels.hull_white.lattice import lattice_at
from compute.kernels.options.caplet_volatilities import KINDS
from compute.kernels.options.option_strips import option_values
from domain.portfolio.tables import BUSINESS_DAYS
from tests.golden.cases.case import VALUE, Case, Figures, Inputs, NotExpressible
from tests.golden.cases.conventions import business_days_from, calendar, day_count, flat_curve

Array = NDArray[np.float64]
SPOT_LAG_DAYS = 2


def hull_white(case: Case) -> Figures:
    inputs = case.inputs
    if "swaptions" in inputs:
        return _calibrated(inputs)
    if "future" in inputs:
        return _forward(inputs)
    if "zero_pct_cont" in inputs:
        return _tree(inputs)
    raise NotExpressible("neither swaptions, a future nor a tree of Hull's")


def _forward(inputs: Inputs) -> Figures:
    rate = (100.0 - inputs.number("future")) / 100.0
    times = inputs.number("t"), inputs.number("T")
    return {VALUE: forward_of_future(rate, *times, inputs.number("a"), inputs.number("sigma"))}


def _tree(inputs: Inputs) -> Figures:
    """Hull's tree has the mean (1 - a dt) x and the variance sigma^2 dt: the lattice of the a and sigma that have them.

    alpha_i in percent, from exp(-alpha_i dt) = [P(i + 1) / S(i + 1)] / [P(i) / S(i)]
    """
    dt, zeros = inputs.number("dt"), {float(t): rate / 100 for t, rate in inputs.table("zero_pct_cont").items()}
    inputs.skip("construction")
    a = -math.log1p(-inputs.number("a") * dt) / dt
    sigma = inputs.number("sigma") * math.sqrt(2 * a * dt / -math.expm1(-2 * a * dt))
    times = np.array([0.0, *(t for t in sorted(zeros) if (t / dt).is_integer())])
    lattice = lattice_at(times, np.arange(1, len(times)), a, sigma, trapezoid=False)
    scaled = [math.exp(-zeros.get(t, 0.0) * t) / s for t, s in zip(times, lattice.state_price.sum(axis=1), strict=True)]
    return {VALUE: [-100 * math.log(after / before) / dt for before, after in itertools.pairwise(scaled)]}


def _calibrated(inputs: Inputs) -> Figures:
    """Swaps start two business days after expiry; a volatility counts from the evaluation date, the curve from spot."""
    curve_text, index = inputs.text("curve"), inputs.text("index")
    legs = re.fullmatch(r"annual (\S+)", inputs.text("fixed"))
    if index != "Euribor6M" or legs is None:
        raise NotExpressible(f"index {index!r} or fixed leg {inputs.text('fixed')!r}")
    today = inputs.day("evaluation_date")
    settled = business_days_from(today, SPOT_LAG_DAYS, calendar("TARGET"))
    curve = flat_curve(re.sub(r" from .*", "", curve_text))
    factors = curve.factors(366 * 12)[0, :, 0]
    rows = [_swaption(today, settled, factors, day_count(legs[1]), *quote) for quote in inputs.value("swaptions")]
    most = max(len(paid) for _, _, paid, _, _, _ in rows)
    swaptions = Swaptions(
        np.array([expiry for expiry, *_ in rows]) / 365.0,
        np.array([start for _, start, *_ in rows]) / 365.0,
        factors[[start for _, start, *_ in rows]],
        np.array([np.pad(paid / 365.0, (0, most - len(paid)), mode="edge") for _, _, paid, *_ in rows]),
        np.array([np.pad(amount, (0, most - len(amount))) for _, _, _, amount, *_ in rows]),
        np.array([np.pad(factors[paid], (0, most - len(paid)), mode="edge") for _, _, paid, *_ in rows]),
    )
    found = fit(swaptions, np.array([price for *_, price, _ in rows]))
    return {"a": found.mean_reversion, "sigma": found.sigma}


def _swaption(
    today: int, settled: int, factors: Array, count: int, expiry_yr: float, tenor_yr: float, vol: float
) -> tuple[int, int, NDArray[np.int32], Array, float, float]:
    """Expiry, start and payments in days, what is paid at the money, Black's price, and the forward rate."""
    target, rule = calendar("TARGET"), BUSINESS_DAYS.index("MODIFIED_FOLLOWING")
    expiry = int(adjust([_later(settled, expiry_yr)], target, rule)[0])
    start = business_days_from(expiry, SPOT_LAG_DAYS, target)
    days = adjust([_later(start, k) for k in range(int(tenor_yr) + 1)], target, rule)
    fraction = year_fraction(np.full(len(days) - 1, count, np.int8), days[:-1], days[1:], days[:-1], days[1:], 1)
    paid = (days[1:] - settled).astype(np.int32)
    annuity = float((fraction * factors[paid]).sum())
    forward = float(factors[start - settled] - factors[paid[-1]]) / annuity
    deviation = np.array([[vol * math.sqrt((expiry - today) / 365.0)]])
    kind, at_the_money = np.array([KINDS.index("LOGNORMAL")], np.int8), np.array([[forward]])
    price = annuity * float(option_values(kind, np.ones(1), at_the_money, at_the_money[0], deviation)[0, 0])
    amount = fraction * forward
    amount[-1] += 1.0
    return expiry - settled, start - settled, paid, amount, price, forward


def _later(day: int, years: float) -> int:
    year, month, of_month = civil_of_day(day)
    return day_in_month(12 * (year + int(years)) + month - 1, of_month)
