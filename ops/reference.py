"""The tables of the reference pages, made from those of `domain`; `python -m ops.reference` writes them into the pages.

A page holds them between `<!-- begin NAME -->` and `<!-- end -->`; all else is written by hand.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from domain.measures.measures import MEASURES, Measure
from domain.portfolio.meanings import DEFAULTS, DEFAULTS_OF, MEANINGS
from domain.portfolio.meanings import TABLES as PURPOSES
from domain.portfolio.tables import (
    BY_NAME,
    OPTION_TYPES_OF,
    PRODUCT_TYPES,
    RATE_TERM,
    REQUIRED_TERMS,
    TABLES,
    Column,
    Kind,
    Table,
)
from domain.portfolio.term_use import EXPOSURE_READ_BY, HELD_READ_BY, READ_BY, UNREAD_BECAUSE, Reading

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("portfolio-files.md", "measures.md")
PART = re.compile(r"(<!-- begin ([\w.]+) -->\n).*?(<!-- end -->)", re.DOTALL)

DEBT = ("LOAN", "BOND", "CALLABLE_BOND")
RATE_TYPE_OF = {term: rate_type for rate_type, term in RATE_TERM.items()}


def refreshed(page: str) -> str:
    """The page with every part made anew."""
    return PART.sub(lambda found: f"{found[1]}\n{part(found[2])}\n{found[3]}", page)


def part(name: str) -> str:
    if name in PARTS:
        return PARTS[name]()
    return columns_of(BY_NAME[name])


def tables() -> str:
    return grid(
        ("table", "is", "key"),
        [
            (f"`{table.name}`{' (required)' if table.required else ''}", PURPOSES[table.name], code(*table.key))
            for table in TABLES
        ],
    )


def columns_of(table: Table) -> str:
    head: tuple[str, ...] = ("column", "type", "values", "empty", "meaning")
    products = table.name in ("instruments", "positions")
    rows = [
        (f"`{column.name}`", column.kind.value, values_of(column), empty_of(table, column))
        + (MEANINGS[table.name][column.name],)
        + ((readers_of(table, column),) if products else ())
        for column in table.columns
    ]
    return grid((*head, "read by") if products else head, rows)


def values_of(column: Column) -> str:
    if column.refers_to:
        return f"`{column.refers_to[1]}` of {column.refers_to[0]}"
    if column.values:
        return ", ".join(column.values)
    low, high = column.low, column.high
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"{low:g} or more"
    return "true, false" if column.kind is Kind.FLAG else ""


def empty_of(table: Table, column: Column) -> str:
    """What an empty cell means: refused, refused for some products, or what it stands for."""
    if column.required:
        return "refused"
    needing = [product for product, names in REQUIRED_TERMS.items() if column.name in names]
    said = []
    if table.name == "instruments" and needing:
        said.append(f"refused: {listed(needing)}")
    if table.name == "instruments" and column.name in RATE_TYPE_OF:
        said.append(f"refused: {listed(DEBT)} where {RATE_TYPE_OF[column.name]}")
    default = DEFAULTS_OF.get(table.name, {}).get(column.name) or DEFAULTS.get(column.name)
    if default:
        said.append(default)
    return "; ".join(said)


def readers_of(table: Table, column: Column) -> str:
    if table.name == "positions":
        return listed(HELD_READ_BY[column.name])
    if column.name in EXPOSURE_READ_BY:
        return listed(EXPOSURE_READ_BY[column.name])
    readings = READ_BY[column.name]
    if not readings:
        return f"none: {UNREAD_BECAUSE[column.name]}"
    return "; ".join(reader(reading) for reading in readings)


def reader(reading: Reading) -> str:
    return f"{listed(reading.products)} {reading.condition}".strip()


def listed(products: Sequence[str]) -> str:
    """Names in the table's order; `all`, and `all but` where few are missing."""
    named = [product for product in PRODUCT_TYPES if product in products]
    missing = [product for product in PRODUCT_TYPES if product not in products]
    if not missing:
        return "all"
    return f"all but {', '.join(missing)}" if len(missing) <= 2 else ", ".join(named)


def required_terms() -> str:
    rows = []
    for product, names in REQUIRED_TERMS.items():
        more = ", `coupon` where FIXED, `index` where FLOATING" if product in DEBT else ""
        option = OPTION_TYPES_OF.get(product)
        rows.append((product, code(*names) + more, " or ".join(option) if option else ""))
    return grid(("product", "must bring", "`option_type`"), rows)


def measures() -> str:
    rows = [(each.name, columns(each), each.unit.value, each.adds.value, each.meaning) for each in MEASURES]
    return grid(("measure", "result columns", "unit", "a total is", "meaning"), rows)


def columns(measure: Measure) -> str:
    names = measure.result_columns
    said = code(*names) if len(names) < 3 else f"`{names[0]}` … `{names[-1]}` ({len(names)})"
    if measure.is_amount:
        said += ", the same `_base`" if len(names) > 1 else f", `{names[0]}_base`"
    if measure.is_beside:
        return f"{said}; shown where asked for"
    return said if measure.by_default else f"{said}; only where asked for"


def code(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names)


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, *rows)]
    return "\n".join((lines[0], "|---" * len(head) + "|", *lines[1:], ""))


PARTS: dict[str, Callable[[], str]] = {
    "tables": tables,
    "required_terms": required_terms,
    "measures": measures,
}


def main() -> None:
    for name in PAGES:
        path = DOCS / name
        path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
