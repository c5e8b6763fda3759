"""Why risk-weighted assets moved from one run to another, exposure by exposure; the parts add up to the change."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from compute.capital.columns import Array
from compute.capital.frameworks import MEASURES, Worked

PARTS = ("new", "gone", "fx", "exposure", "risk_weight")
POSITION, NETTING_SET = "position ", "netting set "
"""Before an id: the two may share one."""
COLUMNS = ("measure", "value_from", "value_to", "change", *PARTS)


def comparison_table(first: Worked, second: Worked) -> pa.Table:
    """Amounts in base currency; what is blank in a run counts as not there."""
    rows = [{"measure": measure} | _parts(measure, first, second) for measure in MEASURES]
    schema = pa.schema([(name, pa.string() if name == "measure" else pa.float64()) for name in COLUMNS])
    return pa.Table.from_pylist(rows, schema=schema)


def _parts(measure: str, first: Worked, second: Worked) -> dict[str, float]:
    before, after = _known(measure, first), _known(measure, second)
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


def _known(measure: str, worked: Worked) -> Mapping[str, Any]:
    """Exposures that have a figure, by id."""
    outcome = worked.outcomes[measure]
    known = np.isfinite(outcome.rwa_ccy) & np.isfinite(worked.rate)
    ids = worked.columns.portfolio.tables["positions"].columns["position_id"]
    names = np.array(ids.categories, dtype=object)[ids.values[worked.rows[known]]].astype(str)
    found = {
        "id": np.char.add(POSITION, names) if len(names) else names,
        "ead": outcome.ead_ccy[known],
        "rwa": outcome.rwa_ccy[known],
        "rate": worked.rate[known],
    }
    of_sets = _known_sets(measure, worked)
    return {name: np.concatenate([each, of_sets[name]]) for name, each in found.items()} if of_sets else found


def _known_sets(measure: str, worked: Worked) -> dict[str, Any]:
    """Netting sets are in base currency already."""
    if worked.netting is None:
        return {}
    outcome = worked.netting.outcomes[measure]
    known = np.isfinite(outcome.rwa_ccy)
    names = np.array(worked.netting.agreements.ids, dtype=str)[known]
    return {
        "id": np.char.add(NETTING_SET, names) if len(names) else names,
        "ead": outcome.ead_ccy[known],
        "rwa": outcome.rwa_ccy[known],
        "rate": np.ones(int(known.sum())),
    }


def _total(known: Mapping[str, Array]) -> float:
    return float((known["rwa"] * known["rate"]).sum())
