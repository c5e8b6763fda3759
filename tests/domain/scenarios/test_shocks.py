import json
from typing import Any

import pytest

from domain.scenarios.shocks import (
    BASE_SCENARIO,
    InvalidScenario,
    ParallelShock,
    ScenarioDocument,
    matches,
    parse_scenario_set,
    parse_scenarios,
)
from domain.scenarios.standards import irrbb_sizes

SHOCKS: list[dict[str, Any]] = [
    {"kind": "PARALLEL", "curves": "USD-*", "bp": 100},
    {"kind": "KEY_RATE", "curves": "*", "tenor_yr": 5, "bp": 25},
    {"kind": "TWIST", "curves": "*", "short_bp": -50, "long_bp": 50, "pivot_yr": 5},
    {"kind": "SPREAD", "match": {"rating": "BBB", "sector": "*"}, "bp": 75},
    {"kind": "FX", "pair": "EURUSD", "pct": -10},
    {"kind": "VOL", "surfaces": "*", "bp": 10},
    {"kind": "VOL", "surfaces": "EUR*", "pct": 10},
    {"kind": "PREPAYMENT", "multiplier": 1.5},
    {"kind": "DEFAULT", "multiplier": 2},
    {"kind": "SEVERITY", "add": 0.1},
    {"kind": "CURVE", "curve_id": "USD-SOFR", "nodes": [{"tenor": "1Y", "rate": 0.05}, {"tenor": "5Y", "rate": 0.05}]},
    {"kind": "CURVE_MOVE", "curves": "*", "moves": [{"tenor": "3M", "bp": -2.5}, {"tenor": "10Y", "bp": 4}]},
    {"kind": "IRRBB", "standard": "d368", "name": "STEEPENER"},
    {"kind": "SUPERVISORY", "cycle": 2026, "name": "SEVERELY_ADVERSE"},
    {"kind": "SUPERVISORY", "cycle": 2026, "name": "BASELINE", "quarter": "2026 Q3"},
    {"kind": "CREDIT_FACTOR", "z": -2.33, "rho": 0.2},
    {"kind": "MACRO", "start": {"unemployment_rate": 4.5}, "path": {"unemployment_rate": [5.9, 7.2]}},
]


def _scenario(*shocks: dict[str, Any], scenario_id: str = "s") -> dict[str, Any]:
    return {"scenario_id": scenario_id, "name": "a scenario", "shocks": list(shocks)}


def _problems(content: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidScenario) as refused:
        parse_scenarios(content if isinstance(content, str) else json.dumps(content))
    assert all(problem.message and problem.fix for problem in refused.value.problems)
    return [(problem.path, problem.code) for problem in refused.value.problems]


@pytest.mark.parametrize("shock", SHOCKS, ids=lambda shock: shock["kind"])
def test_every_kind_of_shock_is_read_and_written_back_as_it_was(shock: dict[str, Any]) -> None:
    (scenario,) = parse_scenarios(json.dumps(_scenario(shock)))
    assert scenario.shocks[0].model_dump(mode="json") == shock
    assert ScenarioDocument.model_validate(scenario.model_dump(mode="json")) == scenario


def test_a_file_holds_one_scenario_or_several() -> None:
    several = [_scenario(scenario_id="a"), _scenario(SHOCKS[0], scenario_id="b")]
    assert [each.scenario_id for each in parse_scenarios(json.dumps(several))] == ["a", "b"]
    assert parse_scenarios(json.dumps(several[1]))[0].shocks == (
        ParallelShock(kind="PARALLEL", curves="USD-*", bp=100),
    )


def test_an_irrbb_shock_leaves_its_standard_to_the_run() -> None:
    (scenario,) = parse_scenarios(json.dumps(_scenario({"kind": "IRRBB", "name": "SHORT_UP"})))
    assert "standard" not in scenario.shocks[0].model_dump()


def test_base_is_the_market_without_shocks() -> None:
    assert (BASE_SCENARIO.scenario_id, BASE_SCENARIO.shocks) == ("BASE", ())


@pytest.mark.parametrize(
    ("shock", "place", "code"),
    [
        ({"kind": "SHIFT"}, "kind", "UNKNOWN_VALUE"),
        ({"bp": 1}, "kind", "MISSING"),
        ({"kind": "PARALLEL", "bp": 1}, "curves", "MISSING"),
        ({"kind": "PARALLEL", "curves": "*", "bp": "1"}, "bp", "WRONG_TYPE"),
        ({"kind": "PARALLEL", "curves": "*", "bp": 20_000}, "bp", "OUT_OF_RANGE"),
        ({"kind": "PARALLEL", "curves": "*", "bps": 1, "bp": 1}, "bps", "UNKNOWN_FIELD"),
        ({"kind": "KEY_RATE", "curves": "*", "tenor_yr": 4, "bp": 1}, "tenor_yr", "NOT_A_KEY_RATE"),
        ({"kind": "TWIST", "curves": "*", "short_bp": 1, "long_bp": 1, "pivot_yr": 0}, "pivot_yr", "OUT_OF_RANGE"),
        ({"kind": "TWIST", "curves": "*", "short_bp": 1, "long_bp": 1, "pivot_yr": 30}, "pivot_yr", "OUT_OF_RANGE"),
        ({"kind": "SPREAD", "match": {}, "bp": 1}, "match", "INVALID_VALUE"),
        ({"kind": "SPREAD", "match": {"rating": 3}, "bp": 1}, "match.rating", "WRONG_TYPE"),
        ({"kind": "FX", "pair": "EUR", "pct": 1}, "pair", "INVALID_PAIR"),
        ({"kind": "FX", "pair": "EURUSD", "pct": -100}, "pct", "OUT_OF_RANGE"),
        ({"kind": "VOL", "surfaces": "*"}, "", "BP_OR_PCT"),
        ({"kind": "VOL", "surfaces": "*", "bp": 1, "pct": 1}, "", "BP_OR_PCT"),
        ({"kind": "PREPAYMENT", "multiplier": -1}, "multiplier", "OUT_OF_RANGE"),
        ({"kind": "PREPAYMENT", "speed": "CDR 2"}, "speed", "INVALID_SPEED"),
        ({"kind": "PREPAYMENT", "speed": "ABS 101"}, "speed", "INVALID_SPEED"),
        ({"kind": "PREPAYMENT", "speed": "ABS 1.1", "multiplier": 1}, "", "MULTIPLIER_OR_SPEED"),
        ({"kind": "PREPAYMENT", "speed": "ABS 1.1", "match": {}}, "match", "INVALID_VALUE"),
        ({"kind": "DEFAULT", "speed": "PD"}, "speed", "INVALID_SPEED"),
        ({"kind": "CLEAN_UP_CALL", "exercised": True}, "deals", "MISSING"),
        ({"kind": "CLEAN_UP_CALL", "deals": "*", "exercised": "yes"}, "exercised", "WRONG_TYPE"),
        ({"kind": "SEVERITY", "add": 10}, "add", "OUT_OF_RANGE"),
        (
            {"kind": "CURVE", "curve_id": "C", "nodes": [{"tenor": "1Y", "rate": 5}]},
            "nodes[0].rate",
            "PERCENT_SUSPECTED",
        ),
        ({"kind": "CURVE_MOVE", "curves": "*", "moves": []}, "", "EMPTY"),
        ({"kind": "CURVE_MOVE", "curves": "*", "moves": [{"tenor": "5", "bp": 1}]}, "moves[0].tenor", "INVALID_TENOR"),
        (
            {"kind": "CURVE_MOVE", "curves": "*", "moves": [{"tenor": "1Y", "bp": 1}, {"tenor": "1Y", "bp": 1}]},
            "",
            "DUPLICATE_TENOR",
        ),
        ({"kind": "IRRBB", "name": "UP"}, "name", "UNKNOWN_VALUE"),
        ({"kind": "IRRBB", "name": "SHORT_UP", "standard": "d000"}, "standard", "UNKNOWN_VALUE"),
        ({"kind": "SUPERVISORY", "cycle": 2020, "name": "BASELINE"}, "cycle", "UNKNOWN_VALUE"),
        ({"kind": "SUPERVISORY", "cycle": 2026, "name": "ADVERSE"}, "name", "UNKNOWN_VALUE"),
        ({"kind": "SUPERVISORY", "cycle": 2026, "name": "BASELINE", "quarter": "Q3"}, "quarter", "INVALID_QUARTER"),
        ({"kind": "SUPERVISORY", "cycle": 2026, "name": "BASELINE", "quarter": 14}, "quarter", "INVALID_QUARTER"),
        ({"kind": "CREDIT_FACTOR", "z": -2.33, "rho": 1}, "rho", "OUT_OF_RANGE"),
        ({"kind": "CREDIT_FACTOR", "rho": 0.2}, "z", "MISSING"),
        ({"kind": "MACRO", "path": {"vix": [30]}}, "start", "MISSING"),
        ({"kind": "MACRO", "start": {}, "path": {"vix": [30]}}, "", "NO_START"),
        ({"kind": "MACRO", "start": {"vix": 20, "rates": 1}, "path": {"vix": [30]}}, "start.rates", "UNKNOWN_VARIABLE"),
        ({"kind": "MACRO", "start": {"vix": 20}, "path": {"vix": [30], "gdp": [1]}}, "path.gdp", "UNKNOWN_VARIABLE"),
        ({"kind": "MACRO", "start": {"vix": 20}, "path": {"vix": []}}, "path.vix", "INVALID_VALUE"),
        ({"kind": "MACRO", "start": {"eurusd": 0}, "path": {"eurusd": [1]}}, "", "OUT_OF_RANGE"),
        (
            {"kind": "MACRO", "start": {"vix": 20, "prime_rate": 7}, "path": {"vix": [30], "prime_rate": [7, 8]}},
            "",
            "UNEVEN_PATH",
        ),
    ],
)
def test_what_makes_a_shock_invalid(shock: dict[str, Any], place: str, code: str) -> None:
    assert _problems(_scenario(shock)) == [(f"shocks[0].{place}".removesuffix("."), code)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (_scenario(scenario_id="BASE"), [("scenario_id", "RESERVED_ID")]),
        (_scenario(scenario_id="up 100"), [("scenario_id", "INVALID_ID")]),
        (_scenario(scenario_id="x" * 65), [("scenario_id", "INVALID_ID")]),
        (_scenario(scenario_id="up100@2"), [("scenario_id", "INVALID_ID")]),
        ([_scenario(), _scenario()], [("[1].scenario_id", "DUPLICATE_ID")]),
        ({"scenario_id": "s"}, [("shocks", "MISSING")]),
        ([], [("$", "EMPTY")]),
        ('{"scenario_id": "s", "shocks": [], "shocks": []}', [("shocks", "DUPLICATE_KEY")]),
        ("nonsense", [("$", "NOT_JSON")]),
        ("7", [("$", "WRONG_TYPE")]),
    ],
)
def test_what_makes_a_document_invalid(content: Any, expected: list[tuple[str, str]]) -> None:
    assert _problems(content) == expected


def test_all_problems_of_all_scenarios_are_told_at_once() -> None:
    first = _scenario({"kind": "PREPAYMENT"}, {"kind": "FX", "pair": "EURUSD", "pct": "x"}, scenario_id="BASE")
    second = _scenario({"kind": "SEVERITY", "add": 2}, scenario_id="b")
    assert _problems([first, second]) == [
        ("[0].shocks[0]", "MULTIPLIER_OR_SPEED"),
        ("[0].shocks[1].pct", "WRONG_TYPE"),
        ("[1].shocks[0].add", "OUT_OF_RANGE"),
    ]


def test_a_set_names_scenarios_and_versions() -> None:
    document = parse_scenario_set('{"scenario_set_id": "nightly", "scenarios": ["up100", "irrbb_up@2"]}')
    assert document.scenarios == ("up100", "irrbb_up@2")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"scenario_set_id": "n", "scenarios": []}, ("scenarios", "EMPTY")),
        ({"scenario_set_id": "n", "scenarios": ["a", "b", "a"]}, ("scenarios[2]", "DUPLICATE_ID")),
        ({"scenario_set_id": "n", "scenarios": ["a@0"]}, ("scenarios[0]", "INVALID_REFERENCE")),
        ({"scenario_set_id": "@n", "scenarios": ["a"]}, ("scenario_set_id", "INVALID_ID")),
        ({"scenario_set_id": "n"}, ("scenarios", "MISSING")),
    ],
)
def test_what_makes_a_set_invalid(content: Any, expected: tuple[str, str]) -> None:
    with pytest.raises(InvalidScenario) as refused:
        parse_scenario_set(json.dumps(content))
    assert [(problem.path, problem.code) for problem in refused.value.problems] == [expected]


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("USD-*", "USD-SOFR", True),
        ("usd-*", "USD-SOFR", False),
        ("BB?", "BBB", True),
        ("[!A]*", "AAA", False),
        ("*", None, True),
        ("BBB", None, False),
    ],
)
def test_patterns_are_shell_style(pattern: str, value: str | None, expected: bool) -> None:
    assert matches(pattern, value) is expected


def test_shock_sizes_are_the_committees() -> None:
    """BCBS d578 (July 2024) table 2 and d368 (April 2016) annex 2 table 2: parallel, short, long."""
    table = {
        ("d578", "USD"): (200, 300, 225),
        ("d578", "EUR"): (225, 350, 200),
        ("d578", "GBP"): (275, 425, 250),
        ("d578", "JPY"): (100, 100, 100),
        ("d578", "ZAR"): (325, 500, 300),
        ("d368", "USD"): (200, 300, 150),
        ("d368", "EUR"): (200, 250, 100),
        ("d368", "IDR"): (400, 500, 350),
    }
    assert {key: irrbb_sizes(*key) for key in table} == table
    assert irrbb_sizes("d578", "PLN") is None
