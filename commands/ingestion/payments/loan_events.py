"""Loans whose terms change on agreed dates: adjustable rates, payment holidays, draws, and steps of any instrument."""

import numpy as np
from numpy.typing import NDArray

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.references import Tables, rows_referred
from commands.ingestion.typed_columns import TypedTable
from commands.ingestion.unused_terms import holds, is_read, says_something
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.term_use import ATTACHED_READ_BY, STEPS_READ_BY, Reading

Flags = NDArray[np.bool_]

FIRST_RESET = "first_reset_date"
NEED_RESETS = ("periodic_cap", "first_cap", "life_cap", "payment_cap", "reset_frequency")
_LEAVE = "Leave it empty."


def check_loan_events(tables: Tables, errors: Findings, warnings: Findings) -> None:
    instruments = tables["instruments"]
    _check_resets(instruments, is_read(tables, FIRST_RESET), errors, warnings)
    _check_commitments(instruments, errors)
    for name, readings in ATTACHED_READ_BY.items():
        if name in tables:
            _warn_of_others(tables[name], instruments, readings, warnings)
    if "payment_holidays" in tables:
        _check_holidays(tables["payment_holidays"], errors)
    if "draws" in tables:
        _warn_of_late_draws(tables["draws"], instruments, warnings)
    if "steps" in tables:
        _warn_of_unread_steps(tables["steps"], instruments, warnings)


# --- adjustable rates -----------------------------------------------------------------------------------------------


def _check_resets(instruments: TypedTable, resets: Flags, errors: Findings, warnings: Findings) -> None:
    arm = resets & instruments.present(FIRST_RESET)
    missing = instruments.equals("product_type", "LOAN") & ~instruments.present(FIRST_RESET)
    for column in NEED_RESETS:
        unsaid = missing & instruments.present(column)
        message = f"{column} applies to a rate that resets, and {FIRST_RESET} is empty."
        errors.row(
            instruments, column, Code.MISSING_TERM, unsaid, message, f"Fill in {FIRST_RESET}, or clear {column}."
        )
        missing &= ~unsaid
    message, fix = f"A loan with {FIRST_RESET} needs the rate in force.", "Fill in coupon, a decimal such as 0.05."
    errors.row(instruments, "coupon", Code.MISSING_TERM, arm & ~instruments.present("coupon"), message, fix)
    issued, first = instruments.day("issue_date"), instruments.day(FIRST_RESET)
    early = arm & (issued != ABSENT_DATE) & (first <= issued)
    message, fix = "The first reset is on or before issue_date.", f"Correct {FIRST_RESET} or issue_date."
    errors.row(instruments, FIRST_RESET, Code.DATE_ORDER, early, message, fix)
    endless = arm & instruments.present("payment_cap") & instruments.equals("amortization", "LEVEL_PAY")
    endless &= ~instruments.present("neg_am_cap") & ~instruments.present("recast_months")
    message = "Nothing stops the balance where a capped payment falls below its interest. A run fails it then."
    fix = "Fill in neg_am_cap or recast_months."
    warnings.row(instruments, "payment_cap", Code.NEVER_AMORTISES, endless, message, fix)


def _check_commitments(instruments: TypedTable, errors: Findings) -> None:
    issued, ends = instruments.day("issue_date"), instruments.day("commitment_end_date")
    early = (issued != ABSENT_DATE) & (ends != ABSENT_DATE) & (ends < issued)
    message, fix = "The commitment ends before the loan is issued.", "Correct commitment_end_date or issue_date."
    errors.row(instruments, "commitment_end_date", Code.DATE_ORDER, early, message, fix)


# --- rows that hang on an instrument --------------------------------------------------------------------------------


def _read_by(attached: TypedTable, instruments: TypedTable, readings: tuple[Reading, ...]) -> Flags:
    """Rows whose instrument reads them; a row without one has its own error."""
    reads = np.any([holds(instruments, reading) for reading in readings], axis=0)
    owner = rows_referred(attached, "instrument_id", instruments, "instrument_id")
    found: Flags = np.append(reads, True)[owner]
    return found


def _warn_of_others(
    attached: TypedTable, instruments: TypedTable, readings: tuple[Reading, ...], warnings: Findings
) -> None:
    unread = ~_read_by(attached, instruments, readings)
    message = f"The row has no effect: {attached.name} apply to a LOAN that is not CUSTOM."
    warnings.row(attached, "instrument_id", Code.TERM_NOT_USED, unread, message, "Take the row out.")


def _check_holidays(holidays: TypedTable, errors: Findings) -> None:
    start, end = holidays.day("from_date"), holidays.day("to_date")
    wrong = (start != ABSENT_DATE) & (end != ABSENT_DATE) & (end < start)
    message, fix = "The holiday ends before it begins.", "Exchange from_date and to_date, or correct one."
    errors.row(holidays, "to_date", Code.DATE_ORDER, wrong, message, fix)


def _warn_of_late_draws(draws: TypedTable, instruments: TypedTable, warnings: Findings) -> None:
    owner = rows_referred(draws, "instrument_id", instruments, "instrument_id")
    matures = np.append(instruments.day("maturity_date"), np.int32(ABSENT_DATE))[owner]
    late = (matures != ABSENT_DATE) & (draws.day("date") >= matures)
    message = "The draw has no effect: what is paid out with the last payment would be paid back at once."
    warnings.row(draws, "date", Code.TERM_NOT_USED, late, message, "Correct date, or take the row out.")


def _warn_of_unread_steps(steps: TypedTable, instruments: TypedTable, warnings: Findings) -> None:
    for column, readings in STEPS_READ_BY.items():
        unread = steps.present(column) & ~_read_by(steps, instruments, readings)
        said = " or ".join(dict.fromkeys(_reader(reading) for reading in readings))
        message = f"{column} has no effect: it steps for {said}."
        warnings.row(steps, column, Code.TERM_NOT_USED, unread, message, _LEAVE)
    nothing = ~np.any([says_something(steps, column) | steps.present(column) for column in STEPS_READ_BY], axis=0)
    message, fix = "The row changes nothing.", "Fill in coupon, margin or notional_factor, or take it out."
    warnings.row(steps, "date", Code.TERM_NOT_USED, nothing, message, fix)


def _reader(reading: Reading) -> str:
    return f"a {' or '.join(reading.products)} {reading.condition}".strip()
