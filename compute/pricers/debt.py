"""Loans and bonds: resolve once, project the flows, then every measure from the same flows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.failing import Failing
from compute.kernels.amortization import interest_only_until
from compute.kernels.behaviour import Speeds, Variants, distinct_variants
from compute.kernels.bonds import accrued_interest, bond_flows
from compute.kernels.discounting import discount, present_values
from compute.kernels.floating import Discounting, FloatTerms, fixings_at, floating_flows, reset_rows
from compute.kernels.flows import Flows
from compute.kernels.lives import weighted_average_life, weighted_average_maturity_mo
from compute.kernels.loans import Cashflows, LoanTerms, custom_flows, loan_flows
from compute.kernels.prepayment import DEFAULT_KINDS, NO_SPEED, PREPAYMENT_KINDS, parse_speed
from compute.kernels.schedules import Schedules, build_schedules
from compute.kernels.yields import durations, solve_yields, yield_times
from compute.run_inputs import RunInputs
from compute.terms import ABSENT, UNKNOWN, Terms
from compute.valued import Valued
from domain.columns import ABSENT_DATE
from domain.failures import Reason
from domain.tables import AMORTIZATIONS, BUSINESS_DAYS, CALENDARS, COMPOUNDINGS, DAY_COUNTS, RATE_TYPES

FIXED, FLOATING, ZERO = range(len(RATE_TYPES))
BULLET = AMORTIZATIONS.index("BULLET")
CUSTOM = AMORTIZATIONS.index("CUSTOM")


@dataclass(frozen=True)
class Debt:
    """Terms of m loans or bonds that all measures share."""

    terms: Terms
    is_loan: NDArray[np.bool_]
    notional_ccy: NDArray[np.float64]
    coupon: NDArray[np.float64]
    day_count: NDArray[np.int8]
    frequency: NDArray[np.int32]
    maturity_day: NDArray[np.int32]
    issue_day: NDArray[np.int32]
    curve_row: NDArray[np.int32]
    spread_row: NDArray[np.int32]
    spread: NDArray[np.float64]
    schedules: Schedules


@dataclass(frozen=True)
class Projected:
    """Flows under the market and under both bumps, what the amounts themselves do to key rates, and the accrued."""

    flows: Flows
    flows_up: Flows
    flows_down: Flows
    through_amounts_ccy: NDArray[np.float64] | None
    accrued_ccy: NDArray[np.float64]


def price_debt(run: RunInputs, terms: Terms, index: NDArray[np.int64], is_loan: NDArray[np.bool_]) -> Valued:
    """Positions that passed `check_debt`, all fixed or all floating."""
    debt = resolve_debt(run, terms, is_loan)
    rate_type = terms.choice("rate_type", RATE_TYPES)
    projected = project_floating(run, debt) if rate_type[0] == FLOATING else project_fixed(run, debt, rate_type)
    return value_flows(run, debt, projected, index)


def resolve_debt(run: RunInputs, terms: Terms, is_loan: NDArray[np.bool_]) -> Debt:
    tables = run.tables
    frequency, issue_day, maturity_day = terms.whole("frequency"), terms.day("issue_date"), terms.day("maturity_date")
    schedules = build_schedules(
        run.as_of_day,
        maturity_day=maturity_day,
        issue_day=issue_day,
        first_payment_day=terms.day("first_payment_date"),
        frequency=frequency,
        calendar=terms.choice("calendar", CALENDARS, "NONE"),
        business_day=terms.choice("business_day", BUSINESS_DAYS, "UNADJUSTED"),
        end_of_month=terms.flag("end_of_month"),
        adjust_accrual=terms.flag("adjust_accrual"),
    )
    return Debt(
        terms,
        is_loan,
        terms.position_number("notional"),
        terms.number("coupon", 0.0),
        terms.choice("day_count", DAY_COUNTS),
        frequency,
        maturity_day,
        issue_day,
        discount_rows(run, terms),
        np.maximum(terms.row_in("spread_curve", tables.spread_row), 0).astype(np.int32),
        run.spread(terms),
        schedules,
    )


def discount_rows(run: RunInputs, terms: Terms) -> NDArray[np.int32]:
    """Row of the discount curve: the instrument's, else the market's for the currency; below 0 where there is none."""
    named = terms.row_in("discount_curve", run.tables.curve_row)
    by_currency = terms.row_in("currency", run.tables.discount_curve_of)
    return np.where(named == ABSENT, by_currency, named).astype(np.int32)


def project_fixed(run: RunInputs, debt: Debt, rate_type: NDArray[np.int8]) -> Projected:
    """Loans by their amortisation, CUSTOM loans by their table, bonds as bullets; then all in their order again."""
    flows = [
        (chosen, make(run, debt_of(debt, chosen), rate_type[chosen]))
        for chosen, make in (
            (np.flatnonzero(debt.is_loan & ~is_custom(debt)), _loan_flows),
            (np.flatnonzero(debt.is_loan & is_custom(debt)), _custom_flows),
            (np.flatnonzero(~debt.is_loan), _bond_flows),
        )
        if len(chosen)
    ]
    together = interleave(flows, len(debt.is_loan), run.scenario_count)
    rate = np.where(rate_type == ZERO, 0.0, debt.coupon)
    return Projected(together, together, together, None, _accrued(run, debt, rate))


def is_custom(debt: Debt) -> NDArray[np.bool_]:
    return debt.terms.choice("amortization", AMORTIZATIONS) == CUSTOM


def debt_of(debt: Debt, chosen: NDArray[np.int64]) -> Debt:
    if len(chosen) == len(debt.is_loan):
        return debt
    return Debt(
        debt.terms.of(chosen),
        debt.is_loan[chosen],
        debt.notional_ccy[chosen],
        debt.coupon[chosen],
        debt.day_count[chosen],
        debt.frequency[chosen],
        debt.maturity_day[chosen],
        debt.issue_day[chosen],
        debt.curve_row[chosen],
        debt.spread_row[chosen],
        debt.spread[chosen],
        schedules_of(debt.schedules, chosen),
    )


def schedules_of(schedules: Schedules, chosen: NDArray[np.int64]) -> Schedules:
    counts = np.diff(schedules.offsets)[chosen]
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    rows = np.repeat(schedules.offsets[:-1][chosen] - offsets[:-1], counts) + np.arange(offsets[-1])
    columns = (
        schedules.start,
        schedules.end,
        schedules.accrual_start,
        schedules.accrual_end,
        schedules.pay,
        schedules.reference_start,
        schedules.reference_end,
        schedules.regular,
    )
    return Schedules(offsets, *(column[rows] for column in columns))


def interleave(parts: list[tuple[NDArray[np.int64], Flows]], count: int, scenario_count: int) -> Flows:
    """Flows of disjoint groups of positions as one, in the positions' order; variants spread to the widest."""
    if len(parts) == 1:
        return parts[0][1]
    widest = max((flows for _, flows in parts), key=lambda flows: flows.interest.shape[1])
    lengths = np.zeros(count, np.int64)
    for chosen, flows in parts:
        lengths[chosen] = np.diff(flows.offsets)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    total, variants = offsets[-1], widest.interest.shape[1]
    day, period = np.empty(total, np.int32), np.empty(total, np.int32)
    interest, principal = np.empty((total, variants)), np.empty((total, variants))
    for chosen, flows in parts:
        counts = np.diff(flows.offsets)
        rows = np.repeat(offsets[:-1][chosen] - flows.offsets[:-1], counts) + np.arange(flows.offsets[-1])
        day[rows], period[rows] = flows.day, flows.period
        interest[rows], principal[rows] = flows.interest, flows.principal
    return Flows(offsets, day, period, interest, principal, widest.variant_of_scenario)


def _loan_flows(run: RunInputs, debt: Debt, _: NDArray[np.int8]) -> Flows:
    terms = debt.terms
    loan = LoanTerms(
        balance_ccy=debt.notional_ccy,
        coupon=debt.coupon,
        servicing_fee=terms.number("servicing_fee", 0.0),
        day_count=debt.day_count,
        frequency=debt.frequency,
        amortization=terms.choice("amortization", AMORTIZATIONS),
        io_until_day=interest_only_until(debt.issue_day, terms.whole("io_months")),
        amortization_months=terms.whole("amortization_months"),
        compounding=terms.choice("compounding", COMPOUNDINGS),
        issue_day=debt.issue_day,
        maturity_day=debt.maturity_day,
        round_to_cent=terms.choice("rounding", ("CENT",)) == 0,
    )
    speeds = speeds_of(terms)
    return loan_flows(run.as_of_day, debt.schedules, loan, speeds, variants_of(run, speeds))


def _custom_flows(run: RunInputs, debt: Debt, _: NDArray[np.int8]) -> Flows:
    return custom_flows(
        run.as_of_day,
        cashflow_table(run),
        debt.terms.instruments,
        debt.notional_ccy,
        debt.terms.number("reference_notional"),
        run.scenario_count,
    )


def cashflow_table(run: RunInputs) -> Cashflows:
    """The `cashflows` table by row of `instruments`; both are sorted by instrument_id."""
    instruments = run.portfolio.tables["instruments"].columns["instrument_id"]
    table = run.portfolio.tables["cashflows"].columns
    owner = table["instrument_id"]
    row_of = {instruments.categories[code]: row for row, code in enumerate(instruments.values)}
    owner_row = np.array([row_of[text] for text in owner.categories])[owner.values]
    order = np.lexsort((table["pay_date"].values, owner_row))
    counts = np.bincount(owner_row, minlength=len(instruments.values))
    return Cashflows(
        np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        table["pay_date"].values[order],
        table["principal"].values[order],
        table["interest"].values[order],
    )


def _bond_flows(run: RunInputs, debt: Debt, rate_type: NDArray[np.int8]) -> Flows:
    return bond_flows(
        debt.schedules,
        notional=debt.notional_ccy,
        coupon=debt.coupon,
        rate_type_is_zero=rate_type == ZERO,
        day_count=debt.day_count,
        frequency=debt.frequency,
        redemption_per_100=debt.terms.number("redemption_per_100", 100.0),
        as_of_day=run.as_of_day,
        scenario_count=run.scenario_count,
    )


def project_floating(run: RunInputs, debt: Debt) -> Projected:
    terms, tables = debt.terms, run.tables
    fixing = period_fixings(run, debt)
    float_terms = FloatTerms(
        balance_ccy=debt.notional_ccy,
        margin=terms.number("margin", 0.0),
        cap=terms.number("cap"),
        floor=terms.number("floor"),
        servicing_fee=terms.number("servicing_fee", 0.0),
        redemption_per_100=np.where(debt.is_loan, 100.0, terms.number("redemption_per_100", 100.0)),
        day_count=debt.day_count,
        frequency=debt.frequency,
        amortization=np.where(debt.is_loan, terms.choice("amortization", AMORTIZATIONS), BULLET).astype(np.int8),
        io_until_day=interest_only_until(debt.issue_day, terms.whole("io_months")),
        amortization_months=terms.whole("amortization_months"),
        issue_day=debt.issue_day,
        maturity_day=debt.maturity_day,
        round_to_cent=terms.choice("rounding", ("CENT",)) == 0,
        is_loan=debt.is_loan,
        projection_row=terms.row_in("index", tables.projection_curve_of),
        fixing=fixing,
    )
    speeds = speeds_of(terms)
    shared = (run.as_of_day, debt.schedules, float_terms, speeds, variants_of(run, speeds))
    discounting = Discounting(
        debt.curve_row,
        debt.spread_row,
        debt.spread,
        tables.spread_factors,
        tables.key_gradients,
        tables.gradient_of_scenario,
    )
    projected = floating_flows(*shared, tables.discount_factors, discounting)
    rate = current_rate(float_terms, debt.schedules)
    return Projected(
        projected.flows,
        floating_flows(*shared, tables.discount_factors_up).flows,
        floating_flows(*shared, tables.discount_factors_down).flows,
        projected.projection_key_rate_dv01,
        _accrued(run, debt, rate),
    )


def period_fixings(run: RunInputs, debt: Debt) -> NDArray[np.float64]:
    """[P] the fixing of the periods that have reset, NaN for those still to come."""
    schedules = debt.schedules
    fixing = np.full(len(schedules.pay), np.nan)
    rows = reset_rows(schedules, run.as_of_day)
    position = np.searchsorted(schedules.offsets, rows, side="right") - 1
    codes, indices = debt.terms.texts("index")
    for code in np.unique(codes[position]):
        days, rates = run.tables.fixings.get(indices[code], (np.empty(0, np.int32), np.empty(0)))
        mine = rows[codes[position] == code]
        fixing[mine] = fixings_at(schedules.accrual_start[mine], days, rates)
    return fixing


def missing_fixing(run: RunInputs, debt: Debt) -> NDArray[np.bool_]:
    """[m] a period has begun (or, with the fixing of today not yet known, not begun today) without its fixing."""
    rows = reset_rows(debt.schedules, run.as_of_day)
    position = np.searchsorted(debt.schedules.offsets, rows, side="right") - 1
    begun = debt.schedules.accrual_start[rows] <= run.as_of_day
    missing = np.isnan(period_fixings(run, debt)[rows]) & begun
    return np.bincount(position[missing], minlength=len(debt.is_loan)) > 0


def current_rate(terms: FloatTerms, schedules: Schedules) -> NDArray[np.float64]:
    """[m] the all-in rate of the first period still to be paid; 0 where it has not reset."""
    has_period = np.diff(schedules.offsets) > 0
    rate = np.zeros(len(has_period))
    first = schedules.offsets[:-1][has_period]
    all_in = terms.fixing[first] + terms.margin[has_period]
    rate[has_period] = np.fmax(np.fmin(all_in, terms.cap[has_period]), terms.floor[has_period])
    return np.nan_to_num(rate, nan=0.0)


def _accrued(run: RunInputs, debt: Debt, rate: NDArray[np.float64]) -> NDArray[np.float64]:
    return accrued_interest(
        debt.schedules,
        balance=debt.notional_ccy,
        rate=rate,
        day_count=debt.day_count,
        frequency=debt.frequency,
        as_of_day=run.as_of_day,
    )


def speeds_of(terms: Terms) -> Speeds:
    prepayment_kind = terms.code("prepayment kind", "prepayment", lambda text: kind_of(text, PREPAYMENT_KINDS))
    default_kind = terms.code("default kind", "default", lambda text: kind_of(text, DEFAULT_KINDS))
    return Speeds(
        prepayment_kind.astype(np.int8),
        quoted_pct(terms, "prepayment", PREPAYMENT_KINDS),
        default_kind.astype(np.int8),
        quoted_pct(terms, "default", DEFAULT_KINDS),
        terms.number("severity", 0.0),
        terms.whole("recovery_lag_months"),
        terms.flag("servicer_advances"),
    )


def kind_of(text: str, kinds: tuple[str, ...]) -> int:
    try:
        return parse_speed(text, kinds).code
    except ValueError:
        return UNKNOWN


def quoted_pct(terms: Terms, name: str, kinds: tuple[str, ...]) -> NDArray[np.float64]:
    codes, categories = terms.texts(name)
    if not categories:
        return np.zeros(len(terms))
    column = terms.portfolio.tables["instruments"].columns[name]
    table = terms.lookups.table(f"{name} pct", column, name, lambda text: pct_of(text, kinds))
    return np.where(codes == NO_SPEED, 0.0, table[codes])


def pct_of(text: str, kinds: tuple[str, ...]) -> float:
    try:
        return parse_speed(text, kinds).quoted_pct
    except ValueError:
        return np.nan


def variants_of(run: RunInputs, speeds: Speeds) -> Variants:
    tables = run.tables
    return distinct_variants(speeds, tables.prepayment_multiplier, tables.default_multiplier, tables.severity_add)


def value_flows(run: RunInputs, debt: Debt, projected: Projected, index: NDArray[np.int64]) -> Valued:
    tables, flows = run.tables, projected.flows
    where = {"curve_row": debt.curve_row, "spread_row": debt.spread_row, "spread": debt.spread}
    discounted = discount(
        flows,
        **where,
        discount_factors=tables.discount_factors,
        key_gradients=tables.key_gradients,
        gradient_of_scenario=tables.gradient_of_scenario,
        spread_factors=tables.spread_factors,
    )
    key_rates = discounted.key_rate_dv01
    if projected.through_amounts_ccy is not None:
        key_rates = key_rates + projected.through_amounts_ccy
    yields, macaulay_yr, modified_yr = yields_and_durations(run, debt, flows, discounted.pv)
    up = present_values(
        projected.flows_up, **where, factors=tables.discount_factors_up, spread_factors=tables.spread_factors
    )
    down = present_values(
        projected.flows_down,
        **where,
        factors=tables.discount_factors_down,
        spread_factors=tables.spread_factors,
    )
    return Valued(
        index=index,
        notional_ccy=debt.notional_ccy,
        pv_ccy=discounted.pv,
        pv_up_ccy=up,
        pv_down_ccy=down,
        key_rate_dv01_ccy=key_rates,
        fx_delta_base=fx_delta(run, debt.terms, discounted.pv),
        cs01_ccy=discounted.cs01,
        accrued_ccy=projected.accrued_ccy,
        yields=yields,
        macaulay_yr=macaulay_yr,
        modified_yr=modified_yr,
        wal_yr=weighted_average_life(flows),
        wam_mo=weighted_average_maturity_mo(debt.maturity_day, run.as_of_day),
    )


def yields_and_durations(
    run: RunInputs, debt: Debt, flows: Flows, pv_ccy: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Blank, not computed, unless one of them was asked for: the search is the dearest of the measures."""
    if not {"YIELD", "MACAULAY_DURATION", "MODIFIED_DURATION"} & set(run.measures):
        blank = np.full(pv_ccy.shape, np.nan)
        return blank, blank, blank
    times = yield_times(
        flows, debt.schedules, day_count=debt.day_count, frequency=debt.frequency, as_of_day=run.as_of_day
    )
    yields, _ = solve_yields(flows, times, price_ccy=pv_ccy)
    at_yield = durations(flows, times, yields)
    return yields, at_yield.macaulay_yr, at_yield.modified_yr


def fx_delta(run: RunInputs, terms: Terms, pv_ccy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gain in base currency for +1 % of the instrument's currency; nothing where that is the base currency."""
    rates = fx_rates(run, terms)
    codes, currencies = terms.texts("currency")
    foreign = np.array([currency != run.base_currency for currency in currencies])[codes]
    return np.where(foreign[:, None], pv_ccy * rates * 0.01, 0.0)


def fx_rates(run: RunInputs, terms: Terms) -> NDArray[np.float64]:
    """[m, S] base currency per unit, NaN where the market has no way there."""
    codes, currencies = terms.texts("currency")
    unknown = np.full(run.scenario_count, np.nan)
    table = np.array([run.tables.fx_to_base.get(currency, unknown) for currency in currencies])
    return table[codes]


def check_debt(run: RunInputs, terms: Terms, failing: Failing) -> None:
    """Reasons of terms and market data that are missing; positions that pass can be priced."""
    rate_type = terms.choice("rate_type", RATE_TYPES)
    frequency, maturity = terms.number("frequency"), terms.day("maturity_date")
    required = {
        "maturity_date": maturity == ABSENT_DATE,
        "rate_type": rate_type < 0,
        "day_count": terms.choice("day_count", DAY_COUNTS) < 0,
        "frequency": np.isnan(frequency),
        "coupon": (rate_type == FIXED) & np.isnan(terms.number("coupon")),
        "index": (rate_type == FLOATING) & (terms.texts("index")[0] < 0),
    }
    for name, missing in required.items():
        failing.where(missing, Reason.INVALID_TERMS, lambda i, n=name: f"{n} is missing")  # type: ignore[misc]
    _check_speeds(terms, failing)
    _check_curves(run, terms, failing)
    _check_index(run, terms, rate_type, failing)


def _check_speeds(terms: Terms, failing: Failing) -> None:
    speeds = speeds_of(terms)
    for name, kind, kinds in (
        ("prepayment", speeds.prepayment_kind, PREPAYMENT_KINDS),
        ("default", speeds.default_kind, DEFAULT_KINDS),
    ):
        named = terms.texts(name)[0] >= 0
        by_model = named & (np.isin(kind, [code for code, k in enumerate(all_kinds()) if k in ("MODEL", "PD")]))
        unreadable = named & (kind == UNKNOWN)
        failing.where(
            by_model,
            Reason.UNSUPPORTED,
            lambda i, n=name: f"{n} {terms.text_at(n, i)!r} is not supported by this release",  # type: ignore[misc]
        )
        failing.where(
            unreadable,
            Reason.INVALID_TERMS,
            lambda i, n=name, k=kinds: f"{n} {terms.text_at(n, i)!r} is none of {', '.join(k)}",  # type: ignore[misc]
        )


def all_kinds() -> tuple[str, ...]:
    return PREPAYMENT_KINDS + DEFAULT_KINDS


def _check_curves(run: RunInputs, terms: Terms, failing: Failing) -> None:
    rows = discount_rows(run, terms)
    named = terms.texts("discount_curve")[0] >= 0

    def curve_of(i: int) -> str:
        if named[i]:
            return f"discount curve {terms.text_at('discount_curve', i)!r}"
        return f"the discount curve of {terms.text_at('currency', i)}"

    tables = run.tables
    by_name = terms.code("PAR curve", "discount_curve", lambda text: int(text in tables.unsupported_curves)) == 1
    by_currency = terms.code("PAR currency", "currency", lambda text: int(text in tables.unsupported_currencies)) == 1
    unsupported = np.where(named, by_name, by_currency)
    failing.where(unsupported, Reason.UNSUPPORTED, lambda i: f"{curve_of(i)} is of kind PAR")
    failing.where(rows < 0, Reason.MISSING_MARKET_DATA, lambda i: f"{curve_of(i)} is not in the market")
    failing.where(
        terms.row_in("spread_curve", run.tables.spread_row) == UNKNOWN,
        Reason.MISSING_MARKET_DATA,
        lambda i: f"spread curve {terms.text_at('spread_curve', i)!r} is not in the market",
    )


def _check_index(run: RunInputs, terms: Terms, rate_type: NDArray[np.int8], failing: Failing) -> None:
    floats = rate_type == FLOATING
    par = terms.code("PAR index", "index", lambda text: int(text in run.tables.unsupported_indices)) == 1
    failing.where(
        floats & par,
        Reason.UNSUPPORTED,
        lambda i: f"the projection curve of {terms.text_at('index', i)!r} is of kind PAR",
    )
    failing.where(
        floats & (terms.row_in("index", run.tables.projection_curve_of) < 0),
        Reason.MISSING_MARKET_DATA,
        lambda i: f"the market has no projection curve for index {terms.text_at('index', i)!r}",
    )
    candidates = np.flatnonzero(floats & failing.fine)
    if not len(candidates):
        return
    chosen = terms.of(candidates)
    debt = resolve_debt(run, chosen, np.ones(len(candidates), np.bool_))
    missing = np.zeros(len(terms), np.bool_)
    missing[candidates[missing_fixing(run, debt)]] = True
    failing.where(
        missing,
        Reason.MISSING_MARKET_DATA,
        lambda i: f"the market has no fixing of {terms.text_at('index', i)!r} for the period in progress",
    )
