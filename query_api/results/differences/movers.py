"""Positions that moved most from one run to another."""

from enum import StrEnum

import numpy as np
import pyarrow as pa

from query_api.reading import Array
from query_api.results.differences.sides import Both


class Kind(StrEnum):
    """What has become of a position; ONE_SIDE: a value in one run, a reason in the other."""

    NEW = "NEW"
    GONE = "GONE"
    CHANGED = "CHANGED"
    ONE_SIDE = "ONE_SIDE"
    SAME = "SAME"


def movers(both: Both, limit: int) -> pa.Table:
    """The largest changes first, whatever their sign; as many as `limit`."""
    was, now = both.was, both.now
    change = np.nan_to_num(now) - np.nan_to_num(was)
    order = np.argsort(-np.abs(change), kind="stable")[:limit]
    before, after = both.earlier, both.later
    place = np.concatenate([both.place, both.gone])
    named = {
        name: pa.concat_arrays([getattr(after, name), getattr(before, name).take(pa.array(both.gone))])
        for name in ("ids", "products")
    }
    books = pa.concat_arrays([before.books, pa.nulls(1, pa.string())])
    book_to = pa.concat_arrays([after.books, pa.nulls(len(both.gone), pa.string())])
    chosen = pa.array(order)
    return pa.table(
        {
            "position_id": named["ids"].take(chosen),
            "product_type": named["products"].take(chosen),
            "book_from": books.take(pa.array(place[order] % len(books))),
            "book_to": book_to.take(chosen),
            "kind": pa.array(_kinds(both, was, now)[order].tolist(), pa.string()),
            "from": pa.array(was[order], pa.float64(), from_pandas=True),
            "to": pa.array(now[order], pa.float64(), from_pandas=True),
            "change": pa.array(change[order], pa.float64()),
        }
    )


def _kinds(both: Both, was: Array, now: Array) -> Array:
    """[positions of the later run, then those that are gone]"""
    is_new = np.concatenate([~both.is_common, np.zeros(len(both.gone), bool)])
    is_gone = np.arange(len(was)) >= len(both.place)
    is_blank = np.isnan(was), np.isnan(now)
    is_same = (was == now) | (is_blank[0] & is_blank[1])
    conditions = [is_new, is_gone, is_blank[0] != is_blank[1], is_same]
    kinds = [Kind.NEW, Kind.GONE, Kind.ONE_SIDE, Kind.SAME]
    return np.select(conditions, [str(kind) for kind in kinds], str(Kind.CHANGED))
