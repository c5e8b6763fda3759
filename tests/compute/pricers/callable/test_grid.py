"""Bonds with rights, however near one another, against quadrature over the exact transition of the rate."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.hull_white.callable_bonds import CallableBonds
from compute.pricers.callable import values as callable_values
from tests.builders.callable_fund import Row, bond, bonds_of, priced, py_day, right, run_of
from tests.builders.derivative_fund import AS_OF, column, ql_day
from tests.compute.pricers.callable import reference as callable_reference

BP = 1e-4
MEASURES = ("PV", "DV01", "VEGA")
Bonds = Sequence[tuple[Row, Sequence[Row]]]


def every(days: int, first: date, until: date, kinds: Sequence[str] = ("CALL",), price: float = 100.0) -> list[Row]:
    count = (until - first).days // days + 1
    dates = [first + timedelta(days=days * k) for k in range(count)]
    return [
        right(each, price if kind == "CALL" else price - 4.0, kind) for each in dates if each < until for kind in kinds
    ]


def monthly(first: date, until: date) -> list[Row]:
    dates = [py_day(ql_day(first) + ql.Period(k, ql.Months)) for k in range(400)]
    return [right(each) for each in dates if each < until]


def by_quadrature(run: Any, a: float, sigma: float, fineness: float, i: int) -> tuple[float, float, float]:
    """Price, DV01 and vega per 100 of position i."""
    debt, bonds = bonds_of(run)
    present = callable_values._present(run, debt.discount_terms, bonds.amounts, slice(0, 1))
    years = bonds.amounts.day[:, None] / 365.0

    def price(shift: float, by: float) -> float:
        one = callable_reference.one_bond(bonds, present * np.exp(-shift * years), i)
        return 100.0 * callable_reference.price(one, a, sigma + by, fineness)

    dv01, vega = (price(-BP, 0.0) - price(BP, 0.0)) / 2, (price(0.0, BP) - price(0.0, -BP)) / 2
    return price(0.0, 0.0), dv01, vega


def assert_near(folder: Path, bonds: Bonds, a: float, sigma: float, fineness: float = 12.0, **changes: Any) -> None:
    """Prices within 0.01 per 100, DV01 and vega within 0.5 %, or a hundredth of a cent where there is next to none."""
    parameters = {"USD": {"mean_reversion": a, "sigma": sigma}}
    run = run_of(folder, bonds, hull_white=parameters, measures=MEASURES, **changes)
    facts = priced(run)
    for i, (terms, rights) in enumerate(bonds):
        price, dv01, vega = by_quadrature(run, a, sigma, fineness, i)
        said = terms, len(rights), rights[0]
        assert column(facts, "pv")[0, i] / 1e4 == pytest.approx(price, abs=0.01), said
        assert column(facts, "dv01")[0, i] / 1e4 == pytest.approx(dv01, rel=5e-3, abs=1e-4), said
        assert column(facts, "vega")[0, i] / 1e4 == pytest.approx(vega, rel=5e-3, abs=1e-4), said


def test_calls_every_month_for_ten_years(tmp_path: Path) -> None:
    """It was 0.026 per 100 too low with two steps a month."""
    terms = bond(date(2036, 3, 31), 0.055, spread=0.012, issue_date=date(2021, 3, 31))
    bonds = [(terms, monthly(date(2026, 5, 15), date(2036, 3, 31)))]
    assert_near(tmp_path, bonds, 0.03, 0.01, as_of="2026-03-31")


RATES = [
    (0.03, 0.01),
    (-0.02, 0.005),
    pytest.param(0.0, 0.03, marks=pytest.mark.long),
    pytest.param(0.3, 0.02, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("a", "sigma"), RATES)
def test_rights_of_every_density(tmp_path: Path, a: float, sigma: float) -> None:
    """Days, weeks, fortnights, months and quarters apart; from tomorrow on; calls, puts and both; notice."""
    tomorrow, later, end = AS_OF + timedelta(days=1), AS_OF + timedelta(days=400), date(2031, 6, 30)
    bonds = [
        (bond(end, 0.045), every(1, later, later + timedelta(days=300))),
        (bond(end, 0.04, frequency=1), every(7, tomorrow, end)),
        (bond(end, 0.03, spread=0.012), every(14, later, end, ("PUT",), 98.0)),
        (bond(end, 0.05, frequency=4, spread=0.02), every(30, later, end, ("CALL", "PUT"), 101.0)),
        (bond(end, 0.055, notice_days=15), every(91, later, end)),
        (bond(date(2026, 6, 30), 0.04), every(7, tomorrow, date(2026, 6, 30))),
        (bond(end, 0.0365), [right(tomorrow), *every(182, later, end)]),
    ]
    assert_near(tmp_path, bonds, a, sigma)


def test_the_quadrature_is_as_fine_as_it_need_be(tmp_path: Path) -> None:
    """Half the distance between its points changes its price by a ten thousandth of a cent."""
    end = date(2031, 6, 30)
    run = run_of(tmp_path, [(bond(end, 0.045), every(14, AS_OF + timedelta(days=30), end))], measures=("PV",))
    coarse, fine = (by_quadrature(run, 0.03, 0.01, fineness, 0)[0] for fineness in (6.0, 12.0))
    assert coarse == pytest.approx(fine, abs=1e-4)


def test_a_bump_of_sigma_keeps_the_steps(tmp_path: Path) -> None:
    end = date(2031, 6, 30)
    _, bonds = bonds_of(run_of(tmp_path, [(bond(end, 0.045), every(14, AS_OF + timedelta(days=30), end))]))
    assert isinstance(bonds, CallableBonds)
    parameters = np.array([0.03]), np.array([0.0125])
    plain, bumped = (bonds.on(*parameters, bump=bump).groups[0].lattice for bump in (0.0, BP))
    assert plain.times_yr.tobytes() == bumped.times_yr.tobytes() and (plain.x[-1] != bumped.x[-1]).any()
