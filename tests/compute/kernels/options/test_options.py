"""Caplets and floorlets against QuantLib's formulas, a textbook, parity and their limits."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.options.caplet_volatilities import LOGNORMAL, NORMAL, CapletSurfaces
from compute.kernels.options.options import CAPLET, FLOORLET, deviation_at, expected_rate, option_on_rate

GOLDEN = {case["id"]: case for case in json.loads(Path("tests/golden/pricing.json").read_text(encoding="utf-8"))}
SIDES = (CAPLET, FLOORLET)
FORWARDS = (0.002, 0.03, 0.05)
STRIKES = (0.0005, 0.03, 0.031, 0.07)
DEVIATIONS = {NORMAL: (1e-5, 0.002, 0.01, 0.06), LOGNORMAL: (1e-3, 0.1, 0.4, 2.0)}
GRID = [
    (kind, forward, strike, deviation)
    for kind in (NORMAL, LOGNORMAL)
    for forward in (FORWARDS if kind == LOGNORMAL else (-0.01, *FORWARDS))
    for strike in (STRIKES if kind == LOGNORMAL else (-0.02, *STRIKES))
    for deviation in DEVIATIONS[kind]
]


def test_hulls_caplet() -> None:
    case = GOLDEN["caplet.hull"]
    given = case["inputs"]
    deviation = given["vol"] * math.sqrt(given["expiry"])
    value = option_on_rate(LOGNORMAL, CAPLET, given["forward"], given["strike"], deviation)
    paid = math.exp(-given["zero_cont"] * (given["expiry"] + given["tau"])) * given["tau"] * given["principal"]
    assert value * paid == pytest.approx(case["expected"], abs=case["tolerance"])


@pytest.mark.parametrize(("side", "theirs"), [(CAPLET, ql.Option.Call), (FLOORLET, ql.Option.Put)])
def test_values_are_quantlibs(side: float, theirs: int) -> None:
    for kind, forward, strike, deviation in GRID:
        formula = ql.bachelierBlackFormula if kind == NORMAL else ql.blackFormula
        ours = option_on_rate(kind, side, forward, strike, deviation)
        assert ours == pytest.approx(formula(theirs, strike, forward, deviation), rel=1e-12, abs=1e-16)


def test_caplet_less_floorlet_is_the_forward_less_the_strike() -> None:
    for kind, forward, strike, deviation in GRID:
        caplet, floorlet = (option_on_rate(kind, side, forward, strike, deviation) for side in SIDES)
        assert caplet - floorlet == pytest.approx(forward - strike, abs=1e-16)


@pytest.mark.parametrize("kind", [NORMAL, LOGNORMAL])
def test_without_deviation_an_option_is_worth_its_intrinsic_value(kind: int) -> None:
    assert option_on_rate(kind, CAPLET, 0.05, 0.03, 0.0) == 0.05 - 0.03
    assert option_on_rate(kind, FLOORLET, 0.05, 0.03, 0.0) == 0.0
    assert option_on_rate(kind, FLOORLET, -0.02, 0.03, 0.0) == 0.03 + 0.02
    for deviation in (1e-12, 1e-200, 5e-324):
        assert option_on_rate(kind, CAPLET, 0.05, 0.03, deviation) == pytest.approx(0.02, abs=1e-17)
        assert option_on_rate(kind, FLOORLET, 0.05, 0.03, deviation) == pytest.approx(0.0, abs=1e-17)
        assert option_on_rate(kind, CAPLET, 0.03, 0.03, deviation) == pytest.approx(0.0, abs=1e-12)


def test_a_lognormal_rate_is_never_below_a_strike_of_nil_or_less() -> None:
    for strike in (0.0, -0.01):
        assert option_on_rate(LOGNORMAL, CAPLET, 0.03, strike, 0.4) == 0.03 - strike
        assert option_on_rate(LOGNORMAL, FLOORLET, 0.03, strike, 0.4) == 0.0
    assert option_on_rate(LOGNORMAL, CAPLET, 0.0, 0.02, 0.4) == 0.0
    assert option_on_rate(LOGNORMAL, FLOORLET, 0.0, 0.02, 0.4) == 0.02


def test_a_lognormal_rate_is_never_negative() -> None:
    assert np.isnan([option_on_rate(LOGNORMAL, side, -0.001, 0.02, 0.4) for side in SIDES]).all()


@pytest.mark.parametrize(("kind", "deviation"), [(NORMAL, 0.0156), (LOGNORMAL, 0.43)])
def test_expected_rates_against_the_integral_over_the_rate(kind: int, deviation: float) -> None:
    margin, cap, floor, forward = 0.01, 0.055, 0.035, 0.033
    draws = np.linspace(-9, 9, 200_001)
    density = np.exp(-(draws**2) / 2) / math.sqrt(2 * math.pi)
    lognormal = forward * np.exp(deviation * draws - deviation**2 / 2)
    reset = lognormal if kind == LOGNORMAL else forward + deviation * draws
    expected = np.trapezoid(np.clip(reset + margin, floor, cap) * density, draws)
    rate = expected_rate(kind, forward, margin, cap, floor, deviation, deviation)
    assert rate == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("floor", [0.05, 0.06])
def test_a_cap_at_or_below_the_floor_leaves_the_floor(floor: float) -> None:
    for kind in (NORMAL, LOGNORMAL):
        assert expected_rate(kind, 0.03, 0.01, 0.05, floor, 0.1, 0.1) == floor


def test_bounds_far_away_leave_the_forward_and_no_bounds_change_no_bit() -> None:
    assert expected_rate(NORMAL, 0.03, 0.01, 1.0, -1.0, 0.01, 0.01) == pytest.approx(0.04, abs=1e-17)
    assert expected_rate(NORMAL, 0.03, 0.01, math.nan, math.nan, math.nan, math.nan) == 0.03 + 0.01


def test_deviations_grow_with_the_root_of_the_time_to_the_reset() -> None:
    one = np.ones((1, 1))
    flat = CapletSurfaces(np.array([NORMAL], np.int8), one, one, np.full((1, 1, 1, 1), 0.008), np.zeros(1))
    assert deviation_at(flat, 0, 0, 2.25, 0.03) == pytest.approx(0.012, rel=1e-15)
    assert math.isnan(deviation_at(flat, 0, 0, 2.25, math.nan))
