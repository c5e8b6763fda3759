"""The largest positions of a run by absolute value in base currency, for each scenario and amount column."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from projections.engine.binary_copy import Field, FixedRows, number, row_of, text_array
from projections.results.blocks import Values

MOST = 1_000
TOP_COLUMNS = ("scenario_no", "column_no", "position_id", "value")


class Top:
    """One scenario and column. Chunks come in row order; of equal values the earlier row is the larger."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self.threshold = most, -1.0
        self._rows: list[npt.NDArray[np.int64]] = []
        self._values: list[Values] = []
        self._pending = 0

    def take(self, rows: npt.NDArray[np.int64], values: Values) -> None:
        self._rows.append(rows)
        self._values.append(values)
        self._pending += len(rows)
        if self._pending > 2 * self._most:
            self._keep(*self.ranked())

    def ranked(self) -> tuple[npt.NDArray[np.int64], Values]:
        """Rows and values, largest first."""
        if not self._rows:
            return np.empty(0, np.int64), np.empty(0)
        rows, values = np.concatenate(self._rows), np.concatenate(self._values)
        sizes = np.abs(values)
        if len(sizes) > self._most:
            large = np.flatnonzero(sizes >= np.partition(sizes, -self._most)[-self._most])
            rows, values, sizes = rows[large], values[large], sizes[large]
        order = np.lexsort((rows, -sizes))[: self._most]
        return rows[order], values[order]

    def _keep(self, rows: npt.NDArray[np.int64], values: Values) -> None:
        self._rows, self._values, self._pending = [rows], [values], len(rows)
        self.threshold = float(abs(values[-1]))


def offer(tops: Sequence[Top], first_row: int, values: Values) -> None:
    """[scenarios, positions], a list for each scenario. NaN is no value. What is not above the smallest that is kept
    cannot come in."""
    large = np.abs(values) > np.array([top.threshold for top in tops])[:, None]
    for scenario in np.flatnonzero(large.any(axis=1)).tolist():
        places = np.flatnonzero(large[scenario])
        tops[scenario].take(first_row + places, values[scenario, places])


def top_row(run_no: int, scenario: int, column: int, ids: Sequence[bytes], values: Values) -> Iterator[bytes]:
    """A COPY row of the top lists; ids are `text` fields. None where nothing has a value."""
    if len(values):
        tail = FixedRows(1, [Field("value", "float8", len(values))], counted=False)
        tail["value"] = values
        place = row_of(run_no, TOP_COLUMNS) + number("int2", scenario) + number("int2", column)
        yield place + text_array(ids) + tail.data().tobytes()
