"""Structured notes: expected coupons by Monte Carlo under Hull-White, then every measure as for other debt."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.curves.curves import BASIS_POINT, DAYS_PER_YEAR
from compute.kernels.dates.daycounts import period_fraction
from compute.kernels.flows.bonds import accrued_interest
from compute.kernels.flows.flows import Flows
from compute.kernels.monte_carlo.control_variates import standard_errors
from compute.market.day_tables import CONVEXITY_SHIFT
from compute.outputs.failures import Failing
from compute.outputs.family_values import Valued
from compute.pricers.debt.checks import check_discounting
from compute.pricers.debt.pricing import value_flows
from compute.pricers.debt.projection import Projected
from compute.pricers.debt.terms import Debt, resolve_debt
from compute.pricers.shared.checks import check_present
from compute.pricers.shared.theta import is_asked
from compute.pricers.structured.coupons import OWN_TENOR, ClippedCoupon, Coupon, coupon_of, why_not
from compute.pricers.structured.dates import accruing_rate, known_rates, missing_fixing, periods_of
from compute.pricers.structured.rates import Curves, Note, NoteRates, key_rate_dv01s, note_rates
from compute.pricers.structured.theta import mean_rates_tomorrow
from domain.measures.failures import Reason
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import DAY_COUNTS

Array = NDArray[np.float64]


def price_structured(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """Positions that passed `check_structured`, one after another: each has paths of its own."""
    debt = _debt(run, terms)
    notes = _notes(run, debt)
    rates = [note_rates(run, note) for note in notes]
    owed_ccy = _interest_of_one(debt)
    worth_ccy = owed_ccy[:, None] * _paid_factors(run, debt)
    through, errors, of_dv01, of_vega = [], [], [], []
    for i, (note, of_note) in enumerate(zip(notes, rates, strict=True)):
        mine = worth_ccy[debt.schedules.offsets[i] : debt.schedules.offsets[i + 1]]
        through.append(key_rate_dv01s(run, note, of_note.at_market, mine))
        errors.append(standard_errors(of_note.at_market.replicate, mine))
        of_dv01.append(_of_dv01(note, of_note, mine))
        of_vega.append(_of_nothing(mine) if of_note.by_sigma is None else standard_errors(of_note.by_sigma, mine))
    valued = value_flows(run, debt, _projected(run, debt, notes, rates, owed_ccy, np.array(through)), index)
    return replace(
        valued,
        standard_error_ccy=np.array(errors),
        dv01_standard_error_ccy=np.array(of_dv01),
        vega_standard_error_ccy=np.array(of_vega),
    )


def _of_dv01(note: Note, of_note: NoteRates, worth_ccy: Array) -> Array:
    """[S] standard error of DV01: the scatter of the replicates' own slopes, over 25 bp each way."""
    if of_note.shifted is None:
        return _of_nothing(worth_ccy)
    up, down = of_note.shifted
    growth = np.exp(CONVEXITY_SHIFT * note.periods.pay / DAYS_PER_YEAR)[:, None]
    slope = (down * growth - up / growth) * (BASIS_POINT / (2.0 * CONVEXITY_SHIFT))
    return standard_errors(slope, worth_ccy)


def _of_nothing(worth_ccy: Array) -> Array:
    """[S] blank: nobody asked."""
    return np.full(worth_ccy.shape[1], np.nan)


def check_structured(run: RunInputs, terms: Terms, failing: Failing) -> None:
    check_present(
        failing,
        {
            "payoff": terms.texts("payoff")[0] < 0,
            "maturity_date": terms.day("maturity_date") == ABSENT_DATE,
            "frequency": np.isnan(terms.number("frequency")),
            "day_count": terms.choice("day_count", DAY_COUNTS) < 0,
        },
    )
    check_discounting(run, terms, failing)
    _where(failing, Reason.INVALID_TERMS, lambda i: why_not(terms, i))
    _where(failing, Reason.MISSING_MARKET_DATA, lambda i: _missing_market(run, terms, i))
    _where(failing, Reason.UNSUPPORTED, lambda i: _unsupported(terms, i))
    candidates = np.flatnonzero(failing.fine)
    if len(candidates):
        notes = dict(zip(candidates, _notes(run, _debt(run, terms.of(candidates))), strict=True))
        _where(failing, Reason.MISSING_MARKET_DATA, lambda i: _missing_fixing(run, notes[i]))


def _where(failing: Failing, reason: Reason, sentence_of: object) -> None:
    """Notes are few, and each is looked at by itself; an empty sentence says that nothing is wrong."""
    sentences = {int(i): sentence_of(int(i)) for i in np.flatnonzero(failing.fine)}  # type: ignore[operator]
    bad = np.zeros(len(failing.reason), np.bool_)
    bad[[i for i, sentence in sentences.items() if sentence]] = True
    failing.where(bad, reason, sentences.__getitem__)


def _unsupported(terms: Terms, i: int) -> str:
    """A coupon that clips a rate compounded in arrears is set when its period ends; ours are set when it starts."""
    coupon = coupon_of(terms, i)
    if isinstance(coupon, ClippedCoupon) and OWN_TENOR in coupon.tenors_yr and coupon.index.is_overnight:
        name = coupon.index.name
        return f"coupons on {name!r} compounded in arrears are not supported: name a term rate, such as {name}-3M"
    return ""


def _missing_market(run: RunInputs, terms: Terms, i: int) -> str:
    currency, name = terms.text_at("currency", i), coupon_of(terms, i).index.name
    if currency not in run.tables.hull_white:
        return f"the market has no hull_white entry for {currency}"
    if name in run.tables.unsupported_indices:
        return f"the curve of {name!r} is not solved: {run.tables.curve_problems}"
    if name and name not in run.tables.projection_curve_of:
        return f"the market has no projection curve for index {name!r}"
    return ""


def _missing_fixing(run: RunInputs, note: Note) -> str:
    lacking = missing_fixing(run, note.coupon, note.periods)
    return f"the market has no fixing of {lacking}" if lacking else ""


def _debt(run: RunInputs, terms: Terms) -> Debt:
    return resolve_debt(run, terms, np.zeros(len(terms), np.bool_))


def _notes(run: RunInputs, debt: Debt) -> list[Note]:
    fraction = period_fraction(debt.schedules, debt.day_count, debt.frequency)
    return [_note(run, debt, fraction, i) for i in range(len(debt.terms))]


def _note(run: RunInputs, debt: Debt, fraction: Array, i: int) -> Note:
    coupon, periods = coupon_of(debt.terms, i), periods_of(run, debt, fraction, i)
    known = known_rates(run, coupon, periods)[:, None]
    return Note(debt.terms.text_at("instrument_id", i), coupon, periods, _curves(run, debt, coupon, i), known)


def _curves(run: RunInputs, debt: Debt, coupon: Coupon, i: int) -> Curves:
    """A swap rate of no index is one of the discount curve."""
    row = int(debt.curve_row[i])
    projection_row = run.tables.projection_curve_of.get(coupon.index.name, row) if coupon.index.name else row
    return Curves(row, projection_row, *run.tables.hull_white[debt.terms.text_at("currency", i)])


def _interest_of_one(debt: Debt) -> Array:
    """[P] what a rate of 1 pays."""
    fraction = period_fraction(debt.schedules, debt.day_count, debt.frequency)
    owed: Array = debt.notional_ccy[debt.schedules.position_of_period] * fraction
    return owed


def _paid_factors(run: RunInputs, debt: Debt) -> Array:
    """[P, S] discount factor to each payment, spreads included."""
    tables, position = run.tables, debt.schedules.position_of_period
    day = debt.schedules.pay - run.as_of_day
    of_spread = tables.spread_factors[debt.spread_row[position], day][:, None]
    own = np.exp(-debt.spread[position] * (day / DAYS_PER_YEAR)[:, None])
    factors: Array = tables.discount_factors[debt.curve_row[position], day] * of_spread * own
    return factors


def _projected(
    run: RunInputs, debt: Debt, notes: list[Note], rates: list[NoteRates], owed_ccy: Array, through: Array
) -> Projected:
    def paying(expected: list[Array]) -> Flows:
        return _flows(run, debt, owed_ccy[:, None] * np.concatenate(expected))

    def flows(rate: str) -> Flows:
        return paying([getattr(each, rate) for each in rates])

    accruing = np.array([accruing_rate(run, note.coupon, note.periods) for note in notes])
    accrued_ccy = accrued_interest(
        debt.schedules,
        balance=debt.notional_ccy,
        rate=accruing,
        day_count=debt.day_count,
        frequency=debt.frequency,
        as_of_day=run.as_of_day,
    )
    return Projected(
        flows("mean"),
        flows("up"),
        flows("down"),
        through,
        accrued_ccy,
        (flows("vega_up"), flows("vega_down")) if run.asks("VEGA", "VEGA_LADDER") else None,
        np.ones(len(notes), np.bool_),
        flows_tomorrow=paying([mean_rates_tomorrow(run, note) for note in notes]) if is_asked(run) else None,
    )


def _flows(run: RunInputs, debt: Debt, interest_ccy: Array) -> Flows:
    """Coupons, and the redemption with the last."""
    schedules, position = debt.schedules, debt.schedules.position_of_period
    number = np.arange(len(position)) - schedules.offsets[position]
    is_last = np.arange(len(position)) == schedules.offsets[position + 1] - 1
    redeemed_ccy = debt.notional_ccy * debt.terms.number("redemption_per_100", 100.0) / 100.0
    principal = np.where(is_last, redeemed_ccy[position], 0.0)
    return Flows(
        schedules.offsets,
        (schedules.pay - run.as_of_day).astype(np.int32),
        number.astype(np.int32),
        interest_ccy,
        np.repeat(principal[:, None], run.scenario_count, axis=1),
        np.arange(run.scenario_count, dtype=np.int32),
    )
