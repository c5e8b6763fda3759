"""A row of a VaR answer: the same columns whatever the method."""

import math
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from query_api.errors import BadQuery
from query_api.runs import RunRow

Row = dict[str, Any]

CONFIDENCE, ES_CONFIDENCE = 0.99, 0.975


@dataclass(frozen=True)
class Asked:
    """`by` None: the whole alone; `node` None: the whole run."""

    by: str | None = None
    node: str | None = None
    confidence: float = CONFIDENCE
    es_confidence: float = ES_CONFIDENCE

    def __post_init__(self) -> None:
        for confidence in (self.confidence, self.es_confidence):
            if not 0.5 <= confidence < 1:
                raise BadQuery(
                    f"a confidence of {confidence:g} is out of range", "use 0.5 or more and less than 1: 0.99"
                )


@dataclass(frozen=True)
class Basis:
    """What all rows of an answer share."""

    run: RunRow
    asked: Asked
    method: str
    history: str
    scenarios: int
    note: str = ""


@dataclass(frozen=True)
class TailRiskGroup:
    by: str
    key: str
    pv: float
    """base currency, under BASE; not a number where no position counts"""
    positions: int
    left_out: int


@dataclass(frozen=True)
class Figures:
    """Losses in base currency, positive."""

    var: float
    es: float
    var_low: float | None = None
    var_high: float | None = None
    es_standard_error: float | None = None
    scenario_id: str | None = None


@dataclass(frozen=True)
class Share:
    """What of the whole's figures is due to a group, and what they would be less without it."""

    component_var: float
    component_es: float
    incremental_var: float | None = None
    incremental_es: float | None = None


def tail_row(basis: Basis, group: TailRiskGroup, own: Figures | None, share: Share | None) -> Row:
    """Blank where no position of the group counts."""
    return {
        "node": basis.asked.node or "",
        "by": group.by,
        "key": group.key,
        "method": basis.method,
        "history": basis.history,
        "scenarios": basis.scenarios,
        "confidence": basis.asked.confidence,
        "es_confidence": basis.asked.es_confidence,
        "base_currency": basis.run.base_currency,
        "pv_base": _number(group.pv),
        "var_base": own and own.var,
        "var_low_base": own and own.var_low,
        "var_high_base": own and own.var_high,
        "var_scenario_id": own and own.scenario_id,
        "es_base": own and own.es,
        "es_standard_error_base": own and own.es_standard_error,
        "component_var_base": share and _number(share.component_var),
        "component_es_base": share and _number(share.component_es),
        "marginal_var": share and _per_unit(share.component_var, group.pv),
        "marginal_es": share and _per_unit(share.component_es, group.pv),
        "incremental_var_base": share and share.incremental_var,
        "incremental_es_base": share and share.incremental_es,
        "positions": group.positions,
        "left_out": group.left_out,
        "exposure_base": None,
        "move_deviation": None,
        "note": basis.note,
    }


def tail_table(rows: list[Row]) -> pa.Table:
    """With the same types whatever is blank; numbers are float64, the rest texts and counts."""
    counts, texts = ("scenarios", "positions", "left_out"), ("node", "by", "key", "method", "history", "base_currency")
    typed = dict.fromkeys(counts, pa.int64()) | dict.fromkeys((*texts, "var_scenario_id", "note"), pa.string())
    schema = pa.schema([pa.field(name, typed.get(name, pa.float64())) for name in rows[0]])
    return pa.Table.from_pylist(rows, schema=schema)


def whole_share(own: Figures) -> Share:
    return Share(own.var, own.es, own.var, own.es)


def _per_unit(component: float, pv: float) -> float | None:
    """What one more unit of the group's value, of the same make-up, adds to the whole's figure."""
    return None if pv == 0 else _number(component / pv)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
