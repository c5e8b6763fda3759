"""What cash flows cost: loans that prepay and default, deals, a ladder at a node of the tree, a position's schedule."""

import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from compute.inputs.run_inputs import PRICES_ONLY, RunInputs, resolve
from compute.inputs.terms import Lookups, Terms
from compute.pricers.debt.projection import project_fixed
from compute.pricers.debt.terms import resolve_debt
from compute.pricers.securitised.projections import project
from compute.pricers.securitised.tranches import places_of
from compute.product_families import price_chunk
from domain.market.document import MarketDocument
from domain.portfolio.columns import Portfolio
from domain.portfolio.tables import PRODUCT_TYPES, RATE_TYPES
from domain.runs.facts import CHUNK_SIZE
from domain.runs.run import RunRequested
from domain.scenarios.shocks import ScenarioDocument
from ops.benchmarking.deals import CURRENCY, auto_deals
from ops.cash_flows.tables import cash_flows_of_run
from ops.ports import KeepingStorage, Storage
from query_api.services.cashflow import AskedFlows, Basis, Shown

REPEATS = 3
SPEEDS = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5)
SCENARIOS = 10
DEALS, POSITIONS_A_DEAL = 200, 500
"""As many deals at most; a benchmark of few positions has few."""
LADDERS, SCHEDULES = 200, 5
LOAN, FIXED = PRODUCT_TYPES.index("LOAN"), RATE_TYPES.index("FIXED")


def cash_flow_speed(storage: Storage, requested: RunRequested) -> dict[str, Any]:
    """Processor time of this process for the arithmetic, the best of three; wall time for questions."""
    portfolio, market = storage.portfolio(requested.portfolio_sha256), storage.market(requested.market_sha256)
    run_id, storage = requested.originator_id, KeepingStorage.over(storage)
    deals = min(DEALS, max(2, portfolio.position_count // POSITIONS_A_DEAL))
    return {
        "loan_scenarios_per_s": loan_scenarios_per_s(portfolio, market),
        "auto_deal_seven_speeds_ms": round(auto_deal_seconds(market) * 1e3, 3),
        "deals": deals,
        "deals_with_key_rates_s": round(deals_seconds(market, deals), 3),
        "ladder_at_a_node_ms_p99": ladder_ms(storage, portfolio, run_id),
        "schedule_ms": schedule_ms(storage, portfolio, run_id),
    }


def loan_scenarios_per_s(portfolio: Portfolio, market: MarketDocument) -> int | None:
    """Fixed loans that prepay and default, from resolved terms to their flows; None where there are none."""
    run = speeds_of(portfolio, market, np.linspace(0.8, 1.2, SCENARIOS).tolist())
    everything = Terms(portfolio, np.arange(portfolio.position_count), run.lookups)
    behaves = (everything.texts("prepayment")[0] >= 0) & (everything.texts("default")[0] >= 0)
    is_loan = everything.choice("product_type", PRODUCT_TYPES) == LOAN
    rows = np.flatnonzero(behaves & is_loan & (everything.choice("rate_type", RATE_TYPES) == FIXED))
    if not len(rows):
        return None
    terms = run.terms_of(rows[:: max(1, len(rows) // CHUNK_SIZE)][:CHUNK_SIZE])
    debt = resolve_debt(run, terms, np.ones(len(terms), np.bool_))
    seconds = best_seconds(lambda: project_fixed(run, debt, terms.choice("rate_type", RATE_TYPES)))
    return round(len(terms) * SCENARIOS / seconds)


def auto_deal_seconds(market: MarketDocument) -> float:
    """One deal of 43 lines under seven prepayment speeds."""
    run = speeds_of(auto_deals(1), market, SPEEDS)
    deal = next(iter(places_of(run).values())).deal
    return best_seconds(lambda: project(run, deal))


def deals_seconds(market: MarketDocument, count: int) -> float:
    """Their notes valued under ten speeds, with DV01 and key rates, once; half of the deals depend on rates."""
    portfolio = auto_deals(count)
    speeds = np.linspace(0.5, 1.5, SCENARIOS).tolist()

    def work(deals: Portfolio) -> float:
        started = time.process_time()
        run = speeds_of(deals, market, speeds, ("PV", "DV01", "KEY_RATE_DV01"))
        for chunk_no in range(-(-deals.position_count // CHUNK_SIZE)):
            price_chunk(run, chunk_no)
        return time.process_time() - started

    work(auto_deals(2))  # compiled
    return work(portfolio)


def ladder_ms(storage: Storage, portfolio: Portfolio, run_id: UUID) -> float:
    """Of any node, every time another, as the read model has it."""
    nodes = portfolio.tables["portfolio"].columns["node_id"].categories
    of = np.random.default_rng(1).integers(0, len(nodes), LADDERS)
    times = [
        _asked_ms(storage, run_id, AskedFlows(Shown.LADDER, "", "BASE", Basis.BEHAVIOURAL, None, nodes[n])) for n in of
    ]
    return round(float(np.percentile(times, 99)), 3)


def schedule_ms(storage: Storage, portfolio: Portfolio, run_id: UUID) -> float:
    """Of a loan under BASE, worked out for the question: the median of a few."""
    everything = Terms(portfolio, np.arange(portfolio.position_count), Lookups())
    loans = np.flatnonzero(everything.choice("product_type", PRODUCT_TYPES) == LOAN)
    ids = portfolio.tables["positions"].columns["position_id"]
    rows = loans[:: max(1, len(loans) // SCHEDULES)][:SCHEDULES]
    names = [ids.categories[ids.values[row]] for row in rows]
    times = [_asked_ms(storage, run_id, AskedFlows(Shown.POSITION, n, "BASE", Basis.BEHAVIOURAL)) for n in names]
    return round(float(np.median(times)), 3) if times else 0.0


def speeds_of(
    portfolio: Portfolio, market: MarketDocument, speeds: Sequence[float], measures: tuple[str, ...] = PRICES_ONLY
) -> RunInputs:
    """BASE's market under scenarios that each move prepayment and default."""
    scenarios = [
        ScenarioDocument.model_validate(
            {
                "scenario_id": f"speed{number}",
                "shocks": [{"kind": kind, "multiplier": float(speed)} for kind in ("PREPAYMENT", "DEFAULT")],
            }
        )
        for number, speed in enumerate(speeds)
    ]
    return resolve(portfolio, market, scenarios, base_currency=CURRENCY, measures=measures, chunk_size=CHUNK_SIZE)


def best_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    work()  # compiled, and in the caches
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return min(seconds)


def _asked_ms(storage: Storage, run_id: UUID, asked: AskedFlows) -> float:
    started = time.perf_counter()
    cash_flows_of_run(storage, str(run_id), asked)
    return (time.perf_counter() - started) * 1e3
