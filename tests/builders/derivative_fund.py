"""Funds of derivatives made row by row, priced under scenarios, and the QuantLib objects that stand beside them."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import QuantLib as ql

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import resolve
from compute.product_families import ChunkFacts, price_chunk
from domain.market.document import parse_market
from domain.measures.measures import KEY_RATE_LABELS, KEY_RATE_TENORS_YR
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument

AS_OF = date(2026, 1, 23)
OIS_NODES = {"3M": 0.0385, "6M": 0.037, "1Y": 0.036, "2Y": 0.034, "3Y": 0.0342, "5Y": 0.035, "7Y": 0.0362, "10Y": 0.038}
LONG_NODES = {"15Y": 0.0392, "20Y": 0.0398, "30Y": 0.0395}
TENORS = {**OIS_NODES, **LONG_NODES}
"""Nodes at the key rates, so that a scenario's KEY_RATE is the measure's bump exactly."""
INDEX = "USD-TERM-3M"
MEASURES = (
    "PV",
    "ACCRUED_INTEREST",
    "DV01",
    "KEY_RATE_DV01",
    "CONVEXITY",
    "FX_DELTA",
    "VEGA",
    "CS01",
    "CLEAN_PRICE",
    "STANDARD_ERROR",
    "WAL",
    "WAM",
    "DV01_STANDARD_ERROR",
    "VEGA_STANDARD_ERROR",
)


def market(**changes: Any) -> dict[str, Any]:
    """Dollar and euro curves, and an index projected 25 bp above the dollar's discount curve."""
    document = {
        "as_of": AS_OF.isoformat(),
        "base_currency": "USD",
        "curves": [
            zero_curve("USD-OIS", "USD", 0.0),
            zero_curve("TERM", "USD", 25e-4),
            zero_curve("EUR", "EUR", -0.01),
        ],
        "discount": {"USD": "USD-OIS", "EUR": "EUR"},
        "projection": {INDEX: "TERM"},
        "fx_spots": [{"pair": "EURUSD", "spot": 1.18}],
        "fixings": [
            {"index": INDEX, "date": str(AS_OF - timedelta(days=k)), "rate": 0.04 + k * 1e-6} for k in range(400)
        ],
    }
    return document | changes


def zero_curve(curve_id: str, currency: str, above: float) -> dict[str, Any]:
    nodes = [{"tenor": tenor, "rate": rate + above} for tenor, rate in TENORS.items()]
    return {"curve_id": curve_id, "currency": currency, "interpolation": "LINEAR_ZERO", "nodes": nodes}


def priced(
    folder: Path,
    instruments: Sequence[dict[str, Any]],
    given: dict[str, Any],
    *shocks: Sequence[dict[str, Any]],
    measures: Sequence[str] = MEASURES,
) -> ChunkFacts:
    """One position of 1,000,000 in each instrument, by product, under BASE and a scenario for each of `shocks`."""
    prepared = prepare_portfolio(write_held(folder, instruments))
    assert prepared.portfolio is not None, prepared.errors
    scenarios = [ScenarioDocument.model_validate({"scenario_id": f"s{k}", "shocks": s}) for k, s in enumerate(shocks)]
    run = resolve(
        prepared.portfolio,
        parse_market(json.dumps(given), rates_are_decimals=True),
        [BASE_SCENARIO, *scenarios],
        base_currency="USD",
        measures=tuple(measures),
        chunk_size=4096,
    )
    return price_chunk(run, 0)


def write_held(folder: Path, instruments: Sequence[dict[str, Any]]) -> Path:
    """A portfolio folder with one position of 1,000,000 in each instrument."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(name for each in instruments for name in each))
    names = [f"I{row:05d}" for row in range(len(instruments))]
    lines = [
        ",".join([name, *(str(each.get(c, "")) for c in columns)])
        for name, each in zip(names, instruments, strict=True)
    ]
    (folder / "instruments.csv").write_text("\n".join([",".join(["instrument_id", *columns]), *lines]))
    held = [f"{name},{name},BOOK,1000000" for name in names]
    (folder / "positions.csv").write_text("\n".join(["position_id,instrument_id,book_id,notional", *held]))
    (folder / "portfolio.csv").write_text("node_id,parent_id,name,kind\nFUND,,Fund,FUND\nBOOK,FUND,Book,BOOK\n")
    return folder


def column(facts: ChunkFacts, name: str) -> np.ndarray[Any, Any]:
    """[S, positions]"""
    block = next(block for block in facts.blocks.values() if name in block.columns)
    values: np.ndarray[Any, Any] = block.values[block.columns.index(name)]
    return values


def reason(facts: ChunkFacts, measure: str) -> np.ndarray[Any, Any]:
    """[positions] under BASE."""
    block = next(block for block in facts.blocks.values() if measure in block.measures)
    reasons: np.ndarray[Any, Any] = block.reasons[block.measures.index(measure), 0]
    return reasons


def central_shocks() -> list[list[dict[str, Any]]]:
    """A basis point up and down: all curves, then each key rate."""
    shocks: list[dict[str, Any]] = [{"kind": "PARALLEL", "curves": "*"}]
    shocks += [{"kind": "KEY_RATE", "curves": "*", "tenor_yr": tenor} for tenor in KEY_RATE_TENORS_YR]
    return [[{**shock, "bp": bp}] for shock in shocks for bp in (1, -1)]


def assert_sensitivities_are_central_differences(facts: ChunkFacts, within: float, keys_within: float) -> None:
    """Under `central_shocks`; differences as a share of each position's largest key rate."""
    pv, names = column(facts, "pv"), ["dv01", *(f"key_rate_dv01_{label}" for label in KEY_RATE_LABELS)]
    central = np.array([(pv[2 + 2 * k] - pv[1 + 2 * k]) / 2 for k in range(len(names))])
    stated = np.array([column(facts, name)[0] for name in names])
    off = ((np.abs(stated - central) - 1e-7) / np.abs(central).max(axis=0)).max(axis=1)
    assert off[0] <= within and off[1:].max() <= keys_within, off
    np.testing.assert_allclose(stated[1:].sum(axis=0), stated[0], rtol=1e-12, atol=1e-9)


def ql_day(day: date) -> ql.Date:
    return ql.Date(day.day, day.month, day.year)


def ql_curve(above: float) -> ql.YieldTermStructureHandle:
    """The curve of `zero_curve` up to its last node."""
    as_of = ql_day(AS_OF)
    ql.Settings.instance().evaluationDate = as_of
    dates = [as_of, *(as_of + ql.Period(tenor) for tenor in TENORS)]
    rates = [rate + above for rate in (TENORS["3M"], *TENORS.values())]
    curve = ql.ZeroCurve(dates, rates, ql.Actual365Fixed(), ql.NullCalendar(), ql.Linear(), ql.Continuous)
    return ql.YieldTermStructureHandle(curve)


QL_DAY_COUNTS = {
    "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
    "30E/360": ql.Thirty360(ql.Thirty360.EurobondBasis),
    "ACT/360": ql.Actual360(),
    "ACT/365F": ql.Actual365Fixed(),
    "ACT/ACT.ISDA": ql.ActualActual(ql.ActualActual.ISDA),
}
QL_CALENDARS = {
    "NONE": ql.NullCalendar(),
    "TARGET": ql.TARGET(),
    "US.GOVT": ql.UnitedStates(ql.UnitedStates.GovernmentBond),
    "UK": ql.UnitedKingdom(),
}
QL_BUSINESS_DAYS = {
    "UNADJUSTED": ql.Unadjusted,
    "FOLLOWING": ql.Following,
    "MODIFIED_FOLLOWING": ql.ModifiedFollowing,
}
