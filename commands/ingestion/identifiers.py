"""Standard identifiers, where given: an issuer's LEI must be sound, attributes such as ISIN and CUSIP are kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
from stdnum import cusip, figi, isin, lei
from stdnum.exceptions import ValidationError
from stdnum.gb import sedol

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.typed_columns import TypedTable

SCHEMES: dict[str, Callable[[str], Any]] = {
    "lei": lei.validate,
    "isin": isin.validate,
    "cusip": cusip.validate,
    "sedol": sedol.validate,
    "figi": figi.validate,
}


def check_identifiers(table: TypedTable, errors: Findings, warnings: Findings) -> None:
    for name, validate in SCHEMES.items():
        if name not in table.columns:
            continue
        is_attribute = table.spec.column(name) is None
        bad = np.array([not _sound(validate, text) for text in table.distinct_texts(name)], dtype=bool)
        kept = " It is kept as it is." if is_attribute else ""
        (warnings if is_attribute else errors).row(
            table,
            name,
            Code.INVALID_IDENTIFIER,
            table.rows_with(name, bad),
            f"This is not a valid {name.upper()}: its length, its characters or its check digit is wrong.{kept}",
            f"Correct the {name.upper()}, or leave the cell empty.",
        )


def _sound(validate: Callable[[str], Any], text: str) -> bool:
    try:
        return bool(validate(text) == text)
    except ValidationError:
        return False
