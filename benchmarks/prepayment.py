"""What a prepayment model costs: fixed loans under speeds that every scenario changes, quoted and by a model.

    .venv/bin/python -m benchmarks.prepayment [--loans N] [--scenarios S] [--json]

The kernel alone, from resolved terms, on one core, by processor time: five-year auto loans and thirty-year mortgages,
monthly, with default. The target is 2.5e6 loan-scenarios a second for quoted prepayment and default.
"""

from compute.engine_version import pin_arithmetic

pin_arithmetic()  # before numpy is there

import argparse  # noqa: E402
import json  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from compute.kernels.dates.schedules import Schedules, build_schedules  # noqa: E402
from compute.kernels.flows.amortization import LEVEL_PAY  # noqa: E402
from compute.kernels.flows.loans import LoanTerms, loan_flows  # noqa: E402
from compute.kernels.flows.prepaying_pool import Speeds, Variants  # noqa: E402
from compute.kernels.flows.prepayment_model import Followed, fill_market_rates  # noqa: E402
from compute.kernels.flows.speeds import CDR, CPR, MODEL  # noqa: E402
from compute.market.prepayment_tables import PrepaymentModels  # noqa: E402
from domain.market.prepayment import PrepaymentModel  # noqa: E402
from domain.portfolio.columns import ABSENT_DATE  # noqa: E402
from domain.portfolio.tables import DAY_COUNTS  # noqa: E402

AS_OF, MONTH_DAYS = 20_476, 30.4375
MODEL_SAID = {
    "rate": {"curve": "USD-SOFR", "tenor_yr": 10, "spread": 0.017, "lag_months": 1},
    "incentive": "DIFFERENCE",
    "a": 0.28, "b": 0.14, "c": -8.57, "d": 430.0,
    "seasoning_months": 30,
    "seasonality": [0.94, 0.76, 0.74, 0.95, 0.98, 0.92, 0.98, 1.10, 1.18, 1.22, 1.23, 0.98],
    "burnout": {"floor": 0.3, "slope": 0.7},
    "max_cpr": 0.9,
}  # fmt: skip
TERMS_MO = {"auto loans, 5 years": 60, "mortgages, 30 years": 360}
REPEATS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loans", type=int, default=2_000)
    parser.add_argument("--scenarios", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = [row for what, months in TERMS_MO.items() for row in measured(what, months, asked.loans, asked.scenarios)]
    if asked.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(f"{row['loans']:>22} {row['speeds']:>8}: {row['loan_scenarios_per_s']:>12,.0f} loan-scenarios a second")


def measured(what: str, months: int, loans: int, scenarios: int) -> list[dict[str, Any]]:
    schedules, terms = portfolio(loans, months)
    variants = Variants(
        np.linspace(0.8, 1.2, scenarios), np.linspace(0.5, 2.0, scenarios), np.zeros(scenarios),
        np.arange(scenarios, dtype=np.int32),
    )  # fmt: skip
    found = []
    for name, kind, percent, followed in (
        ("quoted", CPR, 8.0, None),
        ("model", MODEL, 100.0, borrowers(schedules, terms, scenarios)),
    ):
        speeds = speeds_of(loans, kind, percent)
        seconds = least(lambda s=speeds, f=followed: loan_flows(AS_OF, schedules, terms, s, variants, f))
        found.append({"loans": what, "speeds": name, "loan_scenarios_per_s": loans * scenarios / seconds})
    return found


def least(work: Any) -> float:
    """Of some repetitions, after one that compiles."""
    work()
    times = []
    for _ in range(REPEATS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def portfolio(loans: int, months: int) -> tuple[Schedules, LoanTerms]:
    """Loans of up to so many months, all ages alike."""
    left = np.linspace(2, months, loans).astype(np.int64)
    maturity = (AS_OF + left * MONTH_DAYS).astype(np.int32)
    issue = (maturity - months * MONTH_DAYS).astype(np.int32)
    monthly = np.full(loans, 12, np.int32)
    schedules = build_schedules(
        AS_OF, maturity_day=maturity, issue_day=issue, first_payment_day=ABSENT_DATE, frequency=monthly,
        calendar=0, business_day=0, end_of_month=False, adjust_accrual=False,
    )  # fmt: skip
    zeros = np.zeros(loans)
    terms = LoanTerms(
        balance_ccy=np.full(loans, 1e5),
        coupon=np.linspace(0.04, 0.08, loans),
        servicing_fee=zeros,
        day_count=np.full(loans, DAY_COUNTS.index("30/360"), np.int8),
        frequency=monthly,
        amortization=np.full(loans, LEVEL_PAY, np.int8),
        io_until_day=np.full(loans, ABSENT_DATE, np.int32),
        amortization_months=np.zeros(loans, np.int32),
        compounding=np.full(loans, -1, np.int8),
        issue_day=issue,
        maturity_day=maturity,
        round_to_cent=np.zeros(loans, np.bool_),
    )
    return schedules, terms


def speeds_of(loans: int, kind: int, percent: float) -> Speeds:
    return Speeds(
        np.full(loans, kind, np.int8),
        np.full(loans, percent),
        np.full(loans, CDR, np.int8),
        np.full(loans, 2.0),
        np.full(loans, 0.4),
        np.full(loans, 6, np.int32),
        np.zeros(loans, np.bool_),
    )


def borrowers(schedules: Schedules, terms: LoanTerms, scenarios: int) -> Followed:
    model = PrepaymentModel.model_validate(MODEL_SAID)
    days = int(schedules.pay.max()) - AS_OF + 1 + 366 * model.rate.tenor_yr
    flat = 0.03 + 0.02 * np.linspace(-1.0, 1.0, scenarios)
    factors = np.exp(-flat[None, :] * (np.arange(days) / 365.0)[:, None])
    rates = np.empty((1, days - 366 * model.rate.tenor_yr, scenarios))
    fill_market_rates(AS_OF, model.rate.tenor_yr, model.rate.spread, factors, rates[0])
    return Followed(
        models=PrepaymentModels(models=(model,)).coefficients,
        market_rate=rates,
        as_of_day=AS_OF,
        row=np.zeros(len(terms.frequency), np.int32),
        scenario=np.arange(scenarios, dtype=np.int32),
        pay_day=schedules.pay.astype(np.int32),
        gross_rate=np.repeat(terms.coupon, np.diff(schedules.offsets)),
        original_ccy=terms.balance_ccy * 1.5,
    )


if __name__ == "__main__":
    main()
