"""When an instrument pays and how much, as far as its terms say so: regular dates, and a payment that is given."""

from typing import Any

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.typed_columns import TypedTable
from domain.portfolio.columns import ABSENT_DATE

Array = np.ndarray[Any, Any]

LAST_REGULAR = "last_regular_payment_date"
_FREQUENCIES = {
    "frequency": ("LOAN", "BOND", "CALLABLE_BOND", "STRUCTURED"),
    "fixed_frequency": ("IRS",),
    "float_frequency": ("IRS", "CAP_FLOOR"),
}
"""Which products pay by which column."""
_YEAR_DAYS = 364
_MAX_BY_MONTHS = 12


def check_payments(instruments: TypedTable, errors: Findings) -> None:
    payment, given = instruments.number("payment_amount"), instruments.present("payment_amount")
    message, fix = "payment_amount must be more than 0.", "Write the payment of a period, or leave the cell empty."
    errors.row(instruments, "payment_amount", Code.OUT_OF_RANGE, given & (payment == 0.0), message, fix)
    of_nothing = given & (instruments.number("reference_notional") == 0.0)
    message = "reference_notional is 0, so payment_amount cannot be scaled to the position."
    fix = "Write the balance that the payment belongs to, or leave it empty: the position's notional stands for it."
    errors.row(instruments, "reference_notional", Code.INCONSISTENT_TERMS, of_nothing, message, fix)


def warn_off_grid(instruments: TypedTable, warnings: Findings) -> None:
    first, maturity = instruments.day("first_payment_date"), instruments.day("maturity_date")
    if (first == ABSENT_DATE).all():
        return
    last_regular = instruments.day(LAST_REGULAR)
    anchor = np.where(last_regular == ABSENT_DATE, maturity, last_regular)
    typed = instruments.columns.get("end_of_month")
    on_ends = typed.values == 1 if typed is not None else np.zeros(instruments.rows, dtype=bool)
    off = np.zeros(instruments.rows, dtype=bool)
    for column, products in _FREQUENCIES.items():
        per_year = instruments.number(column)
        asked = instruments.equals("product_type", *products) & (per_year > 0)
        rows = np.flatnonzero(asked & (first != ABSENT_DATE) & (anchor != ABSENT_DATE) & (first < anchor))
        clips = anchor[rows] != maturity[rows]
        off[rows] |= ~_on_grid(first[rows], anchor[rows], per_year[rows], on_ends[rows], clips)
    warnings.row(
        instruments,
        "first_payment_date",
        Code.OFF_GRID,
        off,
        lambda row: (
            f"first_payment_date {instruments.text_at('first_payment_date', row)} is on none of the regular dates "
            f"counted back from {instruments.text_at(LAST_REGULAR, row) or instruments.text_at('maturity_date', row)}; "
            "the payments after it are on those dates."
        ),
        f"Correct it or maturity_date, or give {LAST_REGULAR} where the last period is a stub.",
    )


def _on_grid(first: Array, anchor: Array, per_year: Array, on_ends: Array, clips: Array) -> Array:
    """Whether `first` is `anchor` less whole intervals, the day clipped to its month.

    Where `clips`, an anchor at a month's end may itself have been clipped from the first date's day.
    """
    by_days = per_year > _MAX_BY_MONTHS
    days = np.where(by_days, _YEAR_DAYS // np.maximum(per_year, 1), 1)
    months = np.where(by_days, 1, 12 // np.maximum(per_year, 1))
    first_month, first_day, first_length = _civil(first)
    month, day, length = _civil(anchor)
    at_end = day == length
    rolls = np.where(at_end & on_ends, 31, np.where(at_end & clips, np.maximum(first_day, day), day))
    same = ((month - first_month) % months == 0) & (first_day == np.minimum(rolls, first_length))
    on: Array = np.where(by_days, (anchor - first) % days == 0, same)
    return on


def _civil(days: Array) -> tuple[Array, Array, Array]:
    """Month number, day of the month and the month's length."""
    dates = days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    start = month.astype("datetime64[D]")
    length = ((month + 1).astype("datetime64[D]") - start).astype(np.int64)
    return month.astype(np.int64), (dates - start).astype(np.int64) + 1, length
