"""VaR and ES: by hand, by a plain second implementation, by the properties that they have, and in the normal limit."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from query_api.value_at_risk import tail_statistics as tail_risk
from query_api.value_at_risk.tail_statistics import (
    es_components,
    quantile_rank,
    quantile_ranks_between,
    tail_figures,
    var_components,
)

GAINS = st.lists(st.integers(-1_000_000, 1_000_000), min_size=2, max_size=120)
CONFIDENCES = st.sampled_from([0.5, 0.9, 0.95, 0.975, 0.99, 0.995])


def plain_var(gains: list[float], confidence: float) -> float:
    """The smallest loss that no more than the tail's share of scenarios can reach or pass without it: counted."""
    allowed = round(len(gains) * (1 - confidence), 9)
    for loss in sorted({-gain for gain in gains}):
        beyond = sum(1 for gain in gains if -gain > loss)
        if beyond < allowed or (beyond == 0 and allowed < 1):
            return loss
    raise AssertionError


def plain_es(gains: list[float], confidence: float) -> float:
    """Acerbi and Tasche's minimum: ES = min over x of x + mean of (L - x)+ / (1 - confidence), reached at a loss."""
    share = max(1 - confidence, 1 / len(gains))
    losses = [-gain for gain in gains]
    return min(x + sum(max(loss - x, 0.0) for loss in losses) / (len(losses) * share) for x in losses)


@pytest.mark.parametrize(
    ("count", "confidence", "rank"),
    [
        (500, 0.99, 5),
        (250, 0.99, 3),
        (100, 0.99, 1),
        (50, 0.99, 1),
        (500, 0.975, 13),
        (200, 0.975, 5),
        (1000, 0.999, 1),
    ],
)
def test_the_rank_of_the_quantile(count: int, confidence: float, rank: int) -> None:
    assert quantile_rank(count, confidence) == rank


def test_by_hand() -> None:
    """Losses 100, 90, …, 10 and ten nils: a = 20 x 0.175 = 3.5, so VaR is the 4th, and ES takes half of it."""
    gains = np.array([-10.0 * k for k in range(1, 11)] + [0.0] * 10)
    found = tail_figures(gains, 0.825, 0.825)
    assert (found.var, found.at) == (70.0, 6)
    assert found.es == pytest.approx((100 + 90 + 80 + 35) / 3.5, rel=1e-15)


@given(GAINS, CONFIDENCES)
def test_a_plain_second_implementation_agrees(gains: list[int], confidence: float) -> None:
    found = tail_figures(np.array(gains, float), confidence, confidence)
    assert found.var == plain_var([float(gain) for gain in gains], confidence)
    assert found.es == pytest.approx(plain_es([float(gain) for gain in gains], confidence), rel=1e-9, abs=1e-6)


@given(GAINS, CONFIDENCES)
def test_es_is_no_less_than_var_and_both_move_with_the_gains(gains: list[int], confidence: float) -> None:
    sample = np.array(gains, float)
    found, scaled = (tail_figures(each, confidence, confidence) for each in (sample, 3.0 * sample + 7.0))
    assert found.es >= found.var - 1e-9 * abs(found.var)
    assert scaled.var == pytest.approx(3.0 * found.var - 7.0, rel=1e-12, abs=1e-9)
    assert scaled.es == pytest.approx(3.0 * found.es - 7.0, rel=1e-12, abs=1e-6)


@given(st.lists(st.tuples(*[st.integers(-1000, 1000)] * 3), min_size=2, max_size=100), CONFIDENCES)
def test_contributions_add_up_and_es_is_subadditive(rows: list[tuple[int, ...]], confidence: float) -> None:
    parts = np.array(rows, float).T
    whole = parts.sum(axis=0)
    found = tail_figures(whole, confidence, confidence)
    assert es_components(parts, whole, confidence).sum() == pytest.approx(found.es, rel=1e-9, abs=1e-7)
    by_var = var_components(parts, whole, confidence)
    if not np.isnan(by_var).any():
        assert by_var.sum() == pytest.approx(found.var, rel=1e-9, abs=1e-6 * (1 + np.abs(by_var).max()))
    alone = [tail_figures(part, confidence, confidence).es for part in parts]
    assert found.es <= sum(alone) + 1e-9
    assert (es_components(parts, whole, confidence) <= np.array(alone) + 1e-9).all()  # nobody pays more than alone


def test_es_components_are_the_derivatives_of_es() -> None:
    parts = np.random.default_rng(5).standard_t(4, (3, 500))
    whole = parts.sum(axis=0)
    for part, component in zip(parts, es_components(parts, whole, 0.975), strict=True):
        up, down = (tail_figures(whole + sign * 1e-6 * part, 0.99, 0.975).es for sign in (1, -1))
        assert (up - down) / 2e-6 == pytest.approx(component, rel=1e-6)


def test_var_and_es_of_a_normal_sample_come_to_the_analytic_ones() -> None:
    """A million draws: standard errors of about 0.4 % and 0.3 %."""
    sample, normal = np.random.default_rng(11).standard_normal(1_000_000), NormalDist()
    found = tail_figures(sample, 0.99, 0.975)
    z = normal.inv_cdf(0.975)
    assert found.var == pytest.approx(normal.inv_cdf(0.99), abs=0.012)
    assert found.es == pytest.approx(normal.pdf(z) / 0.025, abs=0.012)


def test_normal_var_components_come_to_covariance_over_deviation() -> None:
    """Component i of a normal whole is z cov(i, whole) / sd(whole)."""
    draws = np.random.default_rng(12).standard_normal((2, 400_000))
    parts = np.stack([draws[0], 0.5 * draws[0] + 2.0 * draws[1]])
    whole = parts.sum(axis=0)
    z, sd = NormalDist().inv_cdf(0.99), math.sqrt(1.5**2 + 2.0**2)
    expected = [z * 1.5 / sd, z * (0.5 * 1.5 + 2.0 * 2.0) / sd]
    np.testing.assert_allclose(var_components(parts, whole, 0.99), expected, atol=0.06)


def test_the_interval_holds_the_true_quantile_as_often_as_it_says() -> None:
    """500 draws 2,000 times: 95 % or a little more (ranks are whole), never far below."""
    samples, truth = np.random.default_rng(13).standard_normal((2000, 500)), NormalDist().inv_cdf(0.99)
    found = [tail_figures(sample, 0.99, 0.975) for sample in samples]
    inside = [f.var_low <= truth <= f.var_high for f in found if f.var_low is not None and f.var_high is not None]
    assert len(inside) == 2000 and 0.94 < np.mean(inside) < 0.985


def test_the_ranks_of_the_interval_are_those_of_the_binomial() -> None:
    """500 scenarios at 99 %: P(N < 1) = 0.0066 <= 0.025 < P(N < 2); P(N <= 10) = 0.9868 >= 0.975 > P(N <= 9)."""
    assert quantile_ranks_between(500, 0.99) == (11, 1)
    assert quantile_ranks_between(250, 0.99) == (7, None)


def test_the_standard_error_of_es_is_that_of_repeated_samples() -> None:
    samples = np.random.default_rng(14).standard_normal((3000, 500))
    found = [tail_figures(sample, 0.99, 0.975) for sample in samples]
    stated = np.mean([f.es_standard_error for f in found if f.es_standard_error is not None])
    assert stated == pytest.approx(np.std([f.es for f in found]), rel=0.1)


def test_a_kernel_is_centred_on_the_quantile() -> None:
    weights = tail_risk.kernel_weights(500, 0.99)
    assert weights.sum() == pytest.approx(1.0) and weights.argmax() == 4
    assert weights @ np.arange(500) == pytest.approx(4.0)
    assert (np.flatnonzero(weights) == np.arange(2, 7)).all()
