"""One cell spoilt at a time: one error, at that row and column, with that code and a fix."""

from collections.abc import Callable
from typing import Any

import pytest

from commands.ingestion.prepare import Prepared

Tables = dict[str, list[dict[str, Any]]]

# table, place among its rows, column, value, code
CASES = [
    ("portfolio", 0, "kind", "DIVISION", "NOT_IN_LIST"),
    ("portfolio", 2, "kind", "", "REQUIRED"),
    ("portfolio", 1, "parent_id", "NOBODY", "UNKNOWN_REFERENCE"),
    ("issuers", 0, "pd_12m", "1.5", "OUT_OF_RANGE"),
    ("issuers", 0, "pd_12m", "-0.1", "OUT_OF_RANGE"),
    ("issuers", 0, "lei", "5493001KJTIIGC8Y1R13", "INVALID_IDENTIFIER"),
    ("issuers", 0, "asset_class", "CORPORATES", "NOT_IN_LIST"),
    ("instruments", 0, "product_type", "MORTGAGE", "UNKNOWN_PRODUCT_TYPE"),
    ("instruments", 0, "currency", "usd", "UNKNOWN_CURRENCY"),
    ("instruments", 0, "currency", "", "REQUIRED"),
    ("instruments", 0, "currency", "XXX", "UNKNOWN_CURRENCY"),
    ("instruments", 0, "issuer_id", "NOBODY", "UNKNOWN_REFERENCE"),
    ("instruments", 0, "issue_date", "15/01/2024", "NOT_A_DATE"),
    ("instruments", 0, "issue_date", "2024-02-30", "NOT_A_DATE"),
    ("instruments", 0, "issue_date", "20240115", "NOT_A_DATE"),
    ("instruments", 0, "issue_date", "2024-01-15T00:00:00", "NOT_A_DATE"),
    ("instruments", 0, "issue_date", "", "MISSING_TERM"),
    ("instruments", 0, "issue_date", "0024-01-15", "OUT_OF_RANGE"),
    ("instruments", 0, "maturity_date", "2024-01-15", "DATE_ORDER"),
    ("instruments", 0, "maturity_date", "2020-01-15", "DATE_ORDER"),
    ("instruments", 0, "maturity_date", "", "MISSING_TERM"),
    ("instruments", 0, "first_payment_date", "2023-12-15", "DATE_ORDER"),
    ("instruments", 0, "first_payment_date", "2031-12-15", "DATE_ORDER"),
    ("instruments", 0, "expiry_date", "2023-12-15", "DATE_ORDER"),
    ("instruments", 0, "coupon", "six", "NOT_A_NUMBER"),
    ("instruments", 0, "coupon", "6%", "NOT_A_NUMBER"),
    ("instruments", 0, "coupon", "0,06", "NOT_A_NUMBER"),
    ("instruments", 0, "coupon", "1_0", "NOT_A_NUMBER"),
    ("instruments", 0, "coupon", "0x1p3", "NOT_A_NUMBER"),
    ("instruments", 0, "coupon", "NaN", "NOT_FINITE"),
    ("instruments", 0, "coupon", "inf", "NOT_FINITE"),
    ("instruments", 0, "coupon", "-Infinity", "NOT_FINITE"),
    ("instruments", 0, "coupon", "1e999", "NOT_FINITE"),
    ("instruments", 0, "coupon", "6.25", "OUT_OF_RANGE"),
    ("instruments", 0, "coupon", "=0.06", "FORMULA"),
    ("instruments", 0, "coupon", "", "MISSING_TERM"),
    ("instruments", 0, "rate_type", "", "MISSING_TERM"),
    ("instruments", 0, "rate_type", "fixed", "NOT_IN_LIST"),
    ("instruments", 0, "rate_type", "ZERO", "INCONSISTENT_TERMS"),
    ("instruments", 0, "frequency", "3", "NOT_IN_LIST"),
    ("instruments", 0, "frequency", "monthly", "NOT_A_NUMBER"),
    ("instruments", 0, "frequency", "0", "INCONSISTENT_TERMS"),
    ("instruments", 0, "day_count", "30/365", "NOT_IN_LIST"),
    ("instruments", 0, "amortization", "", "MISSING_TERM"),
    ("instruments", 0, "amortization", "CUSTOM", "MISSING_CASHFLOWS"),
    ("instruments", 0, "calendar", "NYC", "NOT_IN_LIST"),
    ("instruments", 0, "business_day", "NEXT", "NOT_IN_LIST"),
    ("instruments", 0, "io_months", "1.5", "NOT_AN_INTEGER"),
    ("instruments", 0, "io_months", "-1", "OUT_OF_RANGE"),
    ("instruments", 0, "end_of_month", "maybe", "NOT_A_FLAG"),
    ("instruments", 0, "rounding", "PENNY", "NOT_IN_LIST"),
    ("instruments", 0, "prepayment", "CPR", "INVALID_SPEED"),
    ("instruments", 0, "prepayment", "CPR six", "INVALID_SPEED"),
    ("instruments", 0, "prepayment", "CPR -6", "INVALID_SPEED"),
    ("instruments", 0, "prepayment", "CPR 101", "INVALID_SPEED"),
    ("instruments", 0, "prepayment", "CDR 2", "INVALID_SPEED"),
    ("instruments", 0, "prepayment", "MODEL", "INVALID_SPEED"),
    ("instruments", 0, "default", "CDR 2", "MISSING_SEVERITY"),
    ("instruments", 0, "severity", "1.2", "OUT_OF_RANGE"),
    ("instruments", 0, "payoff", "{", "INVALID_PAYOFF"),
    ("instruments", 0, "payoff", '{"kind": "LOTTERY"}', "INVALID_PAYOFF"),
    ("instruments", 1, "index", "", "MISSING_TERM"),
    ("instruments", 2, "pair", "EUR/USD", "INVALID_PAIR"),
    ("instruments", 2, "pair", "USDUSD", "INVALID_PAIR"),
    ("instruments", 2, "pair", "EURGBP", "WRONG_CURRENCY"),
    ("instruments", 2, "strike", "", "MISSING_TERM"),
    ("positions", 0, "position_id", "", "REQUIRED"),
    ("positions", 0, "position_id", "P2", "DUPLICATE_ID"),
    ("positions", 0, "position_id", " P1", "SURROUNDING_BLANKS"),
    ("positions", 0, "position_id", "P\t1", "CONTROL_CHARACTER"),
    ("positions", 0, "position_id", "P" * 201, "TOO_LONG"),
    ("positions", 0, "instrument_id", "L9", "UNKNOWN_REFERENCE"),
    ("positions", 0, "book_id", "DESK", "NOT_A_BOOK"),
    ("positions", 0, "book_id", "SHELF", "UNKNOWN_REFERENCE"),
    ("positions", 0, "notional", "", "REQUIRED"),
    ("positions", 0, "notional", "1,000.50", "NOT_A_NUMBER"),
    ("positions", 0, "undrawn", "-1", "OUT_OF_RANGE"),
    ("positions", 0, "acquisition_date", "yesterday", "NOT_A_DATE"),
    ("positions", 0, "tags", "A=1;A=2", "INVALID_TAGS"),
    ("positions", 0, "tags", "=1", "FORMULA"),
    ("positions", 0, "tags", '{"A": [1]}', "INVALID_TAGS"),
]


@pytest.mark.parametrize(("table", "place", "column", "value", "code"), CASES)
def test_a_spoilt_cell_is_one_error_with_its_fix(
    sound: Tables, bring: Callable[..., Prepared], table: str, place: int, column: str, value: str, code: str
) -> None:
    sound[table][place][column] = value
    prepared = bring(sound)
    found = [error for error in prepared.errors if error.code == code]
    assert len(found) == 1, prepared.errors
    error = found[0]
    expected_row = 3 if code == "DUPLICATE_ID" else place + 2
    expected_column = {
        "MISSING_CASHFLOWS": "amortization",
        "MISSING_SEVERITY": "severity",
        "WRONG_CURRENCY": "currency",
    }.get(code, column)
    assert (error.table, error.row, error.column) == (table, expected_row, expected_column)
    assert error.message and error.fix
    assert prepared.portfolio is None and prepared.sha256 is None
    assert prepared.accepted == 0


def test_every_error_is_reported_not_the_first_only(sound: Tables, bring: Callable[..., Prepared]) -> None:
    for table, place, column, value in [
        ("instruments", 0, "coupon", "NaN"),
        ("instruments", 0, "day_count", "ACT/364"),
        ("instruments", 1, "maturity_date", "never"),
        ("positions", 2, "notional", ""),
        ("portfolio", 0, "kind", "CLUB"),
    ]:
        sound[table][place][column] = value
    errors = bring(sound).errors
    assert [(error.table, error.row, error.column, error.code) for error in errors] == [
        ("portfolio", 2, "kind", "NOT_IN_LIST"),
        ("instruments", 2, "coupon", "NOT_FINITE"),
        ("instruments", 2, "day_count", "NOT_IN_LIST"),
        ("instruments", 3, "maturity_date", "NOT_A_DATE"),
        ("positions", 4, "notional", "REQUIRED"),
    ]
    assert [error.value for error in errors] == ["CLUB", "NaN", "ACT/364", "never", None]


FIXES = [
    ("instruments", 0, "day_count", "ACT/365", "ACT/365F"),
    ("instruments", 0, "product_type", "loan", "LOAN"),
    ("instruments", 0, "coupon", "6%", "0.06"),
    ("instruments", 0, "coupon", "0,06", "0.06"),
    ("instruments", 0, "coupon", "6.25", "0.0625"),
    ("instruments", 0, "currency", "usd", "USD"),
    ("positions", 0, "notional", "1,000.50", "1000.50"),
    ("instruments", 2, "pair", "EURGBP", "GBP"),
]


@pytest.mark.parametrize(("table", "place", "column", "value", "hint"), FIXES)
def test_the_fix_says_what_to_write(
    sound: Tables, bring: Callable[..., Prepared], table: str, place: int, column: str, value: str, hint: str
) -> None:
    sound[table][place][column] = value
    assert hint in bring(sound).errors[0].fix


@pytest.mark.parametrize("flag", ["true", "FALSE", "1", "0", "yes", "no", ""])
def test_flags_are_read_in_every_usual_spelling(sound: Tables, bring: Callable[..., Prepared], flag: str) -> None:
    sound["instruments"][0]["end_of_month"] = flag
    assert bring(sound).errors == []


@pytest.mark.parametrize("speed", ["CPR 6", "SMM 0.5", "PSA 165", "ABS 1.3", "MODEL base", "CPR 0"])
def test_the_contract_s_speeds_are_sound(sound: Tables, bring: Callable[..., Prepared], speed: str) -> None:
    sound["instruments"][0]["prepayment"] = speed
    assert bring(sound).errors == []


@pytest.mark.parametrize(("default", "severity"), [("CDR 2", "0.4"), ("SDA 100", "0"), ("PD", "0.5"), ("PD", "")])
def test_defaults_with_a_severity_or_an_issuer_s_lgd_are_sound(
    sound: Tables, bring: Callable[..., Prepared], default: str, severity: str
) -> None:
    sound["instruments"][0] |= {"default": default, "severity": severity}
    assert bring(sound).errors == []
