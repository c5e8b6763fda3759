"""`prepayment_model` beside results: the model, with its version, by which a position's borrowers prepay."""

from collections.abc import Mapping

import numpy as np

from domain.market.prepayment import NAME, model_name
from domain.portfolio.attributes import Holder
from domain.portfolio.columns import ABSENT_CODE, ColumnData, Portfolio
from domain.portfolio.tables import Kind
from query_api.reading import Array, Connection
from query_api.results.chosen.fields import Field, NamedPortfolio
from query_api.runs import RunRow

COLUMN = "prepayment_model"

SELECT_MODELS = "SELECT source -> %s FROM read.snapshot WHERE snapshot_id = %s"


def models_of_market(connection: Connection, run: RunRow) -> dict[str, int]:
    """Versions by name, of the run's market; empty where it has none."""
    row = connection.execute(SELECT_MODELS, (NAME, run.market_snapshot_id)).fetchone()
    return dict(row[0]) if row is not None and row[0] else {}


def field_of_models(book: NamedPortfolio, versions: Mapping[str, int]) -> Field | None:
    """None where no position follows a model of the market. A tranche follows those of its deal's lines."""
    by_instrument = _references(book.portfolio, versions)
    if not any(by_instrument):
        return None
    known = tuple(sorted({text for text in by_instrument if text}))
    place = {text: code for code, text in enumerate(known)}
    codes = np.array([place.get(text, ABSENT_CODE) for text in by_instrument], np.int32)
    rows = book.portfolio.instrument_row
    return Field(COLUMN, (Holder(ColumnData(Kind.TEXT, codes, known), rows, (codes != ABSENT_CODE)[rows]),))


def _references(portfolio: Portfolio, versions: Mapping[str, int]) -> list[str]:
    """By row of `instruments`; several models of a deal with blanks between."""
    instruments, tranches = portfolio.tables["instruments"], portfolio.tables.get("tranches")
    found = _texts(instruments.columns.get("prepayment"), instruments.rows, versions)
    if tranches is None or not tranches.rows:
        return found
    ids, named = instruments.columns["instrument_id"], tranches.columns["instrument_id"]
    row_of = {ids.categories[code]: row for row, code in enumerate(ids.values.tolist())}
    of_deal = _by_deal(portfolio, versions)
    for code, deal in zip(named.values.tolist(), _cells(tranches.columns["deal_id"]), strict=True):
        if (row := row_of.get(named.categories[code])) is not None:
            found[row] = of_deal.get(deal, "")
    return found


def _by_deal(portfolio: Portfolio, versions: Mapping[str, int]) -> dict[str, str]:
    lines = portfolio.tables.get("collateral")
    if lines is None or not lines.rows:
        return {}
    models = _texts(lines.columns.get("prepayment"), lines.rows, versions)
    of_deal: dict[str, set[str]] = {}
    for deal, model in zip(_cells(lines.columns["deal_id"]), models, strict=True):
        of_deal.setdefault(deal, set()).update({model} - {""})
    return {deal: " ".join(sorted(named)) for deal, named in of_deal.items()}


def _texts(column: ColumnData | None, rows: int, versions: Mapping[str, int]) -> list[str]:
    """`agency30@1` where a cell names a model that the market has, else nothing."""
    if column is None:
        return [""] * rows
    names = [model_name(text) for text in column.categories]
    said = [f"{name}@{versions[name]}" if name in versions else "" for name in names]
    codes: Array = column.values
    return [said[code] if code != ABSENT_CODE else "" for code in codes.tolist()] if any(said) else [""] * rows


def _cells(column: ColumnData) -> list[str]:
    return [column.categories[code] if code != ABSENT_CODE else "" for code in column.values.tolist()]
