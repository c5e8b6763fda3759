"""Funds of callable bonds, and QuantLib's tree on the same bonds."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import QuantLib as ql

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import RunInputs, resolve
from compute.pricers.callable.terms import build_bonds, live_exercises
from compute.pricers.debt.projection import project_fixed
from compute.pricers.debt.terms import resolve_debt
from compute.product_families import ChunkFacts, price_chunk
from domain.market.document import parse_market
from domain.measures.measures import DEFAULT_MEASURES
from domain.portfolio.tables import RATE_TYPES
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument
from tests.builders.derivative_fund import AS_OF, QL_DAY_COUNTS, market, ql_curve, ql_day

HULL_WHITE = {"USD": {"mean_reversion": 0.03, "sigma": 0.01}}
Row = dict[str, Any]


def bond(maturity: date, coupon: float, **terms: Any) -> Row:
    base = {
        "product_type": "CALLABLE_BOND",
        "currency": "USD",
        "maturity_date": maturity,
        "rate_type": "FIXED",
        "coupon": coupon,
        "frequency": 2,
        "day_count": "30/360",
    }
    return base | terms


def right(day: date, price: float = 100.0, kind: str = "CALL") -> Row:
    return {"date": day, "price_per_100": price, "kind": kind}


def run_of(
    folder: Path,
    bonds: Sequence[tuple[Row, Sequence[Row]]],
    *shocks: Sequence[Row],
    hull_white: Row | None = None,
    measures: tuple[str, ...] = DEFAULT_MEASURES,
    chunk_size: int = 4096,
    held: Sequence[Row] | None = None,
    **changes: Any,
) -> RunInputs:
    """A position of 1,000,000 in each bond, or what `held` says of it."""
    names = [f"I{row:05d}" for row in range(len(bonds))]
    _write(
        folder / "instruments.csv",
        [{"instrument_id": name, **terms} for name, (terms, _) in zip(names, bonds, strict=True)],
    )
    rights = [
        {"instrument_id": name, **each} for name, (_, rights) in zip(names, bonds, strict=True) for each in rights
    ]
    if rights:
        _write(folder / "exercises.csv", rights)
    own = held or [{}] * len(bonds)
    basis = {"book_id": "BOOK", "notional": 1e6}
    positions = [
        {"position_id": f"P{k:05d}", "instrument_id": names[k % len(names)], **basis, **each}
        for k, each in enumerate(own)
    ]
    _write(folder / "positions.csv", positions)
    (folder / "portfolio.csv").write_text("node_id,parent_id,name,kind\nFUND,,Fund,FUND\nBOOK,FUND,Book,BOOK\n")
    prepared = prepare_portfolio(folder)
    assert prepared.portfolio is not None, prepared.errors
    scenarios = [ScenarioDocument.model_validate({"scenario_id": f"s{k}", "shocks": s}) for k, s in enumerate(shocks)]
    given = market(hull_white=HULL_WHITE if hull_white is None else hull_white, **changes)
    return resolve(
        prepared.portfolio,
        parse_market(json.dumps(given)),
        [BASE_SCENARIO, *scenarios],
        base_currency="USD",
        measures=measures,
        chunk_size=chunk_size,
    )


def _write(path: Path, rows: Sequence[Row]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join("" if row.get(name) is None else str(row[name]) for name in columns) for row in rows]
    path.write_text("\n".join([",".join(columns), *lines]) + "\n")


def priced(run: RunInputs, chunk_no: int = 0) -> ChunkFacts:
    return price_chunk(run, chunk_no)


def random_bonds(count: int, seed: int, longest_yr: int = 20) -> list[tuple[Row, list[Row]]]:
    """Bonds of every frequency with calls, puts or both on some of their coupon dates."""
    rng, made = np.random.default_rng(seed), []
    for _ in range(count):
        frequency = int(rng.choice([1, 2, 4]))
        periods = int(rng.integers(2, longest_yr * frequency))
        maturity = ql_day(AS_OF) + ql.Period(12 // frequency * periods, ql.Months) - int(rng.integers(0, 80))
        kinds = [("CALL",), ("CALL",), ("PUT",), ("CALL", "PUT")][int(rng.integers(4))]
        days = [maturity - ql.Period(12 // frequency * k, ql.Months) for k in range(periods, 0, -1)]
        first, step = int(rng.integers(0, max(len(days) // 2, 1))), int(rng.integers(1, 4))
        price = float(rng.choice([98.0, 100.0, 100.0, 101.0, 103.0]))
        rights = [
            right(py_day(day), price if kind == "CALL" else price - 4.0, kind)
            for day in days[first::step]
            for kind in kinds
            if day > ql_day(AS_OF)
        ]
        terms = bond(
            py_day(maturity),
            float(rng.uniform(0.01, 0.06)),
            frequency=frequency,
            day_count=str(rng.choice(["30/360", "30E/360"])),
            spread=float(rng.choice([0.0, 0.005, 0.02])),
        )
        made.append((terms, rights))
    return made


def py_day(day: Any) -> date:
    return date(day.year(), day.month(), day.dayOfMonth())


def ql_engine(steps: Any, spread: float, parameters: tuple[float, float] = (0.03, 0.01), shift: float = 0.0) -> Any:
    spread_handle = ql.QuoteHandle(ql.SimpleQuote(spread + shift))
    curve = ql.ZeroSpreadedTermStructure(ql_curve(0.0), spread_handle, ql.Continuous, ql.Annual)
    return ql.TreeCallableFixedRateBondEngine(ql.HullWhite(ql.YieldTermStructureHandle(curve), *parameters), steps)


def ql_bond(terms: Row, rights: Sequence[Row]) -> Any:
    """Per 100, unadjusted, from well before the valuation date."""
    maturity, interval = ql_day(terms["maturity_date"]), 12 // terms["frequency"]
    dates = [maturity]
    while dates[0] > ql_day(AS_OF):
        dates.insert(0, maturity - ql.Period(interval * len(dates), ql.Months))
    schedule = ql.Schedule(dates, ql.NullCalendar(), ql.Unadjusted)
    exercises = ql.CallabilitySchedule()
    for each in rights:
        kind = ql.Callability.Call if each["kind"] == "CALL" else ql.Callability.Put
        price = ql.BondPrice(each["price_per_100"], ql.BondPrice.Clean)
        exercises.append(ql.Callability(price, kind, ql_day(each["date"])))
    count = QL_DAY_COUNTS[terms["day_count"]]
    return ql.CallableFixedRateBond(
        0, 100.0, schedule, [terms["coupon"]], count, ql.Unadjusted, 100.0, dates[0], exercises
    )


def bonds_of(run: RunInputs) -> tuple[Any, Any]:
    """Unit debt and the book of every position, each of which has a right still to use."""
    terms = run.chunk(0)
    debt = replace(resolve_debt(run, terms, np.zeros(len(terms), np.bool_)), notional_ccy=np.ones(len(terms)))
    projected = project_fixed(run, debt, terms.choice("rate_type", RATE_TYPES))
    return debt, build_bonds(run, debt, projected.flows, live_exercises(run, terms))
