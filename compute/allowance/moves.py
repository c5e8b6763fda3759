"""What a scenario does to PD and LGD: shocks in their order, and the changes of macro variables by quarter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from compute.market.credit_shocks import Array, Matched, shocked_lgd, shocked_pd
from domain.scenarios.macro import macro_path
from domain.scenarios.shocks import ScenarioDocument


@dataclass(frozen=True)
class CreditMoves:
    """Of one scenario."""

    scenario: ScenarioDocument
    changes: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """[quarters] by variable, from the jump-off quarter; a variable that the path lacks is not there"""
    quarters: int = 0
    """of the macro path; 0 without one"""

    def pd(self, pd: Array, matched: Matched) -> Array:
        """[n] or [n, k] PDs as the shocks leave them."""
        return shocked_pd(pd, self.scenario, matched)

    def lgd(self, lgd: Array) -> Array:
        return shocked_lgd(lgd, self.scenario)

    def change(self, coefficients: Mapping[str, float], quarters: int) -> Array:
        """[quarters] sum over variables of coefficient x change."""
        total = np.zeros(quarters)
        for name, coefficient in coefficients.items():
            if name in self.changes:
                total += coefficient * np.asarray(self.changes[name], np.float64)[:quarters]
        return total


def moves_of(scenario: ScenarioDocument) -> CreditMoves:
    path = macro_path(scenario)
    return CreditMoves(scenario) if path is None else CreditMoves(scenario, path.changes, len(path))
