"""Columns of exposures: each may stand on three tables, and what is out of range or contradicts itself is told."""

from collections.abc import Callable

import pytest

from commands.ingestion.prepare import Prepared
from domain.portfolio.attributes import HOLDERS
from domain.portfolio.exposure_columns import EXPOSURE_COLUMNS
from domain.portfolio.tables import BY_NAME
from tests.commands.ingestion.conftest import Tables

Bring = Callable[..., Prepared]

BAD = [
    ("pd_12m", "-0.2", "OUT_OF_RANGE"),
    ("lgd", "-0.1", "OUT_OF_RANGE"),
    ("w", "2", "OUT_OF_RANGE"),
    ("k_sa", "8", "OUT_OF_RANGE"),
    ("ltv", "80", "OUT_OF_RANGE"),
    ("undrawn", "-1", "OUT_OF_RANGE"),
    ("crc", "8", "OUT_OF_RANGE"),
    ("asset_class", "MORTGAGE", "NOT_IN_LIST"),
    ("accounting_class", "FVTPL", "NOT_IN_LIST"),
    ("commitment_type", "LINE", "NOT_IN_LIST"),
    ("defaulted", "perhaps", "NOT_A_FLAG"),
    ("income_currency", "EURO", "UNKNOWN_CURRENCY"),
]


@pytest.mark.parametrize("table", HOLDERS)
def test_every_column_may_stand_on_each_of_the_three(table: str) -> None:
    assert {column.name for column in EXPOSURE_COLUMNS} <= {column.name for column in BY_NAME[table].columns}


@pytest.mark.parametrize("table", HOLDERS)
@pytest.mark.parametrize(("column", "value", "code"), BAD)
def test_what_cannot_be_is_told_with_its_row_and_column(
    sound: Tables, bring: Bring, table: str, column: str, value: str, code: str
) -> None:
    rows = [dict(row) for row in sound[table]]
    rows[0][column] = value
    errors = bring(sound | {table: rows}).errors
    assert [(each.table, each.row, each.column, each.code) for each in errors] == [(table, 2, column, code)]


def test_a_tranche_ends_after_it_begins(sound: Tables, bring: Bring) -> None:
    rows = [row | {"attachment": "0.2", "detachment": "0.2"} for row in sound["positions"][:1]]
    errors = bring(sound | {"positions": rows}).errors
    assert [(each.column, each.code) for each in errors] == [("detachment", "INCONSISTENT_TERMS")]


def test_netting_sets_and_credit_events_are_checked(sound: Tables, bring: Bring) -> None:
    issuer = sound["issuers"][0]["issuer_id"]
    sets = [
        {"netting_set_id": "A", "counterparty_id": issuer, "currency": "USD"},
        {"netting_set_id": "B", "counterparty_id": "NOBODY", "currency": "USD"},
    ]
    events = [
        {"position_id": "GONE", "date": "2026-01-12", "kind": "CHARGE_OFF", "amount": "5"},
        {"position_id": "GONE", "date": "", "kind": "RECOVERY", "amount": "0"},
    ]
    positions = [row | {"netting_set_id": "C"} for row in sound["positions"][:1]]
    errors = bring(sound | {"netting_sets": sets, "credit_events": events, "positions": positions}).errors
    assert {(each.table, each.row, each.column, each.code) for each in errors} == {
        ("netting_sets", 3, "counterparty_id", "UNKNOWN_REFERENCE"),
        ("positions", 2, "netting_set_id", "UNKNOWN_REFERENCE"),
        ("credit_events", 3, "date", "REQUIRED"),
        ("credit_events", 3, "amount", "OUT_OF_RANGE"),
    }


def test_credit_events_have_an_effect(sound: Tables, bring: Bring) -> None:
    events = [{"position_id": "P1", "date": "2025-03-01", "kind": "CHARGE_OFF", "amount": "10"}]
    warnings = bring(sound | {"credit_events": events}).warnings
    assert [each for each in warnings if each.table == "credit_events"] == []
