"""The rows of the user's own files that a position stands on."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from domain.portfolio.columns import ABSENT_CODE, ABSENT_DATE, ColumnData, Portfolio
from domain.portfolio.tables import Kind
from domain.ports import BlobStore

EPOCH = date(1970, 1, 1)
KEYS = {"positions": "position_id", "instruments": "instrument_id", "issuers": "issuer_id", "portfolio": "node_id"}
OF_INSTRUMENT = ("exercises", "cashflows", "steps", "payment_holidays", "draws")
OF_DEAL = ("deals", "collateral", "tranches", "tranche_schedules", "deal_triggers")


@dataclass(frozen=True)
class SourceLines:
    """Which row of which file each canonical row came from; a spreadsheet's count, the header being row 1.

    tables  by name {"file", "rows"}: of each canonical row its row in the file. Of a tape there may be beside it
            "files" and "file_of" (of each row which of several), "lines" (where a record begins), "joined" {"file",
            "rows"} (the row of a second file that stands beside it), "edits" [{"row", "column", "from", "to", "by"}].
    """

    tables: dict[str, dict[str, Any]]
    files: list[dict[str, Any]]

    @staticmethod
    def read(blobs: BlobStore, source: dict[str, Any]) -> "SourceLines":
        if "lines_sha256" not in source:
            return SourceLines({}, [])
        document = json.loads(zlib.decompress(blobs.get(source["lines_sha256"])))
        return SourceLines(document, source.get("files", []))

    def place(self, table: str, row: int) -> dict[str, Any]:
        lines = self.tables.get(table)
        if lines is None:
            return {"file": None, "row": None, "file_sha256": None}
        file = lines["files"][lines["file_of"][row]] if "files" in lines else lines["file"]
        found = {"file": file, "row": lines["rows"][row], "file_sha256": self._sha256(file)}
        if "lines" in lines:
            found["line"] = lines["lines"][row]
        if "joined" in lines:
            other = lines["joined"]
            joined = {"file": other["file"], "row": other["rows"][row], "file_sha256": self._sha256(other["file"])}
            found["joined"] = joined
        edits = [edit for edit in lines.get("edits", ()) if edit["row"] == found["row"]]
        return found | ({"edits": edits} if edits else {})

    def _sha256(self, file: str) -> str | None:
        return next((one["sha256"] for one in self.files if file.startswith(one["name"])), None)


def rows_of_position(portfolio: Portfolio, row: int, lines: SourceLines) -> Iterator[dict[str, Any]]:
    """The position, its instrument and what hangs on that, a tranche's whole deal, its issuer and its books."""
    instrument = int(portfolio.instrument_row[row])
    yield described(portfolio, "positions", row, lines)
    yield described(portfolio, "instruments", instrument, lines)
    instrument_id = text_at(portfolio, "instruments", "instrument_id", instrument)
    for table in OF_INSTRUMENT:
        for each in rows_where(portfolio, table, "instrument_id", instrument_id):
            yield described(portfolio, table, each, lines)
    for row_of_tranche in rows_where(portfolio, "tranches", "instrument_id", instrument_id):
        deal_id = text_at(portfolio, "tranches", "deal_id", row_of_tranche)
        for table in OF_DEAL:
            for each in rows_where(portfolio, table, "deal_id", deal_id):
                yield described(portfolio, table, each, lines)
    issuer_id = text_at(portfolio, "instruments", "issuer_id", instrument)
    for each in rows_where(portfolio, "issuers", "issuer_id", issuer_id):
        yield described(portfolio, "issuers", each, lines)
    yield from books(portfolio, int(portfolio.book_row[row]), lines)


def books(portfolio: Portfolio, node: int, lines: SourceLines) -> Iterator[dict[str, Any]]:
    for _ in range(portfolio.tables["portfolio"].rows):
        yield described(portfolio, "portfolio", node, lines)
        parents = rows_where(portfolio, "portfolio", "node_id", text_at(portfolio, "portfolio", "parent_id", node))
        if not parents:
            return
        node = parents[0]


def described(portfolio: Portfolio, table: str, row: int, lines: SourceLines) -> dict[str, Any]:
    columns = portfolio.tables[table].columns
    fields = {name: cell(column, row) for name, column in columns.items()}
    present = {name: value for name, value in fields.items() if value is not None}
    key = present.get(KEYS.get(table, "instrument_id"), present.get("deal_id"))
    return {"table": table, "key": key, **lines.place(table, row), "fields": present}


def cell(column: ColumnData, row: int) -> Any:
    value = column.values[row]
    match column.kind:
        case Kind.TEXT:
            return column.categories[value] if value >= 0 else None
        case Kind.DATE:
            return None if value == ABSENT_DATE else (EPOCH + timedelta(days=int(value))).isoformat()
        case Kind.FLAG:
            return None if value < 0 else bool(value)
        case _:
            return None if np.isnan(value) else float(value)


def text_at(portfolio: Portfolio, table: str, name: str, row: int) -> str | None:
    column = portfolio.tables[table].columns.get(name)
    return cell(column, row) if column is not None else None


def rows_where(portfolio: Portfolio, table: str, name: str, text: str | None) -> list[int]:
    found = portfolio.tables.get(table)
    column = found.columns.get(name) if found else None
    code = ABSENT_CODE if column is None or text is None else column.code_of(text)
    if column is None or code == ABSENT_CODE:
        return []
    return [int(row) for row in np.flatnonzero(column.values == code)]
