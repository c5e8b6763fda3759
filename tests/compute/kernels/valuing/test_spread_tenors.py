"""A basis point of spread about a tenor, against a plain loop."""

import numpy as np
import pytest

from compute.kernels.valuing.discounting import discount
from compute.kernels.valuing.spread_tenors import of_key_rates, timed_triangles, triangles_of_days
from domain.measures.measures import KEY_RATE_TENORS_YR, SPREAD_TENORS_YR
from tests.builders.discounted_book import DAYS, N, S, discounted_book


def height(tenor: int, t: float) -> float:
    return float(np.interp(t, SPREAD_TENORS_YR, np.eye(len(SPREAD_TENORS_YR))[tenor]))


def test_triangles_are_straight_lines_between_tenors_and_add_up_to_one() -> None:
    timed, found = timed_triangles(DAYS), triangles_of_days(DAYS)
    for day in (0, 1, 182, 183, 365, 400, 1095, 1500, 1825, 3000, 3650, 3651, 4000):
        t = day / 365
        assert timed[day] == pytest.approx([t * height(k, t) for k in range(len(SPREAD_TENORS_YR))], abs=1e-15)
        assert 0.0 <= found.share[day] <= 1.0
    assert timed.sum(axis=1) == pytest.approx(np.arange(DAYS) / 365, rel=1e-15)


@pytest.mark.parametrize("variants", [1, 2])
def test_gains_by_tenor_are_those_of_a_plain_loop_and_add_up_to_cs01(variants: int) -> None:
    flows, on, tables = discounted_book(variants)
    found = discount(flows, on, **tables, spread_tenors=True)
    without = discount(flows, on, **tables)
    assert found.key_rate_cs01 is not None and without.key_rate_cs01 is None
    for name in ("pv", "key_rate_dv01", "cs01"):
        np.testing.assert_array_equal(getattr(found, name), getattr(without, name))
    np.testing.assert_allclose(found.key_rate_cs01.sum(axis=2), found.cs01, rtol=1e-11, atol=1e-12)
    amounts = flows.interest + flows.principal
    for i in range(N):
        for s in range(S):
            expected = np.zeros(len(SPREAD_TENORS_YR))
            for f in range(flows.offsets[i], flows.offsets[i + 1]):
                day = int(flows.day[f])
                t = day / 365
                factor = tables["discount_factors"][on.curve_row[i], day, s] * np.exp(-on.spread[i, s] * t)
                factor *= tables["spread_factors"][on.spread_row[i], day]
                value = amounts[f, flows.variant_of_scenario[s]] * factor
                expected += [1e-4 * value * t * height(k, t) for k in range(len(SPREAD_TENORS_YR))]
            np.testing.assert_allclose(found.key_rate_cs01[i, s], expected, rtol=1e-9, atol=1e-12)


def test_a_triangle_of_spreads_is_made_of_those_of_the_key_rates() -> None:
    for key, tenor in enumerate(KEY_RATE_TENORS_YR):
        alone = np.eye(len(KEY_RATE_TENORS_YR))[key][None, None]
        assert of_key_rates(alone)[0, 0] == pytest.approx([height(k, tenor) for k in range(len(SPREAD_TENORS_YR))])
