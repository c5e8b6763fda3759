"""Swaptions from a portfolio folder on: QuantLib's engines, parity with forward swaps, risks by revaluation."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from compute.pricers.rates.swaptions import tenors_yr
from domain.measures.failures import Reason
from tests.builders.derivative_fund import (
    AS_OF,
    INDEX,
    QL_DAY_COUNTS,
    assert_sensitivities_are_central_differences,
    central_shocks,
    column,
    market,
    priced,
    ql_curve,
    ql_day,
    reason,
)

EXPIRIES, TENORS = [1, 5], [2, 5, 10]
NORMAL: dict[str, Any] = {
    "surface_id": "SWPT",
    "product": "SWAPTION",
    "index": INDEX,
    "kind": "NORMAL",
    "expiries_yr": EXPIRIES,
    "tenors_yr": TENORS,
    "vols": [[0.009, 0.0085, 0.008], [0.0082, 0.008, 0.0075]],
}
LOGNORMAL = {**NORMAL, "kind": "LOGNORMAL", "vols": [[0.28, 0.25, 0.22], [0.24, 0.22, 0.2]]}
SHIFTED = {**LOGNORMAL, "vols": [[0.2, 0.18, 0.16], [0.17, 0.16, 0.14]], "shift": 0.02}
SURFACES = {"normal": NORMAL, "lognormal": LOGNORMAL, "shifted": SHIFTED}


def random_swaptions(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(41)
    return [random_swaption(rng) for _ in range(count)]


def random_swaption(rng: np.random.Generator) -> dict[str, Any]:
    expiry = AS_OF + timedelta(days=int(rng.integers(20, 2500)))
    return {
        "product_type": "SWAPTION",
        "currency": "USD",
        "index": INDEX,
        "option_type": str(rng.choice(["PAYER", "RECEIVER"])),
        "strike": round(float(rng.uniform(0.025, 0.055)), 5),
        "expiry_date": expiry,
        "maturity_date": expiry + timedelta(days=int(rng.integers(400, 4500))),
        "fixed_frequency": int(rng.choice([1, 2])),
        "fixed_day_count": str(rng.choice(["30/360", "ACT/360", "ACT/365F"])),
        "float_frequency": 4,
        "float_day_count": "ACT/360",
    }


def months_between(first: date, last: date) -> int:
    months = 0
    while ql_day(first) + ql.Period(months + 1, ql.Months) <= ql_day(last):
        months += 1
    return months


def value(terms: dict[str, Any], surface: dict[str, Any]) -> float:
    """QuantLib's engine on QuantLib's swap, the volatility looked up by hand."""
    discount, projection = ql_curve(0.0), ql_curve(25e-4)
    start, end = ql_day(terms["expiry_date"]), ql_day(terms["maturity_date"])
    index = ql.IborIndex(
        "I", ql.Period("3M"), 0, ql.USDCurrency(), ql.NullCalendar(), 0, False, ql.Actual360(), projection
    )
    fixed, floating = (
        ql.Schedule(start, end, ql.Period(12 // frequency, ql.Months), ql.NullCalendar(), 4, 4, 0, False)
        for frequency in (terms["fixed_frequency"], 4)
    )
    side = ql.VanillaSwap.Payer if terms["option_type"] == "PAYER" else ql.VanillaSwap.Receiver
    count = QL_DAY_COUNTS[terms["fixed_day_count"]]
    swap = ql.VanillaSwap(side, 1e6, fixed, terms["strike"], count, floating, index, 0.0, ql.Actual360())
    expiry_yr, tenor_yr = (
        (start - ql_day(AS_OF)) / 365,
        months_between(terms["expiry_date"], terms["maturity_date"]) / 12,
    )
    vol = float(np.interp(expiry_yr, EXPIRIES, [np.interp(tenor_yr, TENORS, row) for row in surface["vols"]]))
    engine = ql.BachelierSwaptionEngine if surface["kind"] == "NORMAL" else ql.BlackSwaptionEngine
    shift = [surface["shift"]] if "shift" in surface else []
    option = ql.Swaption(swap, ql.EuropeanExercise(start))
    option.setPricingEngine(engine(discount, ql.QuoteHandle(ql.SimpleQuote(vol)), ql.Actual365Fixed(), *shift))
    return float(option.NPV())


@pytest.mark.parametrize("name", SURFACES)
def test_swaptions_are_quantlibs(tmp_path: Path, name: str) -> None:
    swaptions, surface = random_swaptions(150), SURFACES[name]
    pv = column(priced(tmp_path, swaptions, market(volatilities=[surface])), "pv")[0]
    np.testing.assert_allclose(pv, [value(terms, surface) for terms in swaptions], rtol=1e-10, atol=1e-8)


@pytest.mark.parametrize("name", SURFACES)
def test_key_rates_are_what_revaluation_says_and_add_up(tmp_path: Path, name: str) -> None:
    facts = priced(tmp_path, random_swaptions(40), market(volatilities=[SURFACES[name]]), *central_shocks())
    assert_sensitivities_are_central_differences(facts, within=2e-5, keys_within=1e-4)


@pytest.mark.parametrize(("name", "bump"), [("normal", 1e-4), ("lognormal", 0.01), ("shifted", 0.01)])
def test_vega_is_the_central_difference_of_a_surface_moved(tmp_path: Path, name: str, bump: float) -> None:
    swaptions, surface = random_swaptions(30), SURFACES[name]
    grids = [(np.array(surface["vols"]) + by).tolist() for by in (bump, -bump)]
    up, down = (
        column(priced(tmp_path, swaptions, market(volatilities=[{**surface, "vols": vols}])), "pv")[0] for vols in grids
    )
    vega = column(priced(tmp_path, swaptions, market(volatilities=[surface])), "vega")[0]
    np.testing.assert_allclose(vega, (up - down) / 2, rtol=1e-8, atol=1e-8)


def test_a_payer_less_a_receiver_is_the_forward_swap(tmp_path: Path) -> None:
    payer = random_swaption(np.random.default_rng(5)) | {"option_type": "PAYER", "strike": 0.04}
    swap = {name: term for name, term in payer.items() if name not in ("option_type", "strike", "expiry_date")} | {
        "product_type": "IRS",
        "pay_receive": "PAY",
        "coupon": 0.04,
        "issue_date": payer["expiry_date"],
    }
    facts = priced(tmp_path, [swap, payer, payer | {"option_type": "RECEIVER"}], market(volatilities=[NORMAL]))
    for name in ("pv", "dv01", "key_rate_dv01_7y"):
        parity, long, short = column(facts, name)[0]
        assert long - short == pytest.approx(parity, rel=1e-9, abs=1e-6)


def test_legs_that_are_not_described_follow_the_index_and_the_currency(tmp_path: Path) -> None:
    said = random_swaption(np.random.default_rng(6)) | {"fixed_frequency": 1, "fixed_day_count": "ACT/360"}
    unsaid = said | dict.fromkeys(("fixed_frequency", "fixed_day_count", "float_frequency", "float_day_count"), "")
    pv = column(priced(tmp_path, [said, unsaid], market(volatilities=[NORMAL])), "pv")[0]
    assert pv[0] == pv[1]


def test_the_tenor_is_whole_months() -> None:
    rng = np.random.default_rng(7)
    first = [date(2026, 1, 31) + timedelta(days=int(d)) for d in rng.integers(0, 1500, 300)]
    last = [day + timedelta(days=int(d)) for day, d in zip(first, rng.integers(20, 1500, 300), strict=True)]
    days = [np.array([(day - date(1970, 1, 1)).days for day in each], np.int32) for each in (first, last)]
    expected = [months_between(*each) for each in zip(first, last, strict=True)]
    np.testing.assert_allclose(tenors_yr(*days) * 12, expected)


def test_an_expired_swaption_is_worth_nothing_and_one_without_volatilities_fails(tmp_path: Path) -> None:
    gone = random_swaption(np.random.default_rng(8)) | {
        "expiry_date": AS_OF,
        "maturity_date": date(2031, 3, 3),
    }
    facts = priced(tmp_path, [gone], market(volatilities=[NORMAL]))
    assert column(facts, "pv")[0, 0] == column(facts, "dv01")[0, 0] == 0.0
    assert reason(priced(tmp_path, [gone], market()), "PV").tolist() == [Reason.MISSING_MARKET_DATA]
