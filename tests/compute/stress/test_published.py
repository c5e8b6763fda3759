"""Buffers and FRTB charges against published figures, and readings of the rules that are wrong and tempting."""

from typing import Any

import numpy as np
import pytest

from compute.stress.capital_path import buffer_of, capital_path
from domain.capital.policies import CapitalPolicy


def _buffer(losses: list[float], **said: Any) -> dict[str, Any]:
    policy = CapitalPolicy.model_validate({"tax_rate": 0.0, "allowance_method": "NONE", **said})
    return buffer_of(policy, capital_path(policy, np.array(losses)))


@pytest.mark.parametrize(
    ("bank", "start", "lowest", "dividends", "buffer"),
    [  # Federal Reserve, DFAST results and large bank capital requirements; dividends of Ally and BofA are inferred
        ("American Express, 2025", 0.105, 0.094, 0.0, 0.025),
        ("Ally, 2024", 0.094, 0.070, 0.002, 0.026),
        ("Bank of America, 2023", 0.112, 0.093, 0.006, 0.025),
    ],
)
def test_buffers_are_the_boards(bank: str, start: float, lowest: float, dividends: float, buffer: float) -> None:
    losses = [(start - lowest) / 9] * 13
    planned = [dividends / 4] * 9
    found = _buffer(losses, cet1=start, rwa=1.0, planned_common_dividends=planned)
    assert found["decline"] == pytest.approx(start - lowest, abs=1e-12)
    assert found["scb"] == pytest.approx(buffer, abs=1e-12), bank


def test_dividends_are_in_the_buffer_once_and_not_in_the_path() -> None:
    """Pitfall 9: paid out of the path as well, they would lower the ratio from quarter 4 on."""
    without = _buffer([0.005] * 13, cet1=0.12, rwa=1.0)
    with_them = _buffer([0.005] * 13, cet1=0.12, rwa=1.0, planned_common_dividends=[0.001] * 9)
    assert with_them["cet1_ratio_min"] == without["cet1_ratio_min"]
    assert with_them["scb"] - without["scb"] == pytest.approx(0.004, abs=1e-15), "of quarters 4 to 7, not of all nine"


def test_the_lowest_ratio_is_of_quarters_one_to_nine() -> None:
    """A bank that only gains has its lowest ratio in quarter 1, not at the start: nothing declines, the floor holds."""
    found = _buffer([0.0] * 13, cet1=0.1, rwa=1.0, ppnr=0.09)
    assert (found["min_quarter"], found["scb"]) == (1, 0.025)
    assert found["decline"] == pytest.approx(-0.01)


def test_dividends_are_held_against_the_rwa_of_their_own_quarter() -> None:
    rwa = [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0]
    found = _buffer([0.0] * 13, cet1=0.1, rwa=rwa, planned_common_dividends=[0.0, 0, 0, 0.01, 0.01, 0.01, 0.01, 0, 0])
    assert found["dividend_add_on"] == pytest.approx(0.02)


def test_an_allowance_takes_the_next_four_quarters_and_a_loss_brings_tax_back() -> None:
    """Losses of 1, 2, …, 13: A_0 = 10, A_1 = 14, so that quarter 1 provides 1 + 4 = 5, and 21 % of it comes back."""
    policy = CapitalPolicy.model_validate({"cet1": 1_000.0, "rwa": 10_000.0})
    path = capital_path(policy, np.arange(1.0, 14.0))
    assert path.allowance.tolist() == [10.0 + 4 * quarter for quarter in range(10)]
    assert (path.provision[1], path.tax[1], path.cet1[1]) == (5.0, -1.05, 1_000 - 5 * 0.79)
    opened = capital_path(policy.model_copy(update={"opening_allowance": 4.0}), np.arange(1.0, 14.0))
    assert opened.provision[1] == 11.0 and opened.provision[2:].tolist() == path.provision[2:].tolist()
