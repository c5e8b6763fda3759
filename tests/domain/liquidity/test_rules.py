"""Rules of liquidity: what a file must say, which of them hold on a day, and what ratings mean."""

from datetime import date

import pytest

from domain.liquidity.ratings import UNRATED, UNREADABLE, step_of
from domain.liquidity.rules import (
    COLUMNS,
    RULE_SETS,
    LiquidityRuleFileBroken,
    days_of,
    parse_rules,
    rules_in_force,
    shipped,
)
from domain.portfolio.ratings import MOODYS, SCALE
from domain.refusals import Refused

HEAD = ",".join(COLUMNS)
GOOD = "LCR,2015-01-01,LCR40.87,INFLOW,BANK,LOAN,BANK,,,1,30,1"

BROKEN = [
    ("LCR,2015-01-01,,INFLOW,BANK,LOAN,BANK,,,1,30", "11 cells for 12 columns"),
    (GOOD.replace("LCR,", "LRC,", 1), "no rule set 'LRC'"),
    (GOOD.replace("INFLOW", "RSF"), "LCR has no side 'RSF'"),
    (GOOD.replace("BANK,LOAN", ",LOAN"), "no item"),
    (GOOD.replace("2015-01-01", "2015-13-01"), "is no date"),
    (GOOD.replace("LOAN", "LEASE"), "product_type 'LEASE' matches none"),
    (GOOD.replace("LOAN,BANK", "LOAN,BANCO*"), r"asset_class 'BANCO\*' matches none"),
    (GOOD.replace("BANK,,,", "BANK,AA,Baa1,"), "'Baa1' is no rating"),
    (GOOD.replace("BANK,,,", "BANK,AA,,"), "a range of ratings has one end"),
    (GOOD.replace("BANK,,,", "BANK,BBB,AA,"), "BBB is below AA"),
    (GOOD.replace("1,30", "1,thirty"), "'thirty' is no number of days"),
    (GOOD.replace("1,30", "31,30"), "the days from 31 to 30 are none"),
    (GOOD.replace("1,30", "1Y,6M"), "the days from 1Y to 6M are none"),
    (GOOD[:-1] + "1.5", "factor '1.5' is no number from 0 to 1"),
    (GOOD[:-1] + "nan", "factor 'nan' is no number from 0 to 1"),
]


@pytest.mark.parametrize(("row", "problem"), BROKEN)
def test_a_broken_file_names_file_and_line(row: str, problem: str) -> None:
    with pytest.raises(LiquidityRuleFileBroken, match=rf"^bank\.csv, line 4: .*{problem}") as broken:
        parse_rules(f"# remark\n{HEAD}\n{GOOD}\n{row}\n", "bank.csv")
    assert broken.value.fix


def test_a_file_begins_with_its_columns() -> None:
    with pytest.raises(LiquidityRuleFileBroken, match=r"bank\.csv, line 1: these are not the columns"):
        parse_rules(f"{GOOD}\n", "bank.csv")
    with pytest.raises(LiquidityRuleFileBroken, match=r"bank\.csv, line 1: there are no rules"):
        parse_rules("# nothing\n", "bank.csv")


def test_the_rows_that_began_last_hold() -> None:
    later = GOOD.replace("2015-01-01", "2020-01-01").replace("BANK,LOAN", "OTHER,LOAN")
    rules = parse_rules(f"{HEAD}\n{GOOD}\n{later}\n", "bank.csv")
    assert [rule.item for rule in rules_in_force("LCR", date(2019, 12, 31), rules)] == ["BANK"]
    assert [rule.item for rule in rules_in_force("LCR", date(2020, 1, 1), rules)] == ["OTHER"]
    with pytest.raises(Refused, match="LCR is in force from 2015-01-01") as refused:
        rules_in_force("LCR", date(2014, 12, 31), rules)
    assert refused.value.code == "RULE_SET_NOT_IN_FORCE"
    with pytest.raises(Refused, match="no rule set 'NFSR'") as unknown:
        rules_in_force("NFSR", date(2026, 1, 1))
    assert unknown.value.fix == "use one of LCR, NSFR, LIQUIDATION"


def test_the_shipped_rules_can_be_read_and_name_their_paragraphs() -> None:
    assert {rule.rule_set for rule in shipped()} == set(RULE_SETS)
    for rule in shipped():
        chapters = {"LCR": ("LCR30.", "LCR40."), "NSFR": ("NSF30.",), "LIQUIDATION": ("",)}[rule.rule_set]
        assert rule.paragraph.startswith(chapters)


def test_days_are_counted_or_a_tenor() -> None:
    assert days_of("30", date(2026, 1, 23)) == 30
    assert days_of("6M", date(2026, 1, 23)) == 181
    assert days_of("1M", date(2026, 1, 31)) == 28


@pytest.mark.parametrize(
    ("text", "step"),
    [
        *(("AAA", 0), ("Aaa", 0), ("A", 5), ("A2", 5), ("Baa3", 9), ("BBB-", 9), ("Ca", 19), ("C", 20), ("D", 21)),
        *(("NR", UNRATED), ("wr", UNRATED), ("", UNRATED), ("aaa", UNREADABLE), ("five stars", UNREADABLE)),
    ],
)
def test_ratings_of_both_agencies_are_steps_of_one_scale(text: str, step: int) -> None:
    assert step_of(text) == step
    assert len(SCALE) == len(MOODYS) == 22
