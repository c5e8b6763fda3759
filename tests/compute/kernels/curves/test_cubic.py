import numpy as np
from scipy.interpolate import CubicSpline

from compute.kernels.curves.cubic import last_slope, natural_spline, spline_values

NODES = np.array([0.1, 0.3, 1.0, 2.0, 5.0, 9.0, 30.0])
VALUES = np.random.default_rng(7).normal(0.03, 0.01, (len(NODES), 4))
POINTS = np.linspace(0.1, 30, 777)


def test_the_spline_is_scipys_natural_spline() -> None:
    expected = CubicSpline(NODES, VALUES, bc_type="natural")
    spline = natural_spline(NODES, VALUES)
    np.testing.assert_allclose(spline_values(spline, POINTS), expected(POINTS), rtol=1e-12)
    np.testing.assert_allclose(last_slope(spline), expected(30.0, 1), rtol=1e-10)


def test_two_nodes_make_a_straight_line() -> None:
    spline = natural_spline(np.array([1.0, 3.0]), np.array([[1.0], [2.0]]))
    np.testing.assert_allclose(spline_values(spline, np.array([1.0, 2.0, 3.0]))[:, 0], [1.0, 1.5, 2.0])
    assert last_slope(spline) == [0.5]


def test_the_spline_is_linear_in_the_values() -> None:
    a, b = VALUES[:, :2], VALUES[:, 2:]
    both = spline_values(natural_spline(NODES, 2 * a - b), POINTS)
    apart = 2 * spline_values(natural_spline(NODES, a), POINTS) - spline_values(natural_spline(NODES, b), POINTS)
    np.testing.assert_allclose(both, apart, atol=1e-14)
