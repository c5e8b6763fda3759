"""What a scenario does to PD and LGD: DEFAULT, CREDIT_FACTOR and SEVERITY, one after another in its order."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from compute.kernels.credit.one_factor import conditional_pd
from domain.scenarios.shocks import CreditFactorShock, DefaultShock, ScenarioDocument, SeverityShock

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Matched = Callable[[Mapping[str, str]], Flags]
"""Which of the positions fit a pattern, [n]."""


def shocked_pd(pd: Array, scenario: ScenarioDocument, matched: Matched) -> Array:
    """[n] or [n, …] in, the same out. A DEFAULT that replaces a speed says nothing of PD."""
    for shock in scenario.shocks:
        if isinstance(shock, CreditFactorShock):
            pd = conditional_pd(pd, shock.z, shock.rho)
        elif isinstance(shock, DefaultShock) and shock.multiplier is not None:
            scaled = np.minimum(1.0, shock.multiplier * pd)
            pd = scaled if shock.match is None else np.where(_beside(matched(shock.match), pd), scaled, pd)
    return pd


def shocked_lgd(lgd: Array, scenario: ScenarioDocument) -> Array:
    """[n] or [n, …]; between 0 and 1 after each SEVERITY."""
    for shock in scenario.shocks:
        if isinstance(shock, SeverityShock):
            lgd = np.clip(lgd + shock.add, 0.0, 1.0)
    return lgd


def _beside(flags: Flags, values: Array) -> Flags:
    return flags.reshape(-1, *[1] * (values.ndim - 1))
