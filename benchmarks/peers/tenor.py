"""Tenor's kernels on the same terms, from resolved inputs and from the terms themselves."""

import csv
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.terms import NOTIONAL, SHIFTS_BP, Terms, market_document
from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import RunInputs, resolve
from compute.kernels.flows.fixed_balance_floaters import SteadyFloaters, steady_present_values
from compute.kernels.flows.float_terms import FloatTerms
from compute.kernels.flows.floating import resolve_steady
from compute.kernels.flows.flows import Flows
from compute.kernels.flows.prepaying_pool import Speeds
from compute.kernels.fx.forwards import FxForwardTerms, fx_forward_pv
from compute.kernels.options.caplet_volatilities import NO_SURFACE
from compute.pricers.debt.projection import period_fixings, project_fixed
from compute.pricers.debt.terms import BULLET, Debt, resolve_debt
from compute.pricers.fx.forwards import pairs_of
from compute.pricers.shared.discounting import revalued
from domain.market.document import parse_market
from domain.portfolio.columns import ABSENT_DATE, Portfolio
from domain.portfolio.tables import PRODUCT_TYPES, RATE_TYPES
from domain.scenarios.shocks import ScenarioDocument

Values = NDArray[np.float64]
Price = Callable[[], Values]

NODES = (
    {"node_id": "FUND", "parent_id": "", "name": "Fund", "kind": "FUND"},
    {"node_id": "BOOK", "parent_id": "FUND", "name": "Book", "kind": "BOOK"},
)


def inputs_of(instruments: Iterable[Terms], market: Terms | None = None, exercises: Iterable[Terms] = ()) -> RunInputs:
    """By the way that a user's files take: read, checked, made canonical."""
    rows = [{"instrument_id": f"I{number:06d}", **terms} for number, terms in enumerate(instruments)]
    held = [
        {
            "position_id": f"P{number:06d}",
            "instrument_id": row["instrument_id"],
            "book_id": "BOOK",
            "notional": NOTIONAL,
        }
        for number, row in enumerate(rows)
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name, table in (("portfolio", NODES), ("instruments", rows), ("positions", held)):
            _write(Path(folder, f"{name}.csv"), table)
        if exercises:
            _write(Path(folder, "exercises.csv"), exercises)
        prepared = prepare_portfolio(Path(folder))
    assert prepared.portfolio is not None, prepared.errors
    return _resolved(prepared.portfolio, len(rows), market or market_document())


def _resolved(portfolio: Portfolio, count: int, document: Terms) -> RunInputs:
    scenarios = [
        ScenarioDocument.model_validate(
            {"scenario_id": f"s{number}", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": bp}]}
        )
        for number, bp in enumerate(SHIFTS_BP)
    ]
    market = parse_market(json.dumps(document).encode())
    return resolve(portfolio, market, scenarios, base_currency="USD", measures=("PV", "CONVEXITY"), chunk_size=count)


def _write(path: Path, rows: Iterable[Terms]) -> None:
    rows = list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@dataclass(frozen=True)
class Prices:
    resolved: Price
    """QuantLib's footing: what does not depend on the curve has been made; the clock sees ten curves"""
    from_terms: Price
    """everything from a snapshot's columns: codes, schedules, day counts, amortisation, flows, discounting"""


def fixed(run: RunInputs) -> Prices:
    """Bonds and loans: their flows do not depend on the curve, as a QuantLib bond's coupons do not."""
    debt = _debt(run)
    flows = _fixed_flows(run, debt)

    def from_terms() -> Values:
        debt = _debt(run)
        return revalued(run, _fixed_flows(run, debt), debt.discount_terms, run.tables.discount_factors)

    return Prices(lambda: revalued(run, flows, debt.discount_terms, run.tables.discount_factors), from_terms)


def floating(run: RunInputs) -> Prices:
    """Notes over three-month rates: amounts are made anew on every curve."""
    debt = _debt(run)
    floaters = _floaters(run, debt)

    def from_terms() -> Values:
        debt = _debt(run)
        return _floating_values(run, debt, _floaters(run, debt))

    return Prices(lambda: _floating_values(run, debt, floaters), from_terms)


def fx(run: RunInputs) -> Prices:
    forwards, spot = _fx_terms(run)

    def price(forwards: FxForwardTerms, spot: Values) -> Values:
        return fx_forward_pv(forwards, spot=spot, discount_factors=run.tables.discount_factors)

    return Prices(lambda: price(forwards, spot), lambda: price(*_fx_terms(run)))


def fixed_flows_of(run: RunInputs) -> tuple[Debt, Flows]:
    debt = _debt(run)
    return debt, _fixed_flows(run, debt)


def _debt(run: RunInputs) -> Debt:
    terms = run.chunk(0)
    return resolve_debt(run, terms, terms.choice("product_type", PRODUCT_TYPES) == PRODUCT_TYPES.index("LOAN"))


def _fixed_flows(run: RunInputs, debt: Debt) -> Flows:
    return project_fixed(run, debt, debt.terms.choice("rate_type", RATE_TYPES)).flows


def _float_terms(run: RunInputs, debt: Debt) -> FloatTerms:
    count = len(debt.terms)
    absent, nothing, never = np.full(count, np.nan), np.zeros(count), np.full(count, ABSENT_DATE)
    return FloatTerms(
        balance_ccy=debt.notional_ccy,
        margin=debt.terms.number("margin", 0.0),
        cap=absent,
        floor=absent,
        servicing_fee=nothing,
        redemption_per_100=np.full(count, 100.0),
        day_count=debt.day_count,
        frequency=debt.frequency,
        amortization=np.full(count, BULLET),
        io_until_day=never,
        amortization_months=nothing.astype(np.int32),
        issue_day=debt.issue_day,
        maturity_day=debt.maturity_day,
        round_to_cent=np.zeros(count, np.bool_),
        is_loan=debt.is_loan,
        projection_row=debt.terms.row_in("index", run.tables.projection_curve_of),
        volatility_row=np.full(count, NO_SURFACE),
        fixing=period_fixings(run, debt),
    ).typed()


def _floaters(run: RunInputs, debt: Debt) -> SteadyFloaters:
    return resolve_steady(run.as_of_day, debt.schedules, _float_terms(run, debt), Speeds.none(len(debt.terms)))


def _floating_values(run: RunInputs, debt: Debt, floaters: SteadyFloaters) -> Values:
    return steady_present_values(
        floaters,
        debt.discount_terms,
        factors=run.tables.discount_factors,
        spread_factors=run.tables.spread_factors,
    )


def _fx_terms(run: RunInputs) -> tuple[FxForwardTerms, Values]:
    terms = run.chunk(0)
    pairs = pairs_of(run, terms)
    maturity = (terms.day("maturity_date") - run.as_of_day).astype(np.int32)
    notional, strike, lag = terms.position_number("notional"), terms.number("strike"), terms.whole("spot_lag_days")
    return FxForwardTerms(notional, strike, maturity, lag, pairs.base_row, pairs.quote_row), pairs.spot
