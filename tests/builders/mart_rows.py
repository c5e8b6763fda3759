"""Rows of schema mart, and of the tables that they copy, to the bit."""

from typing import Any

import pyarrow as pa

from ops.wiring import Tenor


def bits(values: list[Any]) -> list[Any]:
    return [value.hex() if isinstance(value, float) else value for value in values]


def in_mart(tenor: Tenor, table: str, columns: list[str], keys: list[str]) -> dict[Any, Any]:
    with tenor.database.connect() as connection:
        cursor = connection.cursor(binary=True)
        names = ", ".join(f'"{name}"' for name in [*keys, *columns])
        rows = cursor.execute(f"SELECT {names} FROM mart.{table}").fetchall()  # noqa: S608
    return {row[: len(keys)]: bits(list(row[len(keys) :])) for row in rows}


def as_rows(table: pa.Table, columns: list[str], keys: list[str]) -> dict[Any, Any]:
    told = [dict(zip(table.column_names, row, strict=True)) for row in zip(*table.to_pydict().values(), strict=True)]
    return {tuple(row[key] for key in keys): bits([row[name] for name in columns]) for row in told}
