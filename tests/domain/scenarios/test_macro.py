"""Macro paths and their changes from the jump-off quarter, against what the Federal Reserve says of its own tables."""

from datetime import date
from typing import Any

import pytest

from domain.scenarios.macro import MacroPath, macro_path
from domain.scenarios.shocks import BASE_SCENARIO, IrrbbShock, ScenarioDocument
from domain.scenarios.standards import with_standard


def _path(*shocks: dict[str, Any]) -> MacroPath:
    path = macro_path(ScenarioDocument.model_validate({"scenario_id": "s", "shocks": shocks}))
    assert path is not None
    return path


def _fed(cycle: int) -> MacroPath:
    return _path({"kind": "SUPERVISORY", "cycle": cycle, "name": "SEVERELY_ADVERSE"})


@pytest.mark.parametrize(
    ("cycle", "start", "peak", "houses", "offices", "equities", "gdp", "spread"),
    [  # the Board's own descriptions of its severely adverse scenarios (2024, 2025, final 2026), rounded as it does
        (2024, 3.7, 10.0, -0.36, -0.40, -0.55, -0.085, 5.8),
        (2025, 4.1, 10.0, -0.33, -0.30, -0.50, -0.078, 5.0),
        (2026, 4.5, 10.0, -0.30, -0.39, -0.58, -0.046, 5.7),
    ],
)
def test_changes_are_what_the_board_says(
    cycle: int, start: float, peak: float, houses: float, offices: float, equities: float, gdp: float, spread: float
) -> None:
    path = _fed(cycle)
    assert path.start["unemployment_rate"] == start and max(path.values["unemployment_rate"]) == peak
    assert min(path.changes["house_price_index"]) == pytest.approx(houses, abs=0.006)
    assert min(path.changes["cre_price_index"]) == pytest.approx(offices, abs=0.006)
    assert min(path.changes["equity_index"]) == pytest.approx(equities, abs=0.006)
    assert min(path.changes["real_gdp_growth"]) == pytest.approx(gdp, abs=0.0006)
    assert max(path.values["bbb_spread"]) == spread
    assert len(path) == 13 and path.names(date(2026, 1, 23))[0] == f"{cycle - 1} Q4"


def test_growth_is_put_together_by_quarter_not_subtracted() -> None:
    path = _path({"kind": "MACRO", "start": {"real_gdp_growth": 2}, "path": {"real_gdp_growth": [-4, -8]}})
    assert path.changes["real_gdp_growth"] == pytest.approx((0.96**0.25 - 1, (0.96 * 0.92) ** 0.25 - 1))


def test_levels_change_by_a_share_and_rates_by_points() -> None:
    start = {"eurusd": 1.25, "vix": 20.0, "bbb_yield": 6.0, "treasury_10y": 4.5}
    path = _path({"kind": "MACRO", "start": start, "path": {name: [2 * value] for name, value in start.items()}})
    assert path.changes["eurusd"] == (1.0,) and path.changes["vix"] == (20.0,)
    assert path.changes["bbb_spread"] == (1.5,), "both yields are there: so is their spread"


def test_a_path_of_ones_own_begins_in_the_quarter_of_the_valuation_date() -> None:
    path = _path({"kind": "MACRO", "start": {"vix": 20}, "path": {"vix": [30, 25]}})
    assert path.names(date(2026, 1, 23)) == ("2025 Q4", "2026 Q1", "2026 Q2")


def test_a_scenario_of_prices_has_no_path() -> None:
    assert macro_path(BASE_SCENARIO) is None


@pytest.mark.parametrize(("rules", "standard"), [(("irrbb-2018",), "d368"), (("irrbb-2026",), "d578"), ((), None)])
def test_a_run_pins_the_standard_of_its_rule_set(rules: tuple[str, ...], standard: str | None) -> None:
    said = {"kind": "IRRBB", "name": "STEEPENER", "standard": "d368"}
    document: dict[str, object] = {"scenario_id": "s", "shocks": [{"kind": "IRRBB", "name": "STEEPENER"}, said]}
    pinned = ScenarioDocument.model_validate(with_standard(document, rules))
    assert [shock.standard for shock in pinned.shocks if isinstance(shock, IrrbbShock)] == [standard, "d368"]
