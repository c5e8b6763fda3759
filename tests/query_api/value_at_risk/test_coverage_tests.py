"""Backtests against published tables."""

import numpy as np
import pytest
from scipy import stats

from query_api.errors import BadQuery
from query_api.value_at_risk.backtests import backtest_file
from query_api.value_at_risk.coverage_tests import Zone, backtest, cumulative_binomial, zone_of

# Kupiec (1995), table 2, as quoted by Jorion, Value at Risk (3rd ed.), table 6-2: numbers of failures N for which the
# model is not rejected at 95 % confidence, by probability level and number of days: N < most, or least < N < most.
KUPIEC = [
    (0.01, 255, 0, 7),
    (0.01, 510, 1, 11),
    (0.01, 1000, 4, 17),
    (0.025, 255, 2, 12),
    (0.025, 510, 6, 21),
    (0.025, 1000, 15, 36),
    (0.05, 255, 6, 21),
    (0.05, 510, 16, 36),
    (0.05, 1000, 37, 65),
    (0.075, 255, 11, 28),
    (0.075, 510, 27, 51),
    (0.075, 1000, 59, 92),
    (0.10, 255, 16, 36),
    (0.10, 510, 38, 65),
    (0.10, 1000, 81, 120),
]


def spread_out(days: int, exceptions: int) -> list[bool]:
    found = np.zeros(days, bool)
    found[np.linspace(0, days - 1, exceptions, dtype=int)] = True
    return [bool(each) for each in found]


@pytest.mark.parametrize(("p", "days", "least", "most"), KUPIEC)
def test_kupiec_does_not_reject_where_his_table_says(p: float, days: int, least: int, most: int) -> None:
    """The table prints no lower bound for 1 % of 255 days; no exception at all has a ratio of -510 ln 0.99 = 5.13."""
    rejects = {x: backtest(spread_out(days, x), 1 - p).kupiec.rejects for x in (least, least + 1, most - 1, most)}
    assert rejects == {least: True, least + 1: False, most - 1: False, most: True}


# MAR99 table 2 (Basel 1996, table 2): cumulative probability in per cent of at most so many exceptions in 250 days at
# 99 %, to the two decimals that the committee prints.
BASEL = [8.11, 28.58, 54.32, 75.81, 89.22, 95.88, 98.63, 99.60, 99.89, 99.97, 99.99]


@pytest.mark.parametrize(("exceptions", "per_cent"), list(enumerate(BASEL)))
def test_cumulative_probabilities_are_those_of_the_committee(exceptions: int, per_cent: float) -> None:
    assert 100 * cumulative_binomial(exceptions, 250, 0.01) == pytest.approx(per_cent, abs=0.0051)


def test_zones_over_250_days_are_those_of_the_committee() -> None:
    zones = [zone_of(cumulative_binomial(x, 250, 0.01)) for x in range(15)]
    assert zones == [Zone.GREEN] * 5 + [Zone.YELLOW] * 5 + [Zone.RED] * 5


def test_ratios_are_those_of_the_plain_formulas() -> None:
    """Christoffersen's counts, written out: 20 days with exceptions on the 5th, 6th, 7th and 15th."""
    days = [number in (5, 6, 7, 15) for number in range(1, 21)]
    n00, n01, n10, n11 = 13, 2, 2, 2
    q0, q1, q = n01 / (n00 + n01), n11 / (n10 + n11), (n01 + n11) / 19
    together = (n00 + n10) * np.log(1 - q) + (n01 + n11) * np.log(q)
    apart = n00 * np.log(1 - q0) + n01 * np.log(q0) + n10 * np.log(1 - q1) + n11 * np.log(q1)
    coverage = 2 * (16 * np.log(0.8) + 4 * np.log(0.2)) - 2 * (16 * np.log(0.95) + 4 * np.log(0.05))
    found = backtest(days, 0.95)
    assert found.independence.statistic == pytest.approx(2 * (apart - together), rel=1e-12)
    assert found.kupiec.statistic == pytest.approx(coverage, rel=1e-12)
    assert found.conditional_coverage.statistic == pytest.approx(coverage + 2 * (apart - together), rel=1e-12)
    assert found.kupiec.p_value == pytest.approx(stats.chi2.sf(coverage, 1), rel=1e-10)
    assert found.conditional_coverage.p_value == pytest.approx(
        stats.chi2.sf(found.conditional_coverage.statistic, 2), rel=1e-10
    )


def test_clusters_are_rejected_where_their_number_is_not() -> None:
    clustered = [100 <= day < 110 for day in range(1000)]
    found, even = backtest(clustered, 0.99), backtest(spread_out(1000, 10), 0.99)
    assert not found.kupiec.rejects and found.independence.rejects and found.conditional_coverage.rejects
    assert not even.independence.rejects and not even.conditional_coverage.rejects


@pytest.mark.parametrize("exceptions", [0, 1, 250])
def test_no_exception_or_nothing_else_is_no_reason_to_fail(exceptions: int) -> None:
    found = backtest([True] * exceptions + [False] * (250 - exceptions), 0.99)
    assert 0.0 <= found.kupiec.p_value <= 1.0 and 0.0 <= found.independence.p_value <= 1.0


def test_a_true_var_is_rejected_about_as_often_as_promised() -> None:
    """The chi-squared is a limit: over 500 days at 95 % Kupiec's test of 5 % rejects between 3 and 8 %."""
    rng = np.random.default_rng(20260123)
    drawn = [backtest((rng.random(500) < 0.05).tolist(), 0.95) for _ in range(600)]
    assert 0.03 < np.mean([each.kupiec.rejects for each in drawn]) < 0.08
    assert 0.02 < np.mean([each.conditional_coverage.rejects for each in drawn]) < 0.09


def test_a_column_that_a_backtest_does_not_have_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadQuery) as refused:
        backtest_file(b"date,pnl,var,vars\n2026-01-02,1,2,3\n2026-01-05,1,2,3\n")
    assert "'vars'" in str(refused.value) and "'var'" in refused.value.fix
