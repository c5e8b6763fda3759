"""Positions of every kind that has cash flows to show, beside those of `deal_fund`."""

from tests.builders.deal_fund import LOAN

LOSING = {"default": "CDR 3", "severity": 0.4, "recovery_lag_months": 4, "servicer_advances": "true"}
BOND = {
    "product_type": "BOND", "currency": "USD", "issue_date": "2025-06-23", "maturity_date": "2030-06-23",
    "rate_type": "FIXED", "coupon": 0.05, "day_count": "30/360", "frequency": 2, "redemption_per_100": 103,
}  # fmt: skip
SWAP = {
    "product_type": "FX_FWD", "currency": "USD", "pair": "EURUSD", "strike": 1.2, "maturity_date": "2026-12-01",
}  # fmt: skip
CONTRACT = {name: value for name, value in LOAN.items() if name not in ("prepayment", "default", "severity")}
SHOCKS = [{"kind": "PREPAYMENT", "multiplier": 2}, {"kind": "SPREAD", "match": {"currency": "USD"}, "bp": 50}]
