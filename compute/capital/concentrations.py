"""How concentrated the exposure of each node is: the Herfindahl index of its groups, and the shares of the largest."""

import numpy as np
import pyarrow as pa

from compute.capital.columns import Array
from compute.capital.exposure_groups import Grouped, amounts_of, grouped
from compute.capital.frameworks import Worked
from domain.portfolio.tree import paths, texts

LARGEST = (1, 5, 10)
FIGURES = ("ead", "hhi", "effective_number", "hhi_normalised", *(f"top_{count}" for count in LARGEST))
SCHEMA = pa.schema(
    [
        *(("node_id", pa.string()), ("by", pa.string()), ("groups", pa.int64())),
        *((name, pa.float64()) for name in FIGURES),
    ]
)


def concentration_table(worked: Worked, by: str) -> pa.Table | None:
    """A row for each node; None where no table has the column."""
    found = grouped(worked, by)
    if found is None:
        return None
    nodes = worked.columns.portfolio.tables["portfolio"]
    names = texts(nodes.columns["node_id"], nodes.rows)
    cells = _Cells(found, amounts_of(worked)["EAD"])
    tree = paths(worked.columns.portfolio)
    rows = []
    for node, name in enumerate(names):
        under = [path[-1] for path in tree if node in path]
        rows.append({"node_id": name, "by": by, **concentration(cells.below(under, nodes.rows))})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


class _Cells:
    """Exposure summed once by book and group: a node's groups are those of its books."""

    def __init__(self, found: Grouped, ead: Array) -> None:
        held = np.flatnonzero((found.book_row >= 0) & (np.nan_to_num(ead) > 0.0))
        width = len(found.keys)
        keys, places = np.unique(found.book_row[held].astype(np.int64) * width + found.group[held], return_inverse=True)
        self._book, self._group = np.divmod(keys, width)
        self._ead = np.bincount(places, weights=ead[held], minlength=len(keys)).astype(np.float64)

    def below(self, books: list[int], count: int) -> Array:
        """[groups that have one] exposure of the books."""
        wanted = np.zeros(count, np.bool_)
        wanted[books] = True
        mine = wanted[self._book]
        _, places = np.unique(self._group[mine], return_inverse=True)
        return np.bincount(places, weights=self._ead[mine]).astype(np.float64)


def concentration(ead: Array) -> dict[str, float | int | None]:
    """HHI = sum w^2; effective number 1 / HHI; normalised (HHI - 1/n) / (1 - 1/n), of two groups or more."""
    count, total = len(ead), float(ead.sum())
    if not count or total <= 0.0:
        return {"groups": 0, "ead": 0.0}
    shares = np.sort(ead / total)[::-1]
    index = float((shares**2).sum())
    return {
        "groups": count,
        "ead": total,
        "hhi": index,
        "effective_number": 1.0 / index,
        "hhi_normalised": (index - 1.0 / count) / (1.0 - 1.0 / count) if count > 1 else None,
        **{f"top_{most}": float(shares[:most].sum()) for most in LARGEST},
    }
