"""Whether an instrument's terms are complete and agree with one another, product by product."""

from collections.abc import Callable
from typing import Any

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.deals.checks import check_deals, is_tranche, warn_of_lags
from commands.ingestion.deals.speeds import DEFAULTS_OR_PD, PREPAYMENTS, check_speed
from commands.ingestion.findings import Findings
from commands.ingestion.payments.loan_events import check_loan_events
from commands.ingestion.payments.payment_terms import LAST_REGULAR, check_payments, warn_off_grid
from commands.ingestion.references import Tables, rows_referred
from commands.ingestion.typed_columns import TypedTable, list_fix
from commands.ingestion.unused_terms import is_read, warn_of_unused_terms
from domain.currencies import ISO_4217
from domain.documents import Problem
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.payoffs import InvalidPayoff, parse_payoff
from domain.portfolio.tables import OPTION_TYPES_OF, RATE_TERM, REQUIRED_TERMS
from domain.texts import with_article

Array = np.ndarray[Any, Any]

_DEBT = ("LOAN", "BOND", "CALLABLE_BOND")
_BONDS = ("BOND", "CALLABLE_BOND")
_PAIRS = ("FX_FWD", "FX_OPTION")


def check_terms(tables: Tables, errors: Findings, warnings: Findings) -> None:
    instruments = tables["instruments"]
    _check_required(tables, errors)
    _check_currencies(instruments, errors)
    _check_pairs(instruments, errors)
    _check_rates(instruments, errors)
    _check_schedule(instruments, errors)
    _check_speeds(tables, errors)
    _check_options(instruments, errors)
    _check_payoffs(instruments, errors)
    _check_dates(instruments, errors)
    _check_attached_rows(tables, errors, warnings)
    warn_of_unused_terms(tables, warnings)
    check_loan_events(tables, errors, warnings)
    check_payments(instruments, errors)
    warn_off_grid(instruments, warnings)
    _warn_of_no_regular_dates(instruments, warnings)
    check_deals(tables, errors, warnings)
    warn_of_lags(instruments, instruments.present("default") & is_read(tables, "wam"), warnings)


def _check_required(tables: Tables, errors: Findings) -> None:
    """A tranche takes its terms from its deal."""
    instruments = tables["instruments"]
    elsewhere = is_tranche(tables)
    for product, terms in REQUIRED_TERMS.items():
        of_product = instruments.equals("product_type", product) & ~elsewhere
        for term in terms:
            missing = of_product & ~instruments.present(term)
            _report_missing(instruments, term, missing, f"{term} is missing: {with_article(product)} needs it.", errors)
    debt = instruments.equals("product_type", *_DEBT)
    for rate_type, term in RATE_TERM.items():
        missing = debt & instruments.equals("rate_type", rate_type) & ~instruments.present(term)
        _report_missing(instruments, term, missing, f"A {rate_type} rate needs {term}.", errors)


def _report_missing(instruments: TypedTable, term: str, missing: Array, message: str, errors: Findings) -> None:
    errors.row(instruments, term, Code.MISSING_TERM, missing, message, f"Fill in {term}.")


# --- currencies and pairs -------------------------------------------------------------------------------------------


def _check_currencies(instruments: TypedTable, errors: Findings) -> None:
    bad = np.array([text not in ISO_4217 for text in instruments.distinct_texts("currency")], dtype=bool)
    errors.row(
        instruments,
        "currency",
        Code.UNKNOWN_CURRENCY,
        instruments.rows_with("currency", bad),
        lambda row: f"{instruments.text_at('currency', row)!r} is not an ISO 4217 currency.",
        lambda row: _currency_fix(instruments.text_at("currency", row)),
    )


def _currency_fix(value: str | None) -> str:
    upper = (value or "").upper()
    return f"Write {upper}." if upper in ISO_4217 else "Write three capital letters, such as USD, EUR or GBP."


def is_pair(text: str) -> bool:
    return len(text) == 6 and text[:3] in ISO_4217 and text[3:] in ISO_4217 and text[:3] != text[3:]


def _check_pairs(instruments: TypedTable, errors: Findings) -> None:
    if "pair" not in instruments.columns:
        return
    pairs = instruments.distinct_texts("pair")
    errors.row(
        instruments,
        "pair",
        Code.INVALID_PAIR,
        instruments.rows_with("pair", np.array([not is_pair(pair) for pair in pairs], dtype=bool)),
        lambda row: f"{instruments.text_at('pair', row)!r} is not a pair of two ISO 4217 currencies.",
        "Write base and quote together, such as EURUSD.",
    )
    fx = instruments.equals("product_type", *_PAIRS) & instruments.present("currency")
    for quote in {pair[3:] for pair in pairs if is_pair(pair)}:
        quoted = np.array([is_pair(pair) and pair[3:] == quote for pair in pairs], dtype=bool)
        errors.row(
            instruments,
            "currency",
            Code.WRONG_CURRENCY,
            fx & instruments.rows_with("pair", quoted) & ~instruments.equals("currency", quote),
            lambda row: f"The quote currency of {instruments.text_at('pair', row)} is another.",
            f"Write {quote}: values are in the pair's quote currency.",
        )


# --- rates, schedules, options --------------------------------------------------------------------------------------


def _check_rates(instruments: TypedTable, errors: Findings) -> None:
    zero_elsewhere = instruments.equals("rate_type", "ZERO") & instruments.equals(
        "product_type", *(set(REQUIRED_TERMS) - set(_BONDS))
    )
    _report_inconsistent(
        instruments, "rate_type", zero_elsewhere, "Only a bond is ZERO.", "Use FIXED or FLOATING.", errors
    )
    crossed = instruments.number("cap") < instruments.number("floor")
    _report_inconsistent(
        instruments, "cap", crossed, "The cap is below the floor.", "Exchange cap and floor, or correct one.", errors
    )


def _check_schedule(instruments: TypedTable, errors: Findings) -> None:
    loan = instruments.equals("product_type", "LOAN")
    at_maturity = instruments.number("frequency") == 0
    _report_inconsistent(
        instruments,
        "frequency",
        loan & at_maturity & instruments.equals("amortization", "LEVEL_PAY"),
        "A level payment needs payment dates; frequency 0 pays at maturity.",
        "Use a frequency above 0, or BULLET.",
        errors,
    )


def _check_options(instruments: TypedTable, errors: Findings) -> None:
    for product, allowed in OPTION_TYPES_OF.items():
        wrong = instruments.equals("product_type", product) & instruments.present("option_type")
        errors.row(
            instruments,
            "option_type",
            Code.NOT_IN_LIST,
            wrong & ~instruments.equals("option_type", *allowed),
            f"The option_type of {with_article(product)} is one of {', '.join(allowed)}.",
            _option_fix(instruments, allowed),
        )


def _option_fix(instruments: TypedTable, allowed: tuple[str, ...]) -> Callable[[int], str]:
    return lambda row: list_fix(instruments.text_at("option_type", row), allowed)


def _report_inconsistent(table: TypedTable, column: str, rows: Array, message: str, fix: str, errors: Findings) -> None:
    errors.row(table, column, Code.INCONSISTENT_TERMS, rows, message, fix)


# --- speeds ---------------------------------------------------------------------------------------------------------


def _check_speeds(tables: Tables, errors: Findings) -> None:
    instruments = tables["instruments"]
    check_speed(instruments, "prepayment", PREPAYMENTS, "CPR 6, SMM 0.5, PSA 165, ABS 1.3 or MODEL name", errors)
    check_speed(instruments, "default", DEFAULTS_OR_PD, "CDR 2, SDA 100 or PD", errors)
    # Under PD the issuer's own loss given default can stand in; a quoted speed brings nothing of the kind.
    issuers = tables.get("issuers")
    has_lgd = np.zeros(instruments.rows, dtype=bool)
    if issuers is not None:
        issuer = rows_referred(instruments, "issuer_id", issuers, "issuer_id")
        has_lgd = np.append(issuers.present("lgd"), False)[issuer] & instruments.equals("default", "PD")
    losing = is_read(tables, "default")
    errors.row(
        instruments,
        "severity",
        Code.MISSING_SEVERITY,
        instruments.present("default") & ~instruments.present("severity") & ~has_lgd & losing,
        "A default speed says how many default; severity says how much of it is lost.",
        "Fill in severity, a decimal such as 0.4.",
    )


def _check_payoffs(instruments: TypedTable, errors: Findings) -> None:
    """All that is wrong with a payoff, one finding for each of its fields."""
    texts = instruments.distinct_texts("payoff")
    for number, text in enumerate(texts):
        chosen = np.arange(len(texts)) == number
        for problem in _payoff_problems(text):
            errors.row(
                instruments,
                "payoff",
                Code.INVALID_PAYOFF,
                instruments.rows_with("payoff", chosen),
                f"The payoff's {problem.path}: {problem.message}." if problem.path != "$" else f"{problem.message}.",
                f"{problem.fix}.",
            )


def _payoff_problems(text: str) -> list[Problem]:
    try:
        parse_payoff(text)
    except InvalidPayoff as invalid:
        return invalid.problems
    return []


# --- dates ----------------------------------------------------------------------------------------------------------


def _check_dates(instruments: TypedTable, errors: Findings) -> None:
    for later in ("maturity_date", LAST_REGULAR):
        _report_order(instruments, "issue_date", later, errors, same_day=False)
    for later in ("first_payment_date", "expiry_date"):
        _report_order(instruments, "issue_date", later, errors, same_day=True)
    _report_order(instruments, "first_payment_date", "maturity_date", errors, same_day=True)
    _report_order(instruments, "first_payment_date", LAST_REGULAR, errors, same_day=True, at=LAST_REGULAR)
    _report_order(instruments, LAST_REGULAR, "maturity_date", errors, same_day=True, at=LAST_REGULAR)
    swaption = instruments.equals("product_type", "SWAPTION")
    _report_order(instruments, "expiry_date", "maturity_date", errors, same_day=False, among=swaption)


def _report_order(
    table: TypedTable,
    first: str,
    later: str,
    errors: Findings,
    *,
    same_day: bool,
    among: Array | None = None,
    at: str | None = None,
) -> None:
    """The error stands at `later`, except that a first payment past maturity is wrong itself."""
    before, after = table.day(first), table.day(later)
    both = (before != ABSENT_DATE) & (after != ABSENT_DATE)
    wrong = both & ((after < before) if same_day else (after <= before))
    column = at or (first if first == "first_payment_date" else later)
    errors.row(
        table,
        column,
        Code.DATE_ORDER,
        wrong if among is None else wrong & among,
        lambda row: f"{later} {table.text_at(later, row)} is not after {first} {table.text_at(first, row)}.",
        f"Correct {later} or {first}.",
    )


def _check_attached_rows(tables: Tables, errors: Findings, warnings: Findings) -> None:
    """Cash flows and exercises against their instrument, and the instruments that need some."""
    instruments = tables["instruments"]
    for name, column in (("cashflows", "pay_date"), ("exercises", "date")):
        attached = tables.get(name)
        if attached is not None:
            row = rows_referred(attached, "instrument_id", instruments, "instrument_id")
            issued = np.append(instruments.day("issue_date"), np.int32(ABSENT_DATE))[row]
            day = attached.day(column)
            early = (issued != ABSENT_DATE) & (day != ABSENT_DATE) & (day < issued)
            fix = f"Correct {column}, or the instrument's issue_date."
            errors.row(attached, column, Code.DATE_ORDER, early, "The date is before the issue date.", fix)
    _check_late_exercises(tables, errors)
    custom = instruments.equals("product_type", "LOAN") & instruments.equals("amortization", "CUSTOM")
    lonely = custom & ~_has_rows(tables.get("cashflows"), instruments)
    message, fix = "A CUSTOM loan pays what cashflows says.", "Add its rows to cashflows."
    errors.row(instruments, "amortization", Code.MISSING_CASHFLOWS, lonely, message, fix)
    callable_bond = instruments.equals("product_type", "CALLABLE_BOND")
    lonely = callable_bond & ~_has_rows(tables.get("exercises"), instruments)
    message, fix = "A callable bond without exercises is a plain bond.", "Add its rows to exercises."
    warnings.row(instruments, "product_type", Code.NO_EXERCISES, lonely, message, fix)


def _check_late_exercises(tables: Tables, errors: Findings) -> None:
    exercises, instruments = tables.get("exercises"), tables["instruments"]
    if exercises is None:
        return
    row = rows_referred(exercises, "instrument_id", instruments, "instrument_id")
    matures, day = np.append(instruments.day("maturity_date"), np.int32(ABSENT_DATE))[row], exercises.day("date")
    late = (matures != ABSENT_DATE) & (day != ABSENT_DATE) & (day > matures)
    fix = "Correct date, or the instrument's maturity_date."
    errors.row(exercises, "date", Code.DATE_ORDER, late, "The bond has matured before this date.", fix)


def _has_rows(attached: TypedTable | None, instruments: TypedTable) -> Array:
    has = np.zeros(instruments.rows + 1, dtype=bool)
    if attached is not None:
        has[rows_referred(attached, "instrument_id", instruments, "instrument_id")] = True
    return has[:-1]


def _warn_of_no_regular_dates(instruments: TypedTable, warnings: Findings) -> None:
    at_once = instruments.equals("product_type", *_DEBT) & (instruments.number("frequency") == 0)
    unused = at_once & instruments.present(LAST_REGULAR)
    message, fix = "Frequency 0 has no regular dates.", "Give a frequency, or leave it out."
    warnings.row(instruments, LAST_REGULAR, Code.TERM_NOT_USED, unused, message, fix)
