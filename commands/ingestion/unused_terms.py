"""Columns that a row fills and its product does not read: warned of."""

from typing import Any

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.deals.checks import is_tranche
from commands.ingestion.findings import Findings
from commands.ingestion.references import Tables, rows_referred
from commands.ingestion.typed_columns import TypedTable, of_rows
from domain.market.prepayment import model_name
from domain.portfolio.payoffs import InvalidPayoff, parse_payoff
from domain.portfolio.tables import PRODUCT_TYPES, Kind
from domain.portfolio.term_use import (
    EXPOSURE_READ_BY,
    HELD_READ_BY,
    LABELS,
    LEFT_TO_COLUMNS,
    READ_BY,
    READ_BY_TRANCHES,
    UNREAD_BECAUSE,
    Reading,
    left_to_columns,
)
from domain.texts import with_article

Array = np.ndarray[Any, Any]

_SAYS_NOTHING: dict[str, tuple[str, ...]] = {"calendar": ("NONE",), "business_day": ("UNADJUSTED",)}
_NOT_NIL_BY_DEFAULT: dict[str, float] = {"redemption_per_100": 100.0, "reset_frequency": 1.0}
_NIL_SAYS_SOMETHING = (
    *("coupon", "cap", "floor", "strike", "frequency", "fixed_frequency", "float_frequency", "age"),
    *("initial_rate", "first_cap", "periodic_cap", "life_cap", "payment_cap", "neg_am_cap"),
)


def warn_of_unused_terms(tables: Tables, warnings: Findings) -> None:
    instruments = tables["instruments"]
    for column, readings in READ_BY.items():
        if column in instruments.columns and column not in LABELS:
            unused = says_something(instruments, column) & ~is_read(tables, column)
            unused &= instruments.equals("product_type", *PRODUCT_TYPES)
            if "tranches" in tables:
                unused = _warned_of_tranches(tables, column, unused, warnings)
            if column == "reference_notional":
                unused &= ~_has_draws(tables)
            _warn(instruments, column, unused, readings, warnings)
    _warn_of_exposure_columns(instruments, warnings)
    if "positions" in tables:
        _warn_of_positions(tables["positions"], instruments, warnings)


def _has_draws(tables: Tables) -> Array:
    """Instruments that a row of `draws` names."""
    instruments = tables["instruments"]
    found = np.zeros(instruments.rows + 1, dtype=bool)
    if "draws" in tables:
        found[rows_referred(tables["draws"], "instrument_id", instruments, "instrument_id")] = True
    return found[:-1]


def says_something(table: TypedTable, column: str) -> Array:
    """Mask of the rows that fill a column with more than its default."""
    typed = table.columns.get(column)
    if typed is None:
        return np.zeros(table.rows, dtype=bool)
    if typed.kind is Kind.FLAG:
        return np.asarray(typed.values == 1)
    if typed.kind in (Kind.NUMBER, Kind.INTEGER) and column not in _NIL_SAYS_SOMETHING:
        differs: Array = typed.values != _NOT_NIL_BY_DEFAULT.get(column, 0.0)
        return typed.present & differs
    return typed.present & ~table.equals(column, *_SAYS_NOTHING.get(column, ()))


def is_read(tables: Tables, column: str) -> Array:
    """Mask of the rows whose product reads the column of `instruments`; a tranche has its terms in `tranches`."""
    instruments = tables["instruments"]
    read = np.zeros(instruments.rows, dtype=bool)
    for reading in READ_BY[column]:
        read |= holds(instruments, reading)
    if column in LEFT_TO_COLUMNS:
        read &= ~instruments.equals("product_type", "STRUCTURED") | _left_open(instruments, column)
    return read & ~is_tranche(tables) if "tranches" in tables and column not in READ_BY_TRANCHES else read


def _warned_of_tranches(tables: Tables, column: str, unused: Array, warnings: Findings) -> Array:
    """Warns of the tranches among them, and gives the others."""
    tranches = is_tranche(tables)
    message = f"{column} has no effect: a tranche takes its terms from its row of tranches."
    warnings.row(tables["instruments"], column, Code.TERM_NOT_USED, unused & tranches, message, "Leave it empty.")
    return unused & ~tranches


def holds(instruments: TypedTable, reading: Reading) -> Array:
    if reading.products == PRODUCT_TYPES:
        return np.ones(instruments.rows, dtype=bool)
    holds = instruments.equals("product_type", *reading.products)
    for column, values in reading.where:
        holds = holds & instruments.equals(column, *values)
    if reading.beside:
        holds = holds & np.any([says_something(instruments, column) for column in reading.beside], axis=0)
    for column in reading.without:
        holds = holds & ~instruments.present(column)
    if reading.models:
        named = np.array([bool(model_name(text)) for text in instruments.distinct_texts("prepayment")], dtype=bool)
        holds = holds & instruments.rows_with("prepayment", named)
    return holds


def _left_open(instruments: TypedTable, column: str) -> Array:
    """Mask of the notes whose payoff leaves the term to the column; a payoff that cannot be read has its own error."""
    left = np.array([_leaves(text, column) for text in instruments.distinct_texts("payoff")], dtype=bool)
    return instruments.rows_with("payoff", left)


def _leaves(text: str, column: str) -> bool:
    try:
        return column in left_to_columns(parse_payoff(text))
    except InvalidPayoff:
        return True


def _warn(
    instruments: TypedTable, column: str, unused: Array, readings: tuple[Reading, ...], warnings: Findings
) -> None:
    """A group for each product, whose sentence is the same for all of its rows."""
    if not unused.any():
        return
    for product in PRODUCT_TYPES:
        rows = unused & instruments.equals("product_type", product)
        message, fix = words(column, product, readings)
        warnings.row(instruments, column, Code.TERM_NOT_USED, rows, message, fix)


def words(column: str, product: str, readings: tuple[Reading, ...]) -> tuple[str, str]:
    """What a product does not read and why, and what to do."""
    if not readings:
        return f"{column} has no effect: {UNREAD_BECAUSE[column]}.", "Leave it empty."
    conditions = [reading.condition for reading in readings if product in reading.products and reading.condition]
    if conditions:
        message = (
            f"{column} has no effect here: {with_article(product)} reads it {', or '.join(dict.fromkeys(conditions))}."
        )
        return message, "Leave it empty, or fill in what it goes with."
    if product == "STRUCTURED" and column in LEFT_TO_COLUMNS:
        return f"{column} has no effect: the payoff gives this term itself, or has none.", "Leave it empty."
    others = [other for other in PRODUCT_TYPES if any(other in reading.products for reading in readings)]
    return f"{column} has no effect: {with_article(product)} does not read it; {_listed(others)}.", "Leave it empty."


def _listed(products: list[str]) -> str:
    return f"{', '.join(products)} {'does' if len(products) == 1 else 'do'}"


def _warn_of_exposure_columns(instruments: TypedTable, warnings: Findings) -> None:
    for column, products in EXPOSURE_READ_BY.items():
        if column in instruments.columns and products != PRODUCT_TYPES:
            others = [product for product in PRODUCT_TYPES if product not in products]
            unused = says_something(instruments, column) & instruments.equals("product_type", *others)
            warnings.row(instruments, column, Code.TERM_NOT_USED, unused, _only(column, products), "Leave it empty.")


def _only(column: str, products: tuple[str, ...]) -> str:
    return f"{column} has no effect: only {' or '.join(map(with_article, products))} has one."


def _warn_of_positions(positions: TypedTable, instruments: TypedTable, warnings: Findings) -> None:
    product_row = rows_referred(positions, "instrument_id", instruments, "instrument_id")
    for column, products in HELD_READ_BY.items():
        if column in positions.columns and products != PRODUCT_TYPES:
            others = [product for product in PRODUCT_TYPES if product not in products]
            of_another = of_rows(instruments.equals("product_type", *others), product_row)
            unused = says_something(positions, column) & of_another
            warnings.row(positions, column, Code.TERM_NOT_USED, unused, _only(column, products), "Leave it empty.")
