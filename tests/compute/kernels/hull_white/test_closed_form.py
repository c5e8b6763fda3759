"""Hull-White in closed form against QuantLib, and the fit against parameters that are known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.hull_white.closed_form import Swaptions, bond_loadings, fit, forward_of_future, payer_swaptions
from compute.market.hull_white_calibration import calibrate
from domain.market.document import parse_market
from domain.refusals import Refused
from ops.cli.calibration.hull_white import document_of, filled_in, fitted_of, lines_of

EXAMPLE = Path(__file__).parents[4] / "examples" / "derivatives" / "market.json"
EXPIRIES, TENORS = (1, 2, 5, 10), (1, 5, 10)


def swaptions(strike: float, flat: float = 0.03) -> Swaptions:
    """Yearly payments at whole years on a flat curve."""
    pairs = [(e, t) for e in EXPIRIES for t in TENORS]
    expiry = np.array([float(e) for e, _ in pairs])
    paid_yr = expiry[:, None] + np.arange(1.0, max(TENORS) + 1)
    tenor = np.array([t for _, t in pairs])[:, None]
    years = np.arange(1, max(TENORS) + 1)
    paid = np.where(years <= tenor, strike, 0.0) + (years == tenor)
    return Swaptions(expiry, expiry, np.exp(-flat * expiry), paid_yr, paid, np.exp(-flat * paid_yr))


@pytest.mark.parametrize(("a", "flat"), [(0.03, 0.03), (0.5, 0.03), (0.05, -0.01)])
def test_swaptions_are_quantlibs_by_jamshidian(a: float, flat: float) -> None:
    today = ql.Date(23, 1, 2026)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    curve = ql.YieldTermStructureHandle(ql.FlatForward(today, flat, count))
    engine = ql.JamshidianSwaptionEngine(ql.HullWhite(curve, a, 0.01), curve)
    index = ql.IborIndex(
        "X", ql.Period(1, ql.Years), 0, ql.USDCurrency(), ql.NullCalendar(), ql.Unadjusted, False, count, curve
    )
    for expiry, tenor in ((1, 5), (5, 10), (10, 1)):
        days = [today + ql.Period(expiry + k, ql.Years) for k in range(tenor + 1)]
        schedule = ql.Schedule(days, ql.NullCalendar(), ql.Unadjusted)
        swap = ql.VanillaSwap(ql.Swap.Payer, 1.0, schedule, 0.02, count, schedule, index, 0.0, count)
        option = ql.Swaption(swap, ql.EuropeanExercise(days[0]))
        option.setPricingEngine(engine)
        times = np.array([count.yearFraction(today, day) for day in days])
        paid = 0.02 * np.diff(times)
        paid[-1] += 1.0
        factors = np.exp(-flat * times)
        own = Swaptions(times[:1], times[:1], factors[:1], times[None, 1:], paid[None], factors[None, 1:])
        # QuantLib seeks the boundary rate to 1e-8
        assert payer_swaptions(own, a, 0.01)[0] == pytest.approx(option.NPV(), abs=2e-8)


def test_next_to_no_volatility_leaves_the_intrinsic_value_and_more_adds_to_it() -> None:
    for strike in (0.01, 0.05):
        own = swaptions(strike)
        swap = own.start_factor - (own.paid * own.factor).sum(axis=1)
        np.testing.assert_allclose(payer_swaptions(own, 0.03, 1e-7), np.maximum(swap, 0.0), atol=1e-12)
        assert (payer_swaptions(own, 0.03, 0.01) > np.maximum(swap, 0.0)).all()


@pytest.mark.parametrize("a", [0.08, 0.0, -0.03])
def test_parameters_that_are_put_in_come_out(a: float) -> None:
    own = swaptions(0.03045)
    found = fit(own, payer_swaptions(own, a, 0.009))
    assert found.converged
    assert found.mean_reversion == pytest.approx(a, abs=1e-8)
    assert found.sigma == pytest.approx(0.009, abs=1e-10)
    held = fit(own, payer_swaptions(own, a, 0.009), a)
    assert held.mean_reversion == a and held.sigma == pytest.approx(0.009, abs=1e-10)


def test_limits_where_mean_reversion_is_nil() -> None:
    times = np.array([-0.5, 0.0, 1.0, 30.0])
    np.testing.assert_array_equal(bond_loadings(0.0, times), times)
    np.testing.assert_allclose(bond_loadings(1e-9, times), times, rtol=2e-8)
    assert forward_of_future(0.06, 5.0, 5.25, 0.0, 0.015) == pytest.approx(
        forward_of_future(0.06, 5.0, 5.25, 1e-7, 0.015), abs=1e-8
    )


def market(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(EXAMPLE.read_bytes())
    return content | changes


def test_the_example_is_fitted_and_filled_in() -> None:
    fitted = calibrate(parse_market(json.dumps(market())), "USD")
    assert (round(fitted.mean_reversion, 5), round(fitted.sigma, 6)) == (0.02112, 0.009102)
    assert [(each.expiry_yr, each.tenor_yr) for each in fitted.quotes] == [(1, 5), (1, 10), (5, 5), (5, 10)]
    assert [each.market_vol_bp for each in fitted.quotes] == pytest.approx([87.0, 85.0, 83.0, 80.0], abs=1e-9)
    assert 1.0 < fitted.largest_error_bp < 2.1
    filled = filled_in(market(), [fitted])
    assert filled["hull_white"]["USD"] == {"mean_reversion": fitted.mean_reversion, "sigma": fitted.sigma}
    assert parse_market(json.dumps(filled)).hull_white["USD"].sigma == fitted.sigma
    assert document_of(fitted)["swaptions"][1]["error_bp"] == pytest.approx(-2.04, abs=0.01)
    assert len(lines_of(fitted)) == 5


SWAPTIONS = {"surface_id": "S", "product": "SWAPTION", "index": "USD-SOFR-3M", "kind": "NORMAL"}
ONE = SWAPTIONS | {"expiries_yr": [5], "tenors_yr": [5], "vols": [[0.008]]}
WILD = SWAPTIONS | {"expiries_yr": [0.1, 20], "tenors_yr": [1, 20], "vols": [[0.05, 0.0001], [0.0001, 0.05]]}
BELOW_NIL = [{"curve_id": "USD-SOFR", "currency": "USD", "nodes": [{"tenor": t, "rate": -0.01} for t in ("1Y", "30Y")]}]
EURO = {"discount": {"USD": "USD-SOFR"}, "projection": {"USD-SOFR-3M": "USD-SOFR"}}


@pytest.mark.parametrize(
    ("changes", "currency", "code"),
    [
        ({}, "EUR", "NO_SWAPTION_SURFACE"),
        ({"volatilities": []}, None, "NO_SWAPTION_SURFACE"),
        ({"volatilities": [ONE]}, None, "TOO_FEW_SWAPTIONS"),
        ({"volatilities": [WILD]}, None, "DID_NOT_CONVERGE"),
        ({"volatilities": [ONE | {"vols": [[-0.008]]}]}, None, "INVALID_MARKET"),
        (EURO | {"curves": BELOW_NIL, "volatilities": [ONE | {"kind": "LOGNORMAL"}]}, "USD", "TOO_FEW_SWAPTIONS"),
    ],
)
def test_a_fit_that_cannot_be_says_why(
    changes: dict[str, Any], currency: str | None, code: str, tmp_path: Path
) -> None:
    file = tmp_path / "market.json"
    file.write_text(json.dumps(market(**changes)))
    with pytest.raises(Refused) as refused:
        fitted_of(file, currency, None)
    assert refused.value.code == code and refused.value.fix


def test_a_lognormal_surface_needs_forwards_above_nil(tmp_path: Path) -> None:
    file = tmp_path / "market.json"
    file.write_text(json.dumps(market(**EURO, curves=BELOW_NIL, volatilities=[ONE | {"kind": "LOGNORMAL"}])))
    with pytest.raises(Refused) as refused:
        fitted_of(file, "USD", 0.03)
    assert refused.value.code == "NO_MARKET_PRICE"
