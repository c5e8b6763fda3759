"""THETA is what the files of tomorrow say, with what is paid that day: same curves by tenor, one day gone."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.builders.derivative_fund import AS_OF, INDEX, column, priced, ql_curve, ql_day
from tests.builders.instruments import bond, cap, default_swap, floater, fx, fx_option, loan, pool, swap, swaption
from tests.builders.markets import given

TOMORROW = AS_OF + timedelta(days=1)
SHOCKS = ([{"kind": "PARALLEL", "curves": "*", "bp": 70}], [{"kind": "SPREAD", "match": {"currency": "USD"}, "bp": 40}])


def thetas(folder: Path, instruments: list[dict[str, Any]], as_of: date = AS_OF, **changes: Any) -> Any:
    """THETA and PV [S, positions]."""
    facts = priced(folder, instruments, given(as_of, **changes), *SHOCKS, measures=("PV", "THETA"))
    return column(facts, "theta"), column(facts, "pv")


def pv_of_tomorrow(folder: Path, instruments: list[dict[str, Any]], as_of: date = TOMORROW, **changes: Any) -> Any:
    return column(priced(folder, instruments, given(as_of, **changes), *SHOCKS, measures=("PV",)), "pv")


EVERYTHING = [
    bond(spread=0.013),
    bond(spread_curve="BBB", currency="EUR"),
    bond(rate_type="ZERO", coupon=""),
    loan(spread=0.02, spread_curve="BBB"),
    loan(prepayment="CPR 8", default="CDR 1", severity=0.4, recovery_lag_months=6),
    loan(amortization="BULLET", frequency=0, day_count="ACT/365F"),
    floater(spread=0.01),
    floater(cap=0.045, floor=0.03),
    floater(product_type="LOAN", amortization="LEVEL_PAY", frequency=12, floor=0.035, prepayment="CPR 5"),
    pool(spread=0.011),
    swap(),
    swap(pay_receive="RECEIVE", issue_date=date(2026, 4, 10), maturity_date=date(2036, 4, 10), spread=0.002),
    cap(),
    cap(option_type="FLOOR", spread=0.004),
    swaption(),
    swaption(option_type="RECEIVER", expiry_date=date(2026, 5, 10)),
    fx(),
    fx(spot_lag_days=0),
    fx_option(),
    fx_option(option_type="CALL", spot_lag_days=0),
    default_swap(),
    default_swap(option_type="SELL", coupon=0.05, spread=0.003),
]


def test_theta_is_the_value_in_the_files_of_tomorrow_less_todays(tmp_path: Path) -> None:
    theta, pv = thetas(tmp_path, EVERYTHING)
    np.testing.assert_allclose(theta, pv_of_tomorrow(tmp_path, EVERYTHING) - pv, rtol=1e-9, atol=1e-6)
    assert (theta != 0.0).all()


def test_a_zero_coupon_bond_earns_its_forward_and_its_spread(tmp_path: Path) -> None:
    """On a flat curve, PV (exp((z + s) / 365) - 1)."""
    flat = [
        {"curve_id": "USD-OIS", "currency": "USD", "nodes": [{"tenor": t, "rate": 0.04} for t in ("1Y", "30Y")]},
        {"curve_id": "TERM", "currency": "USD", "nodes": [{"tenor": t, "rate": 0.04} for t in ("1Y", "30Y")]},
    ]
    changes: dict[str, Any] = {"curves": flat, "discount": {"USD": "USD-OIS"}, "fx_spots": []}
    theta, pv = thetas(tmp_path, [bond(rate_type="ZERO", coupon="", spread=0.02)], **changes)
    np.testing.assert_allclose(theta[0], pv[0] * np.expm1(0.06 / 365), rtol=1e-10)


def paid_tomorrow(
    paid: Any, before: list[dict[str, Any]], after: list[dict[str, Any]], folder: Path, **later: Any
) -> None:
    """THETA of `before` is what `after` is worth tomorrow and what was paid, less the value today."""
    theta, pv = thetas(folder, before)
    np.testing.assert_allclose(theta, pv_of_tomorrow(folder, after, **later) + paid - pv, rtol=1e-9, atol=1e-6)


def test_a_coupon_paid_tomorrow_is_not_lost(tmp_path: Path) -> None:
    dated = bond(maturity_date=date(2034, 7, 24), issue_date=date(2024, 7, 24), spread=0.01)
    paid_tomorrow(1e6 * 0.0425 / 2, [dated], [dated], tmp_path)


def test_a_bond_that_matures_tomorrow_pays_all(tmp_path: Path) -> None:
    """Tomorrow nothing of it is left to be valued."""
    theta, pv = thetas(tmp_path, [bond(maturity_date=TOMORROW, issue_date=date(2024, 1, 24))])
    np.testing.assert_allclose(theta, 1e6 * (1 + 0.0425 / 2) - pv, rtol=1e-9, atol=1e-6)


def test_principal_paid_tomorrow_is_counted_once(tmp_path: Path) -> None:
    """Twelve-monthly level payments: tomorrow's file has the smaller balance, here held as another reference unit."""
    dated = loan(maturity_date=date(2034, 7, 24), issue_date=date(2024, 7, 24), amortization="LINEAR")
    theta, pv = thetas(tmp_path, [dated])
    left, interest = 1e6 * 102 / 103, 1e6 * 0.07 / 12
    after = pv_of_tomorrow(tmp_path, [dated]) * left / 1e6
    np.testing.assert_allclose(theta, after + 1e6 / 103 + interest - pv, rtol=1e-9, atol=1e-6)


def test_a_pools_payment_of_tomorrow_ages_it_by_a_month(tmp_path: Path) -> None:
    today = pool(first_payment_date=TOMORROW - timedelta(days=24), prepayment="CPR 6")
    later = pool(first_payment_date=date(2026, 1, 31), prepayment="CPR 6", wam=319, age=41)
    assert today["first_payment_date"] == date(2025, 12, 31)
    rate, smm = 0.065 / 12, 1 - 0.94 ** (1 / 12)
    scheduled = 1e6 * (rate / (1 - (1 + rate) ** -320) - rate)
    principal = scheduled + smm * (1e6 - scheduled)
    theta, pv = thetas(tmp_path, [today])
    after = pv_of_tomorrow(tmp_path, [later]) * (1e6 - principal) / 1e6
    np.testing.assert_allclose(theta, after + principal + 1e6 * 0.06 / 12 - pv, rtol=1e-8, atol=1e-5)


@pytest.mark.parametrize("make", [floater, swap])
def test_a_reset_of_tomorrow_takes_the_forward(tmp_path: Path, make: Any) -> None:
    """Tomorrow's file with that forward for a fixing; what is paid tomorrow has been fixed for months."""
    dated = make(maturity_date=date(2033, 7, 24), issue_date=date(2024, 7, 24))
    curve, days = ql_curve(25e-4), (date(2026, 4, 24) - TOMORROW).days
    forward = (1 / curve.discount(ql_day(AS_OF) + days) - 1) / (days / 360)
    known = given()["fixings"]
    fixings = [*known, {"index": INDEX, "date": str(TOMORROW), "rate": forward}]
    begun = date(2025, 10, 24)
    rate, accrual = 0.04 + (AS_OF - begun).days * 1e-6, (TOMORROW - begun).days / 360
    theta, pv = thetas(tmp_path, [dated])
    after = pv_of_tomorrow(tmp_path, [dated], fixings=fixings)
    paid = 1e6 * (rate + dated["margin"]) * accrual
    np.testing.assert_allclose(theta[0], (after + paid - pv)[0], rtol=1e-9, atol=1e-5)
    assert np.isfinite(theta).all()


def test_what_settles_tomorrow_pays_what_it_is_worth_then(tmp_path: Path) -> None:
    """A forward and two options on the spot of today; a payer swaption on the swap of tomorrow."""
    forward, money = fx(maturity_date=TOMORROW, spot_lag_days=0), fx_option(expiry_date=TOMORROW, spot_lag_days=0)
    nothing = money | {"option_type": "CALL"}
    theta, pv = thetas(tmp_path, [forward, money, nothing])
    np.testing.assert_allclose((theta + pv)[0], 1e6 * np.array([1.18 - 1.21, 1.21 - 1.18, 0.0]), atol=1e-6)
    option = swaption(expiry_date=TOMORROW, strike=0.02, maturity_date=date(2031, 1, 24))
    entered = swap(issue_date=TOMORROW, coupon=0.02, maturity_date=date(2031, 1, 24), margin=0.0)
    curve, days = ql_curve(25e-4), (date(2026, 4, 24) - TOMORROW).days
    forward_rate = (1 / curve.discount(ql_day(AS_OF) + days) - 1) / (days / 360)
    fixings = [*given()["fixings"], {"index": INDEX, "date": str(TOMORROW), "rate": forward_rate}]
    theta, pv = thetas(tmp_path, [option])
    after = pv_of_tomorrow(tmp_path, [entered], fixings=fixings)
    np.testing.assert_allclose((theta + pv)[0], after[0], rtol=1e-9)


def test_a_caplet_that_resets_tomorrow_leaves_as_its_file_says(tmp_path: Path) -> None:
    dated = cap(maturity_date=date(2029, 7, 24), issue_date=date(2024, 7, 24))
    paid_tomorrow(0.0, [dated], [dated], tmp_path)


def test_the_premium_of_a_default_swap_is_paid_on_its_day(tmp_path: Path) -> None:
    """20 March 2026; the period began on 22 December, the Monday after the 20th."""
    eve = date(2026, 3, 19)
    swaps = [default_swap(calendar="WEEKEND"), default_swap(calendar="WEEKEND", option_type="SELL")]
    theta, pv = thetas(tmp_path, swaps, eve, fixings=[])
    after = pv_of_tomorrow(tmp_path, swaps, eve + timedelta(days=1), fixings=[])
    paid = 1e6 * 0.01 * (date(2026, 3, 20) - date(2025, 12, 22)).days / 360
    np.testing.assert_allclose(theta, after + np.array([-paid, paid]) - pv, rtol=1e-9, atol=1e-6)
