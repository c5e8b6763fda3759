"""Rule sets: which holds when, and a broken file is named with its line."""

from datetime import date

import pytest

from domain.capital.rule_sets import (
    RuleFileBroken,
    listed_rule_sets,
    read_parameters,
    rule_set_named,
    rules_of_families,
    rules_pinned,
)
from domain.refusals import Refused

ROW = {
    "rule": "CORPORATE",
    "paragraph": "CRE20.42",
    "parameter": "UNRATED",
    "value": "1",
    "effective_from": "2023-01-01",
}


@pytest.mark.parametrize(
    ("asked", "as_of", "pinned"),
    [
        ((), date(2026, 1, 23), ("basel-2023", "frtb-2023", "irrbb-2026", "us-2015")),
        ((), date(2022, 6, 30), ("basel-2006", "irrbb-2018", "us-2015")),
        (("basel-2006",), date(2026, 1, 23), ("basel-2006", "frtb-2023", "irrbb-2026", "us-2015")),
        ((), date(2001, 1, 1), ()),
        ((), date(2026, 6, 30), ("basel-2023", "frtb-2023", "irrbb-2026", "us-2015")),
        (
            ("us-2026-proposed",),
            date(2026, 6, 30),
            ("basel-2023", "frtb-2023", "irrbb-2026", "us-2026-proposed"),
        ),
    ],
)
def test_of_each_family_the_newest_in_force(asked: tuple[str, ...], as_of: date, pinned: tuple[str, ...]) -> None:
    assert rules_pinned(asked, as_of) == pinned


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("basel-2099",), "RULE_SET_UNKNOWN"),
        (("irrbb-2026",), "RULE_SET_NOT_IN_FORCE"),
        (("us-2026-proposed",), "RULE_SET_NOT_IN_FORCE"),
        (("basel-2006", "basel-2023"), "RULE_SETS_OF_ONE_FAMILY"),
    ],
)
def test_what_cannot_be_named(asked: tuple[str, ...], code: str) -> None:
    with pytest.raises(Refused) as refused:
        rules_pinned(asked, date(2025, 12, 31))
    assert refused.value.code == code


@pytest.mark.parametrize("name", [each.name for each in listed_rule_sets()])
def test_every_file_is_sound_and_whole_from_its_first_day(name: str) -> None:
    rule_set = rule_set_named(name)
    assert all(each.effective_from >= rule_set.effective_from for each in rule_set.parameters)
    first, today = rule_set.on(rule_set.effective_from), rule_set.on(date(2026, 6, 30))
    assert {rule for rule, _ in first.parameters} == {each.rule for each in rule_set.parameters}
    assert set(first.parameters) - set(today.parameters) == set()


@pytest.mark.parametrize(
    ("year", "factor"),
    [(2023, 0.5), (2024, 0.55), (2025, 0.6), (2026, 0.65), (2027, 0.7), (2028, 0.725), (2040, 0.725)],
)
def test_the_output_floor_is_the_years(year: int, factor: float) -> None:
    assert rules_of_families(("basel-2023",), date(year, 6, 30))["basel"].value("OUTPUT_FLOOR", "FACTOR") == factor


@pytest.mark.parametrize(
    ("spoilt", "says"),
    [
        ({"value": "one"}, "'one' is no number"),
        ({"value": "nan"}, "'nan' is no number"),
        ({"effective_from": "2023"}, "'2023' is no ISO 8601 date"),
        ({"effective_to": "2022-12-31"}, "before it begins"),
        ({"paragraph": ""}, "paragraph is empty"),
    ],
)
def test_a_broken_line_is_named(spoilt: dict[str, str], says: str) -> None:
    with pytest.raises(RuleFileBroken, match=says) as broken:
        read_parameters("basel-2023.csv", iter([(7, {"effective_to": "", **ROW, **spoilt})]))
    assert "basel-2023.csv, line 7" in broken.value.message


def test_a_parameter_has_one_value_on_a_day() -> None:
    rows = iter([(2, {"effective_to": "", **ROW}), (3, {"effective_to": "", **ROW, "effective_from": "2024-01-01"})])
    with pytest.raises(RuleFileBroken, match="line 2 for the same days"):
        read_parameters("basel-2023.csv", rows)
