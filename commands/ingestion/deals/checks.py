"""Deals: rows of their five tables against one another and against the instruments that are their tranches."""

from typing import Any

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.deals.speeds import DEFAULTS, PREPAYMENTS, QUOTED_PREPAYMENTS, check_speed
from commands.ingestion.findings import Findings
from commands.ingestion.references import Tables, rows_referred
from commands.ingestion.typed_columns import TypedTable
from domain.currencies import ISO_4217
from domain.portfolio.columns import ABSENT_DATE

Array = np.ndarray[Any, Any]

PARTS_OF_DEAL = ("collateral", "tranches", "tranche_schedules", "deal_triggers")
_NOT_NOTES = ("NOTIONAL", "RESIDUAL")
_POOL = "POOL"
_EXCESS_CCY = 0.01


def check_deals(tables: Tables, errors: Findings, warnings: Findings) -> None:
    if "deals" in tables:
        _check_deal_rows(tables, errors)
    if "collateral" in tables:
        _check_lines(tables["collateral"], errors, warnings)
    if "tranches" in tables:
        _check_tranches(tables, errors)
        _check_strips(tables["tranches"], errors)
    if "tranche_schedules" in tables and "tranches" in tables:
        _check_schedules(tables["tranche_schedules"], tables["tranches"], errors)
    if "deals" in tables and "collateral" in tables and "tranches" in tables:
        _warn_of_excess(tables, warnings)


def is_tranche(tables: Tables) -> Array:
    """Instruments that a row of `tranches` names."""
    instruments = tables["instruments"]
    found = np.zeros(instruments.rows + 1, dtype=bool)
    if "tranches" in tables:
        found[rows_referred(tables["tranches"], "instrument_id", instruments, "instrument_id")] = True
    return found[:-1]


def row_of_deal(part: TypedTable, tables: Tables) -> Array:
    """For each row the row of its deal, or -1."""
    deals = tables.get("deals")
    if deals is None:
        return np.full(part.rows, -1, dtype=np.int64)
    return rows_referred(part, "deal_id", deals, "deal_id")


# --- deals and lines ------------------------------------------------------------------------------------------------


def _check_deal_rows(tables: Tables, errors: Findings) -> None:
    deals = tables["deals"]
    bad = np.array([text not in ISO_4217 for text in deals.distinct_texts("currency")], dtype=bool)
    message, fix = "This is not an ISO 4217 currency.", "Write three capital letters, such as USD, EUR or GBP."
    errors.row(deals, "currency", Code.UNKNOWN_CURRENCY, deals.rows_with("currency", bad), message, fix)
    start, first = deals.day("accrual_start_date"), deals.day("first_payment_date")
    late = (start != ABSENT_DATE) & (first != ABSENT_DATE) & (start >= first)
    message, fix = (
        "accrual_start_date must be before first_payment_date.",
        "Correct accrual_start_date or first_payment_date.",
    )
    errors.row(deals, "accrual_start_date", Code.DATE_ORDER, late, message, fix)
    _report_empty(tables, "collateral", None, "collateral", "Add its lines to collateral.", errors)
    tranches = tables.get("tranches")
    notes = None if tranches is None else ~tranches.equals("kind", *_NOT_NOTES)
    _report_empty(tables, "tranches", notes, "notes", "Add its tranches: one that is no NOTIONAL or RESIDUAL.", errors)


def _report_empty(tables: Tables, name: str, counted: Array | None, what: str, fix: str, errors: Findings) -> None:
    deals = tables["deals"]
    filled = np.zeros(deals.rows + 1, dtype=bool)
    if name in tables:
        owner = row_of_deal(tables[name], tables)
        filled[owner if counted is None else owner[counted]] = True
    empty = ~filled[:-1] & deals.present("deal_id")
    errors.row(deals, "deal_id", Code.EMPTY_DEAL, empty, f"The deal has no {what}.", fix)


def _check_lines(lines: TypedTable, errors: Findings, warnings: Findings) -> None:
    check_speed(lines, "prepayment", PREPAYMENTS, "CPR 6, SMM 0.5, PSA 165, ABS 1.3 or MODEL name", errors)
    check_speed(lines, "default", DEFAULTS, "CDR 2 or SDA 100 (PD is an issuer's)", errors)
    neither = ~lines.present("wac") & ~lines.present("index")
    message, fix = "A line needs the rate of its loans.", "Fill in wac, or index for loans that float."
    errors.row(lines, "wac", Code.MISSING_TERM, neither, message, fix)
    losing = lines.present("default")
    message = "A default speed says how many default; severity says how much of it is lost."
    unsaid = losing & ~lines.present("severity")
    errors.row(lines, "severity", Code.MISSING_SEVERITY, unsaid, message, "Fill in severity, a decimal such as 0.4.")
    twice = lines.present("index") & (lines.number("first_collection_months") > 1)
    message = "A line that floats resets with each distribution, and collects one month for each."
    errors.row(lines, "index", Code.INCONSISTENT_TERMS, twice, message, "Leave first_collection_months at 1.")
    crossed = lines.number("cap") < lines.number("floor")
    message, fix = "The cap is below the floor.", "Exchange cap and floor, or correct one."
    errors.row(lines, "cap", Code.INCONSISTENT_TERMS, crossed, message, fix)
    warn_of_lags(lines, losing, warnings)


def warn_of_lags(table: TypedTable, losing: Array, warnings: Findings) -> None:
    """A recovery lag that leaves no month in which anything could default."""
    late = losing & (table.number("recovery_lag_months") >= table.number("wam"))
    message = "recovery_lag_months is not less than the months left, so nothing can default: a run marks it FAILED."
    fix = "Shorten recovery_lag_months, or leave default out."
    warnings.row(table, "recovery_lag_months", Code.LAG_TOO_LONG, late, message, fix)


# --- tranches -------------------------------------------------------------------------------------------------------


def _check_tranches(tables: Tables, errors: Findings) -> None:
    tranches = tables["tranches"]
    _check_instruments(tables, errors)
    both = tranches.present("coupon") & tranches.present("index")
    message, fix = "A tranche has a coupon or an index, not both.", "Leave coupon or index empty."
    errors.row(tranches, "coupon", Code.INCONSISTENT_TERMS, both, message, fix)
    crossed = tranches.number("cap") < tranches.number("floor")
    message, fix = "The cap is below the floor.", "Exchange cap and floor, or correct one."
    errors.row(tranches, "cap", Code.INCONSISTENT_TERMS, crossed, message, fix)
    for column in ("pac_low", "pac_high"):
        check_speed(tranches, column, QUOTED_PREPAYMENTS, "PSA 90, CPR 6, SMM 0.5 or ABS 1.3", errors)
    message, fix = "The lower band is above the upper one.", "Exchange pac_low and pac_high, or correct one."
    errors.row(tranches, "pac_low", Code.INCONSISTENT_TERMS, _bands_crossed(tranches), message, fix)
    planned = tranches.present("pac_low") & tranches.present("pac_high") | _is_scheduled(tables)
    unplanned = tranches.equals("kind", "PAC") & ~planned
    message = "A PAC needs a planned balance for each date."
    fix = "Fill in pac_low and pac_high, or add its balances to tranche_schedules."
    errors.row(tranches, "pac_low", Code.MISSING_TERM, unplanned, message, fix)


def _check_instruments(tables: Tables, errors: Findings) -> None:
    tranches, instruments = tables["tranches"], tables["instruments"]
    owner = rows_referred(tranches, "instrument_id", instruments, "instrument_id")
    is_pool = np.append(instruments.equals("product_type", "ABS_MBS"), True)[owner]
    message, fix = "A tranche's instrument is an ABS_MBS.", "Name an ABS_MBS, or correct its product_type."
    errors.row(tranches, "instrument_id", Code.INCONSISTENT_TERMS, ~is_pool, message, fix)
    deal = row_of_deal(tranches, tables)
    ours = _texts(tables["deals"], "currency", deal) if "deals" in tables else np.full(tranches.rows, None)
    theirs = _texts(instruments, "currency", owner)
    wrong = np.array(
        [a is not None and b is not None and a != b for a, b in zip(ours, theirs, strict=True)], dtype=bool
    )
    errors.row(
        tranches,
        "instrument_id",
        Code.WRONG_CURRENCY,
        wrong,
        lambda row: f"The instrument is in {theirs[row]}, its deal in {ours[row]}.",
        "Write one currency in both.",
    )
    first: dict[str, tuple[int, str | None]] = {}
    again = np.zeros(tranches.rows, dtype=bool)
    for row in range(tranches.rows):
        name, of = tranches.text_at("instrument_id", row), tranches.text_at("deal_id", row)
        if name is not None:
            again[row] = first.setdefault(name, (row, of))[1] != of
    message, fix = "Another deal has this tranche.", "Name each instrument in one deal."
    errors.row(tranches, "instrument_id", Code.DUPLICATE_ID, again, message, fix)


def _texts(table: TypedTable, column: str, rows: Array) -> Array:
    return np.array([table.text_at(column, int(row)) if row >= 0 else None for row in rows], dtype=object)


def _bands_crossed(tranches: TypedTable) -> Array:
    """Two speeds of different kinds cannot be compared by their numbers."""
    crossed = np.zeros(tranches.rows, dtype=bool)
    for row in np.flatnonzero(tranches.present("pac_low") & tranches.present("pac_high")):
        bands = [
            QUOTED_PREPAYMENTS.fullmatch(tranches.text_at(name, int(row)) or "") for name in ("pac_low", "pac_high")
        ]
        low, high = bands
        if low and high and low["kind"] == high["kind"]:
            crossed[row] = float(low["speed"]) > float(high["speed"])
    return crossed


def _is_scheduled(tables: Tables) -> Array:
    tranches, schedules = tables["tranches"], tables.get("tranche_schedules")
    scheduled = np.zeros(tranches.rows + 1, dtype=bool)
    if schedules is not None:
        scheduled[_scheduled_tranche(schedules, tranches)] = True
    return scheduled[:-1]


def _scheduled_tranche(schedules: TypedTable, tranches: TypedTable) -> Array:
    """For each row of a schedule the row of its tranche in the same deal, or -1."""
    row = rows_referred(schedules, "instrument_id", tranches, "instrument_id")
    same = _texts(tranches, "deal_id", row) == _texts(schedules, "deal_id", np.arange(schedules.rows))
    return np.where(same, row, -1)


def _check_schedules(schedules: TypedTable, tranches: TypedTable, errors: Findings) -> None:
    elsewhere = rows_referred(schedules, "instrument_id", tranches, "instrument_id") >= 0
    lost = elsewhere & (_scheduled_tranche(schedules, tranches) < 0) & schedules.present("deal_id")
    message, fix = "This tranche is of another deal.", "Correct deal_id or instrument_id."
    errors.row(schedules, "instrument_id", Code.UNKNOWN_REFERENCE, lost, message, fix)


def _check_strips(tranches: TypedTable, errors: Findings) -> None:
    """What a NOTIONAL stands on: tranches of its deal, and never itself by way of others."""
    strips = tranches.equals("kind", "NOTIONAL")
    message, fix = "A NOTIONAL needs what it stands on.", f"Name tranches of the deal, or {_POOL}."
    unsaid = strips & ~tranches.present("notional_of")
    errors.row(tranches, "notional_of", Code.MISSING_TERM, unsaid, message, fix)
    row_of = dict[tuple[str | None, str | None], int]()
    for row in range(tranches.rows):
        row_of.setdefault((tranches.text_at("deal_id", row), tranches.text_at("instrument_id", row)), row)
    unknown, stands_on = np.zeros(tranches.rows, dtype=bool), dict[int, list[int]]()
    for row in np.flatnonzero(strips & tranches.present("notional_of")).tolist():
        names = [name for name in (tranches.text_at("notional_of", row) or "").split() if name != _POOL]
        found = [row_of.get((tranches.text_at("deal_id", row), name)) for name in names]
        unknown[row] = None in found
        stands_on[row] = [other for other in found if other is not None]
    message, fix = "notional_of names no tranche of the deal.", f"Name tranches of the deal, or {_POOL}."
    errors.row(tranches, "notional_of", Code.UNKNOWN_REFERENCE, unknown, message, fix)
    circular = np.zeros(tranches.rows, dtype=bool)
    for row in stands_on:
        circular[row] = _leads_back(row, stands_on)
    message, fix = "The notional stands on itself.", "Name a note or the pool on the way."
    errors.row(tranches, "notional_of", Code.CYCLE, circular, message, fix)


def _leads_back(start: int, stands_on: dict[int, list[int]]) -> bool:
    to_see, seen = list(stands_on[start]), set[int]()
    while to_see:
        row = to_see.pop()
        if row == start:
            return True
        if row not in seen:
            seen.add(row)
            to_see += stands_on.get(row, [])
    return False


def _warn_of_excess(tables: Tables, warnings: Findings) -> None:
    deals, lines, tranches = tables["deals"], tables["collateral"], tables["tranches"]
    notes = np.where(tranches.equals("kind", *_NOT_NOTES), 0.0, tranches.number("balance"))
    excess = np.round(_by_deal(tables, tranches, notes) - _by_deal(tables, lines, lines.number("balance")), 4)
    declared = "undercollateralised" in deals.columns and deals.columns["undercollateralised"].values == 1
    above = (excess > _EXCESS_CCY) & ~np.asarray(declared)
    warnings.row(
        deals,
        "deal_id",
        Code.TRANCHES_EXCEED_POOL,
        above,
        lambda row: f"The notes are above the pool by {excess[row]:,.2f}. A run fails them.",
        "Correct the balances, or say undercollateralised.",
    )


def _by_deal(tables: Tables, part: TypedTable, amounts: Array) -> Array:
    owner, known = row_of_deal(part, tables), np.isfinite(amounts)
    total = np.bincount(owner[known] + 1, amounts[known], tables["deals"].rows + 1)
    return total[1:]
