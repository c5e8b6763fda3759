"""Swaps whose notional, coupon or margin steps: worth the sum of swaps of one period each."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.builders.schedules import AS_OF, Row, brought, flat, measures, run_of

TERMS: Row = {
    "product_type": "IRS",
    "currency": "USD",
    "issue_date": AS_OF,
    "coupon": 0.035,
    "index": "USD-SOFR-3M",
    "margin": 0.001,
    "pay_receive": "RECEIVE",
    "fixed_frequency": 1,
    "fixed_day_count": "30/360",
    "float_frequency": 4,
    "float_day_count": "ACT/360",
}
YEARS = ((1.0, 0.035, 0.001), (0.7, 0.04, 0.001), (0.7, 0.04, 0.004), (1.3, 0.04, 0.004))
"""Notional factor, coupon and margin of each year."""
STEPS: list[Row] = [
    {"instrument_id": "S", "date": date(2027, 1, 1), "notional_factor": 0.7, "coupon": 0.04},
    {"instrument_id": "S", "date": date(2028, 1, 1), "margin": 0.004},
    {"instrument_id": "S", "date": date(2029, 1, 1), "notional_factor": 1.3},
]
ADDING = ("pv", "dv01", "key_rate_dv01_1y", "key_rate_dv01_3y", "theta", "accrued_interest")
FIXING = {"index": "USD-SOFR-3M", "date": "2026-01-01", "rate": 0.041}


def swap(name: str, **changes: Any) -> Row:
    return {"instrument_id": name} | TERMS | changes


def market() -> Row:
    document = flat(0.038) | {"fixings": [FIXING]}
    document["curves"][0]["nodes"][1]["rate"] = 0.047
    return document


def test_an_amortising_swap_is_the_sum_of_its_years(tmp_path: Path) -> None:
    """Each year is a swap of its own, forward starting, on its own notional and terms."""
    stepped = run_of(brought(tmp_path / "steps", [swap("S", maturity_date=date(2030, 1, 1))], steps=STEPS), market())
    years, held = [], []
    for number, (factor, coupon, margin) in enumerate(YEARS):
        start, end = date(2026 + number, 1, 1), date(2027 + number, 1, 1)
        years.append(swap(f"Y{number}", issue_date=start, maturity_date=end, coupon=coupon, margin=margin))
        held.append({"position_id": f"P{number}", "instrument_id": f"Y{number}", "notional": 10_000 * factor})
    apart = run_of(brought(tmp_path / "years", years, held), market())
    told = measures(stepped)
    for name in ADDING:
        assert told[name] == pytest.approx(sum(measures(apart, n)[name] for n in range(4)), rel=1e-11, abs=1e-9), name


def test_rows_hold_until_the_next_and_before_the_first_the_swaps_own_terms_do(tmp_path: Path) -> None:
    past = [{"instrument_id": "S", "date": date(2020, 1, 1), "notional_factor": 0.5}]
    terms = swap("S", maturity_date=date(2030, 1, 1))
    whole = measures(run_of(brought(tmp_path / "whole", [terms]), market()))
    half = measures(run_of(brought(tmp_path / "half", [terms], steps=past), market()))
    assert half["pv"] == pytest.approx(whole["pv"] / 2, rel=1e-12)
    assert half["dv01"] == pytest.approx(whole["dv01"] / 2, rel=1e-12)


def test_a_swap_without_steps_is_to_the_bit_what_it_is_beside_one_that_has_some(tmp_path: Path) -> None:
    plain, other = swap("A", maturity_date=date(2031, 1, 1)), swap("S", maturity_date=date(2030, 1, 1))
    alone = measures(run_of(brought(tmp_path / "alone", [plain]), market()))
    beside = measures(run_of(brought(tmp_path / "beside", [plain, other], steps=STEPS), market()))
    assert {k: v for k, v in alone.items() if v == v} == {k: v for k, v in beside.items() if v == v}
