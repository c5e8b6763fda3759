"""A market from rows that say themselves what they are: nodes of curves, spots and fixings, by columns."""

from collections import defaultdict
from datetime import date

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.raw_tables import Cells
from commands.tapes.markets.draft import Draft
from commands.tapes.read_tape import ReadTape, column_of
from commands.tapes.to_tables import label_of
from commands.tapes.values import constant, mapped, numbers_of, read_dates, read_numbers, said
from domain.documents import JsonObject
from domain.market.parts import add_tenor, is_tenor
from domain.market.quotes import MARKET_COLUMNS
from domain.tapes.dates import patterns_of
from domain.tapes.mapping import From, MappingDocument

NUMBERS = ("rate", "spot", "recovery", "hazard_rate", "cds_spread")
OF_CURVES = ("currency", "kind", "interpolation", "index", "discount_curve", "recovery")
KEYS = {
    "curves": "curve_id",
    "spread_curves": "curve_id",
    "credit_curves": "curve_id",
    "fx_spots": "pair",
    "fixings": "index",
}

Row = JsonObject


def build(read: ReadTape, mapping: MappingDocument, draft: Draft, errors: Findings) -> None:
    for table in MARKET_COLUMNS:
        sources = mapping.of_table(table)
        if table in ("market", "quotes") or not sources:
            continue
        columns = {name: _column(read, f"{table}.{name}", source, mapping, errors) for name, source in sources.items()}
        if errors.fatal:
            return
        rows = _rows(columns, len(read.tape.rows), table, read, errors)
        if table in ("fx_spots", "fixings"):
            _add_each(table, rows, draft)
        else:
            _add_curves(table, rows, draft, errors)


def _column(read: ReadTape, target: str, source: From, mapping: MappingDocument, errors: Findings) -> Cells | None:
    if source.value is not None:
        return constant(source.value, len(read.tape.rows))
    assert source.column is not None
    name = column_of(read.tape, label_of(source.column, mapping), f"The source of {target}", errors)
    if name is None:
        return None
    cells, column = read.tape.columns[name], target.partition(".")[2]
    if source.map is not None:
        return mapped(cells, {text: said(value) for text, value in source.map.items()})[0]
    if column in NUMBERS:
        percent = {read.tape.column(label) for label in mapping.format.percent_columns}
        return read_numbers(cells, numbers_of(mapping.format, scale=source.scale, in_percent=name in percent))
    if column == "date":
        return read_dates(cells, patterns_of((source.dates,) if source.dates else mapping.format.date_texts))
    return cells


def _rows(columns: dict[str, Cells | None], count: int, table: str, read: ReadTape, errors: Findings) -> list[Row]:
    """Rows in which the key is filled; each says its place."""
    which, lines = read.places.split(read.tape.rows)
    rows = []
    for row in range(count):
        values: Row = {
            name: text
            for name, cells in columns.items()
            if cells is not None and (text := cells.text_at(row)) is not None
        }
        if KEYS[table] not in values:
            continue
        for name in NUMBERS:
            if name in values and not _is_number(values[name]):
                message = f"{table}.{name} of row {int(lines[row]):,} is no number: {values[name]!r}."
                errors.file("", Code.NOT_A_NUMBER, message, "Correct the cell, or the mapping's format.", column=name)
            elif name in values:
                values[name] = float(values[name])
        rows.append({**values, "place": (int(which[row]), int(lines[row]))})
    return rows


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _add_each(table: str, rows: list[Row], draft: Draft) -> None:
    for row in rows:
        place = row.pop("place")
        if table == "fixings" and row.get("date", "") > draft.as_of.isoformat():
            draft.leave(table, f"it is dated after {draft.as_of}", row["index"], place)
            continue
        draft.add(table, row["pair"] if table == "fx_spots" else f"{row['index']} {row.get('date')}", row, place)


def _add_curves(table: str, rows: list[Row], draft: Draft, errors: Findings) -> None:
    curves: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        curves[row["curve_id"]].append(row)
    for curve_id, nodes in curves.items():
        head = {name: nodes[0][name] for name in OF_CURVES if name in nodes[0]}
        for name in head:
            if any(node.get(name) != head[name] for node in nodes):
                message = f"Rows of {curve_id} say different things of {name}."
                errors.file("", Code.INCONSISTENT_TERMS, message, "A curve says it once.", column=name)
        ordered = sorted(nodes, key=lambda node: _stands(node, draft.as_of))
        entries = [
            {name: value for name, value in node.items() if name not in (*OF_CURVES, "curve_id", "place")}
            for node in ordered
        ]
        index = head.get("index")
        if table == "curves" and head.get("kind") != "PAR":
            head.pop("index", None)
        places = [node["place"] for node in ordered]
        draft.add(table, curve_id, {"curve_id": curve_id, **head, "nodes": entries}, places)
        if table == "curves" and "currency" in head:
            draft.document.setdefault("discount", {}).setdefault(head["currency"], curve_id)
            if index is not None:
                draft.document.setdefault("projection", {}).setdefault(index, curve_id)


def _stands(node: Row, as_of: date) -> tuple[date, str]:
    """Forward rate agreements by their end; what is no tenor or date comes last and is refused later."""
    tenor, day = node.get("tenor"), node.get("date")
    try:
        if day is not None:
            return date.fromisoformat(day), ""
        if tenor is not None and is_tenor(tenor):
            return add_tenor(as_of, tenor), ""
        if tenor is not None and "X" in tenor:
            return add_tenor(as_of, f"{int(tenor.partition('X')[2])}M"), ""
    except (ValueError, OverflowError):
        return date.max, str(tenor or day)
    return date.max, str(tenor)
