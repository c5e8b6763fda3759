"""How much ingestion reads: generous, stated, and counted before anything is unpacked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from commands.ingestion.codes import Code

if TYPE_CHECKING:  # settings are read without numpy
    from commands.ingestion.findings import Findings

MAX_COLUMNS = 1_000
MAX_ID_CHARS = 200
MAX_TEXT_CHARS = 65_536
MAX_TAG_KEYS = 1_000
MAX_TREE_DEPTH = 64
"""Of a portfolio's nodes: every node keeps the way to its root."""

MAX_UNREADABLE = 1_000_000
"""Rows of another width than the header: past them it is no table."""

MAX_WORKBOOK_MEMBERS = 200
MAX_WORKBOOK_BYTES = 300 * 1024**2
MAX_WORKBOOK_RATIO = 100

MAX_PACKED_CELLS = 10_000_000
MAX_CELLS_PER_BYTE = 250
"""Of a Parquet file: no column of keys packs so well, and a small file must not be a large bill."""

SETTING = "TENOR_UPLOAD_"


@dataclass(frozen=True)
class Budget:
    """What reading one portfolio may take; the environment's TENOR_UPLOAD_ROWS, … say otherwise."""

    rows: int = 20_000_000
    cells: int = 1_000_000_000
    bytes: int = 8 * 1024**3
    """unpacked"""
    seconds: int = 600
    memory_bytes: int = 8 * 1024**3


class Spent:
    """What the tables read so far have taken of the budget, each told before it is read."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._rows = self._cells = self._bytes = 0

    def may_read(
        self, table: str, file: str, errors: "Findings", *, rows: int = 0, columns: int = 0, size_bytes: int = 0
    ) -> bool:
        """False, with the limit and both numbers in `errors`, where it would be too much."""
        self._rows += rows
        self._cells += rows * columns
        self._bytes += size_bytes
        taken = {"rows": self._rows, "cells": self._cells, "bytes": self._bytes}
        for what, found in taken.items():
            most = getattr(self.budget, what)
            if found > most:
                message = f"{file}: with it the portfolio has {found:,} {what}; the limit is {most:,}."
                errors.file(table, Code.LIMIT_EXCEEDED, message, f"Split the portfolio, or raise {setting_of(what)}.")
                return False
        return True


def setting_of(what: str) -> str:
    return SETTING + what.upper()
