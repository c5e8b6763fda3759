"""Effective duration and convexity from three prices, by the measures that positions are given."""

import numpy as np

from compute.outputs.family_values import Valued
from compute.outputs.measures import BUMP, rows_of
from tests.golden.cases.case import Case, Figures

BASIS_POINT = 1e-4


def effective_duration(case: Case) -> Figures:
    """CONVEXITY is defined on a shift of its own; prices under another are worth the square of the ratio."""
    inputs = case.inputs
    price, up, down = (np.array([[inputs.number(name)]]) for name in ("p0", "p_up", "p_dn"))
    shift_bp = inputs.number("shift_bp")
    valued = Valued(
        index=np.zeros(1, np.int64),
        notional_ccy=np.full(1, 100.0),
        pv_ccy=price,
        pv_up_ccy=up,
        pv_down_ccy=down,
        values={
            "KEY_RATE_DV01": ((down - up) / (2 * shift_bp))[:, :, None],
            "FX_DELTA": np.zeros((1, 1)),
        },
    )
    duration, convexity = rows_of("EFFECTIVE_DURATION", valued), rows_of("CONVEXITY", valued)
    assert duration is not None
    assert convexity is not None
    rescale = (BUMP / (shift_bp * BASIS_POINT)) ** 2
    return {"eff_duration": float(duration[0, 0, 0]), "eff_convexity": float(convexity[0, 0, 0]) * rescale}
