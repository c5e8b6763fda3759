"""What ingestion refuses and warns of in loans whose terms change on agreed dates: the codes of the contract."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commands.ingestion.prepare import prepare_portfolio
from tests.builders.schedules import Row, arm, brought, loan

SOUND_HOLIDAY: Row = {"instrument_id": "L", "from_date": "2026-04-01", "to_date": "2026-06-01", "kind": "FULL"}
SOUND_DRAW: Row = {"instrument_id": "L", "date": "2026-04-01", "amount": 100}
SOUND_STEP: Row = {"instrument_id": "L", "date": "2026-04-01", "coupon": 0.05}

REFUSED: list[tuple[Row, dict[str, list[Row]], tuple[str, str, str]]] = [
    (arm(first_reset_date="", periodic_cap=0.02), {}, ("instruments", "periodic_cap", "MISSING_TERM")),
    (arm(first_reset_date="", first_cap=0.02), {}, ("instruments", "first_cap", "MISSING_TERM")),
    (arm(first_reset_date="", life_cap=0.02), {}, ("instruments", "life_cap", "MISSING_TERM")),
    (arm(first_reset_date="", payment_cap=0.02), {}, ("instruments", "payment_cap", "MISSING_TERM")),
    (arm(first_reset_date="", reset_frequency=2), {}, ("instruments", "reset_frequency", "MISSING_TERM")),
    (loan(periodic_cap=0.0), {}, ("instruments", "periodic_cap", "MISSING_TERM")),
    (arm(coupon=""), {}, ("instruments", "coupon", "MISSING_TERM")),
    (arm(first_reset_date="2025-12-01"), {}, ("instruments", "first_reset_date", "DATE_ORDER")),
    (arm(reset_frequency=5), {}, ("instruments", "reset_frequency", "NOT_IN_LIST")),
    (arm(payment_cap=1.5), {}, ("instruments", "payment_cap", "OUT_OF_RANGE")),
    (arm(original_balance=-1), {}, ("instruments", "original_balance", "OUT_OF_RANGE")),
    (arm(payment_cap=0.1, recast_months=0), {}, ("instruments", "recast_months", "OUT_OF_RANGE")),
    (loan(draw_rate=1.2), {}, ("instruments", "draw_rate", "OUT_OF_RANGE")),
    (loan(draw_rate=0.2, commitment_end_date="2025-01-01"), {}, ("instruments", "commitment_end_date", "DATE_ORDER")),
    (loan(), {"payment_holidays": [SOUND_HOLIDAY | {"to_date": "2026-03-01"}]},
     ("payment_holidays", "to_date", "DATE_ORDER")),
    (loan(), {"payment_holidays": [SOUND_HOLIDAY | {"kind": "HALF"}]}, ("payment_holidays", "kind", "NOT_IN_LIST")),
    (loan(), {"payment_holidays": [SOUND_HOLIDAY | {"instrument_id": "N"}]},
     ("payment_holidays", "instrument_id", "UNKNOWN_REFERENCE")),
    (loan(), {"payment_holidays": [SOUND_HOLIDAY, SOUND_HOLIDAY]},
     ("payment_holidays", "instrument_id", "DUPLICATE_ID")),
    (loan(), {"draws": [SOUND_DRAW | {"instrument_id": "N"}]}, ("draws", "instrument_id", "UNKNOWN_REFERENCE")),
    (loan(), {"draws": [SOUND_DRAW | {"amount": -5}]}, ("draws", "amount", "OUT_OF_RANGE")),
    (loan(), {"draws": [SOUND_DRAW, SOUND_DRAW]}, ("draws", "instrument_id", "DUPLICATE_ID")),
    (loan(), {"steps": [SOUND_STEP | {"instrument_id": "N"}]}, ("steps", "instrument_id", "UNKNOWN_REFERENCE")),
    (loan(), {"steps": [SOUND_STEP, SOUND_STEP]}, ("steps", "instrument_id", "DUPLICATE_ID")),
    (loan(), {"steps": [SOUND_STEP | {"coupon": 5.0}]}, ("steps", "coupon", "PERCENT_SUSPECTED")),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "tables", "expected"), REFUSED, ids=[" ".join(row[2]) for row in REFUSED])
def test_what_is_refused(
    tmp_path: Path, terms: Row, tables: dict[str, list[Row]], expected: tuple[str, str, str]
) -> None:
    prepared = brought(tmp_path, [terms], **tables)
    assert {(each.table, each.column, each.code) for each in prepared.errors} == {expected}
    assert all(each.fix and each.message for each in prepared.errors)


BOND = loan(product_type="BOND", amortization="")
WARNED: list[tuple[Row, dict[str, list[Row]], tuple[str, str, str]]] = [
    (arm(payment_cap=0.05), {}, ("instruments", "payment_cap", "NEVER_AMORTISES")),
    (arm(fixing_lag_days=3), {}, ("instruments", "fixing_lag_days", "TERM_NOT_USED")),
    (arm(initial_rate=0.04), {}, ("instruments", "initial_rate", "TERM_NOT_USED")),
    (arm(recast_months=60), {}, ("instruments", "recast_months", "TERM_NOT_USED")),
    (arm(amortization="LINEAR", payment_cap=0.05), {}, ("instruments", "payment_cap", "TERM_NOT_USED")),
    (loan(original_balance=12_000), {}, ("instruments", "original_balance", "TERM_NOT_USED")),
    (loan(commitment_end_date="2026-06-01"), {}, ("instruments", "commitment_end_date", "TERM_NOT_USED")),
    (BOND, {"payment_holidays": [SOUND_HOLIDAY]}, ("payment_holidays", "instrument_id", "TERM_NOT_USED")),
    (BOND, {"draws": [SOUND_DRAW]}, ("draws", "instrument_id", "TERM_NOT_USED")),
    (loan(), {"draws": [SOUND_DRAW | {"date": "2027-01-01"}]}, ("draws", "date", "TERM_NOT_USED")),
    (loan(), {"steps": [SOUND_STEP | {"margin": 0.01}]}, ("steps", "margin", "TERM_NOT_USED")),
    (loan(), {"steps": [SOUND_STEP | {"notional_factor": 0.5}]}, ("steps", "notional_factor", "TERM_NOT_USED")),
    (arm(), {"steps": [SOUND_STEP]}, ("steps", "coupon", "TERM_NOT_USED")),
]


@pytest.mark.parametrize(("terms", "tables", "expected"), WARNED, ids=[" ".join(row[2]) for row in WARNED])
def test_what_is_warned_of(
    tmp_path: Path, terms: Row, tables: dict[str, list[Row]], expected: tuple[str, str, str]
) -> None:
    prepared = brought(tmp_path, [terms], **tables)
    assert prepared.errors == []
    assert {(each.table, each.column, each.code) for each in prepared.warnings} == {expected}


SOUND: list[tuple[Row, dict[str, list[Row]]]] = [
    (arm(reset_frequency=2, periodic_cap=0.01, first_cap=0.02, life_cap=0.05, initial_rate=0.05), {}),
    (arm(payment_cap=0.075, neg_am_cap=1.1, original_balance=9000), {}),
    (arm(payment_cap=0.075, recast_months=60), {}),
    (loan(draw_rate=0.3, commitment_end_date="2026-06-01"), {}),
    (loan(), {"payment_holidays": [SOUND_HOLIDAY], "draws": [SOUND_DRAW], "steps": [SOUND_STEP]}),
]


@pytest.mark.parametrize(("terms", "tables"), SOUND)
def test_what_is_sound_is_stored_without_a_word(tmp_path: Path, terms: Row, tables: dict[str, list[Row]]) -> None:
    prepared = brought(tmp_path, [terms], **tables)
    assert (prepared.errors, prepared.warnings) == ([], [])
    assert prepared.portfolio is not None
    assert {name: prepared.portfolio.tables[name].rows for name in tables} == dict.fromkeys(tables, 1)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("payment_holidays", [SOUND_HOLIDAY | {"to_date": "2026-03-01"}]),
        ("draws", [SOUND_DRAW | {"amount": -1}]),
        ("steps", [SOUND_STEP | {"date": "soon"}]),
    ],
)
def test_a_row_in_error_takes_its_instrument_with_it(tmp_path: Path, name: str, rows: list[Any]) -> None:
    """A loan without one of its holidays is another loan."""
    brought(tmp_path, [loan(), loan(instrument_id="M", maturity_date=date(2028, 1, 1))], **{name: rows})
    prepared = prepare_portfolio(tmp_path, accept_valid=True)
    assert prepared.portfolio is not None
    assert prepared.portfolio.tables["positions"].columns["instrument_id"].categories == ("M",)
    assert name not in prepared.portfolio.tables
