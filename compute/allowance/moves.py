"""What a scenario does to PD and LGD: shocks in their order, and the changes of macro variables by quarter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from domain.scenarios.macro import macro_path
from domain.scenarios.shocks import CreditFactorShock, DefaultShock, ScenarioDocument, SeverityShock

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Matched = Callable[[Mapping[str, str]], Flags]
"""[n] positions that match every pattern"""


@dataclass(frozen=True)
class Scaled:
    """PD times a multiplier, at most 1; of the positions alone that match, where there are patterns."""

    multiplier: float
    match: Mapping[str, str] | None = None

    def on(self, pd: Array) -> Array:
        return np.minimum(self.multiplier * pd, 1.0)


@dataclass(frozen=True)
class CreditFactor:
    """PD given the systematic factor z: N((G(PD) - sqrt(rho) z) / sqrt(1 - rho)); nil and 1 stay."""

    z: float
    rho: float

    @property
    def match(self) -> None:
        return None

    def on(self, pd: Array) -> Array:
        moved: Array = ndtr((ndtri(pd) - np.sqrt(self.rho) * self.z) / np.sqrt(1.0 - self.rho))
        return moved


@dataclass(frozen=True)
class CreditMoves:
    """Of one scenario."""

    of_pd: tuple[Scaled | CreditFactor, ...] = ()
    severity_add: float = 0.0
    changes: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """[quarters] by variable, from the jump-off quarter; a variable that the path lacks is not there"""
    quarters: int = 0
    """of the macro path; 0 without one"""

    def pd(self, pd: Array, matched: Matched) -> Array:
        """[n] or [n, k] PDs as the shocks leave them."""
        for move in self.of_pd:
            moved = move.on(pd)
            if move.match is None:
                pd = moved
            else:
                chosen = matched(move.match)
                pd = np.where(chosen if pd.ndim == 1 else chosen[:, None], moved, pd)
        return pd

    def lgd(self, lgd: Array) -> Array:
        return np.clip(lgd + self.severity_add, 0.0, 1.0) if self.severity_add else lgd

    def change(self, coefficients: Mapping[str, float], quarters: int) -> Array:
        """[quarters] sum over variables of coefficient x change."""
        total = np.zeros(quarters)
        for name, coefficient in coefficients.items():
            if name in self.changes:
                total += coefficient * np.asarray(self.changes[name], np.float64)[:quarters]
        return total


UNMOVED = CreditMoves()


def moves_of(scenario: ScenarioDocument) -> CreditMoves:
    """Shocks that replace a speed move no PD."""
    of_pd: list[Scaled | CreditFactor] = []
    severity_add = 0.0
    for shock in scenario.shocks:
        match shock:
            case DefaultShock(multiplier=float(multiplier)):
                of_pd.append(Scaled(multiplier, shock.match))
            case CreditFactorShock():
                of_pd.append(CreditFactor(shock.z, shock.rho))
            case SeverityShock():
                severity_add += shock.add
            case _:
                pass
    path = macro_path(scenario)
    if path is None:
        return CreditMoves(tuple(of_pd), severity_add)
    return CreditMoves(tuple(of_pd), severity_add, path.changes, len(path))
