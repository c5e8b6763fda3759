"""Ladders of completed runs: the sums that their facts hold, rolled up over the tree, by product and by currency.

A row is a group in one currency, under a scenario and on a basis. What counts is where a run stands now: one that is
archived has no blocks to read, and its rows leave with it.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import numpy as np
import numpy.typing as npt

from domain.event import Event
from domain.portfolio.attributes import own_labels
from domain.portfolio.columns import Portfolio
from domain.portfolio.tables import NODE_KINDS
from domain.portfolio.tree import paths, texts
from domain.ports import BlobStore, BlockCodec, Connection, EventStore, LogEntry, PortfolioCodec
from domain.runs.facts import BlockColumns, CashflowsProjected, fact_stream
from domain.runs.kept_flows import AMOUNTS
from domain.runs.run import RunArchived, RunCompleted, RunEvent, RunPlanned, RunRequested, RunRestored, RunStatus, fold
from projections.engine.versions import FIRST, Tables, versioned

Values = npt.NDArray[np.float64]
Key = tuple[str, str, str]
"""dimension, key, currency"""
Row = tuple[str, str, str, str, str, bytes]
"""dimension, key, currency, scenario, basis, amounts"""
COUNTED = ("portfolio", "instruments", "positions")
DIMENSIONS = ("product_type", "currency")
"""Beside the groups of the tree."""
KIND = CashflowsProjected.__name__

FORGET_RUN = "DELETE FROM {ladder} WHERE run_id = %s"
INSERT_ROW = """
INSERT INTO {ladder} (run_id, dimension, key, currency, scenario_id, basis, amounts)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


class LadderDamaged(Exception):
    """The stored bytes are not those that the fact was recorded with."""

    def __init__(self, run_id: UUID, chunk_no: int) -> None:
        super().__init__(f"block {KIND} of chunk {chunk_no} of run {run_id} does not match its hash in the log")


@dataclass(frozen=True)
class KeptRows:
    """What the log gives of a run's ladders."""

    store: EventStore
    blobs: BlobStore
    portfolios: PortfolioCodec
    blocks: BlockCodec

    def of(self, run_id: UUID) -> Iterator[Row]:
        """As the run stands; none where it keeps no cash flows, has not completed or is archived."""
        history = cast(list[RunEvent], self.store.stream(run_id))
        planned = next((event for event in history if isinstance(event, RunPlanned)), None)
        completed = next((event for event in reversed(history) if isinstance(event, RunCompleted)), None)
        run = fold(history)
        if planned is None or completed is None or run.requested is None or run.status is RunStatus.ARCHIVED:
            return
        if KIND in planned.kinds:
            tree = self._portfolio(run.requested, ("portfolio",))
            facts = self._facts(run.requested, planned.chunks, completed.failed_chunks)
            yield from named(ladder_rows(facts, groups_of_books(tree)), run.requested.cashflows)

    def _facts(self, requested: RunRequested, chunks: int, failed: Sequence[int]) -> Iterator[BlockColumns]:
        """In the order of the chunks; of those that failed all positions are left out, whatever facts came later."""
        shape = (0, 0)
        for chunk_no in range(chunks):
            if chunk_no not in failed:
                block = self._block(requested.originator_id, chunk_no)
                shape = (block.values.shape[1], block.values.shape[2] // len(block.details))
                yield block
        if failed and shape != (0, 0):
            yield left_out(self._portfolio(requested, COUNTED), requested, failed, shape)

    def _block(self, run_id: UUID, chunk_no: int) -> BlockColumns:
        """Its columns answer to the log."""
        (fact,) = self.store.stream(fact_stream(run_id, KIND, chunk_no))
        payload = self.store.block(run_id, KIND, chunk_no)
        if self.blocks.content_sha256_of(payload) != cast(CashflowsProjected, fact).content_sha256:
            raise LadderDamaged(run_id, chunk_no)
        return self.blocks.decode(payload)

    def _portfolio(self, requested: RunRequested, tables: Sequence[str]) -> Portfolio:
        return self.portfolios.decode(self.blobs.get(requested.portfolio_sha256), tables)


class LadderProjection:
    tables = ("ladder",)
    alone: tuple[type[Event], ...] = (RunCompleted, RunArchived, RunRestored)

    def __init__(self, rows: KeptRows, version: int = FIRST) -> None:
        self.name = versioned("ladder", version)
        tables = Tables(self.tables, version)
        self._rows, self._forget_run, self._insert_row = rows, tables.sql(FORGET_RUN), tables.sql(INSERT_ROW)

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            match entry.event:
                case (
                    RunCompleted(originator_id=run_id)
                    | RunArchived(originator_id=run_id)
                    | RunRestored(originator_id=run_id)
                ):
                    self._put(connection, run_id)
                case _:
                    pass

    def _put(self, connection: Connection, run_id: UUID) -> None:
        """The same however often."""
        connection.execute(self._forget_run, (run_id,))
        with connection.cursor() as cursor:
            cursor.executemany(self._insert_row, [(run_id, *row) for row in self._rows.of(run_id)])


def groups_of_books(portfolio: Portfolio) -> dict[str, list[tuple[str, str]]]:
    """The groups of the tree that each book is in: the whole, every node above it, the nearest of each kind."""
    table = portfolio.tables["portfolio"]
    ids = [each or "" for each in texts(table.columns.get("node_id"), table.rows)]
    kinds = texts(table.columns.get("kind"), table.rows)
    return {
        ids[row]: groups_of([(ids[each], kinds[each] or "") for each in path])
        for row, path in enumerate(paths(portfolio))
    }


def groups_of(path: list[tuple[str, str]]) -> list[tuple[str, str]]:
    nearest = [(kind.lower(), next((n for n, k in reversed(path) if k == kind), "")) for kind in NODE_KINDS]
    return [("total", ""), *(("node", node_id) for node_id, _ in path), *nearest]


def left_out(
    portfolio: Portfolio, requested: RunRequested, failed: Sequence[int], shape: tuple[int, int]
) -> BlockColumns:
    """The block of chunks that failed: nothing but how many positions of each book, product and currency they hold."""
    size, rows = requested.chunk_size, np.arange(portfolio.position_count)
    chosen = np.isin(rows // size, failed)
    nodes = portfolio.tables["portfolio"].columns["node_id"]
    labels = [each for each in (own_labels(portfolio, name) for name in ("product_type", "currency")) if each]
    codes = np.stack([portfolio.book_row[chosen], *(each.codes[chosen] for each in labels)], axis=1)
    cells, positions = np.unique(codes, axis=0, return_counts=True)
    counted = {}
    for (book, *others), count in zip(cells.tolist(), positions.tolist(), strict=True):
        texts_of = (each.keys[code] for each, code in zip(labels, others, strict=True))
        counted[json.dumps([nodes.categories[nodes.values[book]], *texts_of])] = count
    names = tuple(sorted(counted))
    values = np.zeros((2 * len(AMOUNTS), shape[0], len(names), shape[1]))
    for number, name in enumerate(names):
        for basis in range(2):
            place = basis * len(AMOUNTS) + AMOUNTS.index("left_out")
            values[place, :, number, 0] = counted[name]
    flat = values.reshape(len(values), shape[0], -1)
    return BlockColumns(
        (), flat, (), np.zeros((0, *flat.shape[1:]), np.uint8), names, np.zeros(flat.shape[2], np.int32)
    )


def ladder_rows(
    facts: Iterable[BlockColumns], groups: dict[str, list[tuple[str, str]]], kept: Sequence[str] = DIMENSIONS
) -> dict[Key, Values]:
    """[bases x AMOUNTS, S, buckets] of every group in one currency, added up in the order of the facts.

    `groups` of each book in the tree; of the other dimensions those that are `kept`.
    """
    rows: dict[Key, Values] = {}
    for block in facts:
        columns, scenarios, _ = block.values.shape
        by_cell = block.values.reshape(columns, scenarios, len(block.details), -1)
        for number, name in enumerate(block.details):
            book, product, currency = json.loads(name)
            own = (("product_type", product), ("currency", currency))
            for dimension, key in (*groups[book], *(each for each in own if each[0] in kept)):
                of_cell = by_cell[:, :, number]
                place = (dimension, key, currency)
                rows[place] = rows[place] + of_cell if place in rows else of_cell.copy()
    return rows


def named(rows: dict[Key, Values], scenarios: Sequence[str]) -> Iterator[Row]:
    for (dimension, key, currency), values in sorted(rows.items()):
        for place, basis in enumerate(("BEHAVIOURAL", "CONTRACTUAL")):
            of_basis = values[place * len(AMOUNTS) : (place + 1) * len(AMOUNTS)]
            for number, scenario in enumerate(scenarios):
                amounts = np.ascontiguousarray(of_basis[:, number], "<f8").tobytes()
                yield dimension, key, currency, scenario, basis, amounts
