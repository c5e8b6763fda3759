"""Deals under every scenario of a run, and under every bump of their rates: projected once, for all their tranches."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.deals import Deal
from compute.inputs.run_inputs import RunInputs
from compute.kernels.curves.curves import BASIS_POINT
from compute.kernels.deals.terms import CLOSING, OPENING, PAID_INTEREST, PAID_PRINCIPAL, Distributed, Tranches
from compute.pricers.securitised.deal_speeds import meaning_of, speeds_under
from compute.pricers.securitised.deals import Forward, Pool, project_deal
from compute.pricers.shared.bumps import AS_IS, TOMORROW, WIDE_DOWN, WIDE_UP, Bump, of_a_basis_point
from compute.pricers.shared.resets import KnownRates
from domain.market.fixings import is_overnight

Amounts = NDArray[np.float64]
Table = NDArray[np.float64]
"""[curves, days] discount factors of one scenario"""


@dataclass(frozen=True)
class DealFlows:
    """What T tranches pay at K distributions under V variants: one a scenario, or one for all where none matters."""

    interest: Amounts
    """[T, K, V]"""
    principal: Amounts
    """[T, K, V] with nothing that is lost"""
    notional: Amounts
    """[T, K, V] before the distribution"""
    closing: Amounts
    """[T, K, V]"""
    rate: Amounts
    """[T, K, V]"""
    variant_of_scenario: NDArray[np.int32]
    """[S]"""

    @property
    def amount(self) -> Amounts:
        return self.interest + self.principal


@dataclass(frozen=True)
class ProjectedDeal:
    """A deal's flows, and those under bumps where its flows depend on rates."""

    deal: Deal
    flows: DealFlows
    key_rates: tuple[tuple[DealFlows, DealFlows], ...] = ()
    """up and down by a basis point, for each key rate; empty where the flows do not depend on rates"""
    parallel: tuple[DealFlows, DealFlows] | None = None
    convexity: tuple[DealFlows, DealFlows] | None = None
    for_theta: DealFlows | None = None


@dataclass(frozen=True)
class ReadCurves:
    """Of the tables of days no more than a deal's rates are read from: rows of curves, days to its end."""

    rows: NDArray[np.int64]
    days: int
    row_of: Mapping[str, int]
    """of an index among the rows"""

    @classmethod
    def of(cls, run: RunInputs, deal: Deal) -> "ReadCurves":
        named = {index for rates in (deal.tranche_rates, deal.line_rates) for index in rates.index if index is not None}
        curve_of = run.tables.projection_curve_of
        rows = sorted({curve_of[index] for index in named})
        row_of = {index: rows.index(curve_of[index]) for index in named}
        return cls(np.array(rows, np.int64), int(deal.end_day.max()) - run.as_of_day + 1, row_of)

    def part(self, table: Amounts, axis: int = 0) -> Amounts:
        """Of [.., curves, days, ..], the curves along `axis`."""
        of_curves = np.take(table, self.rows, axis=axis)
        chosen: Amounts = np.ascontiguousarray(of_curves[(slice(None),) * (axis + 1) + (slice(self.days),)])
        return chosen


class Pools:
    """What a deal's lines collect, by what a scenario means to them; once for all bumps where no rate matters."""

    def __init__(self) -> None:
        self._known: dict[object, Pool] = {}

    def of(self, deal: Deal, meaning: object) -> Pool:
        if deal.line_rates.floats or any(deal.prepayment_models):
            return Pool()
        return self._known.setdefault(meaning, Pool())


def project(run: RunInputs, deal: Deal) -> ProjectedDeal:
    """Every projection that the run's measures need of the deal."""
    tables, read, pools = run.tables, ReadCurves.of(run, deal), Pools()
    factors = read.part(tables.discount_factors)

    def under(table: Amounts, bump: Bump = AS_IS) -> DealFlows:
        return _under(run, deal, read, table, pools, bump)

    flows = under(factors)
    if not depends_on_rates(deal):
        return ProjectedDeal(deal, flows)
    bumped: list[tuple[DealFlows, DealFlows]] = []
    parallel = None
    if not run.prices_only:
        for key in range(tables.key_gradients.shape[-1]):
            moved = _moved(run, read, key)
            up, down = of_a_basis_point(1, key), of_a_basis_point(-1, key)
            bumped.append((under(factors * moved, up), under(factors / moved, down)))
        moved = _moved(run, read, None)
        up, down = of_a_basis_point(1), of_a_basis_point(-1)
        parallel = (under(factors * moved, up), under(factors / moved, down))
    asks = run.asks
    wide = later = None
    if asks("CONVEXITY"):
        wide_up, wide_down = read.part(tables.discount_factors_up), read.part(tables.discount_factors_down)
        wide = under(wide_up, WIDE_UP), under(wide_down, WIDE_DOWN)
    if asks("THETA"):
        later = under(read.part(tables.discount_factors_for_theta), TOMORROW)
    return ProjectedDeal(deal, flows, tuple(bumped), parallel, wide, later)


def depends_on_rates(deal: Deal) -> bool:
    return deal.tranche_rates.floats or deal.line_rates.floats or any(deal.prepayment_models)


def _moved(run: RunInputs, read: ReadCurves, key: int | None) -> Amounts:
    """[curves read, days, S] what a basis point more of a key rate, or of all, makes of discount factors."""
    gradients = read.part(run.tables.key_gradients, 1)
    of_key = gradients.sum(axis=-1) if key is None else gradients[..., key]
    by_scenario = of_key[run.tables.gradient_of_scenario]
    moved: Amounts = np.exp(BASIS_POINT * np.moveaxis(by_scenario, 0, -1))
    return moved


def _under(run: RunInputs, deal: Deal, read: ReadCurves, factors: Amounts, pools: Pools, bump: Bump) -> DealFlows:
    outcomes, variants = _distributed(run, deal, read, factors, pools, bump)
    row = np.stack([one.tranches for _, one in outcomes], axis=-1)
    rates = np.stack([tranches.rate for tranches, _ in outcomes], axis=-1)
    return DealFlows(
        row[:, PAID_INTEREST], row[:, PAID_PRINCIPAL], row[:, OPENING], row[:, CLOSING], rates, variants
    )  # fmt: skip


def distributed(
    run: RunInputs, deal: Deal, bump: Bump = AS_IS
) -> tuple[list[tuple[Tranches, Distributed]], NDArray[np.int32]]:
    """All that the waterfall tells, once for scenarios that mean the same to the deal, and which of them is whose."""
    read = ReadCurves.of(run, deal)
    return _distributed(run, deal, read, read.part(run.tables.discount_factors), Pools(), bump)


def _distributed(
    run: RunInputs, deal: Deal, read: ReadCurves, factors: Amounts, pools: Pools, bump: Bump
) -> tuple[list[tuple[Tranches, Distributed]], NDArray[np.int32]]:
    distinct: dict[object, int] = {}
    variants = np.empty(run.scenario_count, np.int32)
    outcomes: list[tuple[Tranches, Distributed]] = []
    for scenario in range(run.scenario_count):
        speeds = speeds_under(run, deal, scenario, bump)
        meaning = meaning_of(speeds)
        key = scenario if depends_on_rates(deal) else meaning
        if key not in distinct:
            distinct[key] = len(outcomes)
            forward = _forward(read, factors[..., scenario], deal, run)
            outcomes.append(project_deal(deal, speeds, forward, pools.of(deal, meaning)))
        variants[scenario] = distinct[key]
    return outcomes, variants


def _forward(read: ReadCurves, factors: Table, deal: Deal, run: RunInputs) -> Forward:
    """Simple forward rates of the accrual periods; what the market knows where a period has begun."""

    def forward(index: str, fraction: Amounts) -> Amounts:
        start, end = deal.start_day - run.as_of_day, deal.end_day - run.as_of_day
        curve = factors[read.row_of[index]]
        rates: Amounts = (curve[np.maximum(start, 0)] / curve[end] - 1.0) / fraction
        for k, known in _known_rates(run, deal, index):
            rates[k] = (known * curve[0] / curve[end[k]] - 1.0) / fraction[k] if is_overnight(index) else known
        return rates

    return forward


def _known_rates(run: RunInputs, deal: Deal, index: str) -> list[tuple[int, float]]:
    """Of the periods that have begun: a fixing, or what overnight fixings have grown to; whatever the scenario."""

    def make() -> list[tuple[int, float]]:
        known, begun = KnownRates(run, index), np.flatnonzero(deal.start_day <= run.as_of_day).tolist()
        starts, ends = deal.start_day, deal.end_day
        if is_overnight(index):
            return [(k, known.grown(int(starts[k]), int(ends[k]))) for k in begun]
        return [(k, known.fixing(int(starts[k]))) for k in begun]

    found: list[tuple[int, float]] = run.lookups.once("known rates of a deal", f"{deal.deal_id}/{index}", make)
    return found
