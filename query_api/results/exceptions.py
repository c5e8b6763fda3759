"""What a run leaves out, by reason and sentence: how many positions, what they are worth on paper, and the largest.

A position counts once: under its worst status, in the first scenario that has it. Sentences that differ by ids and
numbers alone are one kind.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from domain.measures.failures import Reason, Status, kind_of_sentence
from query_api.reading import Array, Connection, unpacked_numbers
from query_api.results.chosen.fields import NamedPortfolio
from query_api.results.chosen.positions import LoadBook, book_of
from query_api.results.chosen.selection import base_rates
from query_api.results.table import Piece, chunks_of, facts_of_run, identities_of
from query_api.runs import RunRow

SELECT_STATUSES = """
SELECT chunk_no, scenario_no, reason_no FROM read.result_status WHERE run_no = %s ORDER BY chunk_no, scenario_no
"""
LARGEST = 5
SCHEMA = pa.schema(
    [
        ("status", pa.string()),
        ("reason", pa.string()),
        ("sentence", pa.string()),
        ("product_types", pa.string()),
        ("positions", pa.int64()),
        ("notional_base", pa.float64()),
        ("largest", pa.string()),
    ]
)

Key = tuple[str, str, str]


@dataclass
class Exceptions:
    """Of one kind: its first sentence, whether all are alike, and the places of its positions in the run."""

    sentence: str
    alike: bool = True
    rows: list[Array] = field(default_factory=list)
    products: set[str] = field(default_factory=set)


def exceptions_of(connection: Connection, run: RunRow, load_book: LoadBook | None) -> pa.Table:
    """A row for each kind, the largest notional first. `largest`: ids with commas between."""
    book = book_of(connection, run, load_book)
    found: dict[Key, Exceptions] = {}
    cursor, facts = connection.cursor(binary=True), facts_of_run(connection, run)
    severities = np.array([Status[each].value if each else 0 for each in facts.statuses.to_pylist()])
    reasons = [_first_reason(text or "") for text in facts.reasons.to_pylist()]
    for piece, reason_no in _statuses(connection, run):
        by_scenario = severities[reason_no]
        failing = np.flatnonzero(by_scenario.max(axis=0))
        if len(failing):
            numbers = reason_no[by_scenario[:, failing].argmax(axis=0), failing]
            _take(found, facts.statuses, reasons, numbers, failing, identities_of(cursor, run, piece), piece.start)
    notional = book.field("notional")
    rates = base_rates(book, facts, 0, np.arange(run.positions))
    worth = notional.numbers() * rates if notional else np.full(run.positions, np.nan)
    rows = [_told(key, kind, worth, book) for key, kind in found.items()]
    rows.sort(key=lambda row: (-abs(row["notional_base"] or 0.0), row["sentence"]))
    return pa.Table.from_pylist(rows, SCHEMA)


def _statuses(connection: Connection, run: RunRow) -> Iterator[tuple[Piece, Array]]:
    """Chunk after chunk: [scenarios, positions in scope] numbers of reasons."""
    by_chunk: dict[int, list[Array]] = defaultdict(list)
    with connection.cursor(binary=True) as cursor:
        for chunk_no, _, packed in cursor.execute(SELECT_STATUSES, (run.run_no,)):
            by_chunk[chunk_no].append(unpacked_numbers(packed, "<i2"))
    for piece in chunks_of(run):
        yield piece, np.stack([piece.picked(each[piece.first : piece.last]) for each in by_chunk[piece.chunk_no]])


def _take(
    found: dict[Key, Exceptions],
    statuses: pa.Array,
    reasons: list[str],
    numbers: Array,
    failing: Array,
    who: dict[str, pa.Array],
    first_row: int,
) -> None:
    details = who["detail"].take(pa.array(failing)).dictionary_encode()
    sentences, codes = details.dictionary.to_pylist(), details.indices.to_numpy().astype(np.int64)
    pairs, first, at = np.unique(numbers * len(sentences) + codes, return_index=True, return_inverse=True)
    for place, pair in enumerate(pairs.tolist()):
        number, code = divmod(pair, len(sentences))
        sentence, row = sentences[code], int(failing[first[place]])
        ids = (who[name][row].as_py() for name in ("position_id", "instrument_id"))
        key = (statuses[number].as_py(), reasons[number], kind_of_sentence(sentence, ids))
        kind = found.setdefault(key, Exceptions(sentence))
        kind.alike &= sentence == kind.sentence
        mine = failing[at == place]
        kind.rows.append(first_row + mine)
        kind.products |= set(who["product_type"].take(pa.array(mine)).unique().to_pylist())


def _told(key: Key, kind: Exceptions, worth: Array, book: NamedPortfolio) -> dict[str, Any]:
    status, reason, pattern = key
    rows = np.concatenate(kind.rows)
    sizes = np.abs(np.nan_to_num(worth[rows]))
    largest = rows[np.argsort(-sizes, kind="stable")[:LARGEST]]
    ids = book.field("position_id")
    return {
        "status": status,
        "reason": reason,
        "sentence": (kind.sentence if kind.alike else pattern) or reason,
        "product_types": ",".join(sorted(kind.products)),
        "positions": len(rows),
        "notional_base": float(np.nansum(worth[rows])),
        "largest": ",".join(each or "" for each in ids.texts(largest)) if ids else "",
    }


def _first_reason(text: str) -> str:
    """Of the first measure that should have a number and has none."""
    codes = [part.partition(":")[2] for part in text.split(";") if part]
    return next((code for code in codes if code != Reason.NOT_APPLICABLE.name), "")
