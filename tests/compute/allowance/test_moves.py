"""The allowance's PD and LGD under a scenario are those of the run's measures."""

import numpy as np
import pytest

from compute.allowance.moves import moves_of
from domain.scenarios.shocks import ScenarioDocument


def test_severities_are_each_kept_within_nil_and_one() -> None:
    shocks = [{"kind": "SEVERITY", "add": 0.5}, {"kind": "SEVERITY", "add": -0.3}]
    moves = moves_of(ScenarioDocument.model_validate({"scenario_id": "s", "name": "s", "shocks": shocks}))
    assert moves.lgd(np.array([0.2, 0.8])).tolist() == pytest.approx([0.4, 0.7])


def test_defaults_and_factors_move_pd_in_their_order() -> None:
    shocks = [{"kind": "DEFAULT", "multiplier": 4}, {"kind": "DEFAULT", "multiplier": 0.5, "match": {"sector": "X"}}]
    moves = moves_of(ScenarioDocument.model_validate({"scenario_id": "s", "name": "s", "shocks": shocks}))
    pd = np.array([[0.1, 0.4], [0.1, 0.4]])
    assert moves.pd(pd, lambda _: np.array([True, False])).tolist() == [[0.2, 0.5], [0.4, 1.0]]
