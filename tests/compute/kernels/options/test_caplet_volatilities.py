"""Caplet volatilities against numpy's interpolation, axis by axis."""

import numpy as np
import pytest

from compute.kernels.options.caplet_volatilities import NORMAL, CapletSurfaces, caplet_volatility

EXPIRIES, STRIKES = np.array([0.25, 1.0, 5.0, 10.0]), np.array([-0.01, 0.0, 0.03])
VOLS = np.random.default_rng(5).uniform(0.004, 0.012, (2, 2, 4, 3))
BOTH_AXES = CapletSurfaces(np.array([NORMAL], np.int8), EXPIRIES[None], STRIKES[None], VOLS[:1], np.zeros(1))
AT_THE_MONEY = CapletSurfaces(
    np.array([NORMAL], np.int8), EXPIRIES[None], np.zeros((1, 1)), VOLS[:1, :, :, :1].copy(), np.zeros(1)
)
ONE_NODE = CapletSurfaces(
    np.array([NORMAL], np.int8), np.ones((1, 1)), np.zeros((1, 1)), np.full((1, 1, 1, 1), 0.008), np.zeros(1)
)
FILLED_UP = CapletSurfaces(
    np.array([NORMAL, NORMAL], np.int8),
    np.array([EXPIRIES, [2.0, 3.0, np.inf, np.inf]]),
    np.array([STRIKES, [0.0, np.inf, np.inf]]),
    np.where(np.arange(2)[:, None, None, None] == 0, VOLS, np.nan),
    np.zeros(2),
)
FILLED_UP.vols[1, :, :2, 0] = 0.006, 0.008


@pytest.mark.parametrize("expiry", [1e-3, 0.25, 0.3, 1.0, 4.0, 9.99, 10.0, 40.0])
def test_linear_in_expiry_and_strike_and_flat_outside(expiry: float) -> None:
    for s in range(2):
        for strike in (-0.05, -0.01, -0.002, 0.0, 0.0123, 0.03, 0.2):
            smile = [np.interp(strike, STRIKES, VOLS[0, s, e]) for e in range(4)]
            found = caplet_volatility(BOTH_AXES, 0, s, expiry, strike)
            assert found == pytest.approx(np.interp(expiry, EXPIRIES, smile), rel=1e-14)
            assert found == caplet_volatility(FILLED_UP, 0, s, expiry, strike)


def test_strikes_share_the_volatility_where_the_surface_has_no_such_axis() -> None:
    for expiry in (0.1, 2.0, 30.0):
        expected = np.interp(expiry, EXPIRIES, VOLS[0, 1, :, 0])
        for strike in (-1.0, 0.0, 1e-9, 5.0):
            assert caplet_volatility(AT_THE_MONEY, 0, 1, expiry, strike) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(("expiry", "volatility"), [(0.1, 0.006), (2.0, 0.006), (2.5, 0.007), (3.0, 0.008), (9, 0.008)])
def test_what_fills_up_a_shorter_axis_is_never_read(expiry: float, volatility: float) -> None:
    for strike in (-0.01, 0.0, 0.01):
        assert caplet_volatility(FILLED_UP, 1, 0, expiry, strike) == pytest.approx(volatility, rel=1e-14)


def test_one_node_holds_everywhere() -> None:
    assert {caplet_volatility(ONE_NODE, 0, 0, expiry, 0.05) for expiry in (0.01, 1.0, 30.0)} == {0.008}
