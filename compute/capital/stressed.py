"""What a run's scenarios make of PD and LGD. Risk-weighted assets do not read them: they are a bank's of today."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from compute.capital.basics import Basics
from compute.capital.columns import Array, Flags
from compute.market.credit_shocks import shocked_lgd, shocked_pd
from domain.portfolio.attributes import matched
from domain.scenarios.shocks import ScenarioDocument


@dataclass(frozen=True)
class Stresses:
    """The run's scenarios, in its order."""

    scenarios: tuple[ScenarioDocument, ...]

    def pds(self, pd: Array, basics: Basics) -> Array:
        """[S, n] of [n]; what is in default stays there."""
        exposures = basics.exposures

        def fits(match: Mapping[str, str]) -> Flags:
            everybody: Flags = matched(exposures.columns.portfolio, match)
            return everybody[exposures.rows]

        moved = np.stack([shocked_pd(pd, scenario, fits) for scenario in self.scenarios])
        return np.where(basics.defaulted, pd, moved)

    def lgds(self, lgd: Array) -> Array:
        """[S, n] of [n]."""
        return np.stack([shocked_lgd(lgd, scenario) for scenario in self.scenarios])
