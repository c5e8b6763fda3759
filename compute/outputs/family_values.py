"""What pricing a family of positions gives: arrays that every measure is made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Valued:
    """m positions of one family under S scenarios; NaN where a number could not be worked out.

    `applies` names the measures that the family has; the others are blank with NOT_APPLICABLE.
    """

    index: NDArray[np.int64]
    """[m] position in the chunk"""
    notional_ccy: NDArray[np.float64]
    """[m]"""
    pv_ccy: Matrix
    """[m, S]"""
    pv_up_ccy: Matrix
    """[m, S] all zero rates 25 bp up"""
    pv_down_ccy: Matrix
    """[m, S]"""
    key_rate_dv01_ccy: NDArray[np.float64]
    """[m, S, K]"""
    fx_delta_base: Matrix
    """[m, S]"""
    cs01_ccy: Matrix | None = None
    accrued_ccy: NDArray[np.float64] | None = None
    """[m]"""
    yields: Matrix | None = None
    yield_exists: NDArray[np.bool_] | None = None
    """[m] False where the yield counts no time to any flow: only a payment that a holiday holds up is left"""
    macaulay_yr: Matrix | None = None
    modified_yr: Matrix | None = None
    wal_yr: Matrix | None = None
    wam_mo: NDArray[np.float64] | None = None
    """[m]"""
    vega_ccy: Matrix | None = None
    vega_ladder_ccy: NDArray[np.float64] | None = None
    """[m, S, columns of VEGA_LADDER]"""
    theta_ccy: Matrix | None = None
    z_spread_bp: Matrix | None = None
    oas_bp: Matrix | None = None
    discount_margin_bp: Matrix | None = None
    par_spread_bp: Matrix | None = None
    price_is_usable: NDArray[np.bool_] | None = None
    """[m] False where the position brings a market price that is none"""
    standard_error_ccy: Matrix | None = None
    dv01_standard_error_ccy: Matrix | None = None
    vega_standard_error_ccy: Matrix | None = None
    has_price: bool = True
    """False for what is not quoted per 100 of its notional: derivatives"""

    @property
    def dv01_ccy(self) -> Matrix:
        total: Matrix = self.key_rate_dv01_ccy.sum(axis=2)
        return total
