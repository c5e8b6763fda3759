"""Regulatory years and the supervisory formula, by a second route."""

from datetime import date

import numpy as np
import pytest
from scipy.integrate import quad

from compute.kernels.capital.irb import capital_requirement, correlation_by_pd, maturity_adjustment, maturity_slope
from compute.kernels.capital.periods import add_months, regulatory_years
from compute.kernels.capital.tranches import supervisory_capital, supervisory_weight

EPOCH = date(1970, 1, 1)


def day(text: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([(date.fromisoformat(text) - EPOCH).days], np.int64)


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2026-01-23", "2026-10-23", 0.75),
        ("2026-01-23", "2027-01-23", 1.0),
        ("2026-01-31", "2026-02-28", 1 / 12),
        ("2026-01-31", "2026-03-01", 1 / 12 + 1 / 365),
        ("2026-01-23", "2026-01-22", 0.0),
        ("2024-02-29", "2025-02-28", 1.0),
        ("2026-01-23", "2026-02-22", 30 / 365),
    ],
)
def test_whole_months_and_the_days_left_over(start: str, end: str, years: float) -> None:
    assert regulatory_years(day(start), day(end))[0] == pytest.approx(years, rel=1e-15)


def test_a_month_later_is_clipped_to_the_months_end() -> None:
    assert add_months(day("2026-01-31"), 1)[0] == day("2026-02-28")[0]


@pytest.mark.parametrize(
    ("k", "p", "a", "d"),
    [(0.0688, 1.0, 0.05, 0.15), (0.0688, 1.0, 0.15, 1.0), (0.101, 0.5, 0.12, 0.2), (0.2, 1.5, 0, 0.1)],
)
def test_the_weight_of_a_tranche_is_the_mean_of_the_pools_capital_over_it(
    k: float, p: float, a: float, d: float
) -> None:
    """1 up to K_A, falling exponentially above it."""
    ka, pp, lower, upper = (np.array([each]) for each in (k, p, a, d))
    weight = supervisory_weight(ka, supervisory_capital(ka, pp, lower, upper), lower, upper, 12.5)[0]
    mean = quad(lambda x: 1.0 if x < k else np.exp(-(x - k) / (p * k)), a, d, points=[k] if a < k < d else None)[0]
    assert weight == pytest.approx(12.5 * mean / (d - a), rel=1e-9)


def test_a_pool_that_needs_no_capital_has_tranches_that_need_none() -> None:
    nil, one = np.zeros(1), np.ones(1)
    assert supervisory_capital(nil, one, np.array([0.1]), np.array([0.3]))[0] == 0.0


def test_certain_and_impossible_defaults_have_no_unexpected_loss() -> None:
    pd = np.array([0.0, 1.0])
    correlation = correlation_by_pd(pd, 0.12, 0.24, 50.0)
    adjustment = maturity_adjustment(np.full(2, 2.5), maturity_slope(pd, 0.11852, 0.05478), 2.5)
    assert capital_requirement(pd, np.full(2, 0.45), correlation, adjustment, 0.999).tolist() == [0.0, 0.0]
