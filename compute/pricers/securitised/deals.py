"""A deal under the scenarios of a run: its rates and speeds, its collections, its waterfall."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.deals import Deal, Floating
from compute.kernels.deals.collections import PRINCIPAL, DealLines, Shock, collect
from compute.kernels.deals.terms import PAC, Distributed, Tranches
from compute.kernels.deals.waterfall import distribute
from compute.kernels.flows.prepayment_model import Models as Coefficients
from compute.kernels.flows.prepayment_model import line_speeds
from compute.kernels.flows.speeds import NO_SPEED

Amounts = NDArray[np.float64]
MONTHS_PER_YEAR = 12.0

Forward = Callable[[str, Amounts], Amounts]
"""(index, [K] fractions of the year) -> [K] simple rates of the accrual periods, the fixing where one has begun"""


@dataclass(frozen=True)
class Models:
    """Prepayment models that lines follow, and the market rates that they see."""

    coefficients: Coefficients
    row: NDArray[np.int32]
    """[L] NO_MODEL where a line quotes its speed"""
    market_rate: Amounts
    """[Q, days] of one scenario"""
    as_of_day: int

    def burnout(self) -> Amounts:
        """[L, 4] as `DealLines.burnout`"""
        all_of = self.coefficients
        by_model = np.column_stack([all_of.floor, all_of.slope, all_of.least, all_of.most])
        quoted = np.array([1.0, 0.0, 0.0, 1.0])
        rows: Amounts = np.vstack([by_model, quoted])[self.row]  # NO_MODEL is the last
        return rows

    def cpr(self, deal: Deal, gross_rate: Amounts) -> Amounts:
        """[L, M] before burnout"""
        cpr, lines = no_model(deal), deal.lines
        of_lines = lines.first_collection_mo, lines.age_mo
        line_speeds(
            self.coefficients, self.row, gross_rate, self.market_rate, self.as_of_day, deal.end_day, *of_lines, cpr
        )
        return cpr


@dataclass(frozen=True)
class Speeds:
    """What a scenario makes of a deal's speeds, a number for each line; `prepayment` replaces what is quoted."""

    shock: Shock
    lines: DealLines
    models: Models | None = None
    """of the market, under this scenario's rates; None where no line follows one"""
    is_called: bool = False


def as_quoted(deal: Deal, prepayment: float = 1.0, default: float = 1.0, severity_add: float = 0.0) -> Speeds:
    count = len(deal.lines.balance_ccy)
    shock = Shock(np.full(count, prepayment), np.full(count, default), np.full(count, severity_add))
    return Speeds(shock, deal.lines, None, deal.is_exercised)


def no_model(deal: Deal) -> Amounts:
    return np.zeros((len(deal.wac), int(deal.lines.wam_mo.max())))


def contractual(deal: Deal) -> Speeds:
    """No prepayment, default or call."""
    kinds = np.full(len(deal.wac), NO_SPEED, np.int8)
    lines = deal.lines._replace(prepayment_kind=kinds, default_kind=kinds)
    return Speeds(as_quoted(deal).shock, lines)


@dataclass
class Pool:
    """What the lines collect and what PACs are planned to get of it, once it is known."""

    collected: Amounts | None = None
    planned_ccy: Amounts | None = None


def project_deal(
    deal: Deal, speeds: Speeds, forward: Forward, pool: Pool | None = None
) -> tuple[Tranches, Distributed]:
    """The deal under one scenario, and the tranches with the rates that they pay; `pool` keeps what it collects."""
    pool = pool or Pool()
    if pool.collected is None or pool.planned_ccy is None:
        gross_rate = line_rates(deal, forward)
        pool.collected = collect(*lines_under(deal, speeds, gross_rate))
        pool.planned_ccy = planned_balances(deal, gross_rate)
    tranches = deal.tranches._replace(rate=tranche_rates(deal, forward), planned_ccy=pool.planned_ccy)
    terms = deal.terms._replace(clean_up_call=deal.call_share if speeds.is_called else 0.0)
    return tranches, distribute(terms, tranches, deal.triggers, pool.collected)


def lines_under(deal: Deal, speeds: Speeds, gross_rate: Amounts) -> tuple[DealLines, Shock, Amounts, Amounts]:
    """What `collect` takes."""
    models = speeds.models
    if models is None:
        return speeds.lines, speeds.shock, gross_rate, no_model(deal)
    lines = speeds.lines._replace(burnout=models.burnout())
    return lines, speeds.shock, gross_rate, models.cpr(deal, gross_rate)


def line_rates(deal: Deal, forward: Forward) -> Amounts:
    """[L, M] gross rates a year; a line with an index resets with every distribution."""
    months = int(deal.lines.wam_mo.max())
    rates = np.repeat(deal.wac[:, None], months, axis=1)
    for i, index in enumerate(deal.line_rates.index):
        if index is not None:
            monthly = forward(index, np.full(deal.distributions, 1.0 / MONTHS_PER_YEAR))[:months]
            rates[i, : len(monthly)] = clipped(deal.line_rates, i, monthly)
    return rates


def tranche_rates(deal: Deal, forward: Forward) -> Amounts:
    """[T, K] a year: the coupon, or multiplier x forward + margin within floor and cap."""
    rates = deal.tranches.rate.copy()
    for t, index in enumerate(deal.tranche_rates.index):
        if index is not None:
            rates[t] = clipped(deal.tranche_rates, t, forward(index, deal.tranches.fraction[t]))
    return rates


def clipped(floating: Floating, row: int, forward_rate: Amounts) -> Amounts:
    rate = floating.multiplier[row] * forward_rate + floating.margin[row]
    bounded: Amounts = np.maximum(np.minimum(rate, floating.cap[row]), floating.floor[row])
    return bounded


def planned_balances(deal: Deal, gross_rate: Amounts) -> Amounts:
    """[T, K] of PACs: as scheduled, or by their bands.

    A band's plan for a distribution is the lesser of the principal at its two speeds, without default and as quoted,
    less what is planned for PACs of lower rank, until the balance is used up.
    """
    planned = deal.tranches.planned_ccy
    banded = [t for t, band in enumerate(deal.bands) if band is not None and deal.tranches.kind[t] == PAC]
    if not banded:
        return planned
    planned = planned.copy()
    ranks = deal.tranches.rank
    taken = {float(rank): np.zeros(deal.distributions) for rank in ranks[banded]}
    for t in sorted(banded, key=lambda row: (float(ranks[row]), row)):
        low, high = (_principal_at(deal, gross_rate, code, pct) for code, pct in _codes(deal, t))
        senior = sum((amount for rank, amount in taken.items() if rank < ranks[t]), np.zeros(deal.distributions))
        paid = np.maximum(np.minimum(low, high) - senior, 0.0)
        planned[t] = np.maximum(deal.tranches.balance_ccy[t] - np.cumsum(paid), 0.0)
        taken[float(ranks[t])] += -np.diff(planned[t], prepend=deal.tranches.balance_ccy[t])
    return planned


def _codes(deal: Deal, t: int) -> list[tuple[int, float]]:
    band = deal.bands[t]
    assert band is not None
    return [(speed.code, speed.quoted_pct) for speed in band]


def _principal_at(deal: Deal, gross_rate: Amounts, code: int, pct: float) -> Amounts:
    count = len(deal.wac)
    lines = deal.lines._replace(
        prepayment_kind=np.full(count, code, np.int8),
        prepayment_pct=np.full(count, pct),
        default_kind=np.full(count, NO_SPEED, np.int8),
    )
    principal: Amounts = collect(lines, as_quoted(deal).shock, gross_rate, no_model(deal))[PRINCIPAL]
    return principal
