"""From losses to capital: nine quarters of CET1 under a scenario, and the stress capital buffer.

    provision_t = loss_t + A_t - A_{t-1},   A_t = losses of t+1 .. t+4          (or no allowance)
    pretax_t = PPNR_t - provision_t,   tax_t = rate x pretax_t, negative too
    CET1_t = CET1_{t-1} + pretax_t - tax_t + other items_t
    SCB = max(2.5 %, ratio_0 - lowest ratio of 1..9 + sum over quarters 4..7 of planned dividends / RWA of the quarter)

Planned dividends count in the buffer once and are not in the path.

Source: 12 CFR 225.8(f); 90 FR 16843 (22 April 2025) for the average of two years, a proposal
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from compute.stress.losses import PROJECTED, StressLosses
from compute.stress.reports import Array, OfScenario, Row, StressedRun, table_of
from domain.capital.policies import CapitalPolicy
from domain.refusals import Refused

SMALLEST_BUFFER = 0.025
ALLOWED_FOR = 4
"""Quarters of losses ahead that an allowance holds."""
DIVIDEND_QUARTERS = range(4, 8)
NO_ALLOWANCE = "NONE"
STOCKS, FLOWS = ("allowance", "cet1", "rwa"), ("loss", "provision", "ppnr", "pretax", "tax")
PATH_COLUMNS = {"scenario": pa.string(), "quarter": pa.int64()} | {
    name: pa.float64()
    for name in ("loss", "allowance", "provision", "ppnr", "pretax", "tax", "cet1", "rwa", "cet1_ratio")
}
SCB_COLUMNS = {"scenario": pa.string(), "cet1_ratio_start": pa.float64(), "cet1_ratio_min": pa.float64()}
SCB_COLUMNS |= {"min_quarter": pa.int64()} | {
    name: pa.float64()
    for name in (
        *("decline", "dividend_add_on", "scb", "scb_average", "minimum", "gsib_surcharge", "ccyb", "cet1_requirement"),
    )
}


@dataclass(frozen=True)
class CapitalPath:
    """[0..9] quarters in base currency; flows of quarter 0 are nil."""

    loss: Array
    allowance: Array
    provision: Array
    ppnr: Array
    pretax: Array
    tax: Array
    cet1: Array
    rwa: Array

    @property
    def ratio(self) -> Array:
        return self.cet1 / self.rwa


def capital_path(policy: CapitalPolicy, losses: Array) -> CapitalPath:
    """`losses` [13] of quarters 1 to 13; the policy has CET1 and RWA."""
    assert policy.cet1 is not None and policy.rwa is not None
    loss, ppnr = _after_nought(losses[:PROJECTED]), _after_nought(spread_evenly(policy.ppnr))
    allowance = _allowances(policy, losses)
    provision = loss.copy()
    provision[1:] += np.diff(allowance)
    pretax = ppnr - provision
    tax = policy.tax_rate * pretax
    other = _after_nought(spread_evenly(policy.other_capital_items))
    cet1 = policy.cet1 + np.cumsum(pretax - tax + other)
    rwa = np.broadcast_to(np.array(policy.rwa, np.float64), (PROJECTED + 1,))
    return CapitalPath(loss, allowance, provision, ppnr, pretax, tax, cet1, rwa)


def _allowances(policy: CapitalPolicy, losses: Array) -> Array:
    """[0..9]"""
    if policy.allowance_method == NO_ALLOWANCE:
        found = np.zeros(PROJECTED + 1)
    else:
        found = np.array([losses[quarter : quarter + ALLOWED_FOR].sum() for quarter in range(PROJECTED + 1)])
    if policy.opening_allowance is not None:
        found[0] = policy.opening_allowance
    return found


def spread_evenly(said: float | Sequence[float] | None) -> Array:
    """[9] quarters: as they are said, or a ninth of their sum."""
    if said is None:
        return np.zeros(PROJECTED)
    if isinstance(said, int | float):
        return np.full(PROJECTED, said / PROJECTED)
    return np.array(said, np.float64)


def _after_nought(quarters: Array) -> Array:
    return np.concatenate(([0.0], quarters))


def paths_under(run: StressedRun, found: StressLosses) -> list[CapitalPath]:
    """Of each scenario; refused where the policy does not say what the path begins with."""
    for name in ("cet1", "rwa"):
        if getattr(run.capital, name) is None:
            message = f"the policy {run.requested.policy} has no capital.{name}, with which the path begins"
            raise Refused("POLICY_WITHOUT_CAPITAL", message, f"define a version that has capital.{name}")
    return [capital_path(run.capital, by_segment.sum(axis=0)) for by_segment in found.by_scenario]


def path_table(scenarios: Sequence[OfScenario], paths: Sequence[CapitalPath]) -> pa.Table:
    rows = [row for scenario, path in zip(scenarios, paths, strict=True) for row in _path_rows(scenario.name, path)]
    return table_of(rows, PATH_COLUMNS)


def _path_rows(scenario: str, path: CapitalPath) -> Iterator[Row]:
    for quarter in range(PROJECTED + 1):
        row: Row = {"scenario": scenario, "quarter": quarter, "cet1_ratio": float(path.ratio[quarter])}
        for name in STOCKS if quarter == 0 else (*STOCKS, *FLOWS):
            row[name] = float(getattr(path, name)[quarter])
        yield row


def scb_table(policy: CapitalPolicy, scenarios: Sequence[OfScenario], paths: Sequence[CapitalPath]) -> pa.Table:
    rows = [buffer_of(policy, path) for path in paths]
    for row, scenario in zip(rows, scenarios, strict=True):
        row["scenario"] = scenario.name
    return table_of(rows, SCB_COLUMNS)


def buffer_of(policy: CapitalPolicy, path: CapitalPath) -> Row:
    """Unrounded."""
    ratio = path.ratio
    lowest = int(np.argmin(ratio[1:])) + 1
    dividends = spread_evenly(policy.planned_common_dividends)
    add_on = sum(float(dividends[quarter - 1] / path.rwa[quarter]) for quarter in DIVIDEND_QUARTERS)
    decline = float(ratio[0] - ratio[lowest])
    buffer = max(SMALLEST_BUFFER, decline + add_on)
    return {
        "cet1_ratio_start": float(ratio[0]),
        "cet1_ratio_min": float(ratio[lowest]),
        "min_quarter": lowest,
        "decline": decline,
        "dividend_add_on": add_on,
        "scb": buffer,
        "scb_average": None if policy.prior_scb is None else (buffer + policy.prior_scb) / 2.0,
        "minimum": policy.minimum,
        "gsib_surcharge": policy.gsib_surcharge,
        "ccyb": policy.ccyb,
        "cet1_requirement": policy.minimum + buffer + policy.gsib_surcharge + policy.ccyb,
    }
