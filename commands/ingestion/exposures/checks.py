"""What is said of exposures, row by row: tranches that end before they begin, amounts that must be above nil."""

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.references import Tables
from domain.currencies import ISO_4217
from domain.portfolio.attributes import HOLDERS


def check_exposures(tables: Tables, errors: Findings) -> None:
    for name in HOLDERS:
        if name in tables:
            table = tables[name]
            crossed = table.number("attachment") >= table.number("detachment")
            message, fix = "The tranche ends where it begins, or before.", "Make attachment less than detachment."
            errors.row(table, "detachment", Code.INCONSISTENT_TERMS, crossed, message, fix)
            _check_currency(tables, name, "income_currency", errors)
    _check_currency(tables, "netting_sets", "currency", errors)
    if "credit_events" in tables:
        events = tables["credit_events"]
        nil = events.number("amount") == 0
        errors.row(events, "amount", Code.OUT_OF_RANGE, nil, "amount must be above 0.", "Write what was lost or paid.")


def _check_currency(tables: Tables, name: str, column: str, errors: Findings) -> None:
    table = tables.get(name)
    if table is None or column not in table.columns:
        return
    bad = table.rows_with(column, np.array([text not in ISO_4217 for text in table.distinct_texts(column)], dtype=bool))
    message, fix = f"The {column} is not an ISO 4217 currency.", "Write three capital letters, such as USD or EUR."
    errors.row(table, column, Code.UNKNOWN_CURRENCY, bad, message, fix)
