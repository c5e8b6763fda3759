import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.curves.curves import key_rate_gradients, key_rate_weights, log_discount_factors, spread_factors
from domain.measures.measures import KEY_RATE_TENORS_YR

DAYS = np.array([31, 90, 181, 365, 730, 1096, 1826, 2557, 3653, 5479, 7305, 10957], np.int32)
RATES = np.array([3.7, 3.65, 3.5, 3.3, 3.1, 3.2, 3.4, 3.6, 3.9, 4.2, 4.1, 3.9]) / 100
INTERPOLATIONS = ("LOG_LINEAR_DF", "LINEAR_ZERO", "MONOTONE_CONVEX", "NATURAL_CUBIC_ZERO")
LINEAR = ("LOG_LINEAR_DF", "LINEAR_ZERO", "NATURAL_CUBIC_ZERO")
LAST_DAY = 14_000
TIMES = np.arange(LAST_DAY + 1) / 365
TODAY = ql.Date(23, 1, 2026)


def _logs(interpolation: str, rates: np.ndarray = RATES, days: np.ndarray = DAYS) -> np.ndarray:
    return log_discount_factors(interpolation, days, rates[:, None], LAST_DAY + 1)[:, 0]


def _quantlib_logs(curve: ql.YieldTermStructure) -> np.ndarray:
    curve.enableExtrapolation()
    return np.log([curve.discount(TODAY + day) for day in range(LAST_DAY + 1)])


def test_log_linear_factors_are_quantlibs_discount_curve() -> None:
    dates = [TODAY] + [TODAY + int(day) for day in DAYS]
    factors = [1.0, *np.exp(-RATES * DAYS / 365)]
    ql.Settings.instance().evaluationDate = TODAY
    expected = _quantlib_logs(ql.DiscountCurve(dates, factors, ql.Actual365Fixed()))
    np.testing.assert_allclose(_logs("LOG_LINEAR_DF"), expected, rtol=1e-12, atol=1e-15)


def test_linear_zeros_are_quantlibs_zero_curve() -> None:
    dates = [TODAY] + [TODAY + int(day) for day in DAYS]
    ql.Settings.instance().evaluationDate = TODAY
    expected = _quantlib_logs(ql.ZeroCurve(dates, [RATES[0], *RATES], ql.Actual365Fixed()))
    np.testing.assert_allclose(_logs("LINEAR_ZERO"), expected, rtol=1e-12, atol=1e-15)


def test_cubic_zeros_are_quantlibs_natural_spline_between_the_nodes() -> None:
    nodes = DAYS / 365
    spline = ql.CubicNaturalSpline(ql.Array(nodes.tolist()), ql.Array(RATES.tolist()))
    inside = (nodes[0] <= TIMES) & (nodes[-1] >= TIMES)
    expected = [-spline(float(t)) * t for t in TIMES[inside]]
    np.testing.assert_allclose(_logs("NATURAL_CUBIC_ZERO")[inside], expected, rtol=1e-12)


def test_a_cubic_curve_keeps_the_first_zero_rate_before_and_the_last_forward_after() -> None:
    logs, nodes = _logs("NATURAL_CUBIC_ZERO"), DAYS / 365
    spline = ql.CubicNaturalSpline(ql.Array(nodes.tolist()), ql.Array(RATES.tolist()))
    np.testing.assert_allclose(logs[: DAYS[0]], -RATES[0] * TIMES[: DAYS[0]], rtol=1e-13, atol=1e-16)
    forward = RATES[-1] + nodes[-1] * spline.derivative(float(nodes[-1]))
    after = TIMES[DAYS[-1] :]
    np.testing.assert_allclose(logs[DAYS[-1] :], -RATES[-1] * nodes[-1] - forward * (after - nodes[-1]), rtol=1e-12)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_every_interpolation_starts_at_one_and_meets_its_nodes(interpolation: str) -> None:
    logs = _logs(interpolation)
    assert logs[0] == 0
    np.testing.assert_allclose(logs[DAYS], -RATES * DAYS / 365, rtol=1e-14)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_flat_curve_is_flat_on_every_day(interpolation: str) -> None:
    np.testing.assert_allclose(_logs(interpolation, np.full(len(DAYS), 0.04)), -0.04 * TIMES, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_parallel_move_of_the_nodes_moves_every_zero_rate(interpolation: str) -> None:
    moved = _logs(interpolation, RATES + 0.01)
    np.testing.assert_allclose(moved, _logs(interpolation) - 0.01 * TIMES, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_columns_do_not_know_of_one_another(interpolation: str) -> None:
    columns = RATES[:, None] + np.array([0.0, 0.01, -0.02])
    together = log_discount_factors(interpolation, DAYS, columns, 5000)
    alone = [log_discount_factors(interpolation, DAYS, columns[:, [s]], 5000)[:, 0] for s in range(3)]
    assert (together == np.stack(alone, axis=1)).all()


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_one_node_is_a_flat_curve(interpolation: str) -> None:
    logs = _logs(interpolation, np.array([0.03]), np.array([1460], np.int32))
    np.testing.assert_allclose(logs, -0.03 * TIMES, rtol=0, atol=1e-14)
    gradients = key_rate_gradients(interpolation, np.array([1460], np.int32), np.array([0.03]), LAST_DAY + 1)
    np.testing.assert_allclose(gradients.sum(axis=1), -TIMES, rtol=0, atol=1e-7)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_two_nodes_are_enough(interpolation: str) -> None:
    logs = _logs(interpolation, np.array([0.03, 0.05]), np.array([365, 3650], np.int32))
    np.testing.assert_allclose(logs[[365, 3650]], [-0.03, -0.5], rtol=1e-14)


def _bumped(interpolation: str) -> np.ndarray:
    """Central difference of 1 bp in every key rate: [days, K]."""
    weights = key_rate_weights(DAYS / 365)
    up, down = (
        [_logs(interpolation, RATES + size * weights[:, k]) for k in range(len(KEY_RATE_TENORS_YR))]
        for size in (1e-4, -1e-4)
    )
    moved: np.ndarray = np.array(up) - np.array(down)
    return moved.T / 2e-4


@pytest.mark.parametrize("interpolation", LINEAR)
def test_gradients_are_bump_and_revalue(interpolation: str) -> None:
    gradients = key_rate_gradients(interpolation, DAYS, RATES, LAST_DAY + 1)
    np.testing.assert_allclose(gradients, _bumped(interpolation), rtol=1e-8, atol=1e-8)


def test_monotone_convex_gradients_are_bumps_that_share_out_what_these_leave_of_the_sum() -> None:
    """Forwards bend where a basis point is much of a step between them, so bumps of 1 bp do not quite add up."""
    gradients, bumped = key_rate_gradients("MONOTONE_CONVEX", DAYS, RATES, LAST_DAY + 1), _bumped("MONOTONE_CONVEX")
    remainder = -TIMES - bumped.sum(axis=1)
    size = np.abs(bumped[1:])
    shared = bumped[1:] + remainder[1:, None] * size / size.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(gradients[1:], shared, rtol=0, atol=1e-9)
    assert (np.abs(remainder) <= 0.01 * TIMES).all()
    assert np.median(np.abs(remainder)) < 1e-6


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_gradients_add_up_to_the_parallel_move(interpolation: str) -> None:
    gradients = key_rate_gradients(interpolation, DAYS, RATES, LAST_DAY + 1)
    np.testing.assert_allclose(gradients.sum(axis=1), -TIMES, rtol=1e-13, atol=1e-15)


def test_a_flat_monotone_convex_curve_still_has_gradients_that_add_up() -> None:
    gradients = key_rate_gradients("MONOTONE_CONVEX", DAYS, np.full(len(DAYS), 0.04), LAST_DAY + 1)
    np.testing.assert_allclose(gradients.sum(axis=1), -TIMES, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(
    ("time_yr", "shares"),
    [
        (0.0, {0.25: 1.0}),
        (0.25, {0.25: 1.0}),
        (1.5, {1: 0.5, 2: 0.5}),
        (4.5, {3: 0.25, 5: 0.75}),
        (30.0, {30: 1.0}),
        (45.0, {30: 1.0}),
    ],
)
def test_key_rates_are_triangular_and_flat_outside(time_yr: float, shares: dict[float, float]) -> None:
    expected = [shares.get(tenor, 0.0) for tenor in KEY_RATE_TENORS_YR]
    np.testing.assert_allclose(key_rate_weights(np.array([time_yr]))[0], expected, atol=1e-15)


def test_spreads_are_linear_between_nodes_and_flat_outside() -> None:
    factors = spread_factors(np.array([365, 1095], np.int32), np.array([0.01, 0.03]), 2001)
    spreads = -np.log(factors[[100, 365, 730, 1095, 2000]]) / (np.array([100, 365, 730, 1095, 2000]) / 365)
    assert factors[0] == 1
    np.testing.assert_allclose(spreads, [0.01, 0.01, 0.02, 0.03, 0.03], rtol=1e-12)


def test_an_unknown_interpolation_is_refused() -> None:
    with pytest.raises(ValueError, match="LOG_CUBIC"):
        _logs("LOG_CUBIC")
