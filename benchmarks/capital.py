"""How long capital by three frameworks takes: `python -m benchmarks.capital [EXPOSURES]`.

The exposures are random, of every class; no database, so that what is measured is the arithmetic and its tables, and
the same as a worker does it: chunk by chunk into blocks, packed and hashed.
"""

import json
import sys
import time
from typing import Any
from uuid import UUID

import numpy as np

from compute.capital.chunk_measures import capital_of_chunk, resolve_capital
from compute.capital.columns import Columns
from compute.capital.frameworks import work_out
from compute.capital.reports import capital_table, exposures_table
from compute.inputs.run_inputs import resolve_run
from domain.market.document import MarketDocument, parse_market
from domain.measures.measures import MEASURES, Fact, resolve
from domain.portfolio.columns import ABSENT_CODE, ColumnData, Portfolio, TableData
from domain.portfolio.exposure_columns import ASSET_CLASSES, COMMITMENT_TYPES, IRB_APPROACHES
from domain.portfolio.ratings import SCALE
from domain.portfolio.tables import Kind
from domain.runs.run import RunRequested
from ops.adapters.block_codec import ZstdBlockCodec

AS_OF = "2026-01-23"
BOOKS, ISSUERS = 50, 10_000
NOBODY = UUID(int=1)
BASE = {"scenario_id": "BASE", "name": "Base", "shocks": []}
LOSSES = ("ECL_12M", "ECL_LIFETIME", "ALLOWANCE")
OF_CAPITAL = [each.name for each in MEASURES if each.fact is Fact.CAPITAL and each.name not in LOSSES]


class Made:
    """Columns of random exposures, the same each time."""

    def __init__(self, count: int) -> None:
        self.count, self.chance = count, np.random.default_rng(1)

    def texts(self, values: tuple[str, ...], share: float = 1.0, count: int | None = None) -> ColumnData:
        """Some are absent where the share is below 1."""
        rows = count or self.count
        codes = self.chance.integers(0, len(values), rows).astype(np.int32)
        filled = self.chance.random(rows) < share
        return ColumnData(Kind.TEXT, np.where(filled, codes, ABSENT_CODE).astype(np.int32), tuple(sorted(values)))

    def numbers(self, low: float, high: float, share: float = 1.0) -> ColumnData:
        values = self.chance.uniform(low, high, self.count)
        return ColumnData(Kind.NUMBER, np.where(self.chance.random(self.count) < share, values, np.nan))

    def days(self, low: int, high: int) -> ColumnData:
        return ColumnData(Kind.DATE, self.chance.integers(low, high, self.count).astype(np.int32))


def ids(prefix: str, count: int) -> ColumnData:
    return ColumnData(Kind.TEXT, np.arange(count, dtype=np.int32), tuple(f"{prefix}{i:07}" for i in range(count)))


def book_of(count: int) -> Portfolio:
    made = Made(count)
    books = tuple(f"B{i:02}" for i in range(BOOKS))
    positions = {
        "position_id": ids("P", count),
        "book_id": made.texts(books),
        "notional": made.numbers(1e4, 1e6),
        "undrawn": made.numbers(0, 1e5, 0.3),
        "collateral_value": made.numbers(1e5, 2e6, 0.7),
        "specific_provision": made.numbers(0, 1e3, 0.2),
        "days_past_due": ColumnData(Kind.INTEGER, made.chance.choice([0.0, 0.0, 0.0, 30.0, 91.0], count)),
        "pd_12m": made.numbers(1e-4, 0.1, 0.9),
        "lgd": made.numbers(0.1, 0.6, 0.9),
        "irb_approach": made.texts(IRB_APPROACHES),
        "commitment_type": made.texts(COMMITMENT_TYPES, 0.5),
        "attachment": made.numbers(0, 0.1),
        "detachment": made.numbers(0.2, 1),
        "k_sa": made.numbers(0.02, 0.1),
    }
    instruments = {
        "instrument_id": ids("I", count),
        "product_type": made.texts(("LOAN",)),
        "currency": made.texts(("EUR", "GBP", "USD")),
        "issue_date": made.days(18_000, 20_400),
        "maturity_date": made.days(20_600, 27_000),
        "issuer_id": made.texts(tuple(f"C{i:07}" for i in range(ISSUERS))),
    }
    issuers = {
        "issuer_id": ids("C", ISSUERS),
        "asset_class": made.texts(ASSET_CLASSES, count=ISSUERS),
        "rating": made.texts(SCALE, 0.6, ISSUERS),
        "country": made.texts(("BR", "DE", "US"), count=ISSUERS),
    }
    kinds = ColumnData(Kind.TEXT, np.zeros(BOOKS, np.int32), ("BOOK",))
    nodes = {"node_id": ColumnData(Kind.TEXT, np.arange(BOOKS, dtype=np.int32), books), "kind": kinds}
    tables = {
        "positions": TableData(count, positions),
        "instruments": TableData(count, instruments),
        "issuers": TableData(ISSUERS, issuers),
        "portfolio": TableData(BOOKS, nodes),
    }
    return Portfolio(tables, np.arange(count, dtype=np.int32), positions["book_id"].values)


def market() -> MarketDocument:
    nodes = [{"tenor": tenor, "rate": 0.03} for tenor in ("1Y", "30Y")]
    curves = [{"curve_id": "USD", "currency": "USD", "kind": "ZERO", "nodes": nodes}]
    spots = [{"pair": "EURUSD", "spot": 1.1}, {"pair": "GBPUSD", "spot": 1.3}]
    return parse_market(json.dumps({"as_of": AS_OF, "base_currency": "USD", "curves": curves, "fx_spots": spots}))


def request(count: int) -> RunRequested:
    said: dict[str, Any] = dict.fromkeys(("originator_id", "correlation_id", "portfolio_snapshot_id"), NOBODY)
    said |= {"market_snapshot_id": NOBODY, "causation_id": None, "originator_version": 1, "actor": "benchmark"}
    said |= {"timestamp": f"{AS_OF}T00:00:00Z", "portfolio_sha256": "", "market_sha256": "", "as_of": AS_OF}
    said |= {"base_currency": "USD", "scenarios": ["BASE"], "scenario_documents": [], "measures": ["PV"]}
    said |= {"positions": count, "chunk_size": 4096, "policy_document": {"policy_id": "p", "lgd_defaults": {"*": 0.45}}}
    return RunRequested.model_validate(said)


def by_chunk(book: Portfolio, count: int) -> None:
    """As facts of a run that asks for every measure but expected losses."""
    asked = request(count).model_copy(update={"measures": list(resolve(OF_CAPITAL)), "scenario_documents": [BASE]})
    run, codec = resolve_run(book, market(), asked), ZstdBlockCodec()
    capital = resolve_capital(run, market(), asked)
    assert capital is not None
    for chunk_no in range(-(-count // run.chunk_size)):
        block = capital_of_chunk(capital, chunk_no)
        codec.content_sha256(block)
        codec.encode(block)


def main(count: int) -> None:
    book = book_of(count)
    marks = [(time.perf_counter(), time.process_time())]
    worked = work_out(Columns(book), request(count), market())
    marks.append((time.perf_counter(), time.process_time()))
    exposures_table(worked)
    marks.append((time.perf_counter(), time.process_time()))
    capital_table(worked, None)
    marks.append((time.perf_counter(), time.process_time()))
    by_chunk(book, count)
    marks.append((time.perf_counter(), time.process_time()))
    names = ("three frameworks", "exposures", "totals", "chunks of a run")
    for what, before, after in zip(names, marks, marks[1:], strict=False):
        print(f"{what:<18}{after[0] - before[0]:8.2f} s, of processor {after[1] - before[1]:6.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
