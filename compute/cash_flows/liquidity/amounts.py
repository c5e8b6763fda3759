"""What rules of liquidity weigh: values, flows by contract, undrawn amounts, balances, days and costs of a sale."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from compute.cash_flows.families import family_flows
from compute.cash_flows.liquidity.matching import LeftOut, Side
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.outputs.failures import Failing
from compute.pricers.matured.recoveries import recovering
from compute.product_families import check, price_terms
from domain.lazy import lazy
from domain.measures.measures import Fact
from domain.portfolio.tables import PRODUCT_TYPES

Amounts = NDArray[np.float64]
Flags = NDArray[np.bool_]

BASIS_POINT = 1e-4
FINE = -1
FUNDED = tuple(PRODUCT_TYPES.index(name) for name in ("LOAN", "BOND", "CALLABLE_BOND", "ABS_MBS", "STRUCTURED"))
"""Of which a negative notional is owed, or sold short."""
BONDS = tuple(PRODUCT_TYPES.index(name) for name in ("BOND", "CALLABLE_BOND"))


@dataclass(frozen=True)
class Weighed:
    """Of the positions of a chunk that a side looks at."""

    amount: Amounts
    """[n, B] in the instrument's currency, NaN where it is not known"""
    looked_at: Flags
    """[n]"""
    left_out: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """[n] FINE, or a LeftOut"""


@dataclass(frozen=True)
class Chunk:
    """Positions under one scenario; `by_contract` is the same run without prepayment and default."""

    run: RunInputs
    by_contract: RunInputs
    terms: Terms

    @lazy
    def product(self) -> NDArray[np.int8]:
        return self.terms.choice("product_type", PRODUCT_TYPES)

    @lazy
    def notional_ccy(self) -> Amounts:
        return self.terms.position_number("notional", 0.0)

    @lazy
    def is_short(self) -> Flags:
        short: Flags = np.isin(self.product, FUNDED) & (self.notional_ccy < 0.0)
        return short

    @lazy
    def is_projected(self) -> Flags:
        """Can be, and has something to come by contract."""
        return self.failing.fine & ~recovering(self.run, self.terms)

    @lazy
    def failing(self) -> Failing:
        return check(self.run, self.terms)

    def pv_ccy(self, wanted: Flags) -> Amounts:
        """[n] NaN where there is none, or it is not wanted."""
        chosen = np.flatnonzero(wanted)
        pv = np.full(len(self.terms), np.nan)
        if len(chosen):
            pv[chosen] = price_terms(self.run, self.terms.of(chosen)).blocks[Fact.PRICED].values[0, 0]
        return pv

    def paid(self, wanted: Flags, side: Side, with_interest: bool) -> Amounts:
        """[n, B] by contract in each bucket of days; NaN for what cannot be projected."""
        found = np.full((len(self.terms), side.buckets), np.nan)
        chosen = np.flatnonzero(wanted & self.is_projected)
        for family in family_flows(self.by_contract, self.terms.of(chosen), Failing.none(len(chosen))):
            rows, flows = family.place, family.flows
            variant = flows.variant_of_scenario[0]
            amount = flows.principal[:, variant]
            if with_interest:
                amount = amount + flows.interest[:, variant]
            owner = np.repeat(np.arange(len(rows)), np.diff(flows.offsets))
            bucket = np.searchsorted(side.last_day, flows.day)
            within = bucket < side.buckets
            place = owner[within] * side.buckets + bucket[within]
            sums = np.bincount(place, weights=amount[within], minlength=len(rows) * side.buckets)
            found[chosen[rows]] = sums.reshape(len(rows), side.buckets)
        return found


def weighed(chunk: Chunk, side: Side) -> Weighed:
    return _OF_SIDE[side.name](chunk, side)


def _values(chunk: Chunk, side: Side) -> Weighed:
    """HQLA: bonds at their value."""
    looked_at = side.names_product(chunk.product)
    pv = chunk.pv_ccy(looked_at)
    left_out = np.where(chunk.is_short, LeftOut.SHORT_POSITION, np.where(np.isnan(pv), LeftOut.NOT_PRICED, FINE))
    return Weighed(pv[:, None], looked_at, left_out)


def _inflows(chunk: Chunk, side: Side) -> Weighed:
    """Interest and principal that contracts bring within the days of the rules."""
    looked_at = side.names_product(chunk.product)
    amount = chunk.paid(looked_at, side, with_interest=True)
    return Weighed(amount, looked_at, _why_not_projected(chunk))


def _undrawn(chunk: Chunk, side: Side) -> Weighed:
    undrawn = np.nan_to_num(chunk.terms.attribute_number("undrawn")[0])
    nothing = np.full(len(undrawn), FINE, np.int64)
    return Weighed(np.repeat(undrawn[:, None], side.buckets, axis=1), undrawn > 0.0, nothing)


def _balances(chunk: Chunk, side: Side) -> Weighed:
    """By the days on which contracts bring them back; a bond is redeemed at its face, whatever is paid for it."""
    looked_at = side.names_product(chunk.product)
    amount = chunk.paid(looked_at, side, with_interest=False)
    is_bond = np.isin(chunk.product, BONDS)
    repaid = amount[is_bond].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        face = np.where(repaid != 0.0, chunk.notional_ccy[is_bond] / repaid, 1.0)
    amount[is_bond] *= face[:, None]
    return Weighed(amount, looked_at, _why_not_projected(chunk))


def _why_not_projected(chunk: Chunk) -> NDArray[np.int64]:
    return np.where(chunk.is_short, LeftOut.SHORT_POSITION, np.where(chunk.is_projected, FINE, LeftOut.NOT_PRICED))


def _days(chunk: Chunk, side: Side) -> Weighed:
    """To sell, or to buy back, at the part of a day's volume that the rule allows."""
    volume, _ = chunk.terms.attribute_number("daily_volume")
    traded = volume > 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        days = np.where(traded, np.abs(chunk.notional_ccy) / (_parameter(side) * volume), np.nan)
    return Weighed(days[:, None], _everybody(chunk), np.where(traded, FINE, LeftOut.NO_DAILY_VOLUME))


def _cost(chunk: Chunk, side: Side) -> Weighed:
    bid_ask_bp, _ = chunk.terms.attribute_number("bid_ask_bp")
    quoted = bid_ask_bp >= 0.0
    pv = chunk.pv_ccy(quoted)
    cost = np.abs(pv) * _parameter(side) * bid_ask_bp * BASIS_POINT
    priced = np.where(np.isnan(pv), LeftOut.NOT_PRICED, FINE)
    return Weighed(cost[:, None], _everybody(chunk), np.where(quoted, priced, LeftOut.NO_BID_ASK_BP))


def _everybody(chunk: Chunk) -> Flags:
    return np.ones(len(chunk.terms), np.bool_)


def _parameter(side: Side) -> float:
    (rule,) = side.rules
    assert rule.factor is not None
    return rule.factor


_OF_SIDE = {
    "HQLA": _values,
    "INFLOW": _inflows,
    "OUTFLOW": _undrawn,
    "RSF": _balances,
    "TIME": _days,
    "COST": _cost,
}
