"""Within a scope a run is as if it had the positions below some nodes only: their places, their counts, nothing else.

Row-level security hides whole rows of tables (migrations/sql/0016_access.sql). What is packed, many positions to a row,
is opened here, for the places in scope alone.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

import numpy as np
import pyarrow as pa

from domain.access.asking import nodes_asked
from domain.measures.failures import Reason, Status
from query_api.reading import Array, Connection, unpacked_numbers, unpacked_texts

PORTFOLIOS_KEPT, COUNTS_KEPT = 24, 2_000
"""Places of positions are four bytes each."""
MAX_TOLD = 50
"""Sentences on failures, as for a whole run."""

SELECT_NODE_IDS = "SELECT node_id FROM read.portfolio_node WHERE snapshot_id = %s"

# Nodes in scope under which no other is counted: those whose parent is not seen.
SELECT_POSITIONS = """
SELECT n.snapshot_id, sum(n.positions) FROM read.portfolio_node n
 WHERE n.snapshot_id = ANY (%s) AND NOT EXISTS (
       SELECT FROM read.portfolio_node p WHERE p.snapshot_id = n.snapshot_id AND p.node_id = n.parent_id)
 GROUP BY n.snapshot_id
"""
SELECT_BOOKS = "SELECT chunk_no, book_id FROM read.result_position WHERE run_no = %s ORDER BY chunk_no"
SELECT_STATUSES = """
SELECT chunk_no, reason_no FROM read.result_status WHERE run_no = %s AND chunk_no = ANY (%s::int[]) ORDER BY chunk_no
"""
SELECT_REASONS = "SELECT reason_no, status, reason FROM read.result_reason WHERE run_no = %s"
SELECT_WHO = """
SELECT chunk_no, position_id, detail FROM read.result_position WHERE run_no = %s AND chunk_no = ANY (%s::int[])
"""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Counts:
    """Of the positions in scope, as a run's own row has them of all."""

    priced: int
    failed: int
    partial: int
    failure_counts: dict[str, int]
    failures: list[dict[str, object]]


@dataclass
class Kept(Generic[Value]):
    """What was worked out last; a run's results never change under one key."""

    most: int
    _found: OrderedDict[Hashable, Value] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = make()
        with self._lock:
            self._found[key] = made
            while len(self._found) > self.most:
                self._found.popitem(last=False)
        return made


_rows: Kept[Array] = Kept(PORTFOLIOS_KEPT)
_counts: Kept[Counts] = Kept(COUNTS_KEPT)


def is_limited() -> bool:
    return nodes_asked() is not None


def positions_in_scope(connection: Connection, snapshot_ids: Iterable[UUID]) -> dict[UUID, int]:
    """By portfolio snapshot; of those that are seen."""
    return {each: int(count) for each, count in connection.execute(SELECT_POSITIONS, (list(snapshot_ids),))}


def rows_in_scope(connection: Connection, run_no: int, snapshot_id: UUID, chunk_size: int) -> Array:
    """Places in the snapshot's order, which is the order of each of its runs."""
    nodes = nodes_asked()
    return _rows.get((snapshot_id, nodes), lambda: _read_rows(connection, run_no, snapshot_id, chunk_size))


def _read_rows(connection: Connection, run_no: int, snapshot_id: UUID, chunk_size: int) -> Array:
    seen = pa.array([row[0] for row in connection.execute(SELECT_NODE_IDS, (snapshot_id,))], pa.string())
    found = [np.empty(0, np.int64)]
    for chunk_no, packed in connection.cursor(binary=True).execute(SELECT_BOOKS, (run_no,)):
        books = unpacked_texts(packed).dictionary_encode()
        is_seen = pa.compute.is_in(books.dictionary, value_set=seen).to_numpy(zero_copy_only=False)
        found.append(chunk_no * chunk_size + np.flatnonzero(is_seen[books.indices.to_numpy()]))
    rows: Array = np.concatenate(found).astype(np.int32)
    return rows


def counts_in_scope(key: Hashable, of: Callable[[], tuple[Connection, int, Array, int]]) -> Counts:
    """`key` names what was published: another publication has other counts. `of`: what they are counted from."""
    return _counts.get((key, nodes_asked()), lambda: _count(*of()))


def _count(connection: Connection, run_no: int, rows: Array, chunk_size: int) -> Counts:
    known = {
        number: (Status[status], reason) for number, status, reason in connection.execute(SELECT_REASONS, (run_no,))
    }
    severity = np.zeros(max(known, default=0) + 1, np.uint8)
    for number, (status, _) in known.items():
        severity[number] = status
    chunks = np.unique(rows // chunk_size)
    firsts = np.searchsorted(rows, chunks * chunk_size)
    within_of = {
        int(chunk): part - chunk * chunk_size for chunk, part in zip(chunks, np.split(rows, firsts[1:]), strict=True)
    }
    worst: dict[int, Array] = {chunk: np.zeros(len(within), np.int64) for chunk, within in within_of.items()}
    seen: dict[tuple[int, str], Array] = {}
    for chunk, packed in connection.cursor(binary=True).execute(SELECT_STATUSES, (run_no, chunks.tolist())):
        numbers = unpacked_numbers(packed, "<i2")[within_of[chunk]]
        is_worse = severity[numbers] > severity[worst[chunk]]
        worst[chunk][is_worse] = numbers[is_worse]
        for number in np.unique(numbers).tolist():
            for label in _labels(known[number][1]):
                held = seen.setdefault((chunk, label), np.zeros(len(numbers), bool))
                held |= numbers == number
    counts: dict[str, int] = {}
    for (_, label), held in sorted(seen.items()):
        counts[label] = counts.get(label, 0) + int(held.sum())
    failed = sum(int((severity[each] == Status.FAILED).sum()) for each in worst.values())
    partial = sum(int((severity[each] == Status.PARTIAL).sum()) for each in worst.values())
    failing = {chunk: (within_of[chunk], numbers) for chunk, numbers in worst.items() if severity[numbers].any()}
    told = _failures(connection, run_no, failing, known, severity) if failing else []
    return Counts(len(rows) - failed, failed, partial, counts, told)


def _labels(reason: str) -> list[str]:
    labels = [label for label in reason.split(";") if label]
    return [label for label in labels if label.partition(":")[2] != Reason.NOT_APPLICABLE.name]


def _failures(
    connection: Connection,
    run_no: int,
    failing: dict[int, tuple[Array, Array]],
    known: dict[int, tuple[Status, str]],
    severity: Array,
) -> list[dict[str, object]]:
    """Positions by the sentence that says why, the most first."""
    found: dict[tuple[str, str, str], str] = {}
    counts: Counter[tuple[str, str, str]] = Counter()
    chunks = connection.cursor(binary=True).execute(SELECT_WHO, (run_no, sorted(failing))).fetchall()
    for chunk, packed, details in sorted(chunks, key=lambda row: row[0]):
        within, numbers = failing[chunk]
        ids = unpacked_texts(packed)
        for place in np.flatnonzero(severity[numbers]).tolist():
            status, reason = known[int(numbers[place])]
            code = next(iter(_labels(reason)), reason).partition(":")[2]
            sentence = (details[within[place]] if details else "") or code
            kind = (status.name, code, sentence)
            if kind not in found:
                found[kind] = ids[int(within[place])].as_py()
            counts[kind] += 1
    names = ("status", "reason", "sentence")
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    told = ranked[:MAX_TOLD]
    return [{**dict(zip(names, kind, strict=True)), "positions": count, "first": found[kind]} for kind, count in told]


def trimmed_path(path: list[str], seen: set[str]) -> list[str]:
    """From the first node in scope down."""
    return [node for node in path if node in seen]
