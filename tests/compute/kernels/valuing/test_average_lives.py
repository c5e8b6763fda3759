import numpy as np

from compute.kernels.flows.flows import Flows
from compute.kernels.valuing.average_lives import weighted_average_life, weighted_average_maturity_mo


def _flows(principal: np.ndarray, counts: list[int], day: list[int], variants: list[int]) -> Flows:
    offsets = np.concatenate(([0], np.cumsum(counts)))
    columns = np.array(day, dtype=np.int32), np.zeros(len(day), dtype=np.int32)
    return Flows(offsets, *columns, np.ones_like(principal), principal, np.array(variants, dtype=np.int32))


def test_life_weighs_time_by_principal_not_interest() -> None:
    principal = np.array([[100.0, 50.0], [300.0, 350.0], [100.0, 100.0]])
    life = weighted_average_life(_flows(principal, [2, 1], [365, 730, 36], [0, 1, 0]))
    np.testing.assert_allclose(life[0], [1.75, 1.875, 1.75], rtol=1e-15)
    np.testing.assert_allclose(life[1], [36 / 365] * 3, rtol=1e-15)


def test_a_short_position_lives_as_long() -> None:
    principal = np.array([[100.0], [300.0]])
    lives = [weighted_average_life(_flows(sign * principal, [2], [90, 400], [0])) for sign in (1, -1)]
    assert (lives[0] == lives[1]).all()


def test_no_principal_no_life() -> None:
    principal = np.array([[0.0], [10.0]])
    life = weighted_average_life(_flows(principal, [1, 0, 1], [30, 365], [0, 0]))
    assert np.isnan(life[:2]).all()
    assert life[2].tolist() == [1.0, 1.0]


def test_maturity_in_months_is_act_365_years_times_twelve() -> None:
    months = weighted_average_maturity_mo(np.array([20_000 + 365, 20_000 + 73, 20_000, 19_000], dtype=np.int32), 20_000)
    np.testing.assert_allclose(months, [12, 2.4, np.nan, np.nan], rtol=1e-15)
