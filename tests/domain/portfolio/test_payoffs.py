"""Payoffs: what a text says, what it leaves to defaults, and all that can be wrong with one, with its fix."""

import json
import re
from pathlib import Path

import pytest

from domain.portfolio.payoffs import (
    CappedFloater,
    Cms,
    CmsSpread,
    Digital,
    InvalidPayoff,
    InverseFloater,
    RangeAccrual,
    longest_tenor_yr,
    parse_payoff,
)

DOCUMENTED = (Path(__file__).parents[3] / "docs" / "payoffs.md").read_text(encoding="utf-8")


def test_a_kind_alone_takes_the_markets_habits() -> None:
    assert parse_payoff('{"kind": "CMS"}') == Cms(kind="CMS", tenor_yr=10, gearing=1.0)
    assert parse_payoff('{"kind": "CMS_SPREAD"}') == CmsSpread(kind="CMS_SPREAD", long_yr=10, short_yr=2)
    assert parse_payoff('{"kind": "INVERSE_FLOATER"}') == InverseFloater(kind="INVERSE_FLOATER", leverage=1.0)
    assert parse_payoff('{"kind": "DIGITAL", "strike": 0.03}') == Digital(kind="DIGITAL", strike=0.03, pays="ABOVE")
    daily = RangeAccrual(kind="RANGE_ACCRUAL", lower=0.01, observation="DAILY")
    assert parse_payoff('{"kind": "RANGE_ACCRUAL", "lower": 0.01}') == daily


def test_desks_words_for_margin_and_fixed_rate() -> None:
    capped = parse_payoff('{"kind": "CAPPED_FLOATER", "spread": 0.002, "cap": 0.05}')
    assert capped == CappedFloater(kind="CAPPED_FLOATER", margin=0.002, cap=0.05)
    inverse = parse_payoff('{"kind": "INVERSE_FLOATER", "coupon": 0.08}')
    assert inverse == InverseFloater(kind="INVERSE_FLOATER", fixed_rate=0.08)


@pytest.mark.parametrize("text", re.findall(r"`(\{\"kind\".*?\})`", DOCUMENTED))
def test_documented_examples_are_payoffs(text: str) -> None:
    assert parse_payoff(text).kind == json.loads(text)["kind"]


def test_how_far_rates_look() -> None:
    texts = ['{"kind": "CMS_SPREAD", "long_yr": 5, "short_yr": 30}', '{"kind": "CMS"}', '{"kind": "DIGITAL"}']
    assert [longest_tenor_yr(parse_payoff(text)) for text in texts] == [30, 10, 0]
    assert longest_tenor_yr(parse_payoff('{"kind": "RANGE_ACCRUAL", "upper": 0.05}')) == 1


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("", "$", "NOT_JSON"),
        ("{'kind': 'CMS'}", "$", "NOT_JSON"),
        ("[]", "$", "WRONG_TYPE"),
        ("{}", "kind", "MISSING"),
        ('{"kind": "LOTTERY"}', "kind", "UNKNOWN_VALUE"),
        ('{"kind": "CMS", "kind": "CMS"}', "kind", "DUPLICATE_KEY"),
        ('{"kind": "CMS", "strike": 0.03}', "strike", "UNKNOWN_FIELD"),
        ('{"kind": "CMS", "tenor_yr": 2.5}', "tenor_yr", "WRONG_TYPE"),
        ('{"kind": "CMS", "tenor_yr": 0}', "tenor_yr", "OUT_OF_RANGE"),
        ('{"kind": "CMS", "cap": "5%"}', "cap", "WRONG_TYPE"),
        ('{"kind": "CMS", "cap": 5}', "cap", "RATE_NOT_DECIMAL"),
        ('{"kind": "CMS", "cap": NaN}', "cap", "NOT_FINITE"),
        ('{"kind": "CMS", "cap": 0.01, "floor": 0.02}', "$", "CROSSED"),
        ('{"kind": "CMS_SPREAD", "long_yr": 2}', "$", "EQUAL_TENORS"),
        ('{"kind": "INVERSE_FLOATER", "leverage": 0}', "leverage", "OUT_OF_RANGE"),
        ('{"kind": "RANGE_ACCRUAL", "coupon": 0.05}', "$", "MISSING_RANGE"),
        ('{"kind": "RANGE_ACCRUAL", "lower": 0.05, "upper": 0.02}', "$", "CROSSED"),
        ('{"kind": "RANGE_ACCRUAL", "lower": 0.01, "observation": "HOURLY"}', "observation", "UNKNOWN_VALUE"),
        ('{"kind": "DIGITAL", "pays": "AT"}', "pays", "UNKNOWN_VALUE"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_fix(text: str, path: str, code: str) -> None:
    with pytest.raises(InvalidPayoff) as refused:
        parse_payoff(text)
    (problem,) = refused.value.problems
    assert (problem.path, problem.code) == (path, code)
    assert problem.message and problem.fix
