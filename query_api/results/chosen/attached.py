"""Columns of positions, instruments and issuers beside the results: `with=notional,issuer_id,state`."""

import numpy as np
import pyarrow as pa

from domain.portfolio.tables import Kind
from query_api.errors import BadQuery
from query_api.near import nearest_or_all
from query_api.reading import Array
from query_api.results.chosen.fields import Field, NamedPortfolio

ARROW = {Kind.NUMBER: pa.float64(), Kind.INTEGER: pa.int64(), Kind.DATE: pa.date32(), Kind.FLAG: pa.bool_()}
NUMPY = {pa.int64(): np.int64, pa.date32(): np.int32, pa.bool_(): np.bool_}


class Attached:
    """In the order asked for; a name that a column of the table has already is said with `with:` before it."""

    def __init__(
        self, book: NamedPortfolio | None, names: list[str], taken: list[str], model: Field | None = None
    ) -> None:
        self._fields = [_field_named(book, name) for name in dict.fromkeys(names)] if book else []
        self._fields += [model] if model is not None else []
        self._taken = set(taken)

    @property
    def fields(self) -> list[pa.Field]:
        return [
            pa.field(f"with:{each.name}" if each.name in self._taken else each.name, _type_of(each))
            for each in self._fields
        ]

    def arrays(self, rows: Array) -> list[pa.Array]:
        return [_array(each, rows) for each in self._fields]


def _field_named(book: NamedPortfolio, name: str) -> Field:
    field = book.field(name)
    if field is None:
        message = f"positions, instruments and issuers have no column {name!r}"
        raise BadQuery(message, nearest_or_all(name, book.names()))
    return field


def _type_of(field: Field) -> pa.DataType:
    """Of several tables that do not agree, a text."""
    (kind, *others) = field.kinds
    return pa.string() if others else ARROW.get(kind, pa.string())


def _array(field: Field, rows: Array) -> pa.Array:
    kind = _type_of(field)
    if kind == pa.string():
        return _texts(field, rows)
    values = np.zeros(len(rows), np.float64)
    filled = np.zeros(len(rows), bool)
    for part in field.parts:
        speaks = part.speaks[rows]
        values[speaks] = part.column.values[part.rows[rows[speaks]]]
        filled |= speaks
    typed: Array = values if kind == pa.float64() else values.astype(NUMPY[kind])
    return pa.array(typed, mask=~filled).cast(kind)


def _texts(field: Field, rows: Array) -> pa.Array:
    (part, *others) = field.parts
    if others:
        return pa.array(field.texts(rows), pa.string())
    return texts_at(part.column.categories, part.column.values[part.rows[rows]], ~part.speaks[rows])


def texts_at(categories: tuple[str, ...], codes: Array, absent: Array) -> pa.Array:
    """Only the texts that are used are turned: a page of 100 does not look at a million ids."""
    used, places = np.unique(np.where(absent, 0, codes), return_inverse=True)
    known = pa.array([categories[code] if categories else "" for code in used.tolist()], pa.string())
    return known.take(pa.array(places, mask=absent))
