"""What pricing a family of positions gives: its numbers by measure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from domain.measures.measures import BY_NAME

Array = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Valued:
    """m positions of one family under S scenarios; NaN where a number could not be worked out."""

    index: NDArray[np.int64]
    """[m] position in the chunk"""
    notional_ccy: Array
    """[m]"""
    pv_ccy: Matrix
    """[m, S]"""
    pv_up_ccy: Matrix
    """[m, S] all zero rates 25 bp up"""
    pv_down_ccy: Matrix
    """[m, S]"""
    values: Mapping[str, Array | None]
    """by measure, those that `compute.outputs.measures` does not derive: [m, S], [m] where scenarios do not matter, or
    [m, S, columns]; None, or not there, where the family does not have it or nobody asks"""
    yield_exists: NDArray[np.bool_] | None = None
    """[m] False where the yield counts no time to any flow: only a payment that a holiday holds up is left"""
    price_is_usable: NDArray[np.bool_] | None = None
    """[m] False where the position brings a market price that is none"""
    has_price: bool = True
    """False for what is not quoted per 100 of its notional: derivatives"""

    def __post_init__(self) -> None:
        unknown = self.values.keys() - BY_NAME.keys()
        assert not unknown, f"no measures of domain/measures/measures.py: {sorted(unknown)}"

    def of(self, measure: str) -> Array | None:
        return self.values.get(measure)

    def with_values(self, values: Mapping[str, Array | None]) -> "Valued":
        return replace(self, values={**self.values, **values})
