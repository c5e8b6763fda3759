"""Prepayment and default speeds as cells say them: the kinds that each column takes, and what cannot be read."""

import re

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.typed_columns import TypedTable

_PERCENT = r"(\d+(\.\d*)?|\.\d+)"
QUOTED_PREPAYMENTS = re.compile(rf"(?P<kind>CPR|SMM|PSA|ABS) +(?P<speed>{_PERCENT})")
PREPAYMENTS = re.compile(rf"{QUOTED_PREPAYMENTS.pattern}|MODEL +\S.*")
DEFAULTS = re.compile(rf"(?P<kind>CDR|SDA) +(?P<speed>{_PERCENT})")
DEFAULTS_OR_PD = re.compile(rf"{DEFAULTS.pattern}|PD")
_MOST_PERCENT = {"CPR": 100.0, "SMM": 100.0, "ABS": 100.0, "CDR": 100.0, "PSA": 10_000.0, "SDA": 20_000.0}


def check_speed(table: TypedTable, column: str, grammar: re.Pattern[str], examples: str, errors: Findings) -> None:
    bad = np.array([not speed_is_sound(text, grammar) for text in table.distinct_texts(column)], dtype=bool)
    if bad.any():
        errors.row(
            table,
            column,
            Code.INVALID_SPEED,
            table.rows_with(column, bad),
            lambda row: f"{table.text_at(column, row)!r} is not a {column} speed.",
            f"Write {examples}; numbers are percent.",
        )


def speed_is_sound(text: str, grammar: re.Pattern[str]) -> bool:
    parsed = grammar.fullmatch(text)
    if parsed is None:
        return False
    kind = parsed.group("kind")
    return kind is None or float(parsed.group("speed")) <= _MOST_PERCENT[kind]
