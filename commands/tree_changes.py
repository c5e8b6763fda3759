"""Changes of a portfolio's tree, applied to the tables of the files that come next under its name."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.raw_tables import Cells, RawTable, Source, distinct, kept
from domain.documents import JsonObject
from domain.portfolio.hierarchy import Hierarchy, Node

COLUMNS = ("node_id", "parent_id", "name", "kind")

Record = JsonObject


def with_tree_changes(source: Source, hierarchy: Hierarchy, errors: Findings) -> tuple[Source, list[Record]]:
    """The tables with the tree as it was decided, and by row what was changed by whom; a row of a node that was created
    is counted on behind the last of the file."""
    table = source.tables.get("portfolio")
    if table is None or not hierarchy.events or "node_id" not in table.columns:
        return source, []
    before = _nodes(table)
    after = hierarchy.applied(before)
    gone = {node.node_id for node in after.values() if node.is_closed}
    _refuse_use_of_closed(source, gone, errors)
    records = list(_records(table, {node.node_id: node for node in before}, after))
    return replace(source, tables={**source.tables, "portfolio": _rewritten(table, after, gone)}), records


def _nodes(table: RawTable) -> list[Node]:
    def text(name: str, row: int) -> str | None:
        return table.text_at(name, row) if name in table.columns else None

    rows = range(len(table.source_rows))
    return [Node(text("node_id", r) or "", text("parent_id", r), text("name", r), text("kind", r) or "") for r in rows]


def _refuse_use_of_closed(source: Source, gone: set[str], errors: Findings) -> None:
    """Positions on a closed book are refused: they would hang on nothing."""
    positions = source.tables.get("positions")
    books = positions.columns.get("book_id") if positions is not None else None
    if positions is None or books is None:
        return
    closed = np.array([text in gone for text in books.texts.to_pylist()] + [False], dtype=bool)
    rows = closed.take(books.codes)
    message, fix = "The book was closed.", "Name another book, or open it again by creating it."
    errors.row(positions, "book_id", Code.NOT_A_BOOK, rows, message, fix)


def _rewritten(table: RawTable, after: dict[str, Node], gone: set[str]) -> RawTable:
    ids = [table.text_at("node_id", row) or "" for row in range(len(table.source_rows))]
    keep = np.array([node_id not in gone for node_id in ids], dtype=bool)
    made = [node for node_id, node in after.items() if node_id not in set(ids) and not node.is_closed]
    last = int(max([*table.source_rows, *table.unreadable_rows], default=1))
    rows = np.concatenate([table.source_rows[keep], np.arange(last + 1, last + 1 + len(made))])
    columns = kept(table.columns, keep)
    order = [*(after[node_id] for node_id in np.array(ids, dtype=object)[keep]), *made]
    values = {name: [getattr(node, name) for node in order] for name in COLUMNS}
    said = {name: _cells(texts) for name, texts in values.items() if name in columns or any(texts)}
    others = {name: _longer(cells, len(made)) for name, cells in columns.items() if name not in COLUMNS}
    return replace(table, source_rows=rows, columns={**said, **others})


def _cells(texts: list[str | None]) -> Cells:
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    return distinct(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), encoded.dictionary)


def _longer(cells: Cells, count: int) -> Cells:
    return Cells(np.append(cells.codes, np.full(count, -1, dtype=cells.codes.dtype)), cells.texts)


def _records(table: RawTable, before: dict[str, Node], after: dict[str, Node]) -> Sequence[Record]:
    rows = {table.text_at("node_id", row): int(number) for row, number in enumerate(table.source_rows)}
    last = int(max([*table.source_rows, *table.unreadable_rows], default=1))
    found: list[Record] = []
    for node_id, node in after.items():
        if node.is_closed or not node.changed_by:
            continue
        known = before.get(node_id)
        if known is None:
            last += 1
            found.append({"row": last, "column": "node_id", "from": None, "to": node_id, "by": node.changed_by})
            continue
        for name in ("parent_id", "name", "kind"):
            old, new = getattr(known, name), getattr(node, name)
            if old != new:
                record = {"row": rows[node_id], "column": name, "from": old, "to": new, "by": node.changed_by}
                found.append(record)
    return found
