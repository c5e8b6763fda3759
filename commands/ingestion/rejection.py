"""Which rows a portfolio can be stored without: the wrong ones, and all that need them."""

import numpy as np

from commands.ingestion.codes import Code
from commands.ingestion.deals.checks import PARTS_OF_DEAL
from commands.ingestion.findings import Array, Findings
from commands.ingestion.references import Tables, rows_referred

_PARTS = ("cashflows", "exercises", "steps", "payment_holidays", "draws", "tranches")
_OF_DEALS = ("deals", *PARTS_OF_DEAL)


def rows_to_keep(tables: Tables, errors: Findings) -> dict[str, Array]:
    """Rows without an error whose every reference is kept too; each row lost to another gets an error of its own.

    An instrument also needs all the rows that hang on it, such as its cash flows and exercises, and a deal all the
    rows of its five tables: a loan without one of its payments is another loan.
    """
    keep = {name: ~errors.rows_of(table) for name, table in tables.items()}
    changed = True
    while changed:
        changed = _drop_children(tables, keep, errors)
        changed |= _drop_owners(tables, keep, errors)
        changed |= _drop_deals(tables, keep, errors)
    return keep


def count_acceptable(tables: Tables, errors: Findings) -> int:
    """How many rows could be stored without the wrong ones; 0 where the rest is no portfolio. Nothing is noted."""
    trial = errors.copied()
    report_unattributable(tables, trial)
    if trial.fatal:
        return 0
    keep = rows_to_keep(tables, trial)
    return sum(int(rows.sum()) for rows in keep.values()) if keep["positions"].any() else 0


def report_unattributable(tables: Tables, errors: Findings) -> None:
    """A row that cannot be read has no owner to reject with it, so nothing of its kind can be trusted."""
    for name in dict.fromkeys((*_PARTS, *PARTS_OF_DEAL)):
        if name in tables and tables[name].unreadable_rows:
            owner = "deal" if name in PARTS_OF_DEAL else "instrument"
            errors.file(
                name,
                Code.DEPENDS_ON_REJECTED,
                f"A row of {name} cannot be read, and any {owner} could be the one that lacks it.",
                "Correct that row; the valid rows alone are not accepted without it.",
            )


def _drop_children(tables: Tables, keep: dict[str, Array], errors: Findings) -> bool:
    changed = False
    for name, table in tables.items():
        for column in table.spec.columns:
            if column.refers_to is None or column.refers_to[0] not in tables:
                continue
            parent_name, key = column.refers_to
            parent = rows_referred(table, column.name, tables[parent_name], key)
            lost = keep[name] & (parent >= 0) & ~np.append(keep[parent_name], True)[parent]
            message = f"The row of {parent_name} that this {column.name} names was rejected."
            fix = f"Correct the {parent_name} row."
            errors.row(table, column.name, Code.DEPENDS_ON_REJECTED, lost, message, fix)
            keep[name] &= ~lost
            changed |= bool(lost.any())
    return changed


def _drop_owners(tables: Tables, keep: dict[str, Array], errors: Findings) -> bool:
    changed = False
    instruments = tables["instruments"]
    for name in _PARTS:
        if name not in tables:
            continue
        owner = rows_referred(tables[name], "instrument_id", instruments, "instrument_id")
        incomplete = np.zeros(instruments.rows + 1, dtype=bool)
        incomplete[owner[~keep[name]]] = True
        lost = keep["instruments"] & incomplete[:-1]
        message, fix = f"A row of {name} of this instrument was rejected.", f"Correct the {name} row."
        errors.row(instruments, "instrument_id", Code.DEPENDS_ON_REJECTED, lost, message, fix)
        keep["instruments"] &= ~lost
        changed |= bool(lost.any())
    return changed


def _drop_deals(tables: Tables, keep: dict[str, Array], errors: Findings) -> bool:
    """A deal of which any row in any table is lost is lost whole."""
    parts = {name: tables[name] for name in _OF_DEALS if name in tables and "deal_id" in tables[name].columns}
    broken = {
        text
        for name, part in parts.items()
        for row in np.flatnonzero(~keep[name])
        if (text := part.text_at("deal_id", int(row))) is not None
    }
    changed = False
    for name, part in parts.items():
        of_broken = np.array([text in broken for text in part.distinct_texts("deal_id")], dtype=bool)
        lost = keep[name] & part.rows_with("deal_id", of_broken)
        message, fix = "Another row of this deal was rejected.", "Correct the deal's other rows."
        errors.row(part, "deal_id", Code.DEPENDS_ON_REJECTED, lost, message, fix)
        keep[name] &= ~lost
        changed |= bool(lost.any())
    return changed
