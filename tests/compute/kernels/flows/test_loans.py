"""Fixed loans against a month-by-month reference, published schedules and QuantLib."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.flows.amortization import interest_only_until, level_share, level_share_slope, whole_months
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.loans import Cashflows, LoanTerms, custom_flows, loan_flows
from compute.kernels.flows.prepaying_pool import Variants, distinct_variants
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import AMORTIZATIONS, COMPOUNDINGS, DAY_COUNTS
from tests.builders.loan_arrays import schedules_of, speeds_of
from tests.compute.kernels.flows.reference_loans import (
    Loan,
    add_months,
    epoch_day,
    flows,
    months_between,
    random_loan,
)

AS_OF = date(2026, 1, 23)
GOLDEN = {case["id"]: case for case in json.loads(Path("tests/golden/pricing.json").read_text(encoding="utf-8"))}


def terms_of(loans: list[Loan], compounding: str | None = None, cents: bool = False) -> LoanTerms:
    n, issue = len(loans), np.array([epoch_day(loan.issue) for loan in loans], np.int32)
    return LoanTerms(
        balance_ccy=np.array([loan.balance for loan in loans]),
        coupon=np.array([loan.coupon for loan in loans]),
        servicing_fee=np.array([loan.fee for loan in loans]),
        day_count=np.array([DAY_COUNTS.index(loan.day_count) for loan in loans], np.int8),
        frequency=np.array([loan.frequency for loan in loans], np.int32),
        amortization=np.array([AMORTIZATIONS.index(loan.amortization) for loan in loans], np.int8),
        io_until_day=interest_only_until(issue, np.array([loan.io_months for loan in loans])),
        amortization_months=np.array([loan.amortization_months for loan in loans], np.int32),
        compounding=np.full(n, COMPOUNDINGS.index(compounding) if compounding else -1, np.int8),
        issue_day=issue,
        maturity_day=np.array([epoch_day(loan.maturity) for loan in loans], np.int32),
        round_to_cent=np.full(n, cents),
    )


SCENARIOS = np.array([1.0, 1.5, 1.0, 40.0]), np.array([1.0, 1.0, 2.0, 1.0]), np.array([0.0, 0.0, 0.1, 0.0])


def flows_of(
    loans: list[Loan], as_of: date = AS_OF, compounding: str | None = None, cents: bool = False
) -> tuple[Flows, Variants]:
    speeds = speeds_of(loans)
    variants = distinct_variants(speeds, *SCENARIOS)
    terms = terms_of(loans, compounding, cents)
    return loan_flows(epoch_day(as_of), schedules_of(loans, as_of), terms, speeds, variants), variants


def one(loan: Loan, **options: object) -> tuple[np.ndarray, np.ndarray]:
    """Interest and principal of one loan under the base scenario, valued on its issue date unless said."""
    projected, _ = flows_of([loan], **{"as_of": loan.issue, **options})  # type: ignore[arg-type]
    return projected.interest[:, 0], projected.principal[:, 0]


def new_loan(balance: float, rate: float, months: int, **terms: object) -> Loan:
    issue = date(2025, 6, 1)
    return Loan(balance, rate, issue, add_months(issue, months), **terms)  # type: ignore[arg-type]


def balances(balance: float, principal: np.ndarray) -> np.ndarray:
    return balance - np.cumsum(principal)


def test_random_loans_pay_what_the_month_by_month_reference_says() -> None:
    generator = Random(20260123)
    loans = [random_loan(generator, AS_OF) for _ in range(180)]
    projected, variants = flows_of(loans)
    for i, loan in enumerate(loans):
        rows = slice(projected.offsets[i], projected.offsets[i + 1])
        for s, changes in enumerate(zip(*SCENARIOS, strict=True)):
            expected = flows(loan, AS_OF, *changes)
            column, atol = variants.of_scenario[s], abs(loan.balance) * 1e-11
            assert [epoch_day(day) - epoch_day(AS_OF) for day, _, _ in expected] == list(projected.day[rows])
            np.testing.assert_allclose(projected.interest[rows, column], [f[1] for f in expected], 1e-11, atol)
            np.testing.assert_allclose(projected.principal[rows, column], [f[2] for f in expected], 1e-11, atol)


def test_a_negative_notional_mirrors_a_positive_one() -> None:
    loans = [random_loan(Random(k), AS_OF) for k in range(60)]
    ours, _ = flows_of(loans, cents=True)
    theirs, _ = flows_of([replace(loan, balance=-loan.balance) for loan in loans], cents=True)
    assert (ours.interest == -theirs.interest).all()
    assert (ours.principal == -theirs.principal).all()


def test_a_loan_pays_the_same_bits_alone_and_in_company() -> None:
    loans = [random_loan(Random(k), AS_OF) for k in range(40)]
    together, variants = flows_of(loans)
    for i, loan in enumerate(loans):
        alone, own = flows_of([loan])
        rows = slice(together.offsets[i], together.offsets[i + 1])
        assert (together.interest[rows][:, variants.of_scenario] == alone.interest[:, own.of_scenario]).all()
        assert (together.principal[rows][:, variants.of_scenario] == alone.principal[:, own.of_scenario]).all()


def test_without_speeds_one_variant_serves_every_scenario() -> None:
    projected, variants = flows_of([new_loan(100.0, 0.05, 12)], as_of=date(2025, 6, 1))
    assert projected.interest.shape == (12, 1)
    assert list(variants.of_scenario) == [0, 0, 0, 0]
    assert list(projected.period) == list(range(12))


def test_only_what_matters_to_the_positions_makes_a_variant() -> None:
    prepaying = speeds_of([new_loan(1.0, 0.05, 12, prepayment=("CPR", 6.0))])
    both = speeds_of([new_loan(1.0, 0.05, 12, prepayment=("CPR", 6.0), default=("CDR", 1.0))])
    assert list(distinct_variants(prepaying, *SCENARIOS).of_scenario) == [0, 1, 0, 2]
    assert list(distinct_variants(both, *SCENARIOS).of_scenario) == [0, 1, 2, 3]
    assert list(distinct_variants(both, *SCENARIOS).severity_add) == [0.0, 0.0, 0.1, 0.0]


@pytest.mark.parametrize("rate", GOLDEN["loan.level_pay.360.grid.closed_form"]["inputs"]["rates"])
def test_level_payment_of_the_published_grid(rate: float) -> None:
    case = GOLDEN["loan.level_pay.360.grid.closed_form"]
    expected = case["expected"][case["inputs"]["rates"].index(rate)]
    interest, principal = one(new_loan(100.0, rate, 360))
    assert interest + principal == pytest.approx(np.full(360, expected), abs=case["tolerance"])


def test_geltner_constant_payment_mortgage() -> None:
    case = GOLDEN["loan.cre_constant_payment"]
    interest, principal = one(new_loan(1e6, 0.12, 360))
    left = balances(1e6, principal)
    figures = {"payment": interest[0] + principal[0]}
    figures |= {f"bal{k}": left[k - 1] for k in (1, 3, 180, 359)}
    for name, expected in case["expected"].items():
        assert figures[name] == pytest.approx(expected, abs=case["tolerance"][name])


@pytest.mark.parametrize("cents", [True, False])
def test_fannie_mae_actual_360_balloon(cents: bool) -> None:
    """Guide section 1103; ten cents come from whether the payment itself is rounded."""
    case, inputs = GOLDEN["loan.fnma_mf_act360_balloon"], GOLDEN["loan.fnma_mf_act360_balloon"]["inputs"]
    issue, months = date.fromisoformat(inputs["issue"]), inputs["amort_n"]
    maturity = add_months(issue, inputs["term_n"])
    loan = Loan(inputs["principal"], inputs["rate_pct"] / 100, issue, maturity, 12, "ACT/360", "LEVEL_PAY", 0, months)
    interest, principal = one(loan, cents=cents)
    assert interest[0] + principal[0] == pytest.approx(case["expected"]["payment"], abs=1e-9 if cents else 0.005)
    before_balloon = principal[:-1].sum() + (interest[0] + principal[0] - interest[-1])
    assert inputs["principal"] - before_balloon == pytest.approx(case["expected"]["balloon"], abs=0.1 if cents else 1.0)


def test_canadian_mortgage_compounds_twice_a_year() -> None:
    case, inputs = GOLDEN["loan.canada_semiannual.renewal"], GOLDEN["loan.canada_semiannual.renewal"]["inputs"]
    loan = new_loan(
        inputs["principal"], inputs["j2_pct"] / 100, inputs["term_n"], amortization_months=inputs["amort_n"]
    )
    interest, principal = one(loan, compounding="SEMIANNUAL", cents=True)
    at_term = inputs["principal"] - principal[:-1].sum() - (interest[0] + principal[0] - interest[-1])
    assert interest[0] + principal[0] == pytest.approx(case["expected"]["payment"], abs=1e-9)
    assert at_term == pytest.approx(case["expected"]["balance_at_term"], abs=case["tolerance"]["balance_at_term"])
    renewed = new_loan(round(at_term, 2), inputs["renewal_j2_pct"] / 100, inputs["amort_n"] - inputs["term_n"])
    interest, principal = one(renewed, compounding="SEMIANNUAL", cents=True)
    assert interest[0] + principal[0] == pytest.approx(case["expected"]["renewal_payment"], abs=1e-9)


def test_regulation_z_adjustable_mortgage_to_the_cent() -> None:
    """12 CFR 1026 appendix H-14, lent again at each yearly change of rate over what remains of 30 years."""
    case, balance, payments, left = GOLDEN["loan.arm_regz_h14"], 10000.0, [], []
    for year, rate in enumerate([0.1741, 0.1541, 0.1517, 0.1317] + [0.1241] * 11):
        interest, principal = one(new_loan(balance, rate, 360 - 12 * year), cents=True)
        payments += list(interest[:12] + principal[:12])
        left += list(balances(balance, principal[:12]))
        balance = round(left[-1], 2)
    for name, expected in case["expected"].items():
        figures = left if name.startswith("bal") else payments
        assert figures[int(name[3:]) - 1] == pytest.approx(expected, abs=max(case["tolerance"][name], 1e-9)), name


def test_cfpb_interest_only_loan() -> None:
    interest, principal = one(new_loan(211000.0, 0.04, 360, io_months=60), cents=True)
    assert interest[0] == pytest.approx(GOLDEN["loan.cfpb_interest_only"]["expected"]["io_payment"], abs=1e-9)
    assert (principal[:60] == 0.0).all()
    level = interest + principal
    assert level[60] == pytest.approx(211000.0 * 0.04 / 12 / (1 - (1 + 0.04 / 12) ** -300), abs=0.005)
    assert level[60:-1] == pytest.approx(np.full(299, level[60]), abs=1e-9)


def test_japan_housing_finance_payment_to_the_yen() -> None:
    interest, principal = one(new_loan(2e7, 0.015, 360))
    assert round(interest[0] + principal[0]) == GOLDEN["loan.jhf_flat35"]["expected"]


def test_cents_are_whole_and_the_last_payment_clears_the_balance() -> None:
    interest, principal = one(new_loan(123456.78, 0.0617, 84, day_count="ACT/365F"), cents=True)
    paid = np.round(100 * (interest + principal))
    assert 100 * (interest + principal) == pytest.approx(paid, abs=1e-6)
    assert (paid[:-1] == paid[0]).all()
    assert principal.sum() == pytest.approx(123456.78, abs=1e-7)


def test_a_loan_that_compounds_annually_and_pays_at_maturity() -> None:
    interest, principal = one(new_loan(100.0, 0.05, 30, frequency=0, day_count="30/360"), compounding="ANNUAL")
    assert list(principal) == [100.0]
    assert interest[0] == pytest.approx(100 * (1.05**2.5 - 1), rel=1e-14)


def test_a_level_payment_below_a_long_periods_interest_adds_to_the_balance() -> None:
    interest, principal = one(new_loan(1e6, 0.20, 360, day_count="ACT/360"))
    assert principal[1] < 0 < principal[0]
    assert principal.sum() == pytest.approx(1e6, rel=1e-12)
    assert (interest + principal)[:-1] == pytest.approx(np.full(359, 1e6 / 60 / (1 - (1 + 1 / 60) ** -360)), rel=1e-12)


def test_interest_only_to_maturity_pays_as_a_bullet() -> None:
    interest_only = one(new_loan(1e6, 0.05, 24, io_months=24))
    bullet = one(new_loan(1e6, 0.05, 24, amortization="BULLET"))
    assert all((a == b).all() for a, b in zip(interest_only, bullet, strict=True))


def test_month_end_loans_under_30_360_pay_a_twelfth_every_month() -> None:
    loan = Loan(1e6, 0.06, date(2025, 5, 31), date(2028, 5, 31), amortization="BULLET")
    assert one(loan)[0] == pytest.approx(np.full(36, 5000.0), rel=1e-15)


@pytest.mark.parametrize(("rate", "months", "frequency"), [(0.05, 120, 12), (0.03, 60, 4), (0.0725, 360, 12)])
def test_level_pay_equals_quantlibs_sinking_bond(rate: float, months: int, frequency: int) -> None:
    loan = Loan(1e6, rate, date(2026, 1, 15), add_months(date(2026, 1, 15), months), frequency)
    start, period = ql.Date(15, 1, 2026), ql.Period(months, ql.Months)
    ql.Settings.instance().evaluationDate = start
    schedule = ql.sinkingSchedule(start, period, {12: ql.Monthly, 4: ql.Quarterly}[frequency], ql.NullCalendar())
    notionals = ql.sinkingNotionals(period, {12: ql.Monthly, 4: ql.Quarterly}[frequency], rate, 1e6)
    bond = ql.AmortizingFixedRateBond(0, notionals, schedule, [rate], ql.Thirty360(ql.Thirty360.BondBasis))
    curve = ql.FlatForward(start, 0.04, ql.Actual365Fixed(), ql.Continuous)
    bond.setPricingEngine(ql.DiscountingBondEngine(ql.YieldTermStructureHandle(curve)))
    projected, _ = flows_of([loan], as_of=loan.issue)
    amounts = (projected.interest + projected.principal)[:, 0]
    theirs: dict[int, float] = {}
    for flow in bond.cashflows():
        day = flow.date().serialNumber() - start.serialNumber()
        theirs[day] = theirs.get(day, 0.0) + flow.amount()
    assert amounts == pytest.approx([theirs[day] for day in projected.day], rel=1e-10)
    assert amounts @ np.exp(-0.04 * projected.day / 365) == pytest.approx(bond.NPV(), rel=1e-10)


def test_custom_flows_scale_to_the_holding_and_forget_the_past() -> None:
    days = np.array([-5, 0, 30, 60, 30], np.int32) + epoch_day(AS_OF)
    principal, interest = np.array([10.0, 5.0, 40.0, 60.0, 80.0]), np.array([1.0, 1.0, 2.0, 3.0, 4.0])
    table = Cashflows(np.array([0, 4, 5]), days, principal, interest)
    holding, reference = np.array([1, 0, 0]), np.array([np.nan, np.nan, 200.0])
    projected = custom_flows(epoch_day(AS_OF), table, holding, np.array([8.0, -50.0, 50.0]), reference, 3)
    assert list(projected.offsets) == [0, 1, 3, 5]
    assert list(projected.day) == [30, 30, 60, 30, 60]
    assert list(projected.period) == [0, 0, 1, 0, 1]
    assert projected.principal[:, 0] == pytest.approx([8.0, -20.0, -30.0, 10.0, 15.0], rel=1e-15)
    assert projected.interest[:, 0] == pytest.approx([0.4, -1.0, -1.5, 0.5, 0.75], rel=1e-15)
    assert list(projected.variant_of_scenario) == [0, 0, 0]


def test_custom_flows_draw_down_as_quantlibs_amortising_bond() -> None:
    """testAmortizingFixedRateBondWithDrawDown: draw-downs are negative principal."""
    case = GOLDEN["loan.drawdown_flows"]
    notionals = np.array([*case["inputs"]["notionals"], 0.0])
    principal, days = notionals[:-1] - notionals[1:], np.arange(1, 11, dtype=np.int32) * 182
    table = Cashflows(np.array([0, 10]), days, principal, np.zeros(10))
    projected = custom_flows(0, table, np.array([0]), np.array([100.0]), np.array([np.nan]), 1)
    changes = projected.principal[projected.principal[:, 0] != 0.0, 0]
    assert changes[:3] == pytest.approx(case["expected"], abs=case["tolerance"])


def test_a_custom_loan_without_principal_has_no_scale() -> None:
    table = Cashflows(np.array([0, 1]), np.array([30], np.int32), np.array([0.0]), np.array([2.0]))
    assert np.isnan(custom_flows(0, table, np.array([0]), np.array([1.0]), np.array([np.nan]), 1).interest).all()


def test_whole_months_and_the_end_of_interest_only_time_clip_to_the_month() -> None:
    generator = Random(7)
    for _ in range(2000):
        start = date.fromordinal(generator.randint(date(1999, 1, 1).toordinal(), date(2030, 1, 1).toordinal()))
        end, months = date.fromordinal(start.toordinal() + generator.randint(0, 3000)), generator.randint(1, 400)
        assert whole_months(epoch_day(start), epoch_day(end)) == months_between(start, end)
        until = interest_only_until(np.array([epoch_day(start)], np.int32), np.array([months]))
        assert until[0] == epoch_day(add_months(start, months))
    assert interest_only_until(np.array([ABSENT_DATE, 0], np.int32), np.array([12, 0])).tolist() == [ABSENT_DATE] * 2


@pytest.mark.parametrize("rate", [-0.01, -1e-9, 0.0, 1e-12, 1e-7, 3e-6, 1e-3, 0.02])
@pytest.mark.parametrize("payments", [2.0, 12.5, 360.0])
def test_level_share_and_its_slope(rate: float, payments: float) -> None:
    share, h = level_share(rate, payments), 1e-5
    assert sum(share / (1 + rate) ** k for k in range(1, int(payments) + 1)) == pytest.approx(
        1.0, rel=1e-9 if payments == int(payments) else 0.1
    )
    central = (level_share(rate + h, payments) - level_share(rate - h, payments)) / (2 * h)
    assert level_share_slope(rate, payments) == pytest.approx(central, rel=1e-5)
