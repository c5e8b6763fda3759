"""Credit default swaps: premium dates, the reference entity's curve, values by the ISDA standard model."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_terms import discount_rows, unshocked_discount_terms
from compute.inputs.run_inputs import EPOCH, RunInputs
from compute.inputs.terms import Terms
from compute.kernels.credit.cds import Credit, Premiums, Rates, Rows, Swaps, bootstrap_hazards, premium_periods
from compute.kernels.credit.cds_values import present_values, value_swaps
from compute.market.credit_tables import CreditQuotes
from compute.outputs.failures import Failing
from compute.outputs.family_values import Matrix, Valued
from compute.pricers.debt.checks import check_discounting
from compute.pricers.debt.spreads import PER_RATE
from compute.pricers.shared.checks import check_present
from compute.pricers.shared.convexity import bumped
from compute.pricers.shared.fx_rates import fx_delta
from compute.pricers.shared.theta import A_DAY, is_asked
from domain.measures.failures import Reason
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import CALENDARS, OPTION_TYPES_OF

SIDES = OPTION_TYPES_OF["CDS"]
BUY = SIDES.index("BUY")
PREMIUM_YEAR_DAYS = 360.0

Amounts = NDArray[np.float64]
Hazards = NDArray[np.float64]


def price_cds(run: RunInputs, terms: Terms, index: NDArray[np.int64]) -> Valued:
    """Positions that passed `check_cds`. The notional is the protection bought, or sold."""
    notional_ccy = terms.position_number("notional")
    bought_ccy = np.where(terms.choice("option_type", SIDES) == BUY, notional_ccy, -notional_ccy)
    swaps, premiums, rows, credit = resolve_cds(run, terms)
    by_tenor = run.asks("KEY_RATE_CS01")
    value = value_swaps(swaps, premiums, rows, rates_of(run), credit, spread_tenors=by_tenor)
    amount = bought_ccy[:, None]
    up, down = bumped(
        run, lambda factors: present_values(swaps, premiums, rows, rates_of(run, factors), credit) * amount
    )
    pv_ccy = value.pv * amount
    return Valued(
        index=index,
        notional_ccy=notional_ccy,
        pv_ccy=pv_ccy,
        pv_up_ccy=up,
        pv_down_ccy=down,
        values={
            "KEY_RATE_DV01": value.key_rate_dv01 * amount[:, :, None],
            "FX_DELTA": fx_delta(run, terms, pv_ccy),
            "CS01": value.cs01 * amount,
            "KEY_RATE_CS01": value.key_rate_cs01 * amount[:, :, None] if by_tenor else None,
            "ACCRUED_INTEREST": -bought_ccy * swaps.coupon * accrued_days(premiums) / PREMIUM_YEAR_DAYS,
            "PAR_SPREAD": _par_spread(run, swaps, premiums, rows, credit),
            "THETA": _pv_for_theta(run, terms, premiums) * amount - pv_ccy if is_asked(run) else None,
        },
        has_price=False,
    )


def _pv_for_theta(run: RunInputs, terms: Terms, premiums: Premiums) -> Matrix:
    """[m, S] for a unit of protection: the value at the next valuation date, and the premium paid on it.

    The hazard rates are those solved today: curves stay as they are by tenor.
    """
    later = replace(run, tables=replace(run.tables, as_of_day=run.as_of_day + A_DAY))
    swaps, ahead, rows, credit = resolve_cds(later, terms)
    first = np.minimum(premiums.offsets[:-1], max(len(premiums.end) - 1, 0))
    due = np.diff(premiums.offsets) > 0
    due[due] = premiums.end[first[due]] == A_DAY
    paid = np.zeros(len(swaps.coupon))
    paid[due] = swaps.coupon[due] * premiums.counted_days[first[due]] / PREMIUM_YEAR_DAYS
    return present_values(swaps, ahead, rows, rates_of(run), credit) - paid[:, None]


def _par_spread(run: RunInputs, swaps: Swaps, premiums: Premiums, rows: Rows, credit: Credit) -> Matrix | None:
    """[m, S] the running coupon at which protection costs nothing up front, as it is quoted."""
    if "PAR_SPREAD" not in run.measures:
        return None
    none = np.zeros(len(swaps.coupon))
    protection, less_unit = (
        present_values(swaps._replace(coupon=none + coupon), premiums, rows, rates_of(run), credit)
        for coupon in (0.0, 1.0)
    )
    annuity = protection - less_unit - (accrued_days(premiums) / PREMIUM_YEAR_DAYS)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        spread: Matrix = protection / annuity * PER_RATE
    return spread


def resolve_cds(run: RunInputs, terms: Terms) -> tuple[Swaps, Premiums, Rows, Credit]:
    on = unshocked_discount_terms(run, terms)
    credit_row, credit, recovery = credit_of(run, terms, on.curve_row)
    rows = Rows(
        on.curve_row,
        on.spread_row,
        credit_row,
        on.spread,
        # A shock of the position's spread is one of what its default swap costs.
        (run.spread(terms) - on.spread) / (1.0 - recovery[:, None]),
    )
    first = np.maximum(terms.day("issue_date"), run.as_of_day)
    maturity = terms.day("maturity_date")
    premiums = premium_periods(run.as_of_day, maturity_day=maturity, first_day=first, calendar=calendars_of(terms))
    return swaps_of(run.as_of_day, first, maturity, terms.number("coupon"), recovery), premiums, rows, credit


def swaps_of(
    as_of_day: int, first: NDArray[np.int32], maturity: NDArray[np.int32], coupon: Amounts, recovery: Amounts
) -> Swaps:
    """Protection begins on `first`, and what has begun covers from the day after the valuation date."""
    covered_after = np.maximum(first - 1, as_of_day) - as_of_day
    return Swaps(covered_after.astype(np.int32), (maturity - as_of_day).astype(np.int32), coupon, recovery)


def rates_of(run: RunInputs, factors: Amounts | None = None) -> Rates:
    tables = run.tables
    return Rates(
        tables.discount_factors if factors is None else factors,
        tables.spread_factors,
        tables.forward_breaks,
        tables.key_gradients,
        tables.gradient_of_scenario,
    )


def accrued_days(premiums: Premiums) -> Amounts:
    """[m] days of the first period to be paid, up to and with the valuation date."""
    days, live = np.zeros(len(premiums.offsets) - 1), np.flatnonzero(np.diff(premiums.offsets))
    first = premiums.offsets[live]
    days[live] = np.clip(1 - premiums.start[first], 0, premiums.counted_days[first])
    return days


def credit_of(run: RunInputs, terms: Terms, curve_row: NDArray[np.int32]) -> tuple[NDArray[np.int32], Credit, Amounts]:
    """[m] row in the hazard curves of these positions, the curves, and [m] their recoveries.

    Spreads are solved on the dates of the swap that is valued: a curve has a row for each discount curve and calendar.
    """
    codes, names = terms.texts("credit_curve")
    keys, rows = np.unique(np.stack([codes, curve_row, calendars_of(terms)]), axis=1, return_inverse=True)
    curves = [run.tables.credit_curves[names[code]] for code in keys[0]]
    hazards = [hazards_of(run, names[code], int(row), int(calendar)) for code, row, calendar in keys.T]
    most = max(len(curve.node_days) for curve in curves)
    node_day = np.zeros((len(curves), most), np.int32)
    hazard = np.zeros((len(curves), most, run.scenario_count))
    for number, (curve, rates) in enumerate(zip(curves, hazards, strict=True)):
        node_day[number, : len(curve.node_days)] = curve.node_days
        hazard[number, : len(curve.node_days)] = rates
    counts = np.array([len(curve.node_days) for curve in curves], np.int32)
    recovery = np.array([curve.recovery for curve in curves])[rows.ravel()]
    return rows.ravel().astype(np.int32), Credit(counts, node_day, hazard), recovery


def calendars_of(terms: Terms) -> NDArray[np.int8]:
    return terms.choice("calendar", CALENDARS, "NONE")


def hazards_of(run: RunInputs, curve_id: str, curve_row: int, calendar: int) -> Hazards:
    """[nodes, S] hazard rates; spreads are bootstrapped on the discount curve of each scenario, once per worker."""
    quotes = run.tables.credit_curves[curve_id]
    purpose = f"{curve_id} on {curve_row} by {CALENDARS[calendar]}"
    return np.asarray(run.lookups.once("hazard rates", purpose, lambda: _hazards(run, quotes, curve_row, calendar)))


def _hazards(run: RunInputs, quotes: CreditQuotes, curve_row: int, calendar: int) -> Hazards:
    count, scenarios, as_of = len(quotes.node_days), run.scenario_count, run.as_of_day
    hazard = np.repeat(quotes.hazard_rate[:, None], scenarios, axis=1)
    if np.isnan(quotes.cds_spread).all():
        return hazard
    first, maturity = np.full(count, as_of, np.int32), (as_of + quotes.node_days).astype(np.int32)
    calendars = np.full(count, calendar, np.int8)
    premiums = premium_periods(as_of, maturity_day=maturity, first_day=first, calendar=calendars)
    swaps = swaps_of(as_of, first, maturity, quotes.cds_spread, np.full(count, quotes.recovery))
    none, nothing = np.zeros(count, np.int32), np.zeros((count, scenarios))
    rows = Rows(np.full(count, curve_row, np.int32), none, none, nothing, nothing)
    credit = Credit(np.array([count], np.int32), quotes.node_days[None].astype(np.int32), hazard[None].copy())
    bootstrap_hazards(swaps, premiums, rows, rates_of(run), credit, accrued_days(premiums))
    solved: Hazards = credit.hazard[0]
    return solved


def check_cds(run: RunInputs, terms: Terms, failing: Failing) -> None:
    check_present(
        failing,
        {
            "option_type": terms.choice("option_type", SIDES) < 0,
            "coupon": np.isnan(terms.number("coupon")),
            "credit_curve": terms.texts("credit_curve")[0] < 0,
            "maturity_date": terms.day("maturity_date") == ABSENT_DATE,
        },
    )
    check_discounting(run, terms, failing)
    known = {name: row for row, name in enumerate(run.tables.credit_curves)}
    failing.where(
        terms.row_in("credit_curve", known) < 0,
        Reason.MISSING_MARKET_DATA,
        lambda i: f"credit curve {terms.text_at('credit_curve', i)!r} is not in the market",
    )
    fine = np.flatnonzero(failing.fine)
    if len(fine):
        row, credit, _ = credit_of(run, terms.of(fine), discount_rows(run, terms.of(fine)))
        unsolved = np.zeros(len(terms), np.bool_)
        unsolved[fine] = np.isnan(credit.hazard[row]).any(axis=(1, 2))
        failing.where(
            unsolved,
            Reason.DID_NOT_CONVERGE,
            lambda i: _unsolved_node(run, terms.text_at("credit_curve", i), int(calendars_of(terms)[i])),
        )


def _unsolved_node(run: RunInputs, curve_id: str, calendar: int) -> str:
    """The first node whose spread no hazard rate from 0 up gives, under any scenario and on any discount curve."""
    quotes = run.tables.credit_curves[curve_id]
    hazards = [hazards_of(run, curve_id, row, calendar) for row in range(len(run.tables.curve_row))]
    node = min(int(np.isnan(rates).any(axis=1).argmax()) for rates in hazards if np.isnan(rates).any())
    day = EPOCH + timedelta(days=run.as_of_day + int(quotes.node_days[node]))
    return (
        f"credit curve {curve_id!r}: no hazard rate gives the spread {quotes.cds_spread[node]:g} of its node on {day}: "
        "spreads fall too steeply there, or one is in percent; correct it or drop the node"
    )
