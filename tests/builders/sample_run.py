"""A small fund and made-up facts of a run over it, appended to a real log. Numbers are invented, seeds fixed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import numpy as np

from domain import snapshot as snapshots
from domain.event import Envelope
from domain.measures.failures import Reason
from domain.measures.measures import BY_NAME, DEFAULT_MEASURES, Fact
from domain.portfolio.attributes import own_labels
from domain.portfolio.columns import ABSENT_CODE, ABSENT_DATE, ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind
from domain.runs import run as runs
from domain.runs.facts import Block, BlockColumns, kinds_of_run, record_fact
from domain.runs.kept_flows import columns_of_bases
from ops.adapters.blob_store import PostgresBlobStore
from ops.adapters.block_codec import ZstdBlockCodec
from ops.adapters.database import Database, as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore
from ops.adapters.snapshot_codec import SnapshotCodec
from projections.catalogue.portfolio_tree import PortfolioTreeProjection
from projections.catalogue.run_status import RunStatusProjection
from projections.catalogue.scenarios import ScenarioProjection
from projections.catalogue.snapshots import SnapshotProjection
from projections.catalogue.valuation_models import ModelProjection
from projections.results.publication import ResultsProjection

NOW = datetime(2026, 1, 23, 18, tzinfo=UTC)
ASKED = Envelope("tester", NOW, UUID(int=1))
SPACE = UUID(int=7)
RUN_ID = uuid5(SPACE, "run")
CODEC = ZstdBlockCodec()
SCENARIOS = ["BASE", "up100@1", "fx@2"]
RATES = {"EUR": [1.09, 1.09, 0.98], "GBP": [1.27, 1.27, 1.14], "USD": [1.0, 1.0, 1.0]}


@dataclass
class Tenor:
    """The parts that projections are handed, over one database."""

    database: Database
    store: PostgresEventStore
    blobs: PostgresBlobStore

    def results(self) -> ResultsProjection:
        return ResultsProjection(self.store, self.blobs, SnapshotCodec(), CODEC, lambda: NOW)

    def projections(self) -> list[Any]:
        tree = PortfolioTreeProjection(self.blobs, SnapshotCodec())
        quick = [SnapshotProjection(), ScenarioProjection(), ModelProjection(), RunStatusProjection()]
        return [*quick, tree, self.results()]

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.database.connect() as connection:
            return connection.execute(query, parameters).fetchall()


@contextmanager
def tenor_over(database_url: str) -> Iterator[Tenor]:
    database = Database(database_url)
    store = PostgresEventStore(LedgerRecorder(LedgerDatastore(database_url, as_application, 8)))
    yield Tenor(database, store, PostgresBlobStore(database.connect))
    store.close()
    database.close()


# --- the fund -------------------------------------------------------------------------------------------------------


def text(values: list[str | None]) -> ColumnData:
    categories = tuple(sorted({each for each in values if each is not None}))
    place = {each: code for code, each in enumerate(categories)}
    codes = [ABSENT_CODE if each is None else place[each] for each in values]
    return ColumnData(Kind.TEXT, np.array(codes, np.int32), categories)


def numbers(values: Any) -> ColumnData:
    return ColumnData(Kind.NUMBER, np.asarray(values, np.float64))


NODES = [
    ("ALDER", None, "FUND"),
    ("BIRCH", None, "FUND"),
    ("CREDIT", "ALDER", "DESK"),
    ("HY", "CREDIT", "BOOK"),
    ("IG", "CREDIT", "BOOK"),
    ("IG-SUB", "IG", "BOOK"),
    ("LOANS", "SLEEVE", "BOOK"),
    ("SLEEVE", "ALDER", "SUB_FUND"),
    ("SPARE", "BIRCH", "BOOK"),
]


def portfolio(positions: int = 90, seed: int = 3) -> Portfolio:
    """Nine nodes, one of them with nothing below; five issuers, one of them unknown; 30 instruments."""
    random = np.random.default_rng(seed)
    n_instruments = 30
    currency = [("USD", "EUR", "GBP")[row % 3] for row in range(n_instruments)]
    issuer: list[str | None] = [(None, "I1", "I2", "I3", "I4", "I9")[row % 6] for row in range(n_instruments)]
    instruments = {
        "instrument_id": text([f"S{row:03d}" for row in range(n_instruments)]),
        "product_type": text(["BOND" if row < 20 else "LOAN" for row in range(n_instruments)]),
        "currency": text(list(currency)),
        "issuer_id": text(issuer),
        "rate_type": text([("FIXED", "FLOATING", None)[row % 3] for row in range(n_instruments)]),
        "green": ColumnData(Kind.FLAG, np.array([(1, 0, -1)[row % 3] for row in range(n_instruments)], np.int8)),
        "vintage": numbers([2020 + row % 4 for row in range(n_instruments)]),
    }
    issuers = {
        "issuer_id": text(["I1", "I2", "I3", "I4"]),
        "sector": text(["ENERGY", "ENERGY", "RETAIL", None]),
        "rating": text(["A", "BBB", "BBB", "B"]),
        "country": text(["US", "DE", "GB", "US"]),
    }
    instrument_row = np.sort(random.integers(0, n_instruments, positions)).astype(np.int32)
    book_row = np.array([3, 4, 5, 6], np.int32)[random.integers(0, 4, positions)]
    held = {
        "position_id": text([f"P{row:0{1 + row % 3}d}x{row}" for row in range(positions)]),
        "notional": numbers(random.normal(0, 1e6, positions)),
        "fico": numbers(np.where(np.arange(positions) % 5 == 0, np.nan, 600.5 + np.arange(positions) % 7)),
        "opened": ColumnData(
            Kind.DATE,
            np.where(np.arange(positions) % 4 == 0, ABSENT_DATE, 20_000 + np.arange(positions) % 3).astype(np.int32),
        ),
        "tag:strategy": text([("carry", None, "rel value")[row % 3] for row in range(positions)]),
    }
    nodes = {
        "node_id": text([node for node, _, _ in NODES]),
        "parent_id": text([parent for _, parent, _ in NODES]),
        "kind": text([kind for _, _, kind in NODES]),
    }
    tables = {"portfolio": (9, nodes), "issuers": (4, issuers), "instruments": (n_instruments, instruments)}
    data = {name: TableData(rows, columns) for name, (rows, columns) in tables.items()}
    return Portfolio(data | {"positions": TableData(positions, held)}, instrument_row, book_row)


# --- the run --------------------------------------------------------------------------------------------------------


@dataclass
class SampleRun:
    """Chunks of 40 rows, so that three chunks are a small run. `failing` chunks end without facts."""

    portfolio: Portfolio = field(default_factory=portfolio)
    measures: tuple[str, ...] = DEFAULT_MEASURES
    scenarios: list[str] = field(default_factory=lambda: list(SCENARIOS))
    chunk_size: int = 40
    seed: int = 5
    failing: tuple[int, ...] = ()
    blanks: bool = True
    cashflows: tuple[str, ...] = ()
    run_id: UUID = RUN_ID

    def __post_init__(self) -> None:
        self.portfolio_bytes = SnapshotCodec().encode(self.portfolio)
        self.portfolio_sha256 = sha256(self.portfolio_bytes).hexdigest()
        self.history: list[Any] = []

    @property
    def chunks(self) -> int:
        return -(-self.portfolio.position_count // self.chunk_size)

    def begin(self, tenor: Tenor) -> None:
        """Snapshot, request and plan."""
        self.begin_request(tenor)
        self.begin_plan(tenor)

    def begin_plan(self, tenor: Tenor) -> None:
        self.change(tenor, runs.plan(self.run, ASKED, self.run_id, sorted(self.kinds), 1))

    def begin_request(self, tenor: Tenor) -> None:
        tenor.blobs.put(self.portfolio_sha256, self.portfolio_bytes)
        snapshot_id = snapshots.snapshot_id(snapshots.SnapshotKind.PORTFOLIO, self.portfolio_sha256)
        if not tenor.store.stream(snapshot_id):
            tenor.store.append(register(self.portfolio_sha256))
        terms = {
            "portfolio_snapshot_id": snapshot_id,
            "portfolio_sha256": self.portfolio_sha256,
            "market_snapshot_id": uuid5(SPACE, "market"),
            "market_sha256": "m",
            "as_of": date(2026, 1, 23),
            "base_currency": "USD",
            "scenarios": self.scenarios,
            "scenario_documents": [{"scenario_id": each.partition("@")[0], "shocks": []} for each in self.scenarios],
            "measures": list(self.measures),
            "positions": self.portfolio.position_count,
            "chunk_size": self.chunk_size,
            "cashflows": self.cashflows,
        }
        self.change(tenor, runs.request(self.run, ASKED, self.run_id, terms))

    def work(self, tenor: Tenor) -> None:
        for chunk_no in range(self.chunks):
            if chunk_no in self.failing:
                error = f"chunk {chunk_no} ran out of memory"
                tenor.store.append([runs.fail_chunk(ASKED, self.run_id, chunk_no, self.run.attempt, error)])
            else:
                self.append_facts(tenor, chunk_no)

    def append_facts(self, tenor: Tenor, chunk_no: int, *, forged: bool = False) -> None:
        """Forged: the stored bytes are those of other numbers than the log says."""
        facts, blocks = [], []
        for kind in self.kinds:
            columns = self.block(kind, chunk_no)
            payload = CODEC.encode(columns)
            content, stored = CODEC.content_sha256(columns), sha256(payload).hexdigest()
            if forged:
                payload = CODEC.encode(replace(columns, values=columns.values + 1))
            block = Block(self.run_id, kind.value, chunk_no, content, stored, payload)
            terms = {
                "first_row": chunk_no * self.chunk_size,
                "positions": columns.values.shape[2],
                "scenarios": columns.values.shape[1],
                "columns": list(columns.columns),
                "portfolio_sha256": self.portfolio_sha256,
                "market_sha256": "m",
                "engine_version": "test",
            }
            failed = int((columns.reasons[:1] == Reason.MISSING_MARKET_DATA).any(axis=(0, 1)).sum())
            rates = {currency: rates[: len(self.scenarios)] for currency, rates in RATES.items()}
            facts.append(record_fact(ASKED, kind, block, failed=failed, fx_to_base=rates, **terms))
            blocks.append(block)
        tenor.store.append(facts, blocks=blocks)

    def end(self, tenor: Tenor) -> None:
        self.change(
            tenor,
            runs.complete(
                self.run,
                ASKED,
                self.run_id,
                blocks=len(self.kinds) * (self.chunks - len(self.failing)),
                blocks_root="root",
                failed_positions=0,
                failed_chunks=list(self.failing),
            ),
        )

    def retry(self, tenor: Tenor, failing: tuple[int, ...] = ()) -> None:
        """Open the failed chunks again and work on them; those in `failing` fail once more."""
        again = [chunk_no for chunk_no in self.failing if chunk_no not in failing]
        self.change(tenor, runs.retry(self.run, ASKED, self.run_id))
        self.failing = failing
        for chunk_no in again:
            self.append_facts(tenor, chunk_no)
        for chunk_no in failing:
            tenor.store.append([runs.fail_chunk(ASKED, self.run_id, chunk_no, self.run.attempt, "once more")])

    def whole(self, tenor: Tenor) -> "SampleRun":
        self.begin(tenor)
        self.work(tenor)
        self.end(tenor)
        return self

    @property
    def run(self) -> runs.Run:
        return runs.fold(self.history)

    @property
    def kinds(self) -> list[Fact]:
        asked = kinds_of_run(self.measures, bool(self.cashflows))
        return [kind for kind in Fact if kind.value in asked]

    def block(self, kind: Fact, chunk_no: int) -> BlockColumns:
        """PV of a bond may lack a market, a loan's convexity may not converge, a zero has no yield."""
        if kind is Fact.CASH_FLOWS:
            return self.kept_block(chunk_no)
        measures = [BY_NAME[name] for name in self.measures if BY_NAME[name].fact is kind]
        columns = tuple(column for measure in measures for column in measure.result_columns)
        first = chunk_no * self.chunk_size
        count = min(self.chunk_size, self.portfolio.position_count - first)
        random = np.random.default_rng([self.seed, chunk_no, list(Fact).index(kind)])
        values = random.normal(100, 50, (len(columns), len(self.scenarios), count))
        reasons = np.zeros((len(measures), len(self.scenarios), count), np.uint8)
        detail = np.full(count, -1, np.int32)
        if self.blanks:
            row = first + np.arange(count)
            for place, measure in enumerate(measures):
                reasons[place][:, row % 11 == 4] = Reason.MISSING_MARKET_DATA
                if measure.name in ("YIELD", "WAM"):
                    reasons[place][:, row % 5 == 1] = Reason.NOT_APPLICABLE
                if measure.name == "CONVEXITY":
                    reasons[place, -1, row % 7 == 3] = Reason.DID_NOT_CONVERGE
            detail[row % 11 == 4] = 0
        of_column = [place for place, measure in enumerate(measures) for _ in measure.result_columns]
        values[reasons[of_column] > 0] = np.nan
        names = tuple(measure.name for measure in measures)
        return BlockColumns(columns, values, names, reasons, ("no curve USD-SOFR",), detail)

    def kept_block(self, chunk_no: int) -> BlockColumns:
        """Two buckets of every book, product and currency of the chunk."""
        rows = slice(chunk_no * self.chunk_size, (chunk_no + 1) * self.chunk_size)
        nodes = self.portfolio.tables["portfolio"].columns["node_id"]
        labels = [own_labels(self.portfolio, name) for name in ("product_type", "currency")]
        books = [nodes.categories[nodes.values[row]] for row in self.portfolio.book_row[rows].tolist()]
        texts = [[each.keys[code] for code in each.codes[rows].tolist()] for each in labels if each is not None]
        details = tuple(sorted({json.dumps(each) for each in zip(books, *texts, strict=True)}))
        columns = columns_of_bases(("BEHAVIOURAL", "CONTRACTUAL"))
        shape = (len(columns), len(self.cashflows), 2 * len(details))
        values = np.random.default_rng([self.seed, chunk_no]).normal(100, 50, shape)
        places = np.repeat(np.arange(len(details), dtype=np.int32), 2)
        return BlockColumns(columns, values, (), np.zeros((0, *shape[1:]), np.uint8), details, places)

    def change(self, tenor: Tenor, events: list[Any]) -> None:
        tenor.store.append(events)
        self.history += events


def register(sha: str, kind: snapshots.SnapshotKind = snapshots.SnapshotKind.PORTFOLIO) -> list[Any]:
    return snapshots.register(
        snapshots.Snapshot(),
        ASKED,
        snapshots.Content(
            kind=kind,
            sha256=sha,
            rows={"positions": 90},
            control_totals={"notional": {"USD": "1.5"}},
            source={"folder": "sample"},
        ),
    )
