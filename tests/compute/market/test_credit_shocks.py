"""What scenarios do to PD and LGD."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from compute.market.credit_shocks import shocked_lgd, shocked_pd
from domain.scenarios.shocks import ScenarioDocument


def _scenario(*shocks: dict[str, Any]) -> ScenarioDocument:
    return ScenarioDocument.model_validate({"scenario_id": "s", "shocks": shocks})


def _first(_match: Any) -> Any:
    return np.array([True, False])


def test_the_credit_factor_is_vasiceks() -> None:
    """N((G(PD) - sqrt(rho) z) / sqrt(1 - rho)), by another library."""
    (pd, *ends) = shocked_pd(
        np.array([0.01, 0.0, 1.0]), _scenario({"kind": "CREDIT_FACTOR", "z": -2.33, "rho": 0.2}), _first
    )
    assert pd == pytest.approx(norm.cdf((norm.ppf(0.01) + 0.2**0.5 * 2.33) / 0.8**0.5), rel=1e-12)
    assert ends == [0.0, 1.0]
    assert pd > 0.07, "a bad year raises PD; z with the wrong sign would give less than 0.01"


def test_without_correlation_nothing_moves() -> None:
    found = shocked_pd(np.array([0.01, 0.3]), _scenario({"kind": "CREDIT_FACTOR", "z": -3, "rho": 0}), _first)
    np.testing.assert_allclose(found, [0.01, 0.3], rtol=1e-14)


def test_shocks_follow_one_another() -> None:
    factor, double = {"kind": "CREDIT_FACTOR", "z": -1, "rho": 0.1}, {"kind": "DEFAULT", "multiplier": 2}
    pd = np.array([0.02, 0.7])
    after, before = (shocked_pd(pd, _scenario(*each), _first) for each in ((factor, double), (double, factor)))
    assert after[0] != before[0] and after[1] == 1.0
    assert after[0] == 2 * shocked_pd(pd, _scenario(factor), _first)[0]


def test_a_default_shock_reaches_those_it_names_and_a_speed_none() -> None:
    named = {"kind": "DEFAULT", "multiplier": 3, "match": {"sector": "RETAIL"}}
    assert shocked_pd(np.array([0.01, 0.01]), _scenario(named), _first).tolist() == [0.03, 0.01]
    assert shocked_pd(np.array([[0.01, 0.02], [0.01, 0.02]]), _scenario(named), _first)[:, 1].tolist() == [0.06, 0.02]
    assert (
        shocked_pd(np.array([0.01, 0.01]), _scenario({"kind": "DEFAULT", "speed": "CDR 6"}), _first).tolist()
        == [0.01] * 2
    )


def test_severity_stays_between_nil_and_one() -> None:
    found = shocked_lgd(
        np.array([0.05, 0.4, 0.95, np.nan]),
        _scenario({"kind": "SEVERITY", "add": -0.1}, {"kind": "SEVERITY", "add": 0.2}),
    )
    np.testing.assert_allclose(found, [0.2, 0.5, 1.0, np.nan])
