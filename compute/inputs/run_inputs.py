"""What a run's chunks share: the portfolio, the market under every scenario, and what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from compute.inputs.terms import Lookups, Terms
from compute.market.credit_tables import credit_quotes
from compute.market.day_tables import MarketTables, build_market_tables
from compute.market.prepayment_tables import longest_tenor_days
from domain.market.document import MarketDocument
from domain.market.prepayment import model_name
from domain.measures.measures import BY_NAME, Fact
from domain.portfolio.columns import ABSENT_DATE, ColumnData, Portfolio
from domain.portfolio.holidays import longest_extension_days
from domain.portfolio.payoffs import InvalidPayoff, longest_tenor_yr, parse_payoff
from domain.runs.run import RunRequested
from domain.scenarios.shocks import ScenarioDocument

SLACK_DAYS = 40
"""Payments that a business-day rule or a month's clipping moves past the last date in the files."""
MONTH_DAYS = 31
YEAR_DAYS = 366
PRICES_ONLY = ("PV",)
NOTHING_MOVES = (*PRICES_ONLY, "ACCRUED_INTEREST", "DIRTY_PRICE", "CLEAN_PRICE", "YIELD", "WAL", "WAM")
"""Measures that are read off the flows of one market."""
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class RunInputs:
    portfolio: Portfolio
    tables: MarketTables
    base_currency: str
    measures: tuple[str, ...]
    scenario_count: int
    chunk_size: int
    lookups: Lookups
    is_contractual: bool = field(default=False, kw_only=True)
    """without prepayment, default and calls of deals: a basis of cash flows that are shown, never of results"""
    in_parts: bool = field(default=False, kw_only=True)
    """with principal in its parts too, for cash flows that are shown"""
    without_default: bool = field(default=False, kw_only=True)
    """prepayment alone: the payments that an expected loss runs over"""

    @property
    def as_of_day(self) -> int:
        return self.tables.as_of_day

    @property
    def prices_only(self) -> bool:
        """Sensitivities take most of the time and memory; for a VaR, or for capital and losses, nobody asks."""
        return are_prices_only(self.measures)

    def asks(self, *measures: str) -> bool:
        """Whether any of these was asked for; what only they need is otherwise left blank, not computed."""
        return not set(measures).isdisjoint(self.measures)

    def with_parts(self) -> "RunInputs":
        return replace(self, in_parts=True)

    def chunk(self, chunk_no: int) -> Terms:
        first = chunk_no * self.chunk_size
        last = min(first + self.chunk_size, self.portfolio.position_count)
        return self.terms_of(np.arange(first, last))

    def terms_of(self, rows: NDArray[np.int64]) -> Terms:
        return Terms(self.portfolio, rows, self.lookups)

    def own_spread(self, terms: Terms) -> NDArray[np.float64]:
        """[n, S] the instrument's alone, decimal, continuous."""
        return np.repeat(terms.number("spread", 0.0)[:, None], self.scenario_count, axis=1)

    def spread(self, terms: Terms) -> NDArray[np.float64]:
        """[n, S] the instrument's spread and what the scenarios add to it, decimal, continuous."""
        spread = self.own_spread(terms)
        chosen: dict[tuple[tuple[str, str], ...], NDArray[np.bool_]] = {}  # a history matches the same every day
        for scenario, shocks in enumerate(self.tables.spread_shocks):
            for shock in shocks:
                match = tuple(shock.match.items())
                if match not in chosen:
                    chosen[match] = terms.matched(shock.match)
                spread[:, scenario] += np.where(chosen[match], shock.bp * 1e-4, 0.0)
        return spread


def resolve_run(portfolio: Portfolio, market: MarketDocument, requested: RunRequested) -> RunInputs:
    scenarios = [ScenarioDocument.model_validate(document) for document in requested.scenario_documents]
    return resolve(
        portfolio,
        market,
        scenarios,
        base_currency=requested.base_currency,
        measures=tuple(requested.measures),
        chunk_size=requested.chunk_size,
    )


def resolve(
    portfolio: Portfolio,
    market: MarketDocument,
    scenarios: Sequence[ScenarioDocument],
    *,
    base_currency: str,
    measures: tuple[str, ...],
    chunk_size: int,
) -> RunInputs:
    days = max(horizon_days(portfolio, (market.as_of - EPOCH).days), credit_horizon_days(market))
    days += rate_horizon_days(portfolio, market)
    prices_only = are_prices_only(measures)
    tables = build_market_tables(market, scenarios, n_days=days, base_currency=base_currency, prices_only=prices_only)
    return RunInputs(portfolio, tables, base_currency, measures, len(scenarios), chunk_size, Lookups())


def are_prices_only(measures: Sequence[str]) -> bool:
    """Whether nothing asked of pricers moves a rate: measures of credit and capital are worked out beside them."""
    return all(name in NOTHING_MOVES or BY_NAME[name].fact is Fact.CAPITAL for name in measures)


def horizon_days(portfolio: Portfolio, as_of_day: int) -> int:
    """Rows of the day tables: one past the last day on which anything can pay, and then some."""
    instruments = portfolio.tables["instruments"].columns
    last = as_of_day + 1
    for name in ("maturity_date", "expiry_date", "first_payment_date"):
        if name in instruments:
            last = max(last, int(instruments[name].values.max(initial=0)))
    last = max(last, _last_pool_payment(instruments), _last_swap_of_notes(instruments), _last_distribution(portfolio))
    last += longest_extension_days(portfolio)
    if "first_reset_date" in instruments:
        last += YEAR_DAYS
    cashflows = portfolio.tables.get("cashflows")
    if cashflows is not None and cashflows.rows:
        last = max(last, int(cashflows.columns["pay_date"].values.max()))
    lag = instruments.get("recovery_lag_months")
    lag_mo = int(np.nanmax(lag.values, initial=0.0)) if lag is not None else 0
    return last - as_of_day + SLACK_DAYS + lag_mo * MONTH_DAYS + 1


def rate_horizon_days(portfolio: Portfolio, market: MarketDocument) -> int:
    """Rows beyond the last payment that rates of prepayment models look ahead; 0 where nothing names a model."""
    return longest_tenor_days(market) if names_models(portfolio) else 0


def names_models(portfolio: Portfolio) -> bool:
    """Whether an instrument or a line of a deal prepays by a model of the market."""
    texts = (
        table.columns["prepayment"].categories
        for name in ("instruments", "collateral")
        if (table := portfolio.tables.get(name)) is not None and "prepayment" in table.columns
    )
    return any(model_name(text) for each in texts for text in each)


def credit_horizon_days(market: MarketDocument) -> int:
    """Rows that a bootstrap of the market's credit spreads reads, whatever the portfolio holds; 0 without any."""
    quotes = credit_quotes(market).values()
    last = max((int(each.node_days[~np.isnan(each.cds_spread)].max(initial=0)) for each in quotes), default=0)
    return last + SLACK_DAYS + 1 if last else 0


def _last_pool_payment(instruments: Mapping[str, ColumnData]) -> int:
    """No earlier than the last payment of any pool, which has no maturity; 0 without pools."""
    if not {"wam", "first_payment_date"} <= instruments.keys():
        return 0
    wam_mo, first = instruments["wam"].values, instruments["first_payment_date"].values
    delay = instruments.get("payment_delay_days")
    delay_days = np.zeros(len(first)) if delay is None else np.nan_to_num(delay.values)
    is_pool = ~np.isnan(wam_mo) & (first != ABSENT_DATE)
    return int((first + wam_mo * MONTH_DAYS + delay_days)[is_pool].max(initial=0))


def _last_distribution(portfolio: Portfolio) -> int:
    """No earlier than the last distribution of any deal; 0 without deals."""
    deals, lines = portfolio.tables.get("deals"), portfolio.tables.get("collateral")
    if deals is None or lines is None:
        return 0
    first, months = deals.columns["first_payment_date"].values.max(), lines.columns["wam"].values.max()
    return int(first + months * MONTH_DAYS)


def _last_swap_of_notes(instruments: Mapping[str, ColumnData]) -> int:
    """No earlier than the end of the longest swap that a structured note's last coupon may look at; 0 without any."""
    if not {"payoff", "maturity_date"} <= instruments.keys():
        return 0
    payoff = instruments["payoff"]
    tenor_yr = np.array([*(_tenor_of_text(text) for text in payoff.categories), 0])
    return int((instruments["maturity_date"].values + YEAR_DAYS * tenor_yr[payoff.values]).max(initial=0))


def _tenor_of_text(text: str) -> int:
    """0 where the payoff cannot be read: its note has no value."""
    try:
        return longest_tenor_yr(parse_payoff(text))
    except InvalidPayoff:
        return 0
