"""A column's cells: each text once, in the order of the rows, and none where nothing is written."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from commands.ingestion.raw_tables import cells_of

NAN = float("nan")
OTHER_NAN = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)[0]
TEXT, NUMBER = pa.string(), pa.float64()

CELLS: list[tuple[str, pa.DataType, list[list[Any]], list[int], list[str]]] = [
    ("ascending", TEXT, [["a", "b"], ["c"]], [0, 1, 2], ["a", "b", "c"]),
    ("ascending but for a repetition", TEXT, [["a", "b"], ["b"]], [0, 1, 1], ["a", "b"]),
    ("descending", TEXT, [["b"], ["a"]], [0, 1], ["b", "a"]),
    ("ascending past an empty text", TEXT, [["", "a"]], [-1, 1], ["", "a"]),
    ("empty texts and nulls", TEXT, [["b", None], ["", "b"]], [0, -1, -1, 0], ["b", ""]),
    ("one row", TEXT, [["a"]], [0], ["a"]),
    ("no rows", TEXT, [[]], [], []),
    ("only nulls", pa.null(), [[None, None]], [-1, -1], []),
    ("numbers, nil of either sign", NUMBER, [[0.5, -0.0], [0.0, 0.5]], [0, 1, 2, 0], ["0.5", "-0", "0"]),
    ("one NaN", NUMBER, [[NAN, 1.0, NAN]], [0, 1, 0], ["nan", "1"]),
    ("NaNs of other bits", NUMBER, [[NAN, OTHER_NAN], [1.0, OTHER_NAN]], [0, 0, 1, 0], ["nan", "1"]),
]


@pytest.mark.parametrize(("kind", "parts", "codes", "texts"), [case[1:] for case in CELLS], ids=[c[0] for c in CELLS])
def test_each_text_once(kind: pa.DataType, parts: list[list[Any]], codes: list[int], texts: list[str]) -> None:
    cells = cells_of(pa.chunked_array([pa.array(part, kind) for part in parts], kind))
    assert (cells.codes.tolist(), cells.texts.to_pylist()) == (codes, texts)


def test_ids_out_of_order_past_the_first_thousands_are_found_to_repeat() -> None:
    ids = [f"P{row:05d}" for row in range(5000)]
    cells = cells_of(pa.chunked_array([[*ids, "P00001"]]))
    assert cells.codes.tolist() == [*range(5000), 1]
