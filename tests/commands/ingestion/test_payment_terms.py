"""Dates on which an instrument pays, and a payment that is given: what is refused, and what is warned of."""

from collections.abc import Callable
from typing import Any

import pytest

from commands.ingestion.prepare import Prepared

Tables = dict[str, list[dict[str, Any]]]
Bring = Callable[..., Prepared]
LOAN, BOND, FORWARD = 0, 1, 2


def told(findings: list[Any]) -> list[tuple[str, str]]:
    return [(each.column, each.code) for each in findings]


@pytest.mark.parametrize(
    ("row", "terms", "errors", "warnings"),
    [
        (LOAN, {"last_regular_payment_date": "2028-12-15"}, [], []),
        (LOAN, {"last_regular_payment_date": "2024-01-15"}, [("last_regular_payment_date", "DATE_ORDER")], []),
        (LOAN, {"last_regular_payment_date": "2029-02-15"}, [("last_regular_payment_date", "DATE_ORDER")], []),
        (
            LOAN,
            {"first_payment_date": "2024-06-15", "last_regular_payment_date": "2024-03-15"},
            [("last_regular_payment_date", "DATE_ORDER")],
            [],
        ),
        (LOAN, {"first_payment_date": "2024-02-15"}, [], []),
        (LOAN, {"first_payment_date": "2024-02-20"}, [], [("first_payment_date", "OFF_GRID")]),
        (LOAN, {"first_payment_date": "2024-02-20", "last_regular_payment_date": "2028-12-20"}, [], []),
        (
            LOAN,
            {"first_payment_date": "2024-02-15", "last_regular_payment_date": "2028-12-20"},
            [],
            [("first_payment_date", "OFF_GRID")],
        ),
        (LOAN, {"first_payment_date": "2024-03-31", "last_regular_payment_date": "2028-06-30"}, [], []),
        (LOAN, {"maturity_date": "2029-02-28", "first_payment_date": "2024-02-28"}, [], []),
        (
            LOAN,
            {"maturity_date": "2029-02-28", "first_payment_date": "2024-02-28", "end_of_month": "true"},
            [],
            [("first_payment_date", "OFF_GRID")],
        ),
        (LOAN, {"frequency": "26", "first_payment_date": "2024-02-05"}, [], []),
        (LOAN, {"frequency": "26", "first_payment_date": "2024-02-06"}, [], [("first_payment_date", "OFF_GRID")]),
        (LOAN, {"frequency": "52", "first_payment_date": "2024-01-22"}, [], []),
        (BOND, {"first_payment_date": "2024-05-20"}, [], []),
        (BOND, {"first_payment_date": "2024-06-20"}, [], [("first_payment_date", "OFF_GRID")]),
        (LOAN, {"payment_amount": "25"}, [], []),
        (LOAN, {"payment_amount": "0"}, [("payment_amount", "OUT_OF_RANGE")], []),
        (LOAN, {"payment_amount": "-25"}, [("payment_amount", "OUT_OF_RANGE")], []),
        (
            LOAN,
            {"payment_amount": "25", "reference_notional": "0"},
            [("reference_notional", "INCONSISTENT_TERMS")],
            [],
        ),
        (LOAN, {"payment_amount": "25", "amortization": "LINEAR"}, [], [("payment_amount", "TERM_NOT_USED")]),
        (LOAN, {"payment_amount": "25", "amortization_months": "360"}, [], [("amortization_months", "TERM_NOT_USED")]),
        (BOND, {"payment_amount": "25"}, [], [("payment_amount", "TERM_NOT_USED")]),
        (FORWARD, {"payment_amount": "25"}, [], [("payment_amount", "TERM_NOT_USED")]),
        (
            BOND,
            {"frequency": "0", "last_regular_payment_date": "2029-11-20"},
            [],
            [("last_regular_payment_date", "TERM_NOT_USED")],
        ),
        (LOAN, {"frequency": "6"}, [], []),
        (LOAN, {"frequency": "24"}, [("frequency", "NOT_IN_LIST")], []),
    ],
)
def test_payment_terms(
    sound: Tables,
    bring: Bring,
    row: int,
    terms: dict[str, str],
    errors: list[tuple[str, str]],
    warnings: list[tuple[str, str]],
) -> None:
    sound["instruments"][row] |= terms
    prepared = bring(sound)
    own = [each for each in prepared.errors if each.code != "DEPENDS_ON_REJECTED"]
    assert (told(own), told(prepared.warnings)) == (errors, warnings)


def test_a_first_payment_off_the_grid_names_both_dates_and_the_way_out(sound: Tables, bring: Bring) -> None:
    sound["instruments"][LOAN]["first_payment_date"] = "2024-02-20"
    (warning,) = bring(sound).warnings
    assert "2024-02-20" in warning.message and "2029-01-15" in warning.message
    assert "last_regular_payment_date" in warning.fix
