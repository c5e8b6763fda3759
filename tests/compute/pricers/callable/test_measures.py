"""THETA and spreads of callables: the files of tomorrow, what is paid that day, and the bond without rights beside."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.measures.failures import Reason
from tests.builders.callable_fund import HULL_WHITE, Row, bond, priced, random_bonds, right, run_of
from tests.builders.derivative_fund import AS_OF, column, reason

TOMORROW = AS_OF + timedelta(days=1)
SHOCKS = ([{"kind": "PARALLEL", "curves": "*", "bp": 70}], [{"kind": "SPREAD", "match": {"currency": "USD"}, "bp": 40}])
WIDE = [{"curve_id": "BBB", "nodes": [{"tenor": "365D", "rate": 0.01}, {"tenor": "3650D", "rate": 0.02}]}]
TEN_YEARS = date(2036, 3, 15)
CALLS = [right(date(year, 3, 15)) for year in range(2027, 2036)]
Bonds = Sequence[tuple[Row, Sequence[Row]]]


def theta_and_pv(folder: Path, bonds: Bonds) -> tuple[Any, Any]:
    run = run_of(folder, bonds, *SHOCKS, measures=("PV", "THETA"), spread_curves=WIDE)
    facts = priced(run)
    return column(facts, "theta"), column(facts, "pv")


def pv_of_tomorrow(folder: Path, bonds: Bonds) -> Any:
    run = run_of(folder, bonds, *SHOCKS, measures=("PV",), spread_curves=WIDE, as_of=TOMORROW.isoformat())
    return column(priced(run), "pv")


def test_theta_is_the_value_in_the_files_of_tomorrow_less_todays(tmp_path: Path) -> None:
    bonds = [each for each in random_bonds(40, seed=33) if each[1]]
    bonds.append((bond(TEN_YEARS, 0.045, notice_days=30, spread_curve="BBB"), CALLS))
    bonds.append((bond(TEN_YEARS, 0.045), []))
    theta, pv = theta_and_pv(tmp_path, bonds)
    np.testing.assert_allclose(theta, pv_of_tomorrow(tmp_path, bonds) - pv, rtol=1e-9, atol=1e-6)
    assert (theta != 0.0).all()


def test_a_coupon_paid_tomorrow_is_not_lost(tmp_path: Path) -> None:
    dated = [(bond(date(2034, 7, 24), 0.045), [right(date(2029, 1, 24))])]
    theta, pv = theta_and_pv(tmp_path, dated)
    expected = pv_of_tomorrow(tmp_path, dated) + 1e6 * 0.045 / 2 - pv
    np.testing.assert_allclose(theta, expected, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "coupon", "is_used"),
    [("CALL", 0.09, True), ("CALL", 0.01, False), ("PUT", 0.01, True), ("PUT", 0.09, False)],
)
def test_a_right_decided_tomorrow_is_used_where_that_is_best(
    tmp_path: Path, kind: str, coupon: float, is_used: bool
) -> None:
    """It has lapsed in the files of tomorrow. Paid are the coupon of the day and, where it is used, 100."""
    terms, later = bond(date(2034, 7, 24), coupon), right(date(2029, 1, 24), kind=kind)
    theta, pv = theta_and_pv(tmp_path, [(terms, [right(TOMORROW, kind=kind), later])])
    left = 1e6 if is_used else pv_of_tomorrow(tmp_path, [(terms, [later])])
    np.testing.assert_allclose(theta + pv, left + 1e6 * coupon / 2, rtol=1e-9)


def test_a_call_decided_tomorrow_pays_after_its_notice(tmp_path: Path) -> None:
    """100 and the coupon due before it, at tomorrow's factors."""
    day = date(2026, 3, 15)
    run = run_of(
        tmp_path,
        [(bond(TEN_YEARS, 0.09, notice_days=(day - TOMORROW).days, spread=0.01), [right(day)])],
        measures=("PV", "THETA"),
    )
    facts = priced(run)
    days = (day - TOMORROW).days
    factor = run.tables.discount_factors[run.tables.discount_curve_of["USD"], days, 0] * np.exp(-0.01 * days / 365)
    worth = (column(facts, "theta") + column(facts, "pv"))[0, 0]
    assert worth == pytest.approx(1e6 * 1.045 * factor, rel=1e-12)


def test_the_z_spread_is_that_of_the_straight_bond_at_the_same_price(tmp_path: Path) -> None:
    """At its market price, else at the price of the model, of which the right is a part."""
    quoted = bond(TEN_YEARS, 0.045, spread=0.012, market_price=97.0)
    unquoted = bond(TEN_YEARS, 0.045, spread=0.012)
    names = ("PV", "CLEAN_PRICE", "Z_SPREAD", "OAS", "PAR_SPREAD")
    facts = priced(run_of(tmp_path, [(quoted, CALLS), (unquoted, CALLS)], measures=names))
    prices = (97.0, column(facts, "clean_price")[0, 1])
    straight: list[tuple[Any, Any]] = [
        (unquoted | {"product_type": "BOND", "market_price": price}, []) for price in prices
    ]
    plain = priced(run_of(tmp_path, straight, measures=names))
    for name in ("z_spread", "par_spread"):
        np.testing.assert_allclose(column(facts, name)[0], column(plain, name)[0], rtol=1e-9)
    assert column(facts, "oas")[0, 1] == pytest.approx(120.0, abs=1e-9)
    assert (column(facts, "z_spread") > column(facts, "oas")).all()


def test_without_rights_every_spread_is_the_bonds(tmp_path: Path) -> None:
    terms = [bond(TEN_YEARS, 0.045, spread=0.012), bond(TEN_YEARS, 0.045, spread_curve="BBB", market_price=97.0)]
    names = ("Z_SPREAD", "OAS", "PAR_SPREAD", "THETA")
    both: list[tuple[Any, Any]] = [
        (each | {"product_type": product}, []) for product in ("BOND", "CALLABLE_BOND") for each in terms
    ]
    facts = priced(run_of(tmp_path, both, measures=("PV", *names), spread_curves=WIDE, hull_white=HULL_WHITE))
    for name in names:
        values = column(facts, name.lower())[0]
        assert np.isfinite(values).all() and (values[:2] == values[2:]).all(), name
    assert (column(facts, "oas") == column(facts, "z_spread")).all()


def test_a_market_price_that_is_none_costs_the_spreads_alone(tmp_path: Path) -> None:
    facts = priced(
        run_of(tmp_path, [(bond(TEN_YEARS, 0.045, market_price=-3), CALLS)], measures=("PV", "OAS", "THETA"))
    )
    assert reason(facts, "OAS")[0] == Reason.INVALID_TERMS
    assert np.isfinite(column(facts, "pv")).all() and np.isfinite(column(facts, "theta")).all()


def test_the_vega_of_one_sigma_has_no_ladder(tmp_path: Path) -> None:
    facts = priced(run_of(tmp_path, [(bond(TEN_YEARS, 0.045), CALLS)], measures=("PV", "VEGA", "VEGA_LADDER")))
    assert np.isfinite(column(facts, "vega")).all()
    assert reason(facts, "VEGA_LADDER")[0] == Reason.NOT_APPLICABLE
