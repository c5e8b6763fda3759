"""Instruments as rows of a portfolio folder: one plain example of each product, and what a test changes of it."""

from datetime import date
from typing import Any

from tests.builders.derivative_fund import INDEX


def bond(**changes: Any) -> dict[str, Any]:
    return {
        "product_type": "BOND",
        "currency": "USD",
        "rate_type": "FIXED",
        "coupon": 0.0425,
        "issue_date": date(2024, 3, 10),
        "maturity_date": date(2034, 3, 10),
        "frequency": 2,
        "day_count": "ACT/ACT.ICMA",
    } | changes


def loan(**changes: Any) -> dict[str, Any]:
    own = {"product_type": "LOAN", "amortization": "LEVEL_PAY", "frequency": 12, "day_count": "30/360", "coupon": 0.07}
    return bond(**own) | changes


def floater(**changes: Any) -> dict[str, Any]:
    own = {"rate_type": "FLOATING", "index": INDEX, "margin": 0.004, "frequency": 4, "day_count": "ACT/360"}
    return {name: term for name, term in bond(**own).items() if name != "coupon"} | changes


def pool(**changes: Any) -> dict[str, Any]:
    return {
        "product_type": "ABS_MBS",
        "currency": "USD",
        "wac": 0.065,
        "wam": 320,
        "age": 40,
        "coupon": 0.06,
        "first_payment_date": date(2026, 2, 1),
        "payment_delay_days": 24,
        "prepayment": "PSA 165",
    } | changes


def swap(**changes: Any) -> dict[str, Any]:
    return {
        "product_type": "IRS",
        "currency": "USD",
        "issue_date": date(2024, 5, 10),
        "maturity_date": date(2033, 5, 10),
        "coupon": 0.035,
        "index": INDEX,
        "margin": 0.001,
        "pay_receive": "PAY",
        "fixed_frequency": 1,
        "fixed_day_count": "30/360",
        "float_frequency": 4,
        "float_day_count": "ACT/360",
    } | changes


def cap(**changes: Any) -> dict[str, Any]:
    own = {"product_type": "CAP_FLOOR", "option_type": "CAP", "strike": 0.037}
    return {
        name: term for name, term in swap(**own).items() if name not in ("coupon", "pay_receive", "margin")
    } | changes


def swaption(**changes: Any) -> dict[str, Any]:
    own = {"product_type": "SWAPTION", "option_type": "PAYER", "strike": 0.037, "expiry_date": date(2028, 5, 10)}
    dropped = ("coupon", "pay_receive", "margin", "issue_date")
    return {name: term for name, term in swap(**own).items() if name not in dropped} | changes


def fx(**changes: Any) -> dict[str, Any]:
    own = {"product_type": "FX_FWD", "currency": "USD", "pair": "EURUSD", "strike": 1.21}
    return own | {"maturity_date": date(2027, 3, 1), "spot_lag_days": 2} | changes


def fx_option(**changes: Any) -> dict[str, Any]:
    own = {"product_type": "FX_OPTION", "option_type": "PUT", "expiry_date": date(2027, 3, 1)}
    return {name: term for name, term in fx(**own).items() if name != "maturity_date"} | changes


def default_swap(**changes: Any) -> dict[str, Any]:
    own = {"product_type": "CDS", "currency": "USD", "option_type": "BUY", "coupon": 0.01, "credit_curve": "ACME"}
    return own | {"maturity_date": date(2031, 6, 20)} | changes
