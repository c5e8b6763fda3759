"""Prepayment models: the published values of two sets of coefficients, each part by itself, and what is read wrongly.

Richard and Roll's form with Numerix's printed coefficients, and the OTS Net Portfolio Value Model, to the digits that
are printed. The other numbers are the formula's by hand.
"""

import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.kernels.flows.prepayment_model import (
    bounded_smm,
    burnt_out,
    fill_market_rates,
    incentive_cpr,
    rate_day,
    seasoned,
)
from compute.market.prepayment_tables import PrepaymentModels
from domain.market.prepayment import PrepaymentModel, model_name
from tests.builders.derivative_fund import column, market, priced

RATE = {"curve": "USD-OIS", "tenor_yr": 10, "spread": 0.015, "lag_months": 1}
SEASONS = [0.94, 0.76, 0.74, 0.95, 0.98, 0.92, 0.98, 1.10, 1.18, 1.22, 1.23, 0.98]
RICHARD_ROLL = {"rate": RATE, "incentive": "DIFFERENCE", "a": 0.28, "b": 0.14, "c": -8.57, "d": 430.0}
AGENCY = RICHARD_ROLL | {"seasoning_months": 30, "seasonality": SEASONS, "burnout": {"floor": 0.3, "slope": 0.7}}
OTS = {"rate": RATE, "incentive": "RATIO", "a": 0.2406, "b": 0.1389, "c": -6.481728, "d": 5.952}
PUBLISHED = [
    (RICHARD_ROLL, 0.08, 0.05, 0.468136),
    (RICHARD_ROLL, 0.08, 0.06, 0.284199),
    (RICHARD_ROLL, 0.08, 0.08, 0.076351),
    (OTS, 0.08, 0.08, 0.172935),
    (OTS, 0.08, 0.06, 0.375114),
    (OTS, 0.08, 0.10, 0.095560),
    (OTS, 0.08, 0.05, 0.414661),
]


def coefficients(given: dict[str, Any]) -> Any:
    model = PrepaymentModel.model_validate(given)
    return PrepaymentModels(row={"m": 0}, models=(model,), curve_row=(0,)).coefficients


@pytest.mark.parametrize(("given", "gross", "rate", "cpr"), PUBLISHED)
def test_the_incentive_is_the_published_one(given: dict[str, Any], gross: float, rate: float, cpr: float) -> None:
    assert incentive_cpr(coefficients(given), 0, gross, rate) == pytest.approx(cpr, abs=5e-7)


def test_speeds_rise_with_the_incentive_and_stay_below_everything() -> None:
    for given in (RICHARD_ROLL, OTS):
        models = coefficients(given)
        speeds = [incentive_cpr(models, 0, 0.08, rate) for rate in np.linspace(0.15, 0.01, 200)]
        assert (np.diff(speeds) > 0.0).all() and 0.0 < speeds[0] < speeds[-1] < 1.0


def test_seasoning_rises_in_a_straight_line_to_its_month_and_nothing_seasons_where_it_is_left_out() -> None:
    models = coefficients(AGENCY)
    assert [seasoned(models, 0, age) for age in (0, 1, 15, 30, 31, 400)] == [0.0, 1 / 30, 0.5, 1.0, 1.0, 1.0]
    assert seasoned(coefficients(OTS), 0, 1) == 1.0


def test_burnout_runs_from_all_to_the_floor_and_bounds_come_before_the_multiplier() -> None:
    assert [burnt_out(coefficients(AGENCY), 0, left) for left in (1.0, 0.5, 0.0)] == pytest.approx([1.0, 0.65, 0.3])
    assert burnt_out(coefficients(OTS), 0, 0.1) == 1.0
    models = coefficients(OTS | {"min_cpr": 0.02, "max_cpr": 0.6})

    def monthly(cpr: float) -> float:
        return float(1.0 - (1.0 - cpr) ** (1.0 / 12.0))

    assert bounded_smm(models, 0, 0.9, 1.5) == pytest.approx(monthly(0.9), rel=1e-12)  # 1.5 x 0.6, not 1.35
    assert bounded_smm(models, 0, -0.3, 3.0) == pytest.approx(monthly(0.06), rel=1e-12)
    assert bounded_smm(models, 0, 0.5, 4.0) == 1.0


def test_the_market_rate_is_the_par_rate_of_annual_payments_on_calendar_dates() -> None:
    as_of, years = date(2024, 2, 29), 3
    epoch = (as_of - date(1970, 1, 1)).days
    factors = np.exp(-0.04 * np.arange(4 * 366) / 365.0)[:, None] * np.array([[1.0, 1.0]])
    rates = np.empty((40, 2))
    fill_market_rates(epoch, years, 0.01, factors, rates)
    ends = [(date(2024 + j, 2, 28) - as_of).days for j in (1, 2, 3)]
    par = (1.0 - math.exp(-0.04 * ends[2] / 365)) / sum(math.exp(-0.04 * end / 365) for end in ends)
    assert rates[0] == pytest.approx([par + 0.01] * 2, rel=1e-14)


def test_the_rate_is_read_a_month_and_the_lag_before_and_never_before_the_valuation_date() -> None:
    epoch = date(1970, 1, 1)
    as_of = (date(2026, 1, 23) - epoch).days

    def read(year: int, month: int, day: int, lag: int) -> int:
        return int(rate_day(as_of, (date(year, month, day) - epoch).days, lag))

    assert read(2026, 5, 31, 0) == (date(2026, 4, 30) - date(2026, 1, 23)).days
    assert read(2026, 5, 31, 1) == (date(2026, 3, 31) - date(2026, 1, 23)).days
    assert read(2026, 2, 10, 0) == 0 and read(2026, 5, 31, 24) == 0


def test_a_cell_that_names_a_model_is_told_from_a_quoted_speed() -> None:
    assert [model_name(text) for text in ("MODEL agency30", "model  two words ", "CPR 6", "")] == [
        "agency30",
        "two words",
        "",
        "",
    ]


# --- what is easily read wrongly ------------------------------------------------------------------------------------

POOL = {
    "product_type": "ABS_MBS",
    "currency": "USD",
    "coupon": 0.055, "wac": 0.06, "wam": 320, "age": 40,
    "first_payment_date": "2026-02-01",
    "payment_delay_days": 24,
    "prepayment": "MODEL m",
    "spread": 0.0,
}  # fmt: skip
UP, DOWN = ([{"kind": "PARALLEL", "curves": "*", "bp": bp}] for bp in (1, -1))


def test_dv01_of_a_model_projects_the_speeds_anew_and_is_no_spread_duration(tmp_path: Path) -> None:
    facts = priced(tmp_path, [POOL], market(prepayment_models={"m": AGENCY}), UP, DOWN)
    (base,), (up,), (down,) = column(facts, "pv")
    dv01, cs01 = (column(facts, name)[0, 0] for name in ("dv01", "cs01"))
    assert dv01 == pytest.approx((down - up) / 2, rel=1e-9)
    assert cs01 > 1.05 * dv01 > 0.0  # faster when rates fall: less is gained
    assert base == pytest.approx((up + down) / 2, rel=1e-6)


def test_burnout_runs_along_each_scenarios_own_path(tmp_path: Path) -> None:
    """With rates 200 bp lower for all time the pool is burnt out sooner: a balance of today's path would be slower
    from the second month on, so that the life would be that of the model without burnout's slope."""
    models = {"m": AGENCY, "flat": AGENCY | {"burnout": {"floor": 1.0, "slope": 0.0}}}
    pools = [POOL, POOL | {"prepayment": "MODEL flat"}]
    lower = [{"kind": "PARALLEL", "curves": "*", "bp": -200}]
    facts = priced(tmp_path, pools, market(prepayment_models=models), lower, measures=("PV", "WAL"))
    wal = column(facts, "wal")
    (burnt, flat), (burnt_lower, flat_lower) = wal
    assert burnt > flat and burnt_lower > flat_lower
    assert burnt_lower / flat_lower > burnt / flat  # more prepays, so more burns out


def test_a_speed_that_replaces_the_model_is_held_when_rates_move(tmp_path: Path) -> None:
    replaced = [{"kind": "PREPAYMENT", "speed": "CPR 7"}]
    quoted = POOL | {"prepayment": "CPR 7"}
    asked = ("PV", "DV01", "CONVEXITY", "THETA")
    facts = priced(tmp_path, [POOL, quoted], market(prepayment_models={"m": AGENCY}), replaced, measures=asked)
    for name in ("pv", "dv01", "convexity", "theta"):
        of_model, of_quote = column(facts, name)[1]
        assert of_model == pytest.approx(of_quote, rel=1e-6), name
