"""The tree of a portfolio: which nodes stand above each."""

from domain.portfolio.columns import ABSENT_CODE, ColumnData, Portfolio
from domain.storable import storable


def texts(column: ColumnData | None, rows: int) -> list[str | None]:
    """A text column as strings that a table can hold, None where absent."""
    if column is None:
        return [None] * rows
    categories = storable(column.categories)
    return [None if code == ABSENT_CODE else categories[code] for code in column.values.tolist()]


def paths(portfolio: Portfolio) -> list[list[int]]:
    """Rows of `portfolio` from the root down to each node. A parent that is not there, or above itself, ends it."""
    table = portfolio.tables["portfolio"]
    ids = texts(table.columns.get("node_id"), table.rows)
    row_of = {node_id: row for row, node_id in enumerate(ids)}
    parents = [row_of.get(each) for each in texts(table.columns.get("parent_id"), table.rows)]
    return [_path(row, parents) for row in range(table.rows)]


def _path(row: int, parents: list[int | None]) -> list[int]:
    path, seen = [row], {row}
    while (above := parents[path[-1]]) is not None and above not in seen:
        path.append(above)
        seen.add(above)
    return path[::-1]
