"""The Federal Reserve's tables: cycles 2024, 2025 and 2026, severely adverse and baseline."""

from typing import Any

import pytest

from domain.scenarios.shocks import SupervisoryShock
from domain.scenarios.supervisory import UnknownQuarter, supervisory_move


def _shock(**fields: Any) -> SupervisoryShock:
    return SupervisoryShock.model_validate({"kind": "SUPERVISORY", "name": "SEVERELY_ADVERSE", **fields})


@pytest.mark.parametrize(
    ("cycle", "quarter", "treasury_bp", "spread_bp"),
    [  # the widest BBB spreads are 5.8, 5.0 and 5.7 points; the jump-off quarters had 1.7, 1.1 and 1.0
        (2024, "2024 Q4", (-520, -400, -370), 410),
        (2025, "2025 Q3", (-430, -350, -330), 390),
        (2026, "2026 Q3", (-360, -230, -170), 470),
    ],
)
def test_a_scenario_is_priced_where_the_bbb_spread_is_widest(
    cycle: int, quarter: str, treasury_bp: tuple[float, ...], spread_bp: float
) -> None:
    move = supervisory_move(_shock(cycle=cycle))
    assert (move.quarter, move.treasury_bp, move.spread_bp) == (quarter, treasury_bp, spread_bp)


@pytest.mark.parametrize("quarter", ["2026 Q2", "2026Q2", 2])
def test_or_at_the_quarter_that_is_named(quarter: str | int) -> None:
    move = supervisory_move(_shock(cycle=2026, quarter=quarter))
    assert (move.quarter, move.treasury_bp, move.spread_bp) == ("2026 Q2", (-360, -190, -140), 450)


def test_only_the_cycle_of_2025_brings_exchange_rates() -> None:
    assert supervisory_move(_shock(cycle=2026)).fx_pct == {}
    move = supervisory_move(_shock(cycle=2025, quarter="2025 Q1"))
    assert move.fx_pct["EURUSD"] == pytest.approx(100 * (1.020 / 1.035 - 1))
    assert move.fx_pct["USDJPY"] == pytest.approx(100 * (155.1 / 157.4 - 1))


def test_a_quarter_beyond_the_path_is_refused() -> None:
    with pytest.raises(UnknownQuarter) as refused:
        supervisory_move(_shock(cycle=2026, quarter="2031 Q1"))
    assert (refused.value.quarters[0], len(refused.value.quarters)) == ("2026 Q1", 13)
