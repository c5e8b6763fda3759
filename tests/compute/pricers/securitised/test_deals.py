"""Deals through a chunk: bumps against brute force, scenarios for speeds and calls, and what keeps a deal unpriced."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from domain.measures.failures import Reason
from domain.measures.measures import Fact
from tests.builders.deal_fund import (
    ALL,
    FIXED_NOTE,
    FLOATER,
    FLOATING_LOAN,
    LINES,
    LOAN,
    POOL,
    RESIDUAL,
    TRANCHE,
    write_deal,
)
from tests.builders.derivative_fund import (
    AS_OF,
    INDEX,
    MEASURES,
    assert_sensitivities_are_central_differences,
    central_shocks,
    column,
    market,
    priced,
)


def test_sensitivities_project_the_deal_anew(tmp_path: Path) -> None:
    """Under scenarios every deal is projected with the moved curves: their differences are the measures."""
    write_deal(tmp_path, ALL)
    facts = priced(tmp_path, [TRANCHE] * 4, market(), *central_shocks())
    assert_sensitivities_are_central_differences(facts, 1e-6, 1e-5)
    held = priced(
        tmp_path, [TRANCHE] * 4, market(), *[[{"kind": "PARALLEL", "curves": "*", "bp": b}] for b in (25, -25)]
    )
    pv, stated = column(held, "pv"), column(held, "convexity")[0]
    assert_allclose(stated, (pv[1] + pv[2] - 2 * pv[0]) / (pv[0] * 25e-4**2), rtol=1e-6)


REPLACED = [
    ([{"kind": "PREPAYMENT", "speed": "CPR 12"}], {"prepayment": "CPR 12"}),
    ([{"kind": "DEFAULT", "speed": "SDA 300"}], {"default": "SDA 300"}),
    (
        [{"kind": "PREPAYMENT", "multiplier": 3}, {"kind": "PREPAYMENT", "speed": "SMM 2"},
         {"kind": "PREPAYMENT", "multiplier": 0.5}],
        {"prepayment": "SMM 1"},
    ),
    ([{"kind": "PREPAYMENT", "speed": "CPR 12"}, {"kind": "DEFAULT", "multiplier": 2}],
     {"prepayment": "CPR 12", "default": "CDR 2"}),
]  # fmt: skip


@pytest.mark.parametrize(("shocks", "quoted"), REPLACED)
def test_a_speed_replaces_what_is_quoted_and_earlier_shocks(
    tmp_path: Path, shocks: list[dict[str, Any]], quoted: dict[str, Any]
) -> None:
    """Pools, fixed and floating loans; what quotes no speed keeps none."""
    silent = {name: value for name, value in LOAN.items() if name not in ("prepayment", "default")}
    held = [POOL | {"default": "CDR 1", "severity": 0.3}, LOAN, FLOATING_LOAN, silent]
    shocked = priced(tmp_path, held, market(), [{"kind": "SEVERITY", "add": 0.0}], shocks)
    plain = priced(tmp_path, [*[each | quoted for each in held[:3]], silent], market())
    for name in ("pv", "dv01", "convexity", "wal"):
        assert_array_equal(column(shocked, name)[2], column(plain, name)[0])
        assert_array_equal(column(shocked, name)[1], column(shocked, name)[0])


def test_match_chooses_instruments_and_lines(tmp_path: Path) -> None:
    write_deal(tmp_path, ALL)
    held = [*[TRANCHE] * 4, POOL, POOL | {"deal_id": "D"}, FLOATING_LOAN]
    east = [{"kind": "PREPAYMENT", "speed": "CPR 30", "match": {"region": "EA*"}}]
    of_deal = [{"kind": "PREPAYMENT", "multiplier": 2, "match": {"deal_id": "D"}}]
    loans = [{"kind": "DEFAULT", "multiplier": 3, "match": {"product_type": "LOAN"}}]
    pv = column(priced(tmp_path, held, market(), east, of_deal, loans), "pv")
    loan, tranches, pool, of_d = 0, slice(1, 5), 5, 6  # positions stand by product
    changed = pv != pv[0]
    assert changed[1].tolist() == [False, *[True] * 4, False, False]
    assert changed[2, tranches].all() and changed[2, of_d] and not changed[2, [loan, pool]].any()
    assert changed[3].tolist() == [True, *[False] * 6]
    write_deal(tmp_path, ALL, [LINES[0] | {"prepayment": "CPR 30"}, LINES[1]])
    assert_array_equal(column(priced(tmp_path, held, market()), "pv")[0, tranches], pv[1, tranches])


def test_a_pac_is_planned_by_its_bands_whatever_speeds_are_shocked(tmp_path: Path) -> None:
    pac = FIXED_NOTE | {"kind": "PAC", "balance": 300e6, "pac_low": "ABS 0.8", "pac_high": "ABS 1.6"}
    support = FIXED_NOTE | {"kind": "SUPPORT", "rank": 2, "balance": 400e6}
    write_deal(tmp_path, [pac, support], [LINES[0] | {"balance": 800e6}])
    within = [[{"kind": "PREPAYMENT", "speed": speed}] for speed in ("ABS 1.0", "ABS 1.5")]
    wal = column(priced(tmp_path, [TRANCHE] * 2, market(), *within), "wal")
    assert wal[1, 0] == pytest.approx(wal[0, 0], abs=1e-9) == pytest.approx(wal[2, 0], abs=1e-9)
    assert wal[2, 1] < wal[0, 1] - 0.05 < wal[1, 1]


def test_a_scenario_exercises_the_call_of_the_deals_it_names(tmp_path: Path) -> None:
    write_deal(tmp_path, ALL)
    called = [[{"kind": "CLEAN_UP_CALL", "deals": name, "exercised": True}] for name in ("D*", "E*")]
    wal = column(priced(tmp_path, [TRANCHE] * 4, market(), *called), "wal")
    assert wal[1, 1] < wal[0, 1] and (wal[2, :3] == wal[0, :3]).all()
    write_deal(tmp_path, ALL, call_exercised="true")
    not_called = [[{"kind": "CLEAN_UP_CALL", "deals": "*", "exercised": False}]]
    again = column(priced(tmp_path, [TRANCHE] * 4, market(), *not_called), "wal")
    assert_array_equal(again[0, :3], wal[1, :3])
    assert_array_equal(again[1, :3], wal[0, :3])


def told(tmp_path: Path, given: dict[str, Any]) -> tuple[list[int], list[str]]:
    block = priced(tmp_path, [*[TRANCHE] * 4, POOL], given).blocks[Fact.PRICED]
    reasons = block.reasons[0, 0].tolist()
    failed = [number for number, reason in zip(block.detail, reasons, strict=True) if reason != Reason.NONE]
    return reasons, [block.details[number] for number in failed]


NO_CURVE = market(projection={})
NO_FIXING = market(fixings=[{"index": INDEX, "date": "2026-01-14", "rate": 0.04}])
PROBLEMS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], Reason, str]] = [
    ({"balance": 800.01e6}, {}, {}, Reason.INVALID_TERMS, "notes are above the pool by 10,000.00"),
    ({}, {"recovery_lag_months": 36}, {}, Reason.INVALID_TERMS, "recovery lag that is not shorter"),
    ({}, {}, {"first_payment_date": AS_OF.isoformat()}, Reason.INVALID_TERMS, "first_payment_date is on or before"),
    ({}, {"prepayment": "MODEL agency"}, {}, Reason.MISSING_MARKET_DATA, "no prepayment model 'agency'"),
    ({}, {}, {"market": NO_CURVE}, Reason.MISSING_MARKET_DATA, f"no projection curve for index '{INDEX}'"),
    ({}, {}, {"market": NO_FIXING}, Reason.MISSING_MARKET_DATA, f"no fixing of '{INDEX}' for 2026-01-15"),
]


@pytest.mark.parametrize(("note", "line", "deal", "reason", "words"), PROBLEMS)
def test_a_deal_that_fails_fails_its_tranches_and_nothing_else(
    tmp_path: Path, note: dict[str, Any], line: dict[str, Any], deal: dict[str, Any], reason: Reason, words: str
) -> None:
    given = deal.pop("market", market()) if "market" in deal else market()
    write_deal(tmp_path, [FIXED_NOTE | note, *ALL[1:]], [LINES[0], LINES[1] | line], **deal)
    reasons, sentences = told(tmp_path, given)
    assert reasons == [*[reason] * 4, Reason.NONE]
    assert len(sentences) == 4 and all(each.startswith("deal D: ") and words in each for each in sentences)


def test_notes_above_the_pool_may_be_meant(tmp_path: Path) -> None:
    write_deal(tmp_path, [FIXED_NOTE | {"balance": 900e6}, *ALL[1:]], undercollateralised="true")
    assert told(tmp_path, market())[0] == [Reason.NONE] * 5


def test_a_reset_on_a_holiday_reads_the_business_day_before(tmp_path: Path) -> None:
    """2026-01-18 is a Sunday: its fixing is that of Friday."""
    write_deal(tmp_path, ALL, first_payment_date="2026-02-18")
    friday = market(fixings=[{"index": INDEX, "date": "2026-01-16", "rate": 0.04}])
    assert told(tmp_path, friday)[0] == [Reason.NONE] * 5


def test_an_overnight_index_is_compounded_so_far(tmp_path: Path) -> None:
    """A year's margin nil: the rate in progress is what the fixings made, then the curve."""
    index = "USD-SOFR"
    days = [str(np.datetime64("2026-01-15") + k) for k in range(8)]
    given = market(
        projection={index: "TERM", INDEX: "TERM"},
        fixings=[{"index": index, "date": day, "rate": 0.05} for day in days],
    )
    write_deal(tmp_path, [FIXED_NOTE, FLOATER | {"index": index}, RESIDUAL], [LINES[0] | {"balance": 1000e6}])
    reasons = (
        priced(tmp_path, [TRANCHE] * 3, given, measures=(*MEASURES, "ACCRUED_INTEREST")).blocks[Fact.PRICED].reasons
    )
    assert reasons[0, 0].tolist() == [Reason.NONE] * 3
