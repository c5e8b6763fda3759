"""Ladders and gaps as columns: a row for each group, currency, scenario and bucket, with the same in base currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.ladders import LadderSums
from compute.cash_flows.tables import Columns
from compute.kernels.valuing import ladders, repricing
from domain.buckets import Buckets

Amounts = NDArray[np.float64]

KEYS = ("group", "currency", "scenario_id", "basis", "bucket", "start_date", "end_date", "midpoint_yr")
IN_BASE = ("principal", "interest", "cash_flow", "pv")
LADDER = (
    *KEYS,
    *("scheduled_principal", "prepaid_principal", "recovered_principal", "principal", "interest", "cash_flow", "pv"),
    *(f"{name}_base" for name in IN_BASE),
    *("positions", "left_out"),
)
OF_GAP = ("fixed", "floating", "gap", "cumulative_gap", "swaps", "gap_hedged")
REPRICING = (*KEYS, *OF_GAP, *(f"{name}_base" for name in OF_GAP))


@dataclass(frozen=True)
class GroupRows:
    """What the rows of a table are: its groups, each in one currency."""

    groups: Sequence[str]
    currencies: Sequence[str]
    scenarios: Sequence[str]
    buckets: Buckets
    basis: str
    fx_to_base: Mapping[str, Sequence[float]]
    """base currency per unit of each currency, by scenario"""


def ladder_table(sums: LadderSums, rows: GroupRows) -> Columns:
    """From sums by group: [S, groups, buckets, …]."""
    amounts = dict(zip(ladders.AMOUNTS, _by_row(sums.amounts_ccy), strict=True))
    amounts["cash_flow"] = amounts["interest"] + amounts["principal"]
    counts = {
        name: np.repeat(np.moveaxis(each, 0, 1).ravel(), len(rows.buckets))
        for name, each in (("positions", sums.positions), ("left_out", sums.left_out))
    }
    in_base = _in_base(rows, {name: amounts[name] for name in IN_BASE})
    whole = _keys(rows) | amounts | in_base | counts
    return {name: whole[name] for name in LADDER}


def repricing_table(sums: Amounts, rows: GroupRows) -> Columns:
    """From sums by group: [S, groups, buckets, fixed, floating, swaps]; `cumulative_gap` runs over the buckets."""
    amounts = dict(zip(repricing.AMOUNTS, _by_row(sums), strict=True))
    amounts["gap"] = amounts["fixed"] + amounts["floating"]
    amounts["cumulative_gap"] = amounts["gap"].reshape(-1, len(rows.buckets)).cumsum(axis=1).ravel()
    amounts["gap_hedged"] = amounts["gap"] + amounts["swaps"]
    whole = _keys(rows) | amounts | _in_base(rows, amounts)
    return {name: whole[name] for name in REPRICING}


def _by_row(sums: Amounts) -> list[Amounts]:
    """From [S, groups, buckets, amounts] to an array of rows for each amount."""
    by_amount = np.moveaxis(np.moveaxis(sums, 0, 1), -1, 0)
    return list(by_amount.reshape(sums.shape[-1], -1) + 0.0)


def _keys(rows: GroupRows) -> Columns:
    buckets, scenarios = rows.buckets, len(rows.scenarios)
    per_group, groups = scenarios * len(buckets), len(rows.groups)

    def of_group(texts: Sequence[str]) -> list[str]:
        return [text for text in texts for _ in range(per_group)]

    return {
        "group": of_group(rows.groups),
        "currency": of_group(rows.currencies),
        "scenario_id": [text for text in rows.scenarios for _ in range(len(buckets))] * groups,
        "basis": [rows.basis] * (per_group * groups),
        "bucket": list(buckets.names) * (scenarios * groups),
        "start_date": list(buckets.start) * (scenarios * groups),
        "end_date": list(buckets.end) * (scenarios * groups),
        "midpoint_yr": list(buckets.midpoints_yr) * (scenarios * groups),
    }


def _in_base(rows: GroupRows, amounts: dict[str, Amounts]) -> dict[str, Amounts]:
    """Under each scenario's own rates; not numbers where the market has no way into base currency."""
    unknown = np.full(len(rows.scenarios), np.nan)
    rates = np.array([rows.fx_to_base.get(currency, unknown) for currency in rows.currencies])
    by_row = np.repeat(rates.reshape(-1), len(rows.buckets))
    return {f"{name}_base": each * by_row for name, each in amounts.items()}
