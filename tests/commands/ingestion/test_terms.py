"""What each product must bring, and which terms contradict one another."""

from collections.abc import Callable
from typing import Any

import pytest

from commands.ingestion.prepare import Prepared
from domain.portfolio.tables import PRODUCT_TYPES, REQUIRED_TERMS

Tables = dict[str, list[dict[str, Any]]]
Bring = Callable[..., Prepared]

COMPLETE: dict[str, dict[str, str]] = {
    "EXTERNAL": {},
    "LOAN": {
        "issue_date": "2024-01-15",
        "maturity_date": "2029-01-15",
        "rate_type": "FIXED",
        "coupon": "0.06",
        "day_count": "ACT/360",
        "frequency": "4",
        "amortization": "LINEAR",
    },
    "BOND": {"maturity_date": "2029-01-15", "rate_type": "ZERO", "day_count": "ACT/360", "frequency": "0"},
    "CALLABLE_BOND": {
        "maturity_date": "2029-01-15",
        "rate_type": "FIXED",
        "coupon": "0.05",
        "day_count": "30/360",
        "frequency": "2",
    },
    "ABS_MBS": {
        "wac": "0.065",
        "wam": "300",
        "age": "60",
        "coupon": "0.06",
        "first_payment_date": "2026-02-01",
        "prepayment": "PSA 150",
    },
    "STRUCTURED": {"payoff": '{"kind": "CMS"}'},
    "FX_FWD": {"pair": "EURUSD", "strike": "1.1", "maturity_date": "2026-09-30"},
    "IRS": {
        "issue_date": "2024-01-15",
        "maturity_date": "2029-01-15",
        "coupon": "0.03",
        "index": "USD-SOFR-3M",
        "pay_receive": "PAY",
        "fixed_frequency": "2",
        "fixed_day_count": "30/360",
        "float_frequency": "4",
        "float_day_count": "ACT/360",
    },
    "CAP_FLOOR": {
        "option_type": "CAP",
        "strike": "0.04",
        "index": "USD-SOFR-3M",
        "float_frequency": "4",
        "maturity_date": "2029-01-15",
    },
    "SWAPTION": {
        "option_type": "PAYER",
        "expiry_date": "2027-01-15",
        "maturity_date": "2032-01-15",
        "strike": "0.035",
        "index": "USD-SOFR-3M",
    },
    "CDS": {"option_type": "BUY", "coupon": "0.01", "credit_curve": "ACME-SR", "maturity_date": "2030-12-20"},
    "FX_OPTION": {"pair": "EURUSD", "option_type": "CALL", "strike": "1.2", "expiry_date": "2026-12-18"},
}


def only(sound: Tables, product: str, terms: dict[str, str]) -> Tables:
    instrument = {"instrument_id": "I", "product_type": product, "currency": "USD", **terms}
    position = {"position_id": "P", "instrument_id": "I", "book_id": "BOOK", "notional": "100"}
    return sound | {"instruments": [instrument], "positions": [position]}


@pytest.mark.parametrize("product", PRODUCT_TYPES)
def test_a_product_with_its_terms_is_sound_and_misses_each_of_them(sound: Tables, bring: Bring, product: str) -> None:
    complete = COMPLETE[product]
    assert bring(only(sound, product, complete)).errors == []
    for term in REQUIRED_TERMS[product]:
        spoilt = only(sound, product, {name: value for name, value in complete.items() if name != term})
        errors = bring(spoilt).errors
        assert [(error.row, error.column, error.code) for error in errors] == [(2, term, "MISSING_TERM")]


WRONG = [
    ("BOND", {"rate_type": "FIXED"}, "coupon", "MISSING_TERM"),
    ("BOND", {"rate_type": "FLOATING"}, "index", "MISSING_TERM"),
    ("LOAN", {"cap": "0.02", "floor": "0.05"}, "cap", "INCONSISTENT_TERMS"),
    ("LOAN", {"rate_type": "ZERO"}, "rate_type", "INCONSISTENT_TERMS"),
    ("LOAN", {"default": "SDA 100"}, "severity", "MISSING_SEVERITY"),
    ("LOAN", {"default": "PD"}, "severity", "MISSING_SEVERITY"),
    ("CAP_FLOOR", {"option_type": "PAYER"}, "option_type", "NOT_IN_LIST"),
    ("SWAPTION", {"option_type": "CALL"}, "option_type", "NOT_IN_LIST"),
    ("CDS", {"option_type": "PUT"}, "option_type", "NOT_IN_LIST"),
    ("FX_OPTION", {"option_type": "BUY"}, "option_type", "NOT_IN_LIST"),
    ("SWAPTION", {"expiry_date": "2033-01-15"}, "maturity_date", "DATE_ORDER"),
    ("FX_OPTION", {"pair": "USDJPY"}, "currency", "WRONG_CURRENCY"),
    ("IRS", {"float_frequency": "3"}, "float_frequency", "NOT_IN_LIST"),
    ("ABS_MBS", {"prepayment": "165 PSA"}, "prepayment", "INVALID_SPEED"),
    ("STRUCTURED", {"payoff": '{"kind": "CMS", "cap": NaN}'}, "payoff", "INVALID_PAYOFF"),
    ("STRUCTURED", {"payoff": '{"kind": "CMS", "strike": 0.03}'}, "payoff", "INVALID_PAYOFF"),
    ("STRUCTURED", {"payoff": '{"kind": "DIGITAL", "pays": "OFTEN"}'}, "payoff", "INVALID_PAYOFF"),
]


@pytest.mark.parametrize(("product", "terms", "column", "code"), WRONG)
def test_terms_that_contradict_one_another(
    sound: Tables, bring: Bring, product: str, terms: dict[str, str], column: str, code: str
) -> None:
    errors = bring(only(sound, product, COMPLETE[product] | terms)).errors
    assert [(error.column, error.code) for error in errors] == [(column, code)]


def test_a_callable_bond_without_exercises_is_a_warning(sound: Tables, bring: Bring) -> None:
    tables = only(sound, "CALLABLE_BOND", COMPLETE["CALLABLE_BOND"])
    assert [each.code for each in bring(tables).warnings] == ["NO_EXERCISES"]
    tables["exercises"] = [{"instrument_id": "I", "date": "2027-01-15", "price_per_100": "100", "kind": "CALL"}]
    assert bring(tables).warnings == []


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"date": "2099-01-15"}, "date", "DATE_ORDER"),
        ({"price_per_100": "-1"}, "price_per_100", "OUT_OF_RANGE"),
        ({"kind": "BOTH"}, "kind", "NOT_IN_LIST"),
        ({"date": "2028-01-15"}, "instrument_id", "DUPLICATE_ID"),
    ],
)
def test_exercises_that_cannot_be(sound: Tables, bring: Bring, changes: dict[str, str], column: str, code: str) -> None:
    """Out of order is no error: they are sorted."""
    tables = only(sound, "CALLABLE_BOND", COMPLETE["CALLABLE_BOND"])
    one = {"instrument_id": "I", "date": "2028-01-15", "price_per_100": "100", "kind": "CALL"}
    tables["exercises"] = [one, one | {"date": "2027-01-15"}]
    assert bring(tables).errors == []
    tables["exercises"].append(one | {"date": "2026-07-15"} | changes)
    assert [(error.column, error.code) for error in bring(tables).errors] == [(column, code)]


@pytest.mark.parametrize(
    ("terms", "column"),
    [
        ({"amortization": "LINEAR", "amortization_months": "240"}, "amortization_months"),
        ({"amortization": "BULLET", "amortization_months": "240"}, "amortization_months"),
        ({"amortization": "LEVEL_PAY", "amortization_months": "240"}, None),
        ({"redemption_per_100": "99"}, "redemption_per_100"),
        ({"redemption_per_100": "100"}, None),
    ],
)
def test_a_term_that_a_loan_does_not_read_is_a_warning(
    sound: Tables, bring: Bring, terms: dict[str, str], column: str | None
) -> None:
    warnings = bring(only(sound, "LOAN", COMPLETE["LOAN"] | terms)).warnings
    assert [(each.column, each.code) for each in warnings] == ([(column, "TERM_NOT_USED")] if column else [])


def test_speeds_of_a_custom_loan_are_a_warning(sound: Tables, bring: Bring) -> None:
    terms = {"amortization": "CUSTOM", "prepayment": "CPR 6", "default": "CDR 1", "severity": "0.4"}
    tables = only(sound, "LOAN", COMPLETE["LOAN"] | terms)
    tables["cashflows"] = [{"instrument_id": "I", "pay_date": "2029-01-15", "principal": "100", "interest": "1"}]
    assert {(each.column, each.code) for each in bring(tables).warnings} == {
        ("prepayment", "TERM_NOT_USED"),
        ("default", "TERM_NOT_USED"),
    }


def test_warnings_refuse_nothing(sound: Tables, bring: Bring) -> None:
    sound["positions"][0] |= {"notional": "0", "acquisition_date": "2023-01-01"}
    sound["instruments"][0]["servicing_fee"] = "0.06"
    sound["instruments"][1]["prepayment"] = "CPR 0.06"
    prepared = bring(sound)
    assert prepared.portfolio is not None
    assert [(each.table, each.column, each.code) for each in prepared.warnings] == [
        ("instruments", "servicing_fee", "OUTLIER"),
        ("instruments", "prepayment", "OUTLIER"),
        ("positions", "acquisition_date", "ACQUIRED_BEFORE_ISSUE"),
        ("positions", "notional", "ZERO_NOTIONAL"),
    ]


def test_an_outlier_is_far_from_the_rest_of_its_own_product(sound: Tables, bring: Bring) -> None:
    loan, position = sound["instruments"][0], sound["positions"][0]
    sound["instruments"] = [
        loan | {"instrument_id": f"L{n}", "coupon": str(0.05 + n / 10_000)} for n in range(25)
    ] + sound["instruments"][1:]
    sound["instruments"][7]["coupon"] = "0.45"
    sound["positions"] = [
        position | {"position_id": f"P{n}", "instrument_id": f"L{n}", "notional": str(1000 + 10 * n)} for n in range(25)
    ]
    sound["positions"][3]["notional"] = "-1e9"
    assert [(each.table, each.row, each.column, each.code) for each in bring(sound).warnings] == [
        ("instruments", 9, "coupon", "OUTLIER"),
        ("positions", 5, "notional", "OUTLIER"),
    ]


def test_ordinary_mortgages_are_no_outliers_and_a_personal_loan_of_a_billion_is(sound: Tables, bring: Bring) -> None:
    """Two hundred personal loans of five years, fourteen mortgages of thirty, and one amount in the wrong unit."""
    loan, position = sound["instruments"][0], sound["positions"][0]
    terms = [{"maturity_date": "2029-01-15", "coupon": str(round(0.09 + n % 40 / 1000, 4))} for n in range(200)]
    terms += [{"issue_date": "2020-01-15", "maturity_date": "2050-01-15", "coupon": "0.0275"} for _ in range(14)]
    sound["instruments"] = [loan | {"instrument_id": f"L{n}"} | each for n, each in enumerate(terms)]
    amounts = [5_000 + 173 * n for n in range(200)] + [240_000 + 31_000 * n for n in range(14)]
    sound["positions"] = [
        position | {"position_id": f"P{n}", "instrument_id": f"L{n}", "notional": str(amount)}
        for n, amount in enumerate(amounts)
    ]
    assert bring(sound).warnings == []
    sound["positions"][7]["notional"] = "1000000000"
    warning = bring(sound).warnings[0]
    assert (warning.row, warning.column, warning.code) == (9, "notional", "OUTLIER")
    assert "notional 1,000,000,000 is far from the rest" in warning.message
