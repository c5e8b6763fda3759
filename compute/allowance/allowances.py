"""The allowance of every position of a run: by its segment's method or its stage, weighted, with overlays."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.allowance.book import AFS, Book
from compute.allowance.choices import NONE
from compute.allowance.credit_losses import Lent
from compute.allowance.methods import ECL_12M, ECL_LIFETIME, OF_AFS, Modelled, modelled
from compute.capital.basics import carrying_amounts
from compute.capital.columns import Exposures
from compute.inputs.run_inputs import RunInputs
from domain.capital.policies import METHODS
from domain.measures.failures import Reason

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Reasons = NDArray[np.uint8]
Rows = NDArray[np.int64]
FairValues = Callable[[Rows], Array]
"""[m] of positions: PV without a shock, NaN where there is none"""

METHOD_NAMES = (*METHODS, OF_AFS, ECL_12M, ECL_LIFETIME)
NO_METHOD = -1
NO_STAGE = 0


@dataclass(frozen=True)
class Allowances:
    """[n] positions; amounts in the instrument's currency, NaN where the reason says why."""

    rows: Rows
    """[n] of the portfolio's positions"""
    carrying_ccy: Array
    """NaN of what is no exposure"""
    method: NDArray[np.int8]
    """of METHOD_NAMES"""
    stage: NDArray[np.int8]
    """of IFRS 9"""
    of_scenario_ccy: Array
    """[S, n] before weights and overlays"""
    years_outstanding: Array
    """[S, n] of WARM"""
    model_ccy: Array
    overlay_ccy: Array
    reason: Reasons

    @property
    def allowance_ccy(self) -> Array:
        return self.model_ccy + self.overlay_ccy


def allowances_of(
    book: Book, run: RunInputs, rows: Rows, fair_values: FairValues, lent: Lent | None = None
) -> Allowances:
    """Of some positions of the run, before overlays (`with_overlays`); `lent` where the exposed of them are known."""
    shape = (len(book.scenarios), len(rows))
    of_scenario, years = np.full(shape, np.nan), np.full(shape, np.nan)
    reason = np.full(shape, Reason.NOT_APPLICABLE, np.uint8)
    reason[:, book.carried[rows]] = Reason.UNSUPPORTED
    carrying = np.full(len(rows), np.nan)
    method, stage = np.full(len(rows), NO_METHOD, np.int8), np.zeros(len(rows), np.int8)
    exposed = np.flatnonzero(book.exposed[rows])
    if len(exposed):
        lent = lent or Lent(book, run, rows[exposed])
        carrying[exposed] = lent.basics.carrying_ccy
        for name, at, found in _by_method(lent, fair_values):
            there = exposed[at]
            of_scenario[:, there], reason[:, there] = found.amount_ccy, found.reason
            method[there] = METHOD_NAMES.index(name)
            if name == "WARM":
                years[:, there] = lent.losses.years_outstanding[:, at]
        if book.is_ifrs9:
            scope = np.flatnonzero(book.in_scope[lent.rows])
            stage[exposed[scope]] = stages(lent)[scope]
    first, model = np.zeros(len(rows), np.uint8), np.zeros(len(rows))
    for scenario in book.weights:
        first = np.where(first == Reason.NONE, reason[scenario], first).astype(np.uint8)
    first = np.where((first == Reason.NONE) & np.isnan(book.rate[rows]), Reason.MISSING_MARKET_DATA, first)
    for scenario, weight in book.weights.items():
        model = model + weight * of_scenario[scenario]
    model = np.where(first == Reason.NONE, model, np.nan)
    overlay = np.where(np.isnan(model), np.nan, 0.0)
    return Allowances(rows, carrying, method, stage, of_scenario, years, model, overlay, first.astype(np.uint8))


def _by_method(lent: Lent, fair_values: FairValues) -> Iterator[tuple[str, Rows, Modelled]]:
    """Places of `lent`, with what their method makes of them."""
    book, scope = lent.book, lent.book.in_scope[lent.rows]
    if book.is_ifrs9:
        stage, losses = stages(lent), lent.losses
        for name, chosen, amounts in (
            (ECL_12M, stage == 1, losses.twelve_months),
            (ECL_LIFETIME, stage > 1, losses.lifetime),
        ):
            at = np.flatnonzero(scope & chosen)
            yield name, at, Modelled(amounts[:, at], losses.reason[:, at])
        return
    segment, available = book.choices.segment[lent.rows], book.accounting[lent.rows] == AFS
    for place, each in enumerate(book.choices.segments):
        at = np.flatnonzero(scope & (segment == place) & ~available)
        if len(at):
            yield each.method, at, modelled(place, lent, at)
    at = np.flatnonzero(scope & (segment != NONE) & available)
    if len(at):
        yield OF_AFS, at, _available_for_sale(lent, at, fair_values)


def _available_for_sale(lent: Lent, at: Rows, fair_values: FairValues) -> Modelled:
    """max(0, min(DCF, C - fair value)). Source: ASC 326-30-35: never more than what a sale would lose."""
    fair_ccy = lent.exposures.number("market_value")[at]
    lacking = np.flatnonzero(np.isnan(fair_ccy))
    if len(lacking):
        fair_ccy[lacking] = fair_values(lent.rows[at[lacking]])
    gap = lent.basics.carrying_ccy[at] - fair_ccy
    amount = np.maximum(np.minimum(lent.losses.cash_flow[:, at], gap[None, :]), 0.0)
    reason = lent.losses.reason[:, at]
    unknown = np.isnan(fair_ccy)[None, :] & (reason == Reason.NONE)
    return Modelled(amount, np.where(unknown, Reason.MISSING_MARKET_DATA, reason).astype(np.uint8))


def stages(lent: Lent) -> NDArray[np.int8]:
    """[n] of IFRS 9: what is brought; 3 in default; 2 where credit risk has risen; else 1."""
    policy, exposures = lent.book.policy, lent.exposures
    assert policy is not None and policy.ifrs9 is not None
    sicr = policy.ifrs9.sicr
    at_first, now = exposures.number("pd_at_origination"), lent.pd_12m
    risen = (now >= sicr.pd_ratio * at_first) & (now - at_first >= sicr.pd_increase)
    late = exposures.number("days_past_due", 0.0) > sicr.days_past_due
    found = np.where(risen | late | exposures.flag("watchlist"), 2, 1)
    found = np.where(lent.basics.defaulted, 3, found)
    given = exposures.number("stage")
    return np.where(np.isnan(given), found, given).astype(np.int8)


# --- overlays -------------------------------------------------------------------------------------------------------


def with_overlays(book: Book, found: Allowances, amounts: Array) -> Allowances:
    """`rate` x C, an amount's share by C, (multiplier - 1) x model; `amounts` as `amounts_per_unit`."""
    overlay = found.overlay_ccy.copy()
    for place, each in enumerate(book.horizon.overlays):
        chosen = book.matched(found.rows, each.match) & ~np.isnan(found.model_ccy)
        part = (each.rate or 0.0) * found.carrying_ccy + amounts[place] * found.carrying_ccy
        if each.multiplier is not None:
            part = part + (each.multiplier - 1.0) * found.model_ccy
        overlay = np.where(chosen, overlay + part, overlay)
    return Allowances(**{**found.__dict__, "overlay_ccy": overlay})


def amounts_per_unit(book: Book, models_of: Callable[[Rows], Array]) -> Array:
    """[overlays] an amount in base currency over the cost, in base, of all that match it and have an allowance.

    `models_of` says the model allowances of rows of the portfolio, NaN for what has none.
    """
    found = np.zeros(len(book.horizon.overlays))
    for place, each in enumerate(book.horizon.overlays):
        if each.amount is not None:
            everyone = np.arange(book.columns.portfolio.position_count)
            rows = np.flatnonzero(book.in_scope & book.matched(everyone, each.match))
            rows = rows[~np.isnan(models_of(rows))]
            cost = float((carrying_amounts(Exposures(book.columns, rows)) * book.rate[rows]).sum())
            found[place] = each.amount / cost if cost else 0.0
    return found


# --- a whole run ----------------------------------------------------------------------------------------------------


def allowances_of_run(book: Book, run: RunInputs, fair_values: FairValues) -> Allowances:
    """Of all positions, chunk by chunk on as many threads as there are processors; the same whoever does it."""
    everyone = np.arange(run.portfolio.position_count)
    book.prepare()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        parts = list(pool.map(lambda rows: allowances_of(book, run, rows, fair_values), chunked(everyone, run)))
    whole = _joined(parts)
    return with_overlays(book, whole, amounts_per_unit(book, lambda rows: whole.model_ccy[rows]))


def chunked(rows: Rows, run: RunInputs) -> list[Rows]:
    return [rows[first : first + run.chunk_size] for first in range(0, len(rows), run.chunk_size)]


def _joined(parts: list[Allowances]) -> Allowances:
    names = list(parts[0].__dict__)
    return Allowances(**{name: np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names})
