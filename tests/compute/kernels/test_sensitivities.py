"""The sensitivities-based method against published figures and against the plain double sum."""

import random
from itertools import product

import numpy as np
import pytest

from compute.capital.frtb import on_vertices, under_scenario
from compute.kernels.capital.sensitivities import (
    EVERY_SAME,
    NamedCorrelations,
    across_buckets,
    bucket_capital,
    named_bucket_capital,
    tenor_correlations,
)
from domain.capital.rule_sets import Rules, rule_set_named
from domain.measures.measures import KEY_RATE_TENORS_YR
from tests.builders.exposures import AS_OF
from tests.walk.oracle import frtb as oracle

NAMED = NamedCorrelations(0.35, 0.65, 0.999)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return rule_set_named("frtb-2023").on(AS_OF)


def test_correlations_are_those_that_the_rule_prints() -> None:
    """MAR21.46 and MAR21.54 print 1y against 5y, 0.88692, and 0.35 x 0.65 x 0.999 = 0.22727."""
    assert tenor_correlations(np.array([1.0, 5.0]), 0.03, 0.4)[0, 1] == pytest.approx(0.88692, abs=5e-6)
    assert NAMED.of(False, False, False) == pytest.approx(0.22727, abs=5e-6)
    assert tenor_correlations(np.array([0.25, 30.0]), 0.03, 0.4)[0, 1] == 0.4


@pytest.mark.parametrize(("correlation", "low", "high"), [(0.9, 0.8, 1.0), (0.5, 0.375, 0.625), (0.999, 0.998, 1.0)])
def test_low_and_high_correlations(rules: Rules, correlation: float, low: float, high: float) -> None:
    """MAR21.6: 1.25 times at most 1; the larger of twice less one and three quarters."""
    found = [under_scenario(correlation, scenario, rules) for scenario in ("LOW", "MEDIUM", "HIGH")]
    assert found == pytest.approx([low, correlation, high])


@pytest.mark.parametrize("scenario", ["LOW", "MEDIUM", "HIGH"])
def test_a_bucket_of_names_is_its_double_sum(rules: Rules, scenario: str) -> None:
    chance = random.Random(11)
    factors = [(f"I{chance.randint(0, 5)}", chance.choice(("BOND", "CDS")), chance.randint(0, 4)) for _ in range(60)]
    amounts: dict[tuple[str, str, int], float] = {}
    for factor in factors:
        amounts[factor] = amounts.get(factor, 0.0) + chance.uniform(-1e6, 1e6)
    name, basis, tenor = (np.array([sorted({f[k] for f in amounts}).index(f[k]) for f in amounts]) for k in range(3))
    correlations = {same: under_scenario(NAMED.of(*same), scenario, rules) for same in EVERY_SAME}
    found = named_bucket_capital(np.array(list(amounts.values())), name, tenor, basis, correlations)
    bucket = {(f"{who}|{curve}", float(years)): amount for (who, curve, years), amount in amounts.items()}
    assert found == pytest.approx(oracle.capital(bucket, oracle.csr_rho(4), scenario), rel=1e-11)


def test_hedged_buckets_fall_back_on_their_own_capital() -> None:
    """MAR21.4(5)(b): with sums that outgrow what is kept of them the root would be of a negative."""
    k_b, sums = np.array([1.0, 1.0]), np.array([10.0, -10.0])
    gamma = np.array([[0.0, 0.75], [0.75, 0.0]])
    found = across_buckets(k_b, sums, gamma)
    assert found.s_b.tolist() == [1.0, -1.0]
    assert found.delta == pytest.approx(np.sqrt(2 - 2 * 0.75))


def test_seven_years_are_shared_by_five_and_ten() -> None:
    """Pitfall 12: there is no vertex of seven years, and nothing of it is lost."""
    one_at = [np.array([float(tenor == 7)]) for tenor in KEY_RATE_TENORS_YR]
    found = [float(each[0]) for each in on_vertices(one_at)]
    assert found == [0, 0, 0, 0, 0, 0.6, 0.4, 0, 0, 0]


def test_a_flat_hedge_within_a_bucket_keeps_something() -> None:
    rho = tenor_correlations(np.array([5.0, 10.0]), 0.03, 0.4)
    assert bucket_capital(np.array([1.0, -1.0]), rho) == pytest.approx(np.sqrt(2 - 2 * np.exp(-0.03)))


def test_every_pair_of_buckets_has_the_rules_gamma(rules: Rules) -> None:
    from compute.capital.frtb import gamma_of

    for one, other in product(range(1, 19), repeat=2):
        if one != other:
            assert gamma_of(one, other, rules) == pytest.approx(oracle.csr_gamma(one, other)), (one, other)
