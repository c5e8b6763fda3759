"""A pool of level-pay loans whose borrowers follow a prepayment model."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.flows.prepaying_pool import (
    POOL_ROWS,
    Speeds,
    Variants,
    empty_path,
    fill_pool,
    fill_speeds,
    level_shares,
    severity_under,
)
from compute.kernels.flows.prepayment_model import Followed, fill_followed, months_seen
from compute.kernels.kernel import kernel


@kernel
def pool_by_model(
    balance_ccy: float,
    wac: float,
    wam_mo: int,
    age_mo: int,
    pass_through: float,
    i: int,
    first: int,
    speeds: Speeds,
    variants: Variants,
    followed: Followed,
) -> NDArray[np.float64]:
    """[V, 7, wam_mo] as `prepaying_pool.level_pay_pool` under every variant of speeds.

    `first` is the row of the pool's first month in `followed`.
    """
    share = level_shares(wac, wam_mo)
    path = empty_path(np.ones(wam_mo, np.int32), (age_mo + 1 + np.arange(wam_mo)).astype(np.int32))
    seen = months_seen(followed, i, first, path, speeds.prepayment_kind[i])
    gross = followed.gross_rate[first : first + wam_mo]
    cashflows_ccy = np.empty((len(variants.severity_add), POOL_ROWS, wam_mo))
    rate = np.full(wam_mo, pass_through / 12.0)
    for v in range(len(cashflows_ccy)):
        fill_speeds(path, i, v, speeds, variants)
        fill_followed(path, i, v, balance_ccy, share, gross, seen, speeds, variants, followed)
        severity = severity_under(speeds, i, variants, v)
        fill_pool(balance_ccy, share, rate, path, severity, speeds.servicer_advances[i], cashflows_ccy[v])
    return cashflows_ccy
