"""The paper's own pseudo-code, a day at a time, and its printed properties, against the kernel."""

import numpy as np
import pytest
from scipy.integrate import quad

from compute.kernels.curves.monotone_convex import integrated_forwards

NODES = [0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0, 30.0]


def _curve(times: list[float], zeros: list[float]) -> tuple[list[float], list[float], list[float]]:
    """Times with 0, discrete forwards and node forwards (Hagan and West, equations 30 and 33 to 35)."""
    t = [0.0, *times]
    sums = [0.0] + [z * x for z, x in zip(zeros, times, strict=True)]
    n = len(times)
    discrete = [0.0] + [(sums[i] - sums[i - 1]) / (t[i] - t[i - 1]) for i in range(1, n + 1)]
    forwards = [0.0] * (n + 1)
    for i in range(1, n):
        left, right = t[i] - t[i - 1], t[i + 1] - t[i]
        forwards[i] = left / (left + right) * discrete[i + 1] + right / (left + right) * discrete[i]
    forwards[0] = discrete[1] - 0.5 * (forwards[1] - discrete[1])
    forwards[n] = discrete[n] - 0.5 * (forwards[n - 1] - discrete[n])
    return t, discrete, forwards


def _forward(t: list[float], discrete: list[float], forwards: list[float], time: float) -> float:
    """Instantaneous forward, zone by zone as the paper lists them."""
    i = next(j for j in range(1, len(t)) if time <= t[j] or j == len(t) - 1)
    x = (time - t[i - 1]) / (t[i] - t[i - 1])
    g0, g1 = forwards[i - 1] - discrete[i], forwards[i] - discrete[i]
    if x >= 1:
        return forwards[i]
    if (g0 < 0 and -0.5 * g0 <= g1 <= -2 * g0) or (g0 > 0 and -0.5 * g0 >= g1 >= -2 * g0):
        g = g0 * (1 - 4 * x + 3 * x * x) + g1 * (-2 * x + 3 * x * x)
    elif (g0 < 0 and g1 > -2 * g0) or (g0 > 0 and g1 < -2 * g0):
        eta = (g1 + 2 * g0) / (g1 - g0)
        g = g0 if x <= eta else g0 + (g1 - g0) * ((x - eta) / (1 - eta)) ** 2
    elif (g0 > 0 and 0 > g1 > -0.5 * g0) or (g0 < 0 and 0 < g1 < -0.5 * g0):
        eta = 3 * g1 / (g1 - g0)
        g = g1 + (g0 - g1) * ((eta - x) / eta) ** 2 if x < eta else g1
    elif g0 == 0 or g1 == 0:
        g = 0.0
    else:
        eta = g1 / (g1 + g0)
        height = -g0 * g1 / (g0 + g1)
        if x < eta:
            g = height + (g0 - height) * ((eta - x) / eta) ** 2
        else:
            g = height + (g1 - height) * ((x - eta) / (1 - eta)) ** 2
    return discrete[i] + g


def _zeros(kind: str) -> list[float]:
    rng = np.random.default_rng(2006)
    return {
        "rising": [0.01 + 0.001 * i for i in range(len(NODES))],
        "humped": [0.02, 0.03, 0.045, 0.05, 0.048, 0.04, 0.035, 0.03, 0.028, 0.027],
        "negative": [-0.006, -0.0065, -0.006, -0.004, -0.002, 0.0, 0.002, 0.004, 0.006, 0.005],
        "ragged": list(0.03 + 0.01 * rng.standard_normal(len(NODES))),
        "flat": [0.04] * len(NODES),
    }[kind]


@pytest.mark.parametrize("kind", ["rising", "humped", "negative", "ragged", "flat"])
def test_the_integral_of_the_papers_forwards(kind: str) -> None:
    zeros = _zeros(kind)
    curve = _curve(NODES, zeros)
    times = np.array([0.0, 0.1, 0.25, 0.3, 0.45, 0.7, 1.0, 1.3, 1.9, 2.5, 4.2, 6.6, 8.0, 12.0, 17.0, 26.0, 30.0, 41.0])
    expected, total, last = [], 0.0, 0.0
    for time in times:
        kinks = [node for node in NODES if last < node < time]
        total += quad(lambda u: _forward(*curve, u), last, time, points=kinks or None, epsabs=1e-13, limit=400)[0]
        expected.append(total)
        last = time
    got = integrated_forwards(np.array(NODES), np.array(zeros)[:, None], times)[:, 0]
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-10)


def test_all_four_zones_are_met_by_these_curves() -> None:
    zones = set()
    for kind in ("rising", "humped", "negative", "ragged"):
        _, discrete, forwards = _curve(NODES, _zeros(kind))
        for i in range(1, len(discrete)):
            g0, g1 = forwards[i - 1] - discrete[i], forwards[i] - discrete[i]
            ratio = -g1 / g0
            zones.add("iv" if ratio <= 0 else "iii" if ratio < 0.5 else "i" if ratio <= 2 else "ii")
    assert zones == {"i", "ii", "iii", "iv"}


def test_forwards_are_continuous_and_keep_the_last_one() -> None:
    zeros = np.array(_zeros("humped"))[:, None]
    _, _, forwards = _curve(NODES, list(zeros[:, 0]))
    step = 1e-6
    around = np.array([[node - step, node, node + step] for node in NODES])
    values = integrated_forwards(np.array(NODES), zeros, around.ravel())[:, 0].reshape(-1, 3)
    left, right = (values[:, 1] - values[:, 0]) / step, (values[:, 2] - values[:, 1]) / step
    np.testing.assert_allclose(left, right, atol=1e-6)
    np.testing.assert_allclose(right, forwards[1:], atol=1e-6)
    beyond = integrated_forwards(np.array(NODES), zeros, np.array([30.0, 35.0, 50.0]))[:, 0]
    np.testing.assert_allclose(np.diff(beyond) / [5, 15], forwards[-1], rtol=1e-12)
