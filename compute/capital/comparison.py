"""Why risk-weighted assets moved from one run to another, exposure by exposure; the parts add up to the change."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from compute.capital.columns import Array, Rows
from compute.capital.counterparty.netting import Netting
from compute.capital.frameworks import MEASURES, Worked

PARTS = ("new", "gone", "fx", "exposure", "risk_weight")
COLUMNS = ("measure", "value_from", "value_to", "change", *PARTS)
POSITION, NETTING_SET = "position ", "netting set "
"""Before an id: a position and a netting set may have the same."""


@dataclass(frozen=True)
class Known:
    """[n] exposures that have a figure, each once."""

    ids: NDArray[np.str_]
    ead: Array
    rwa: Array
    rate: Array

    def of(self, rows: Rows) -> "Known":
        return Known(self.ids[rows], self.ead[rows], self.rwa[rows], self.rate[rows])

    @property
    def total(self) -> float:
        return float((self.rwa * self.rate).sum())

    @property
    def weight(self) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.ead != 0.0, self.rwa / self.ead, 0.0)


def comparison_table(first: Mapping[str, Known], second: Mapping[str, Known]) -> pa.Table:
    """Amounts in base currency; what is blank in a run counts as not there."""
    rows = [{"measure": measure} | _parts(first[measure], second[measure]) for measure in MEASURES]
    schema = pa.schema([(name, pa.string() if name == "measure" else pa.float64()) for name in COLUMNS])
    return pa.Table.from_pylist(rows, schema=schema)


def _parts(before: Known, after: Known) -> dict[str, float]:
    _, here, there = np.intersect1d(before.ids, after.ids, assume_unique=True, return_indices=True)
    old, new = before.of(here), after.of(there)
    parts = {
        "new": after.total - float((new.rwa * new.rate).sum()),
        "gone": float((old.rwa * old.rate).sum()) - before.total,
        "fx": float((old.rwa * (new.rate - old.rate)).sum()),
        "exposure": float(((new.ead - old.ead) * old.weight * new.rate).sum()),
        "risk_weight": float((new.ead * (new.weight - old.weight) * new.rate).sum()),
    }
    value_from, value_to = before.total, after.total
    return {"value_from": value_from, "value_to": value_to, "change": value_to - value_from, **parts}


def known_of(worked: Worked) -> dict[str, Known]:
    """By measure."""
    return {measure: _known(measure, worked) for measure in MEASURES}


def _known(measure: str, worked: Worked) -> Known:
    outcome = worked.outcomes[measure]
    known = np.isfinite(outcome.rwa_ccy) & np.isfinite(worked.rate)
    column = worked.columns.portfolio.tables["positions"].columns["position_id"]
    names = np.array(column.categories, dtype=str)[column.values[worked.rows[known]]]
    found = Known(np.char.add(POSITION, names), outcome.ead_ccy[known], outcome.rwa_ccy[known], worked.rate[known])
    return with_sets(found, measure, worked.netting)


def with_sets(found: Known, measure: str, netting: Netting | None) -> Known:
    """Positions, then netting sets, which are in base currency already."""
    if netting is None:
        return found
    of_sets = netting.outcomes[measure]
    weighed = np.isfinite(of_sets.rwa_ccy)
    sets = np.char.add(NETTING_SET, np.array(netting.agreements.ids, dtype=str)[weighed])
    return Known(
        np.concatenate([found.ids, sets]),
        np.concatenate([found.ead, of_sets.ead_ccy[weighed]]),
        np.concatenate([found.rwa, of_sets.rwa_ccy[weighed]]),
        np.concatenate([found.rate, np.ones(len(sets))]),
    )
