"""Ladders and gaps of nodes, products and currencies: read where a run keeps them, else added up the same way.

Either way a chunk's sums by book, product and currency, at all edges of the named sets of buckets, are added up in the
order of the chunks, and then to the buckets asked for: the same bits.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from compute.cash_flows.bucket_tables import GroupRows, ladder_table, repricing_table
from compute.cash_flows.kept import flows_of_chunk
from compute.cash_flows.ladders import LadderSums, in_order, processors
from compute.cash_flows.tables import Columns
from compute.inputs.run_inputs import RunInputs
from domain.buckets import Buckets, all_buckets, buckets_of, made_of
from domain.runs.facts import BlockColumns
from domain.runs.kept_flows import AMOUNTS, COUNTS, GAP_AMOUNTS, LADDER_AMOUNTS
from domain.runs.run import RunRequested
from ops.cash_flows.groups import ALL
from ops.ports import Storage
from projections.cash_flows.ladders import groups_of_books, ladder_rows
from query_api.kept_ladders import DIMENSIONS, KeptLadders, kept_ladders, rates_of_run
from query_api.reading import reading
from query_api.services.cashflow import AskedFlows, Shown

TOTAL, NODE = "total", "node"


@dataclass(frozen=True)
class KeptQuestion:
    """What of the sums that runs keep: of a dimension every key, or one."""

    dimension: str
    key: str | None
    buckets: Buckets
    parts: Sequence[int]
    """the bucket of each bucket at all edges"""
    asked: AskedFlows
    scenarios: Sequence[str]

    def shown(self, kept: KeptLadders, fx_to_base: dict[str, list[float]]) -> Columns:
        groups = kept.keys if self.asked.by is not None else [ALL] * len(kept.keys)
        rows = GroupRows(groups, kept.currencies, self.scenarios, self.buckets, self.asked.basis, fx_to_base)
        return in_buckets(kept, self.parts, self.asked.shown, rows)


def kept_question(requested: RunRequested, asked: AskedFlows, scenarios: Sequence[str]) -> KeptQuestion | None:
    """None for what no run keeps: other groups, a group within a node, other buckets."""
    buckets = buckets_of(asked.buckets, requested.as_of)
    parts, dimension, key = made_of(buckets, all_buckets(requested.as_of)), TOTAL, None
    if asked.by is not None:
        dimension = asked.by.strip().lower()
    elif asked.node is not None:
        dimension, key = NODE, asked.node
    is_within = asked.by is not None and (asked.node is not None or dimension == TOTAL)
    if parts is None or is_within or dimension not in DIMENSIONS:
        return None
    return KeptQuestion(dimension, key, buckets, parts, asked, scenarios)


def read_kept(storage: Storage, requested: RunRequested, question: KeptQuestion) -> Columns | None:
    """None where the run does not keep it, or not yet."""
    run_id = requested.originator_id
    of = (question.dimension, question.key, question.asked.basis, question.scenarios)
    with reading(storage.connect) as connection:
        kept = kept_ladders(connection, run_id, *of)
        rates = rates_of_run(connection, run_id)
    if kept is None or not rates:
        return None
    numbers = [requested.scenarios.index(scenario) for scenario in question.scenarios]
    return question.shown(kept, {each: [rates.get((n, each), np.nan) for n in numbers] for each in kept.currencies})


def add_up(inputs: RunInputs, question: KeptQuestion) -> Columns:
    """The same from the run's inputs, of the basis that they are of."""
    groups = {
        book: [group for group in of_book if group[0] == question.dimension]
        for book, of_book in groups_of_books(inputs.portfolio).items()
    }
    rows = ladder_rows(_chunks(inputs), groups, (question.dimension,))
    found = {each: values for each, values in sorted(rows.items()) if question.key in (None, each[1])}
    nothing = np.zeros((len(AMOUNTS), len(question.scenarios), 0, len(question.parts)))
    amounts = np.stack([*found.values()], axis=2) if found else nothing
    kept = KeptLadders([key for _, key, _ in found], [currency for *_, currency in found], amounts)
    return question.shown(kept, {currency: each.tolist() for currency, each in inputs.tables.fx_to_base.items()})


def _chunks(inputs: RunInputs) -> Iterator[BlockColumns]:
    count = -(-inputs.portfolio.position_count // inputs.chunk_size)
    with ThreadPoolExecutor(processors()) as pool:
        yield from in_order(pool, lambda chunk_no: flows_of_chunk(inputs, chunk_no), range(count))


def in_buckets(kept: KeptLadders, parts: Sequence[int], shown: Shown, rows: GroupRows) -> Columns:
    """Buckets at all edges added up, in their order, to those asked for."""
    sums = np.zeros((*kept.amounts.shape[:-1], len(rows.buckets)))
    for finer, bucket in enumerate(parts):
        sums[..., bucket] += kept.amounts[..., finer]
    by_bucket = np.moveaxis(sums, 0, -1)
    if shown is Shown.REPRICING:
        return repricing_table(by_bucket[..., GAP_AMOUNTS], rows)
    positions, left_out = kept.amounts[COUNTS][..., 0].astype(np.int64)
    return ladder_table(LadderSums(by_bucket[..., LADDER_AMOUNTS], positions, left_out), rows)
