"""Past moves as scenarios: what a file says, what a window of it is, and what keeps it from being used."""

from datetime import date

import pytest

from domain.scenarios.past_moves import InvalidHistory, Kind, Row, Series, match_of, read_history, scenarios_of

HEADER = ["date", "kind", "name", "tenor", "move"]
USD_5Y = Series(Kind.CURVE, "USD-SOFR", "5Y")
EURUSD = Series(Kind.FX, "EURUSD", "")


def rows(*lines: str, column: str = "move") -> list[Row]:
    names = [*HEADER[:4], column]
    return [Row(n, dict(zip(names, line.split(","), strict=True))) for n, line in enumerate(lines, start=2)]


def problems(*lines: str, column: str = "move", horizon: int = 1) -> list[tuple[int | None, str, str]]:
    with pytest.raises(InvalidHistory) as refused:
        read_history([*HEADER[:4], column], rows(*lines, column=column), horizon=horizon)
    assert all(each.message and each.fix for each in refused.value.problems)
    return [(each.row, each.column, each.code) for each in refused.value.problems]


LEVELS = (
    "2024-01-04,CURVE,USD-SOFR,5Y,0.0425",
    "2024-01-02,CURVE,USD-SOFR,5Y,0.04",
    "2024-01-03,CURVE,USD-SOFR,5Y,0.0412",
    "2024-01-02,FX,EURUSD,,1.10",
    "2024-01-03,FX,EURUSD,,1.21",
    "2024-01-04,FX,EURUSD,,1.089",
)


def test_levels_are_differenced_over_observations_whatever_their_order() -> None:
    history = read_history([*HEADER[:4], "level"], rows(*LEVELS, column="level"))
    assert history.series == (USD_5Y, EURUSD)
    assert history.dates == (date(2024, 1, 3), date(2024, 1, 4))
    assert history.moves == ((12.0, 10.0), (13.0, -10.0))


def test_a_longer_horizon_spans_more_observations() -> None:
    levels = read_history([*HEADER[:4], "level"], rows(*LEVELS, column="level"), horizon=2)
    moves = (
        "2024-01-03,CURVE,USD-SOFR,5Y,12",
        "2024-01-04,CURVE,USD-SOFR,5Y,13",
        "2024-01-03,FX,EURUSD,,10",
        "2024-01-04,FX,EURUSD,,-10",
    )
    assert levels.moves == ((25.0, -1.0),) and levels.dates == (date(2024, 1, 4),)
    assert read_history(HEADER, rows(*moves), horizon=2) == levels


def test_the_latest_moves_are_kept() -> None:
    history = read_history([*HEADER[:4], "level"], rows(*LEVELS, column="level"), last=1)
    assert history.dates == (date(2024, 1, 4),) and history.moves == ((13.0, -10.0),)
    assert len(read_history([*HEADER[:4], "level"], rows(*LEVELS, column="level"), last=9).dates) == 2


def test_each_date_is_a_scenario_that_moves_everything() -> None:
    lines = (
        "2024-01-02,CURVE,USD-*,10Y,-2",
        "2024-01-02,CURVE,USD-*,1Y,1.5",
        "2024-01-02,CURVE,EUR-*,5Y,3",
        "2024-01-02,SPREAD,rating=BBB;sector=BANK*,,7",
        "2024-01-02,FX,EURUSD,,-0.5",
        "2024-01-02,VOL,USD-*,,4",
    )
    (scenario,) = scenarios_of(read_history(HEADER, rows(*lines)), "past")
    assert scenario.scenario_id == "past.2024-01-02"
    assert scenario.model_dump(mode="json")["shocks"] == [
        {"kind": "CURVE_MOVE", "curves": "EUR-*", "moves": [{"tenor": "5Y", "bp": 3.0}]},
        {"kind": "CURVE_MOVE", "curves": "USD-*", "moves": [{"tenor": "10Y", "bp": -2.0}, {"tenor": "1Y", "bp": 1.5}]},
        {"kind": "FX", "pair": "EURUSD", "pct": -0.5},
        {"kind": "SPREAD", "match": {"rating": "BBB", "sector": "BANK*"}, "bp": 7.0},
        {"kind": "VOL", "surfaces": "USD-*", "pct": 4.0},
    ]


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("2024-02-30,FX,EURUSD,,1", "date", "INVALID_DATE"),
        (",FX,EURUSD,,1", "date", "INVALID_DATE"),
        ("2024-01-02,RATE,EURUSD,,1", "kind", "UNKNOWN_KIND"),
        ("2024-01-02,CURVE,,5Y,1", "name", "REQUIRED"),
        ("2024-01-02,CURVE,USD,,1", "tenor", "INVALID_TENOR"),
        ("2024-01-02,CURVE,USD,5.5Y,1", "tenor", "INVALID_TENOR"),
        ("2024-01-02,FX,EURUSD,5Y,1", "tenor", "UNEXPECTED_TENOR"),
        ("2024-01-02,FX,EURO,,1", "name", "INVALID_PAIR"),
        ("2024-01-02,SPREAD,BBB,,1", "name", "INVALID_MATCH"),
        ("2024-01-02,FX,EURUSD,,", "move", "NOT_A_NUMBER"),
        ("2024-01-02,FX,EURUSD,,1e999", "move", "NOT_FINITE"),
    ],
)
def test_what_is_wrong_with_a_row(line: str, column: str, code: str) -> None:
    good = "2024-01-02,FX,GBPUSD,,1"
    assert problems(good, line) == [(3, column, code)]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2024-01-02,CURVE,USD,5Y,4.5", "PERCENT_SUSPECTED"),
        ("2024-01-02,FX,EURUSD,,0", "OUT_OF_RANGE"),
        ("2024-01-02,VOL,USD,,-0.1", "OUT_OF_RANGE"),
    ],
)
def test_levels_that_cannot_be(line: str, code: str) -> None:
    assert problems(line, line.replace("-02", "-03", 1), column="level")[0] == (2, "level", code)


def test_a_column_that_a_history_does_not_have_is_refused_with_the_nearest() -> None:
    header = ("date", "kind", "name", "tenr", "move")
    with pytest.raises(InvalidHistory) as refused:
        read_history(header, [])
    assert [(each.column, each.code) for each in refused.value.problems] == [("tenr", "UNKNOWN_COLUMN")]
    assert "'tenor'" in refused.value.problems[0].fix


def test_a_series_has_one_value_on_every_date() -> None:
    lines = ("2024-01-02,FX,EURUSD,,1", "2024-01-03,FX,EURUSD,,1", "2024-01-02,FX,GBPUSD,,1")
    assert problems(*lines) == [(None, "date", "MISSING_VALUE")]
    assert problems(*lines[:2], lines[0]) == [(4, "date", "DUPLICATE")]


def test_a_file_too_short_for_its_horizon() -> None:
    assert problems(LEVELS[0], column="level") == [(None, "date", "TOO_SHORT")]
    assert problems("2024-01-02,FX,EURUSD,,1", horizon=2) == [(None, "date", "TOO_SHORT")]
    assert problems() == [(None, "date", "TOO_SHORT")]


def test_moves_that_no_scenario_can_hold() -> None:
    assert problems("2024-01-02,FX,EURUSD,,-100") == [(None, "move", "OUT_OF_RANGE")]
    assert problems("2024-01-02,CURVE,USD,5Y,20000") == [(None, "move", "OUT_OF_RANGE")]


@pytest.mark.parametrize(
    "header", [["date", "kind", "name"], [*HEADER, "level"], ["kind", "name", "tenor", "move"]], ids=str
)
def test_a_header_names_its_columns_and_one_of_move_and_level(header: list[str]) -> None:
    with pytest.raises(InvalidHistory):
        read_history(header, [])


def test_whose_spread() -> None:
    assert match_of("rating=BBB; sector=*") == {"rating": "BBB", "sector": "*"}
    assert match_of("BBB") == {} and match_of("=BBB") == {} and match_of("rating=A;x") == {}
