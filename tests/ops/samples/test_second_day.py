"""The sample's second day against its first: what is gone, new, paid down, charged off and rated lower."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from commands.ingestion.prepare import prepare_portfolio
from domain.capital.policies import PolicyDocument
from domain.market.document import parse_market
from ops.samples.bank import policy_document
from ops.samples.credit_policy import ADVERSE
from ops.samples.files import laid_out
from ops.samples.fund import write_sample_fund
from ops.samples.market import AS_OF as FIRST_DAY
from ops.samples.market import RATINGS
from ops.samples.second_day import AS_OF, second_market, write_second_day

POSITIONS = 1000


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    first, second = (tmp_path_factory.mktemp(name) for name in ("first", "second"))
    write_sample_fund(first, POSITIONS)
    write_second_day(second, POSITIONS)
    return first, second


def rows(folder: Path, table: str, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in pq.read_table(folder / f"{table}.parquet").to_pylist()}


def test_both_days_are_sound(days: tuple[Path, Path]) -> None:
    for folder in days:
        prepared = prepare_portfolio(folder)
        assert prepared.errors == [] and prepared.warnings == []


@pytest.mark.parametrize("positions", [1, 2, 7, 99])
def test_a_small_fund_has_a_second_day_too(tmp_path: Path, positions: int) -> None:
    write_second_day(tmp_path, positions)
    prepared = prepare_portfolio(tmp_path)
    assert prepared.errors == [] and prepared.warnings == []


def test_some_loans_are_gone_some_are_new_and_some_are_paid_down(days: tuple[Path, Path]) -> None:
    first, second = (rows(folder, "positions", "position_id") for folder in days)
    gone, new = set(first) - set(second), set(second) - set(first)
    assert 0 < len(gone) < POSITIONS // 20 and 0 < len(new) < POSITIONS // 20
    held = [(first[name]["notional"], second[name]["notional"]) for name in set(first) & set(second)]
    lower = [(before, after) for before, after in held if after != before]
    assert 0 < len(lower) < POSITIONS // 10 and all(0 < after < before for before, after in lower)
    assert {second[name]["acquisition_date"] for name in new} == {AS_OF}
    assert {second[name]["pcd"] for name in new} == {True, False}


def test_charge_offs_and_recoveries_are_of_loans_that_are_gone(days: tuple[Path, Path]) -> None:
    first, second = (rows(folder, "positions", "position_id") for folder in days)
    events = pq.read_table(days[1] / "credit_events.parquet").to_pylist()
    assert {event["kind"] for event in events} == {"CHARGE_OFF", "RECOVERY"}
    assert not (days[0] / "credit_events.parquet").exists()
    charged = {each["position_id"]: each["amount"] for each in events if each["kind"] == "CHARGE_OFF"}
    for event in events:
        assert event["position_id"] in set(first) - set(second)
        assert FIRST_DAY < event["date"] <= AS_OF
        assert 0 < event["amount"] <= charged[event["position_id"]] < first[event["position_id"]]["notional"]


def test_a_few_companies_are_rated_a_letter_lower(days: tuple[Path, Path]) -> None:
    first, second = (rows(folder, "issuers", "issuer_id") for folder in days)
    moved = [name for name in first if first[name]["rating"] != second[name]["rating"]]
    assert 0 < len(moved) < 20 and all(name.startswith("CORP") for name in moved)
    for name in moved:
        assert RATINGS.index(second[name]["rating"]) == RATINGS.index(first[name]["rating"]) + 1
        assert second[name]["pd_12m"] > first[name]["pd_12m"]


def test_every_derivative_is_in_a_netting_set_of_its_fund_with_a_bank(days: tuple[Path, Path]) -> None:
    for folder in days:
        sets, issuers = rows(folder, "netting_sets", "netting_set_id"), rows(folder, "issuers", "issuer_id")
        instruments = rows(folder, "instruments", "instrument_id")
        derivatives = {"IRS", "CAP_FLOOR", "SWAPTION", "CDS", "FX_FWD", "FX_OPTION"}
        named = set()
        for position in rows(folder, "positions", "position_id").values():
            product, name = instruments[position["instrument_id"]]["product_type"], position["netting_set_id"]
            assert (name is not None) == (product in derivatives)
            if name is not None:
                named.add(name)
                assert sets[name]["book_id"].split(".")[0] == position["book_id"].split(".")[0]
        assert named == set(sets)
        assert {issuers[each["counterparty_id"]]["asset_class"] for each in sets.values()} == {"BANK"}
        assert {each["margined"] for each in sets.values()} == {True, False}


def test_the_second_market_is_one_that_tenor_accepts() -> None:
    market = parse_market(laid_out(second_market()).encode())
    assert market.as_of == AS_OF and dt.timedelta(days=3) == AS_OF - FIRST_DAY


def test_the_policy_makes_an_allowance_of_every_class() -> None:
    policy = PolicyDocument.model_validate(policy_document(10_000))
    assert policy.cecl is not None
    assert policy.cecl.segments[-1].match == {}
    assert set(policy.cecl.scenario_weights) == {"BASE", ADVERSE}
    assert {each.segment for each in policy.satellites} < {each.segment for each in policy.cecl.segments}
