import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compute.kernels.fx.forwards import FxForwardTerms, fx_forward_pv, fx_forwards

N_DAYS, KEYS = 1_000, np.array([0.5, 2.0])
TIMES_YR = np.arange(N_DAYS) / 365
ZERO_RATES = np.array([[0.05, 0.051], [0.035, 0.034], [0.02, 0.025]])
"""[curves, S]"""
WEIGHTS = np.clip((KEYS[1] - TIMES_YR) / (KEYS[1] - KEYS[0]), 0, 1)
KEY_WEIGHTS = np.stack([WEIGHTS, 1 - WEIGHTS], axis=1)
"""[days, K] by which a key rate moves the zero rate of a day"""


def _tables(bump: np.ndarray | float = 0.0) -> np.ndarray:
    """Discount factors [curves, days, S] with zero rates moved by key."""
    shift = KEY_WEIGHTS @ np.broadcast_to(bump, 2)
    factors: np.ndarray = np.exp(-(ZERO_RATES[:, np.newaxis, :] + shift[:, np.newaxis]) * TIMES_YR[:, np.newaxis])
    return factors


GRADIENTS = np.broadcast_to(-TIMES_YR[:, np.newaxis] * KEY_WEIGHTS, (1, 3, N_DAYS, 2))


def _terms(maturity: list[int], lag: int = 0) -> FxForwardTerms:
    n = len(maturity)
    return FxForwardTerms(
        notional=np.linspace(-1e6, 2e6, n),
        strike=np.full(n, 1.34),
        maturity=np.array(maturity, dtype=np.int32),
        spot_lag_days=np.full(n, lag, dtype=np.int32),
        base_row=np.zeros(n, dtype=np.int32),
        quote_row=np.ones(n, dtype=np.int32),
    )


def _value(terms: FxForwardTerms, bump: np.ndarray | float = 0.0) -> np.ndarray:
    spot = np.full((len(terms.notional), 2), 1.35)
    return fx_forward_pv(terms, spot=spot, discount_factors=_tables(bump))


def test_the_published_forward() -> None:
    case = next(
        c
        for c in json.loads((Path(__file__).parents[3] / "golden" / "pricing.json").read_text(encoding="utf-8"))
        if c["id"] == "fxfwd.usdsgd.6m"
    )
    days = 184  # 15 March to 15 September 2024; the spot is for two calendar days on
    terms = replace(_terms([days], lag=2), notional=np.array([-1e6]), strike=np.array([1.35]))
    pv = _value(terms)[0, 0]
    # the case's value is in USD at the spot seen from today: S DF_quote(lag) / DF_base(lag)
    spot_today = 1.35 * np.exp((0.05 - 0.035) * 2 / 365)
    assert pv / spot_today == pytest.approx(case["expected"]["npv_usd"], abs=case["tolerance"]["npv_usd"])


def test_the_forward_rate_is_worth_nothing() -> None:
    fair = 1.35 * np.exp((0.035 - 0.05) * 400 / 365)
    terms = replace(_terms([400]), notional=np.array([1e6]), strike=np.array([fair]))
    assert _value(terms)[0, 0] == pytest.approx(0, abs=1e-8)


def test_a_lagged_spot_is_carried_back_to_today() -> None:
    """At maturity on the spot's own day the forward gains spot less strike, whatever the rates between."""
    terms = replace(_terms([2], lag=2), notional=np.array([1.0]))
    np.testing.assert_allclose(_value(terms)[0], (1.35 - 1.34) * _tables()[1, 2], rtol=1e-13)


def test_key_rates_are_bump_and_revaluation_and_add_up() -> None:
    terms = _terms([30, 200, 900], lag=2)
    spot = np.full((3, 2), 1.35)
    found = fx_forwards(
        terms,
        spot=spot,
        discount_factors=_tables(),
        key_gradients=GRADIENTS,
        gradient_of_scenario=np.zeros(2, dtype=np.int32),
    )
    assert (found.pv == _value(terms)).all()
    for k in range(2):
        bump = np.eye(2)[k] * 1e-4
        expected = (_value(terms, -bump) - _value(terms, bump)) / 2
        np.testing.assert_allclose(found.key_rate_dv01[..., k], expected, rtol=1e-7, atol=1e-6)
    parallel = (_value(terms, -1e-4) - _value(terms, 1e-4)) / 2
    np.testing.assert_allclose(found.key_rate_dv01.sum(axis=-1), parallel, rtol=1e-7)


def test_the_base_leg_is_what_a_rise_of_the_spot_gains() -> None:
    terms = _terms([30, 200, 900])
    up = fx_forward_pv(terms, spot=np.full((3, 2), 1.35 * 1.01), discount_factors=_tables())
    found = fx_forwards(
        terms,
        spot=np.full((3, 2), 1.35),
        discount_factors=_tables(),
        key_gradients=GRADIENTS,
        gradient_of_scenario=np.zeros(2, dtype=np.int32),
    )
    np.testing.assert_allclose(up - found.pv, found.base_leg_pv / 100, rtol=1e-9)


def test_a_matured_forward_is_worth_nothing() -> None:
    found = fx_forwards(
        _terms([0, -5, 10]),
        spot=np.full((3, 2), 1.35),
        discount_factors=_tables(),
        key_gradients=GRADIENTS,
        gradient_of_scenario=np.zeros(2, dtype=np.int32),
    )
    assert (found.pv[:2] == 0).all()
    assert (found.key_rate_dv01[:2] == 0).all()
    assert (found.pv[2] != 0).all()
