"""Why risk-weighted assets moved from one run to another, exposure by exposure; the parts add up to the change."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from compute.capital.columns import Array
from compute.capital.frameworks import MEASURES, Worked

PARTS = ("new", "gone", "fx", "exposure", "risk_weight")
COLUMNS = ("measure", "value_from", "value_to", "change", *PARTS)


Known = Mapping[str, Array]
"""Exposures that have a figure, by id: [n] id, ead and rwa in their currency, rate into base currency."""


def comparison_table(first: Mapping[str, Known], second: Mapping[str, Known]) -> pa.Table:
    """Amounts in base currency; what is blank in a run counts as not there."""
    rows = [{"measure": measure} | _parts(first[measure], second[measure]) for measure in MEASURES]
    schema = pa.schema([(name, pa.string() if name == "measure" else pa.float64()) for name in COLUMNS])
    return pa.Table.from_pylist(rows, schema=schema)


def _parts(before: Known, after: Known) -> dict[str, float]:
    _, here, there = np.intersect1d(before["id"], after["id"], assume_unique=True, return_indices=True)
    old = {name: each[here] for name, each in before.items()}
    new = {name: each[there] for name, each in after.items()}
    with np.errstate(invalid="ignore", divide="ignore"):
        old_weight = np.where(old["ead"] != 0.0, old["rwa"] / old["ead"], 0.0)
        new_weight = np.where(new["ead"] != 0.0, new["rwa"] / new["ead"], 0.0)
    parts = {
        "new": _total(after) - float((new["rwa"] * new["rate"]).sum()),
        "gone": float((old["rwa"] * old["rate"]).sum()) - _total(before),
        "fx": float((old["rwa"] * (new["rate"] - old["rate"])).sum()),
        "exposure": float(((new["ead"] - old["ead"]) * old_weight * new["rate"]).sum()),
        "risk_weight": float((new["ead"] * (new_weight - old_weight) * new["rate"]).sum()),
    }
    value_from, value_to = _total(before), _total(after)
    return {"value_from": value_from, "value_to": value_to, "change": value_to - value_from, **parts}


def known_of(worked: Worked) -> dict[str, Known]:
    """By measure."""
    return {measure: _known(measure, worked) for measure in MEASURES}


def _known(measure: str, worked: Worked) -> Known:
    outcome = worked.outcomes[measure]
    known = np.isfinite(outcome.rwa_ccy) & np.isfinite(worked.rate)
    ids = worked.columns.portfolio.tables["positions"].columns["position_id"]
    names = np.array(ids.categories, dtype=object)[ids.values[worked.rows[known]]].astype(str)
    return {
        "id": names,
        "ead": outcome.ead_ccy[known],
        "rwa": outcome.rwa_ccy[known],
        "rate": worked.rate[known],
    }


def _total(known: Known) -> float:
    return float((known["rwa"] * known["rate"]).sum())
