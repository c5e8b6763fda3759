"""THETA of structured notes: the files of tomorrow, whose paths are those of today's a day on, so that it is exact."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.builders.derivative_fund import AS_OF, INDEX, column, market, priced, ql_curve, ql_day
from tests.compute.pricers.structured.reference import note

TOMORROW = AS_OF + timedelta(days=1)
NAMES = (INDEX, "USD-CMS-10Y", "USD-CMS-2Y")
SHOCKS = ([{"kind": "PARALLEL", "curves": "*", "bp": 70}], [{"kind": "SPREAD", "match": {"currency": "USD"}, "bp": 40}])
HULL_WHITE = {"USD": {"mean_reversion": 0.03, "sigma": 0.009}}
PAYOFFS: list[dict[str, Any]] = [
    {"kind": "CAPPED_FLOATER", "cap": 0.045, "margin": 0.004},
    {"kind": "INVERSE_FLOATER", "fixed_rate": 0.09, "leverage": 2},
    {"kind": "CMS", "cap": 0.05, "floor": 0.01},
    {"kind": "CMS_SPREAD", "gearing": 4, "floor": 0},
    {"kind": "DIGITAL", "coupon": 0.06, "strike": 0.037},
    {"kind": "RANGE_ACCRUAL", "coupon": 0.06, "lower": 0.02, "upper": 0.045, "observation": "MONTHLY"},
    {"kind": "RANGE_ACCRUAL", "coupon": 0.06, "lower": 0.036, "upper": 0.05},
]
RESETTING = {"issue_date": date(2025, 1, 24), "maturity_date": date(2031, 1, 24)}


def given(as_of: date = AS_OF, **tomorrows: float) -> dict[str, Any]:
    """Fixings of every day up to today, of each rate; those of tomorrow where they are named."""
    days = [AS_OF - timedelta(days=k) for k in range(200)]
    fixings = [{"index": name, "date": str(day), "rate": 0.037 + day.day * 1e-4} for name in NAMES for day in days]
    fixings += [{"index": name.replace("_", "-"), "date": str(TOMORROW), "rate": r} for name, r in tomorrows.items()]
    return market(as_of=as_of.isoformat(), hull_white=HULL_WHITE, fixings=fixings)


def theta_and_pv(folder: Path, notes: list[dict[str, Any]]) -> tuple[Any, Any]:
    facts = priced(folder, notes, given(), *SHOCKS, measures=("PV", "THETA"))
    return column(facts, "theta"), column(facts, "pv")


def pv_of_tomorrow(folder: Path, notes: list[dict[str, Any]], **tomorrows: float) -> Any:
    return column(priced(folder, notes, given(TOMORROW, **tomorrows), *SHOCKS, measures=("PV",)), "pv")


def forward() -> float:
    """Tomorrow's of three months, under BASE."""
    days = (date(2026, 4, 24) - TOMORROW).days
    return float((1 / ql_curve(25e-4).discount(ql_day(AS_OF) + days) - 1) / (days / 360))


def test_theta_is_the_value_in_the_files_of_tomorrow_less_todays(tmp_path: Path) -> None:
    """All but the daily range, which observes a rate every day."""
    notes = [note(payoff, spread=0.01) for payoff in PAYOFFS[:-1]]
    theta, pv = theta_and_pv(tmp_path, notes)
    np.testing.assert_allclose(theta, pv_of_tomorrow(tmp_path, notes) - pv, rtol=1e-9, atol=1e-6)
    assert (theta != 0.0).all()


@pytest.mark.parametrize("row", [0, 1, 4])
def test_a_rate_that_is_set_tomorrow_is_the_forward(tmp_path: Path, row: int) -> None:
    """And the coupon paid that day is not lost; fixed on 24 October, 92 days ago."""
    terms = note(PAYOFFS[row], **RESETTING)
    theta, pv = theta_and_pv(tmp_path, [terms])
    after = pv_of_tomorrow(tmp_path, [terms], **{INDEX.replace("-", "_"): forward()})
    known = 0.037 + 24e-4
    rate = {0: min(known + 0.004, 0.045), 1: max(0.09 - 2 * known, 0.0), 4: 0.06}[row]
    np.testing.assert_allclose((theta + pv)[0], (after + 1e6 * rate * 92 / 360)[0], rtol=1e-9)
    assert np.isfinite(theta).all()


def test_a_swap_rate_that_is_set_tomorrow_is_the_forward(tmp_path: Path) -> None:
    """The rate that tomorrow's files give for a fixing of it: found by what the fixing is worth."""
    terms = note({"kind": "CMS"}, **RESETTING)
    theta, pv = theta_and_pv(tmp_path, [terms])
    low, high = (pv_of_tomorrow(tmp_path, [terms], USD_CMS_10Y=rate)[0, 0] for rate in (0.03, 0.04))
    paid = 1e6 * (0.037 + 24e-4) * 92 / 360
    implied = 0.03 + 0.01 * ((theta + pv)[0, 0] - paid - low) / (high - low)
    discount, projection = ql_curve(0.0), ql_curve(25e-4)

    def factor(curve: Any, months: int) -> float:
        days = (date(2026 + (months // 12), 1 + months % 12, 24) - TOMORROW).days
        return float(curve.discount(ql_day(AS_OF) + days))

    quarters = range(3, 123, 3)
    floating = sum((factor(projection, m - 3) / factor(projection, m) - 1) * factor(discount, m) for m in quarters)
    accrual = [(date(2026 + k, 1, 24) - date(2025 + k, 1, 24)).days / 360 for k in range(1, 11)]
    annuity = sum(a * factor(discount, 12 * k) for k, a in enumerate(accrual, start=1))
    assert implied == pytest.approx(floating / annuity, rel=1e-7)


def test_a_range_observes_the_forward_tomorrow(tmp_path: Path) -> None:
    notes = [note(PAYOFFS[-1]), note(PAYOFFS[-1] | {"lower": 0.0, "upper": forward() - 1e-6})]
    theta, pv = theta_and_pv(tmp_path, notes)
    after = pv_of_tomorrow(tmp_path, notes, **{INDEX.replace("-", "_"): forward()})
    np.testing.assert_allclose(theta[0], (after - pv)[0], rtol=1e-9, atol=1e-5)
    assert np.isfinite(theta).all()


def test_the_vega_ladder_of_a_note_adds_up_to_its_vega(tmp_path: Path) -> None:
    """Asked for alone, too; a note that starts in the second year has nothing before its first reset's neighbours."""
    notes = [note(payoff) for payoff in PAYOFFS[:3]]
    notes.append(note(PAYOFFS[0], issue_date=date(2028, 3, 16)))
    facts = priced(tmp_path, notes, given(), measures=("PV", "VEGA", "VEGA_LADDER"))
    alone = priced(tmp_path, notes, given(), measures=("PV", "VEGA_LADDER"))
    names = [f"vega_ladder_{label}" for label in ("3m", "1y", "2y", "5y", "10y", "20y")]
    ladder = np.array([column(facts, name)[0] for name in names])
    np.testing.assert_allclose(ladder.sum(axis=0), column(facts, "vega")[0], rtol=1e-9)
    assert np.array_equal(ladder, [column(alone, name)[0] for name in names])
    assert (ladder[:2, 3] == 0.0).all() and (ladder[2:4, 3] != 0.0).all()
