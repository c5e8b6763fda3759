"""Past maturity: every product fails with a sentence, debts with a severity are worth what comes back."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.measures.failures import Reason
from tests.compute.pricers.derivative_fund import AS_OF, INDEX, column, market, priced, reason

PAST = {"issue_date": "2020-01-15", "maturity_date": "2025-12-15", "currency": "USD"}
DEBT = {"rate_type": "FIXED", "coupon": 0.05, "frequency": 2, "day_count": "30/360"}
FUNDED: dict[str, dict[str, Any]] = {
    "LOAN": PAST | DEBT | {"amortization": "BULLET"},
    "BOND": PAST | DEBT,
    "CALLABLE_BOND": PAST | DEBT,
    "STRUCTURED": PAST | DEBT | {"payoff": '{""kind"": ""CMS"", ""tenor_yr"": 5}'},
    "ABS_MBS": {
        "currency": "USD",
        "wac": 0.06,
        "wam": 3,
        "age": 357,
        "coupon": 0.055,
        "first_payment_date": "2025-10-01",
        "payment_delay_days": 24,
        "prepayment": "CPR 6",
    },
}
DERIVATIVES: dict[str, dict[str, Any]] = {
    "IRS": PAST
    | {"coupon": 0.03, "index": INDEX, "pay_receive": "PAY", "fixed_frequency": 2, "fixed_day_count": "30/360"}
    | {"float_frequency": 4, "float_day_count": "ACT/360"},
    "CAP_FLOOR": PAST | {"option_type": "CAP", "strike": 0.04, "index": INDEX, "float_frequency": 4},
    "CDS": PAST | {"option_type": "BUY", "coupon": 0.01, "credit_curve": "ACME"},
    "FX_FWD": PAST | {"pair": "EURUSD", "strike": 1.1},
}
CREDIT = {"credit_curves": [{"curve_id": "ACME", "recovery": 0.4, "nodes": [{"tenor": "5Y", "hazard_rate": 0.02}]}]}


def row_of(product: str, terms: dict[str, Any]) -> dict[str, Any]:
    quoted = {name: f'"{value}"' if "{" in str(value) else value for name, value in terms.items()}
    return {"product_type": product} | quoted


@pytest.mark.parametrize(("product", "terms"), [*FUNDED.items(), *DERIVATIVES.items()])
def test_every_product_fails_past_maturity(tmp_path: Path, product: str, terms: dict[str, Any]) -> None:
    facts = priced(tmp_path, [row_of(product, terms)], market(**CREDIT))
    assert reason(facts, "PV").tolist() == [Reason.INVALID_TERMS]
    (sentence,) = next(iter(facts.blocks.values())).details
    assert sentence.startswith("past maturity: the last payment fell on 2025-12-"), sentence
    assert ("severity" in sentence) == (product in FUNDED)
    assert facts.failed == 1


@pytest.mark.parametrize(("product", "terms"), FUNDED.items())
def test_a_severity_brings_the_rest_back_after_the_lag(tmp_path: Path, product: str, terms: dict[str, Any]) -> None:
    """On 23 July 2027, 546 days on: 60 % of a million on the curve and a spread of 1 %."""
    recovers = terms | {"severity": 0.4, "recovery_lag_months": 18, "spread": 0.01}
    shocks = [{"kind": "SEVERITY", "add": 0.1}], [{"kind": "SEVERITY", "add": 1.0}]
    facts = priced(tmp_path, [row_of(product, recovers)], market(), *shocks)
    t = (date(2027, 7, 23) - AS_OF).days / 365
    zero_rate = np.interp(t, [1.0, 2.0 * 365 / 365], [0.036, 0.034])
    worth = np.array([600_000, 500_000, 0]) * np.exp(-(zero_rate + 0.01) * t)
    assert column(facts, "pv")[:, 0] == pytest.approx(worth, rel=2e-5)
    pv, dv01, cs01 = (float(column(facts, name)[0, 0]) for name in ("pv", "dv01", "cs01"))
    assert (dv01, cs01) == pytest.approx((pv * t * 1e-4,) * 2, rel=1e-6)
    assert column(facts, "wal")[0, 0] == pytest.approx(t) and column(facts, "accrued_interest")[0, 0] == 0.0


@pytest.mark.parametrize("product", DERIVATIVES)
def test_a_derivative_owes_no_notional_that_could_come_back(tmp_path: Path, product: str) -> None:
    terms = DERIVATIVES[product] | {"severity": 0.4, "recovery_lag_months": 18}
    facts = priced(tmp_path, [row_of(product, terms)], market(**CREDIT))
    assert reason(facts, "PV").tolist() == [Reason.INVALID_TERMS]


def test_a_recovery_without_a_lag_is_worth_itself(tmp_path: Path) -> None:
    facts = priced(tmp_path, [row_of("LOAN", FUNDED["LOAN"] | {"severity": 0.4})], market(), measures=("PV", "THETA"))
    assert (column(facts, "pv")[0, 0], column(facts, "theta")[0, 0]) == (600_000.0, 0.0)


@pytest.mark.parametrize(
    ("as_of", "past"),
    [("2026-02-27", False), ("2026-02-28", False), ("2026-03-01", False), ("2026-03-02", True)],
)
def test_a_bond_due_on_a_saturday_and_paid_on_monday_is_past_on_monday(tmp_path: Path, as_of: str, past: bool) -> None:
    weekend = {"calendar": "WEEKEND", "business_day": "FOLLOWING", "maturity_date": "2026-02-28"}
    facts = priced(tmp_path, [row_of("BOND", PAST | DEBT | weekend)], market(as_of=as_of))
    assert (reason(facts, "PV").tolist() == [Reason.INVALID_TERMS]) == past


def test_a_custom_loan_is_past_with_the_last_row_of_its_table(tmp_path: Path) -> None:
    custom = [row_of("LOAN", PAST | DEBT | {"amortization": "CUSTOM"})] * 2
    rows = "I00000,2025-12-15,1000000,0\nI00001,2025-12-15,500000,0\nI00001,2026-06-15,500000,0\n"
    (tmp_path / "cashflows.csv").write_text("instrument_id,pay_date,principal,interest\n" + rows)
    assert reason(priced(tmp_path, custom, market()), "PV").tolist() == [Reason.INVALID_TERMS, Reason.NONE]
