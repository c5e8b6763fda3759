"""A prepayment model fitted to observed speeds: speeds come back, what is held is held, noise is told."""

import math

import numpy as np
import pytest

from compute.market.prepayment_calibration import History, calibrate_prepayment, smm_of
from domain.market.prepayment import Burnout, PrepaymentModel
from domain.refusals import Refused

SEASONS = (0.94, 0.76, 0.74, 0.95, 0.98, 0.92, 0.98, 1.10, 1.18, 1.22, 1.23, 0.98)
RATE = {"curve": "USD-SOFR", "tenor_yr": 10}
RICHARD_ROLL = PrepaymentModel.model_validate(
    {
        "version": 3,
        "rate": RATE,
        "incentive": "DIFFERENCE",
        "a": 0.28,
        "b": 0.14,
        "c": -8.57,
        "d": 430.0,
        "seasoning_months": 30,
        "seasonality": list(SEASONS),
        "burnout": {"floor": 0.3, "slope": 0.7},
        "max_cpr": 0.9,
    }
)
OTS = PrepaymentModel.model_validate(
    {"rate": RATE, "incentive": "RATIO", "a": 0.2406, "b": 0.1389, "c": -6.481728, "d": 5.952}
)
OTHERS = [
    RICHARD_ROLL,
    OTS,
    RICHARD_ROLL.model_copy(update={"d": 150.0, "c": -1.0, "burnout": None, "seasonality": None}),
    RICHARD_ROLL.model_copy(update={"min_cpr": 0.06, "max_cpr": 0.35, "burnout": Burnout(floor=0.2, slope=1.1)}),
    OTS.model_copy(update={"d": 25.0, "c": -27.0, "burnout": Burnout(floor=0.0, slope=1.0)}),
]


def history(model: PrepaymentModel, rows: int = 240, seed: int = 1, noise: float = 0.0) -> History:
    """Speeds by the formula of the contract, apart from the program's own, of pools of several coupons."""
    draw = np.random.default_rng(seed)
    month, age = draw.integers(1, 13, rows), draw.integers(0, 120, rows)
    gross, market = draw.uniform(0.03, 0.09, rows), draw.uniform(0.03, 0.08, rows)
    original = draw.uniform(1e6, 5e6, rows)
    balance = original * draw.uniform(0.05, 1.0, rows)
    smm = []
    for k in range(rows):
        x = gross[k] / market[k] if model.incentive == "RATIO" else gross[k] - market[k]
        cpr = model.a + model.b * math.atan(model.c + model.d * x)
        cpr *= min(1.0, age[k] / model.seasoning_months) if model.seasoning_months else 1.0
        cpr *= model.seasonality[month[k] - 1] if model.seasonality else 1.0
        cpr *= model.burnout.floor + model.burnout.slope * balance[k] / original[k] if model.burnout else 1.0
        smm.append(1.0 - (1.0 - min(max(cpr, model.min_cpr), model.max_cpr)) ** (1.0 / 12.0))
    noisy = np.clip(np.array(smm) + noise * draw.standard_normal(rows), 0.0, 1.0)
    return History(month.astype(np.int32), gross, market, age.astype(float), balance, original, noisy)


FAR_OFF = {"a": 0.1, "b": 0.02, "c": 0.0, "d": 60.0}


@pytest.mark.parametrize("model", OTHERS)
@pytest.mark.parametrize("start", [{}, FAR_OFF])
def test_a_history_without_noise_gives_its_speeds_back(model: PrepaymentModel, start: dict[str, float]) -> None:
    seen = history(model)
    held = {"burnout": Burnout(floor=0.6, slope=0.4)} if model.burnout and start else {}
    fit = calibrate_prepayment(model.model_copy(update=start | held), seen)
    assert np.abs(smm_of(fit.model, seen) - seen.smm).max() < 1e-6
    assert fit.rmse_smm < 1e-7 and fit.r_squared == pytest.approx(1.0, abs=1e-9)


def test_coefficients_that_the_history_tells_apart_come_back_and_the_rest_is_held() -> None:
    fit = calibrate_prepayment(RICHARD_ROLL.model_copy(update=FAR_OFF), history(RICHARD_ROLL, 600))
    found = [fit.model.a, fit.model.b, fit.model.c, fit.model.d]
    assert found == pytest.approx([0.28, 0.14, -8.57, 430.0], rel=1e-5)
    assert fit.model.burnout is not None and fit.model.burnout.floor == pytest.approx(0.3, rel=1e-5)
    assert (fit.model.version, fit.rows) == (4, 600)
    for name in ("rate", "incentive", "seasoning_months", "seasonality", "min_cpr", "max_cpr"):
        assert getattr(fit.model, name) == getattr(RICHARD_ROLL, name)


def test_noise_is_told_and_large_balances_weigh_more() -> None:
    seen = history(RICHARD_ROLL, 800, noise=0.002)
    fit = calibrate_prepayment(RICHARD_ROLL, seen)
    assert fit.rmse_smm == pytest.approx(0.002, rel=0.15) and 0.8 < fit.r_squared < 1.0
    # Half of the pools prepay another way, but hardly weigh anything.
    other = history(OTS.model_copy(update={"a": 0.5}), 800)
    light = other._replace(balance=other.balance * 1e-9, original_balance=other.original_balance * 1e-9)
    heavy = history(RICHARD_ROLL, 800)
    both = History(*(np.concatenate([one, two]) for one, two in zip(heavy, light, strict=True)))
    assert np.abs(smm_of(calibrate_prepayment(RICHARD_ROLL, both).model, heavy) - heavy.smm).max() < 1e-5


def test_burnout_that_is_nil_whatever_is_left_has_nothing_to_fit() -> None:
    nil = RICHARD_ROLL.model_copy(update={"burnout": Burnout(floor=0.0, slope=0.0)})
    with pytest.raises(Refused) as refused:
        calibrate_prepayment(nil, history(RICHARD_ROLL))
    assert refused.value.code == "NOTHING_TO_FIT"
