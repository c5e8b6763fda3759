"""Rows against rows: keys once, references that lead somewhere, and a portfolio tree that is a forest of books."""

from typing import Any

import numpy as np
import pyarrow.compute as pc

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import MAX_TREE_DEPTH
from commands.ingestion.typed_columns import Typed, TypedTable
from domain.portfolio.tables import NODE_KINDS, Kind
from domain.texts import counted

Array = np.ndarray[Any, Any]
Tables = dict[str, TypedTable]

_NONE = -1
_MAX_NAMED = 10


def check_references(tables: Tables, errors: Findings) -> None:
    for table in tables.values():
        check_keys(table, errors)
        for column in table.spec.columns:
            if column.refers_to and column.name in table.columns:
                _check_reference(tables, table, column.name, *column.refers_to, errors)
    if "portfolio" in tables:
        check_tree(tables["portfolio"], errors)
    if "portfolio" in tables and "positions" in tables:
        _check_books(tables["positions"], tables["portfolio"], errors)


def check_keys(table: TypedTable, errors: Findings) -> None:
    """Each later occurrence of a key is an error that names the first; a key with an empty part has its own error."""
    if not all(name in table.columns for name in table.spec.key):
        return
    first = first_rows(_key_numbers(table))
    complete = np.all([table.present(name) for name in table.spec.key], axis=0)
    again = complete & (first != np.arange(table.rows))
    column = table.spec.key[0]
    words = " and ".join(table.spec.key)
    errors.row(
        table,
        column,
        Code.DUPLICATE_ID,
        again,
        lambda row: f"The same {words} is in row {table.source_rows[first[row]]}.",
        f"Keep one row for each {words}.",
    )


def _key_numbers(table: TypedTable) -> Array:
    """One number per distinct key."""
    numbers = np.zeros(table.rows, dtype=np.int64)
    for name in table.spec.key:
        typed = table.columns[name]
        _, part = np.unique(typed.values, return_inverse=True) if typed.kind is Kind.DATE else (None, typed.values + 1)
        numbers = numbers * (int(part.max(initial=0)) + 1) + part
        if len(table.spec.key) > 1:
            numbers = np.unique(numbers, return_inverse=True)[1]
    return numbers


def first_rows(numbers: Array) -> Array:
    """For each row the first row with the same number."""
    first = np.full(int(numbers.max(initial=0)) + 1, 0, dtype=np.int64)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    return first[numbers]


def rows_referred(child: TypedTable, column: str, parent: TypedTable, key: str) -> Array:
    """For each row of `child` the first row of `parent` with that key, or -1; not to be written to."""
    if column not in child.columns or key not in parent.columns:
        return np.full(child.rows, _NONE, dtype=np.int64)
    asked = column, parent.name, key
    if asked not in child.referred:
        child.referred[asked] = _rows_with_key(child.columns[column], parent, parent.columns[key])
    return child.referred[asked]


def _rows_with_key(wanted: Typed, parent: TypedTable, keys: Typed) -> Array:
    row_of_key = np.full(len(keys.texts) + 1, _NONE, dtype=np.int64)
    row_of_key[keys.cells.codes[::-1]] = np.arange(parent.rows)[::-1]
    row_of_key[_NONE] = _NONE
    place = pc.index_in(wanted.texts, value_set=keys.texts).fill_null(_NONE).to_numpy(zero_copy_only=False)
    rows: Array = np.append(row_of_key[place], _NONE).take(wanted.cells.codes)
    return rows


def _check_reference(
    tables: Tables, table: TypedTable, column: str, parent_name: str, key: str, errors: Findings
) -> None:
    """A table that is not there, or could not be read, is one cause, whatever names its rows."""
    parent, named = tables.get(parent_name), table.present(column)
    if parent is None:
        rows = np.flatnonzero(named)
        others = f"{counted(len(rows) - 1, 'more row')} name{'s' if len(rows) == 2 else ''} it"
        more = f", and {others}" if len(rows) > 1 else ""
        message = f"There is no {parent_name} table that could be read{more}."
        fix = f"Bring {parent_name}, or mend it where it is refused, or leave {column} empty."
        errors.one(table, column, Code.UNKNOWN_REFERENCE, rows, message, fix)
        return
    lost = named & (rows_referred(table, column, parent, key) == _NONE)
    fix = f"Add it to {parent_name}, or correct the id."
    errors.row(table, column, Code.UNKNOWN_REFERENCE, lost, f"{parent_name} has no such {key}.", fix)


def _check_books(positions: TypedTable, portfolio: TypedTable, errors: Findings) -> None:
    """One finding for each node that is no book, however many positions hang on it."""
    node = rows_referred(positions, "book_id", portfolio, "node_id")
    book = np.append(portfolio.equals("kind", "BOOK"), True)
    for cause, rows in by_cause(node, ~book[node]):
        place = f"row {portfolio.source_rows[cause]} of portfolio"
        kind = portfolio.text_at("kind", cause)
        more = f" So it is in {counted(len(rows) - 1, 'more row')}." if len(rows) > 1 else ""
        if kind in NODE_KINDS:
            message = f"This node is a {kind}; positions hang on books.{more}"
            fix = f"Name a node of kind BOOK, or correct the kind in {place}."
        else:
            message = f"This node's kind in {place} is wrong, and positions hang on books.{more}"
            fix = f"Correct {place}."
        errors.one(positions, "book_id", Code.NOT_A_BOOK, rows, message, fix)


def by_cause(cause: Array, among: Array) -> list[tuple[int, Array]]:
    """The marked rows of each cause, in the order of their first row."""
    rows = np.flatnonzero(among)
    rows = rows[np.argsort(cause[rows], kind="stable")]
    parts = np.split(rows, np.flatnonzero(np.diff(cause[rows])) + 1) if len(rows) else []
    return sorted(((int(cause[part[0]]), part) for part in parts), key=lambda found: int(found[1][0]))


def check_tree(portfolio: TypedTable, errors: Findings) -> None:
    parent = rows_referred(portfolio, "parent_id", portfolio, "node_id")
    circles = circles_of(parent)
    for circle in circles:
        names = " > ".join(str(portfolio.text_at("node_id", row)) for row in [*circle[:_MAX_NAMED], circle[0]])
        names = names if len(circle) <= _MAX_NAMED else f"{names}, {len(circle):,} in all"
        errors.row(
            portfolio,
            "parent_id",
            Code.CYCLE,
            np.array(sorted(circle)),
            f"The nodes are one another's parents: {names}.",
            "Give one of them another parent, or none.",
        )
    deep = _deeper_than(opened(parent, circles), MAX_TREE_DEPTH)
    message = f"The node stands deeper than {MAX_TREE_DEPTH} levels below its root."
    errors.row(portfolio, "parent_id", Code.LIMIT_EXCEEDED, deep, message, "Give it a parent nearer to the root.")
    level = np.full(portfolio.rows, _NONE)
    for place, kind in enumerate(NODE_KINDS):
        level[portfolio.equals("kind", kind)] = place
    below = (parent != _NONE) & (level != _NONE) & (level[parent] > level)
    for cause, rows in by_cause(parent, below):
        child, above = portfolio.text_at("kind", int(rows[0])), portfolio.text_at("kind", cause)
        more = f" So it is with {len(rows) - 1:,} more nodes." if len(rows) > 1 else ""
        errors.one(
            portfolio,
            "parent_id",
            Code.WRONG_NESTING,
            rows,
            f"A {child} cannot stand below a {above} (row {portfolio.source_rows[cause]}).{more}",
            f"The order from the top is {', '.join(NODE_KINDS)}.",
        )


def _deeper_than(parent: Array, depth: int) -> Array:
    """Mask of the nodes of a forest with more ancestors than that."""
    above = parent.copy()
    for _ in range(depth):
        if not (above != _NONE).any():
            break
        above = np.where(above == _NONE, _NONE, parent[above])
    deep: Array = above != _NONE
    return deep


def opened(parent: Array, circles: list[list[int]]) -> Array:
    """The same parents where each circle is cut once: circles have told of themselves."""
    forest = parent.copy()
    forest[[circle[0] for circle in circles]] = _NONE
    return forest


def circles_of(parent: Array) -> list[list[int]]:
    """The cycles of a parent map, each from its lowest row along the parents."""
    state = np.zeros(len(parent), dtype=np.int8)  # 0 new, 1 on the present path, 2 done
    circles = []
    for start in range(len(parent)):
        path, node = [], start
        while node != _NONE and state[node] == 0:
            state[node] = 1
            path.append(node)
            node = int(parent[node])
        if node != _NONE and state[node] == 1:
            circle = path[path.index(node) :]
            turn = circle.index(min(circle))
            circles.append(circle[turn:] + circle[:turn])
        state[path] = 2
    return circles
