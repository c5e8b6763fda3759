"""FX options from a portfolio folder on: QuantLib's Garman-Kohlhagen, parity with forwards, risks by revaluation."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from domain.measures.failures import Reason
from tests.builders.derivative_fund import (
    AS_OF,
    assert_sensitivities_are_central_differences,
    central_shocks,
    column,
    market,
    priced,
    ql_curve,
    ql_day,
    reason,
)

EXPIRIES = [0.25, 1, 5]
SURFACE: dict[str, Any] = {
    "surface_id": "EURUSD",
    "product": "FX",
    "pair": "EURUSD",
    "kind": "LOGNORMAL",
    "expiries_yr": EXPIRIES,
    "vols": [0.07, 0.075, 0.08],
}
SMILE = {**SURFACE, "strikes": [1.1, 1.3], "vols": [[0.072, 0.081], [0.077, 0.08], [0.08, 0.082]]}
SPOT = 1.18


def random_options(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(31)
    return [
        {
            "product_type": "FX_OPTION",
            "currency": "USD",
            "pair": "EURUSD",
            "option_type": str(rng.choice(["CALL", "PUT"])),
            "strike": round(float(rng.uniform(1.05, 1.35)), 4),
            "expiry_date": AS_OF + timedelta(days=int(rng.integers(5, 2500))),
        }
        for _ in range(count)
    ]


def value(terms: dict[str, Any], surface: dict[str, Any]) -> float:
    dollars, euros = ql_curve(0.0), ql_curve(-0.01)
    expiry = ql_day(terms["expiry_date"])
    vols = surface["vols"]
    if "strikes" in surface:
        vols = [np.interp(terms["strike"], surface["strikes"], row) for row in vols]
    vol = float(np.interp((expiry - ql_day(AS_OF)) / 365, EXPIRIES, vols))
    black = ql.BlackConstantVol(ql_day(AS_OF), ql.NullCalendar(), vol, ql.Actual365Fixed())
    process = ql.GarmanKohlagenProcess(
        ql.QuoteHandle(ql.SimpleQuote(SPOT)), euros, dollars, ql.BlackVolTermStructureHandle(black)
    )
    side = ql.Option.Call if terms["option_type"] == "CALL" else ql.Option.Put
    option = ql.VanillaOption(ql.PlainVanillaPayoff(side, terms["strike"]), ql.EuropeanExercise(expiry))
    option.setPricingEngine(ql.AnalyticEuropeanEngine(process))
    return float(1e6 * option.NPV())


@pytest.mark.parametrize("surface", [SURFACE, SMILE], ids=["flat", "smile"])
def test_options_are_quantlibs(tmp_path: Path, surface: dict[str, Any]) -> None:
    options = random_options(300)
    pv = column(priced(tmp_path, options, market(volatilities=[surface])), "pv")[0]
    np.testing.assert_allclose(pv, [value(terms, surface) for terms in options], rtol=1e-10, atol=1e-8)


def test_key_rates_are_what_revaluation_says_and_add_up(tmp_path: Path) -> None:
    facts = priced(tmp_path, random_options(60), market(volatilities=[SMILE]), *central_shocks())
    assert_sensitivities_are_central_differences(facts, within=1e-5, keys_within=1e-5)


def test_one_curve_moves_one_currency(tmp_path: Path) -> None:
    """A shock of the euro curve alone is what the forward feels; both curves of 10 bp leave the forward alone."""
    call = random_options(1)[0] | {"option_type": "CALL", "strike": 1.2, "expiry_date": AS_OF + timedelta(days=730)}
    shocks = [[{"kind": "PARALLEL", "curves": curves, "bp": 10}] for curves in ("EUR", "USD-OIS", "*")]
    pv = column(priced(tmp_path, [call], market(volatilities=[SURFACE]), *shocks), "pv")[:, 0]
    assert pv[1] < pv[0] < pv[2]
    assert pv[3] == pytest.approx(pv[0] * np.exp(-10e-4 * 2), rel=1e-12)


def test_a_call_less_a_put_is_a_forward(tmp_path: Path) -> None:
    call = random_options(1)[0] | {"option_type": "CALL", "spot_lag_days": 2}
    forward = {
        "product_type": "FX_FWD",
        "currency": "USD",
        "pair": "EURUSD",
        "strike": call["strike"],
        "maturity_date": call["expiry_date"],
        "spot_lag_days": 2,
    }
    facts = priced(tmp_path, [forward, call, call | {"option_type": "PUT"}], market(volatilities=[SMILE]))
    for name in ("pv", "dv01", "fx_delta", "key_rate_dv01_2y"):
        parity, long, short = column(facts, name)[0]
        assert long - short == pytest.approx(parity, rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("surface", [SURFACE, SMILE], ids=["flat", "smile"])
def test_vega_is_a_point_of_volatility_and_delta_a_hundredth_of_the_spot(
    tmp_path: Path, surface: dict[str, Any]
) -> None:
    options = random_options(40)
    moved = [
        market(volatilities=[{**surface, "vols": (np.array(surface["vols"]) + b).tolist()}]) for b in (0.01, -0.01)
    ]
    up, down = (column(priced(tmp_path, options, each), "pv")[0] for each in moved)
    facts = priced(tmp_path, options, market(volatilities=[surface]), [{"kind": "FX", "pair": "EURUSD", "pct": 1}])
    np.testing.assert_allclose(column(facts, "vega")[0], (up - down) / 2, rtol=1e-9, atol=1e-7)
    pv = column(facts, "pv")
    np.testing.assert_allclose(column(facts, "fx_delta")[0], pv[1] - pv[0], rtol=1e-9, atol=1e-7)


def test_an_expired_option_is_worth_nothing_and_one_without_volatilities_fails(tmp_path: Path) -> None:
    gone = random_options(1)[0] | {"expiry_date": AS_OF}
    assert column(priced(tmp_path, [gone], market(volatilities=[SURFACE])), "pv")[0, 0] == 0.0
    facts = priced(tmp_path, [gone | {"expiry_date": AS_OF + timedelta(days=30)}], market())
    assert reason(facts, "PV").tolist() == [Reason.MISSING_MARKET_DATA]
