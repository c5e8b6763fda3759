"""What a run's scenarios make of PD and LGD. Risk-weighted assets do not read them: they are a bank's of today."""

from dataclasses import dataclass

import numpy as np

from compute.capital.basics import Basics
from compute.capital.columns import Array, Flags
from compute.market.day_tables import MarketTables
from domain.portfolio.attributes import matched
from domain.scenarios.shocks import DefaultShock


@dataclass(frozen=True)
class Stresses:
    """[S] as the scenarios' shocks say. `of_some` are those that stand in place of its multiplier: a shock
    of the positions that match, or of a quoted speed, which says nothing of a PD."""

    default_multiplier: Array
    severity_add: Array
    of_some: tuple[tuple[DefaultShock, ...], ...]

    @classmethod
    def of(cls, tables: MarketTables) -> "Stresses":
        shocks = tables.speed_shocks or ((),) * len(tables.default_multiplier)
        of_some = tuple(tuple(each for each in one if isinstance(each, DefaultShock)) for one in shocks)
        return cls(tables.default_multiplier, tables.severity_add, of_some)

    def pds(self, pd: Array, basics: Basics) -> Array:
        """[S, n] at most 1; what is in default stays there."""
        moved: Array = np.minimum(1.0, pd * self._multipliers(basics))
        return np.where(basics.defaulted, pd, moved)

    def lgds(self, lgd: Array) -> Array:
        """[S, n] within 0 and 1."""
        add = self.severity_add[:, None]
        return np.where(add == 0.0, lgd, np.clip(lgd + add, 0.0, 1.0))

    def _multipliers(self, basics: Basics) -> Array:
        found = np.repeat(self.default_multiplier[:, None], len(basics), axis=1)
        for scenario, shocks in enumerate(self.of_some):
            for shock in shocks:
                if shock.multiplier is not None:
                    found[scenario, _matching(basics, shock)] *= shock.multiplier
        return found


def _matching(basics: Basics, shock: DefaultShock) -> Flags:
    everybody: Flags = matched(basics.exposures.columns.portfolio, shock.match or {})
    return everybody[basics.exposures.rows]
