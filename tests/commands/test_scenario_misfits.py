"""Patterns that find nothing in the portfolio are refused before the run: contract, section 4."""

from typing import Any

import pytest

from commands.scenario_misfits import portfolio_misfits
from domain.scenarios.shocks import ScenarioDocument
from domain.snapshot import Content, Snapshot, SnapshotKind, SnapshotRegistered, register
from tests.builders.run_events import ASKED

VALUES = {"product_type": ["ABS_MBS", "LOAN"], "rating": ["BBB"], "tags": None}
LINES = {"deal_id": ["AUTO-1", "AUTO-2"], "region": ["North", "South"], "wac": ["0.06"], "line_id": None}
DEALS = ["AUTO-1", "AUTO-2"]


def registered(rows: dict[str, int], source: dict[str, Any]) -> SnapshotRegistered:
    content = Content(kind=SnapshotKind.PORTFOLIO, sha256="", rows=rows, control_totals={}, source=source)
    return register(Snapshot(), ASKED, content)[0]


WITH_DEALS = registered({"deals": 2, "collateral": 3}, {"values": VALUES, "deals": DEALS, "values_of_lines": LINES})
WITHOUT = registered({}, {"values": VALUES})
OLDER = registered({"deals": 2, "collateral": 3}, {"values": VALUES})


def call(deals: str) -> dict[str, Any]:
    return {"kind": "CLEAN_UP_CALL", "deals": deals, "exercised": True}


def faster(**match: str) -> dict[str, Any]:
    return {"kind": "PREPAYMENT", "multiplier": 2, "match": match}


@pytest.mark.parametrize(
    ("portfolio", "shock", "path"),
    [
        (WITH_DEALS, call("AUTO-*"), None),
        (WITH_DEALS, call("*"), None),
        (WITH_DEALS, call("auto-*"), "s.shocks[0].deals"),
        (WITH_DEALS, call("AUTO-3"), "s.shocks[0].deals"),
        (WITHOUT, call("*"), "s.shocks[0].deals"),
        (OLDER, call("AUTO-3"), None),  # its registration does not say which deals it has
        (WITH_DEALS, faster(deal_id="AUTO-2"), None),
        (WITH_DEALS, faster(region="S*", product_type="*"), None),
        (WITH_DEALS, faster(product_type="LOAN"), None),
        (WITH_DEALS, faster(wac="0.06"), None),
        (WITH_DEALS, faster(line_id="whatever"), None),  # too many to be listed
        (WITH_DEALS, faster(coupon="0.05"), None),  # a number of the contract's own is not listed
        (WITH_DEALS, faster(region="West"), "s.shocks[0].match"),
        (WITH_DEALS, faster(regoin="*"), "s.shocks[0].match"),
        (WITHOUT, faster(deal_id="AUTO-2"), "s.shocks[0].match"),
        (OLDER, faster(region="West"), None),
        (WITHOUT, {"kind": "DEFAULT", "speed": "CDR 6", "match": {"rating": "A"}}, "s.shocks[0].match"),
        (WITHOUT, {"kind": "DEFAULT", "speed": "CDR 6"}, None),
    ],
)
def test_a_pattern_that_finds_nothing_is_told_with_its_place(
    portfolio: SnapshotRegistered, shock: dict[str, Any], path: str | None
) -> None:
    scenario = ScenarioDocument.model_validate({"scenario_id": "s", "shocks": [shock]})
    found = portfolio_misfits(portfolio, [scenario])
    assert [(each["code"], each["path"]) for each in found] == ([("PATTERN_MATCHES_NOTHING", path)] if path else [])
    assert all(each["fix"] for each in found)


def test_the_deals_that_are_there_are_named() -> None:
    scenario = ScenarioDocument.model_validate({"scenario_id": "s", "shocks": [call("CARS")]})
    messages = [portfolio_misfits(each, [scenario])[0]["message"] for each in (WITH_DEALS, WITHOUT)]
    assert messages == [
        "'CARS' matches no deal; there are: AUTO-1, AUTO-2",
        "'CARS' matches no deal; there are: none",
    ]
