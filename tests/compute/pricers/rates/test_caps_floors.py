"""Caps and floors from a portfolio folder on: caplet by caplet as QuantLib has them, risks as revaluation has them."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from domain.measures.failures import Reason
from tests.builders.derivative_fund import (
    AS_OF,
    INDEX,
    assert_sensitivities_are_central_differences,
    central_shocks,
    column,
    market,
    priced,
    ql_curve,
    ql_day,
    reason,
)

EXPIRIES, STRIKES = [1, 5, 10], [0.02, 0.035, 0.05]
NORMAL: dict[str, Any] = {
    "surface_id": "CAP",
    "product": "CAP_FLOOR",
    "index": INDEX,
    "kind": "NORMAL",
    "expiries_yr": EXPIRIES,
    "vols": [0.009, 0.0088, 0.0085],
}
LOGNORMAL = {**NORMAL, "kind": "LOGNORMAL", "vols": [0.3, 0.26, 0.22]}
SMILE = {**NORMAL, "strikes": STRIKES, "vols": [[0.011, 0.009, 0.0095], [0.01, 0.0085, 0.009], [0.009, 0.008, 0.0084]]}
SHIFTED = {**LOGNORMAL, "vols": [0.2, 0.17, 0.15], "shift": 0.02}
SURFACES = {"normal": NORMAL, "lognormal": LOGNORMAL, "smile": SMILE, "shifted": SHIFTED}


def random_caps(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(21)
    return [random_cap(rng) for _ in range(count)]


def random_cap(rng: np.random.Generator) -> dict[str, Any]:
    issue = AS_OF + timedelta(days=int(rng.integers(-300, 300)))
    return {
        "product_type": "CAP_FLOOR",
        "currency": "USD",
        "issue_date": issue,
        "maturity_date": issue + timedelta(days=int(rng.integers(500, 5500))),
        "index": INDEX,
        "option_type": str(rng.choice(["CAP", "FLOOR"])),
        "strike": round(float(rng.uniform(0.015, 0.055)), 5),
        "float_frequency": int(rng.choice([2, 4, 12])),
        "float_day_count": str(rng.choice(["ACT/360", "ACT/365F", ""])),
    }


def shifted_black(shift: float) -> Any:
    """QuantLib's formula with a displacement."""
    return lambda side, strike, forward, deviation: ql.blackFormula(side, strike, forward, deviation, 1.0, shift)


def value(terms: dict[str, Any], surface: dict[str, Any]) -> float:
    """Caplet by caplet, the volatility looked up by hand."""
    discount, projection = ql_curve(0.0), ql_curve(25e-4)
    schedule = ql.Schedule(
        ql_day(terms["issue_date"]),
        ql_day(terms["maturity_date"]),
        ql.Period(12 // terms["float_frequency"], ql.Months),
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Backward,
        False,
    )
    days, total = list(schedule), 0.0
    side = ql.Option.Call if terms["option_type"] == "CAP" else ql.Option.Put
    formula = ql.bachelierBlackFormula if surface["kind"] == "NORMAL" else shifted_black(surface.get("shift", 0.0))
    for start, end in pairwise(days):
        if start <= ql_day(AS_OF):
            continue
        accrual = (end - start) / (365 if terms["float_day_count"] == "ACT/365F" else 360)
        forward = (projection.discount(start) / projection.discount(end) - 1) / accrual
        expiry_yr = (start - ql_day(AS_OF)) / 365
        vols = surface["vols"]
        if "strikes" in surface:
            vols = [np.interp(terms["strike"], STRIKES, row) for row in vols]
        deviation = float(np.interp(expiry_yr, EXPIRIES, vols)) * expiry_yr**0.5
        total += 1e6 * accrual * discount.discount(end) * formula(side, terms["strike"], forward, deviation)
    return total


@pytest.mark.parametrize("name", SURFACES)
def test_caps_and_floors_are_the_sum_of_their_caplets(tmp_path: Path, name: str) -> None:
    caps, surface = random_caps(120), SURFACES[name]
    pv = column(priced(tmp_path, caps, market(volatilities=[surface])), "pv")[0]
    np.testing.assert_allclose(pv, [value(terms, surface) for terms in caps], rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("name", SURFACES)
def test_key_rates_are_what_revaluation_says_and_add_up(tmp_path: Path, name: str) -> None:
    """A basis point of one key rate moves a month's forward by up to t x 12 bp, and its caplet bends over that:
    key rates are the option's slope over a basis point of all of them, so that they add up to DV01."""
    facts = priced(tmp_path, random_caps(40), market(volatilities=[SURFACES[name]]), *central_shocks())
    assert_sensitivities_are_central_differences(facts, within=1e-5, keys_within=1e-3)


@pytest.mark.parametrize(("name", "bump"), [("normal", 1e-4), ("smile", 1e-4), ("lognormal", 0.01), ("shifted", 0.01)])
def test_vega_is_the_central_difference_of_a_surface_moved(tmp_path: Path, name: str, bump: float) -> None:
    caps, surface = random_caps(30), SURFACES[name]

    def moved(by: float) -> np.ndarray[Any, Any]:
        vols = (np.array(surface["vols"]) + by).tolist()
        pv = column(priced(tmp_path, caps, market(volatilities=[{**surface, "vols": vols}])), "pv")
        first: np.ndarray[Any, Any] = pv[0]
        return first

    vega = column(priced(tmp_path, caps, market(volatilities=[surface])), "vega")[0]
    np.testing.assert_allclose(vega, (moved(bump) - moved(-bump)) / 2, rtol=1e-7, atol=1e-7)
    assert (vega > 0).all()


def test_a_cap_less_a_floor_is_a_swap_without_its_first_period(tmp_path: Path) -> None:
    cap = random_cap(np.random.default_rng(2)) | {
        "issue_date": date(2026, 3, 2),
        "maturity_date": date(2033, 3, 2),
        "option_type": "CAP",
        "float_frequency": 4,
        "float_day_count": "ACT/360",
    }
    swap = {
        "product_type": "IRS",
        "pay_receive": "PAY",
        "coupon": cap["strike"],
        "fixed_frequency": 4,
        "fixed_day_count": "ACT/360",
    }
    both = [cap, cap | {"option_type": "FLOOR"}, {**cap, "option_type": "", "strike": "", **swap}]
    facts = priced(tmp_path, both, market(volatilities=[SMILE]), [{"kind": "VOL", "surfaces": "*", "bp": 10}])
    for name in ("pv", "dv01", "key_rate_dv01_5y"):
        parity, long, short = column(facts, name).T
        np.testing.assert_allclose(long - short, parity, rtol=1e-9)
    assert column(facts, "pv")[1, 1] > column(facts, "pv")[0, 1]


def test_caplets_that_have_reset_are_left_out_and_without_volatilities_there_is_no_value(tmp_path: Path) -> None:
    running = random_cap(np.random.default_rng(3)) | {
        "issue_date": date(2025, 1, 23),
        "maturity_date": date(2027, 1, 23),
        "float_frequency": 2,
        "strike": 0.0,
        "option_type": "CAP",
    }
    today = running | {"issue_date": ""}
    pv = column(priced(tmp_path, [running, today], market(volatilities=[NORMAL])), "pv")[0]
    curve, discount = ql_curve(25e-4), ql_curve(0.0)
    start, end = ql.Date(23, 7, 2026), ql.Date(23, 1, 2027)
    deep_in_the_money = 1e6 * (curve.discount(start) / curve.discount(end) - 1) * discount.discount(end)
    assert pv == pytest.approx([deep_in_the_money] * 2, rel=1e-6)
    facts = priced(tmp_path, [running], market())
    assert reason(facts, "PV").tolist() == [Reason.MISSING_MARKET_DATA]


def test_vega_of_a_capped_note_is_what_it_has_sold(tmp_path: Path) -> None:
    """A plain note less a cap is the capped note, and a plain one has no vega."""
    note = {
        "product_type": "BOND",
        "currency": "USD",
        "issue_date": date(2026, 2, 16),
        "maturity_date": date(2032, 2, 16),
        "rate_type": "FLOATING",
        "index": INDEX,
        "frequency": 4,
        "day_count": "ACT/360",
    }
    cap = {name: note[name] for name in ("currency", "issue_date", "maturity_date", "index", "day_count")} | {
        "product_type": "CAP_FLOOR",
        "option_type": "CAP",
        "strike": 0.045,
        "float_frequency": 4,
    }
    facts = priced(tmp_path, [note, note | {"cap": 0.045}, cap], market(volatilities=[SMILE]))
    vega = column(facts, "vega")[0]
    assert np.isnan(vega[0]) and reason(facts, "VEGA")[0] == Reason.NOT_APPLICABLE
    assert vega[1] == pytest.approx(-vega[2], rel=1e-7)
