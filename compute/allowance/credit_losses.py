"""Expected losses of some positions under every scenario: of twelve months, the life, and discounted cash flow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.allowance.book import Book
from compute.allowance.payments import FamilyPayments, payments_of
from compute.allowance.pd_lgd_paths import Paths, paths_of
from compute.capital.basics import COMMITMENT, Basics, basel_factors, basics_of
from compute.capital.columns import Exposures
from compute.capital.credit import lgds, pds
from compute.capital.frameworks import default_days
from compute.inputs.run_inputs import RunInputs
from compute.kernels.allowance.losses import (
    EXPECTED_CASH,
    LIFETIME,
    OF_UNDRAWN,
    TOLD,
    TWELVE_MONTHS,
    YEARS,
    fill_losses,
)
from domain.lazy import lazy
from domain.measures.failures import Reason
from domain.portfolio.exposure_columns import COMMITMENT_TYPES

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
CANCELLABLE = COMMITMENT_TYPES.index("UNCONDITIONALLY_CANCELLABLE")


@dataclass(frozen=True)
class Losses:
    """[S, n] in the instrument's currency, NaN where the reason says why."""

    twelve_months: Array
    lifetime: Array
    cash_flow: Array
    """C less what is expected to be paid, discounted; and the loss on undrawn amounts"""
    years_outstanding: Array
    """shares of today's balance that are left at years 0, 1, 2, …, added up; of what has payments"""
    reason: NDArray[np.uint8]
    paid_reason: NDArray[np.uint8]
    """[n] why there are no payments"""


@dataclass(frozen=True)
class Lent:
    """n exposures, with all that their losses are worked out from."""

    book: Book
    run: RunInputs
    rows: Rows
    """[n] of the portfolio's positions"""

    @lazy
    def exposures(self) -> Exposures:
        return Exposures(self.book.columns, self.rows)

    @lazy
    def basics(self) -> Basics:
        return basics_of(self.exposures, default_days(self.book.setting))

    @lazy
    def pd_12m(self) -> Array:
        return pds(self.basics, self.book.setting)

    @lazy
    def lgd(self) -> Array:
        return lgds(self.basics, self.book.setting)

    @lazy
    def undrawn_ccy(self) -> Array:
        """What of it is expected to be drawn: `ccf`, else the Basel factor; nil where it can be cancelled at will."""
        rules, own = self.book.setting.rules.get("basel"), self.exposures.number("ccf")
        factor = basel_factors(self.exposures, rules) if rules else np.full(len(self.rows), np.nan)
        kind = self.exposures.choice("commitment_type", COMMITMENT_TYPES, COMMITMENT_TYPES[COMMITMENT])
        drawn = np.where(np.isnan(own), factor, own) * self.basics.undrawn_ccy
        return np.where((kind == CANCELLABLE) | (self.basics.undrawn_ccy <= 0.0), 0.0, drawn)

    @lazy
    def rate(self) -> Array:
        """The effective interest rate, else the coupon (a tranche's is the deal's), else nil."""
        own, coupon = self.exposures.number("effective_interest_rate"), self.exposures.number("coupon")
        coupon = np.where(np.isnan(coupon), self.book.tranche_coupons(self.rows), coupon)
        return np.where(np.isnan(own), np.nan_to_num(coupon), own)

    @lazy
    def payments(self) -> tuple[list[FamilyPayments], NDArray[np.uint8]]:
        return payments_of(self.run, self.run.terms_of(self.rows))

    def paths(self, scenario: int, *, whole_path: bool = False) -> Paths:
        book = self.book
        return paths_of(
            book.horizon,
            book.choices.of(self.rows),
            self.pd_12m,
            self.lgd,
            book.moves[scenario],
            book.matching(self.rows),
            whole_path=whole_path,
        )

    @lazy
    def losses(self) -> Losses:
        """Scenarios that move PD, LGD and payments alike are worked out once."""
        shape = (len(self.book.scenarios), len(self.rows))
        told, reason = np.empty((TOLD, *shape)), np.zeros(shape, np.uint8)
        known: dict[tuple[int, ...], int] = {}
        for scenario, moves in enumerate(self.book.distinct_moves):
            key = (moves, *(int(each.variant_of_scenario[scenario]) for each in self.payments[0]))
            if key in known:
                told[:, scenario], reason[scenario] = told[:, known[key]], reason[known[key]]
            else:
                known[key] = scenario
                told[:, scenario], reason[scenario] = self._under(scenario)
        short = self.basics.carrying_ccy - told[EXPECTED_CASH] + told[OF_UNDRAWN]
        cash_flow = np.where(self.basics.defaulted, told[LIFETIME], short)
        told[: OF_UNDRAWN + 1, reason != Reason.NONE], cash_flow[reason != Reason.NONE] = np.nan, np.nan
        return Losses(told[TWELVE_MONTHS], told[LIFETIME], cash_flow, told[YEARS], reason, self.payments[1])

    def _under(self, scenario: int) -> tuple[Array, NDArray[np.uint8]]:
        paths, (families, reason) = self.paths(scenario), self.payments
        told, defaulted = np.full((TOLD, len(self.rows)), np.nan), self.basics.defaulted
        for each in families:
            at, part = each.place, np.empty((TOLD, len(each.place)))
            pd, lgd = np.ascontiguousarray(paths.pd[at]), np.ascontiguousarray(paths.lgd[at])
            own = (self.basics.carrying_ccy[at], self.undrawn_ccy[at], self.rate[at])
            fill_losses(each.payments, int(each.variant_of_scenario[scenario]), pd, lgd, *own, part)
            told[:, at] = part
        at_once = paths.lgd_of(1) * (self.basics.carrying_ccy + self.undrawn_ccy)
        told[[LIFETIME, TWELVE_MONTHS]] = np.where(defaulted, at_once, told[[LIFETIME, TWELVE_MONTHS]])
        unknown = np.isnan(paths.lgd).any(axis=1) | (~defaulted & np.isnan(paths.pd).any(axis=1))
        reason = np.where(defaulted, Reason.NONE, reason)
        lacking = (reason == Reason.NONE) & ~np.isfinite(told[LIFETIME])
        why = np.where(unknown, Reason.MISSING_MARKET_DATA, Reason.INVALID_TERMS)
        return told, np.where(lacking, why, reason).astype(np.uint8)
