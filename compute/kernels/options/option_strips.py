"""Options on forwards, undiscounted, for arrays of them; and what their forwards' dates do to key rates."""

import numpy as np
from numpy.typing import NDArray

from compute.kernels.kernel import kernel
from compute.kernels.options.caplet_volatilities import NORMAL, VEGA_BUMP_LOGNORMAL, VEGA_BUMP_NORMAL
from compute.kernels.options.vectorised import lane_option
from compute.kernels.simd.lanes import LANES, load, splat, store, widened

Array = NDArray[np.float64]
Rows = NDArray[np.int32]

BASIS_POINT = 1e-4


def option_values(kind: NDArray[np.int8], side: Array, forward: Array, strike: Array, deviation: Array) -> Array:
    """`options.option_on_rate` of N options under S scenarios, calls (side 1) and puts (-1).

    Args:    kind, side, strike [N]; forward [N, S]; deviation [N, S] = volatility x sqrt(years to expiry)
    Returns: [N, S] in the forward's unit
    """
    wide = widened(np.array(forward, np.float64, order="C"))
    values = np.empty(wide.shape)
    _values(
        np.array(kind, np.int8),
        np.array(side, np.float64),
        wide,
        np.array(strike, np.float64),
        widened(np.array(deviation, np.float64, order="C")),
        values,
    )
    return values[:, : forward.shape[1]]


def caplet_values(
    kind: NDArray[np.int8],
    side: Array,
    strike: Array,
    root_yr: Array,
    vol: Array,
    accrual: Array,
    fraction: Array,
    shift: Array,
    projection_row: Rows,
    reset: Rows,
    stop: Rows,
    discount_factors: Array,
) -> Array:
    """Undiscounted values of P caplets under S scenarios, on forwards (DF(reset) / DF(stop) - 1) / fraction + shift.

    Args:    all [P] but vol [P, S]; projection_row of discount_factors [curves, days, S]; accrual multiplies the value
    Returns: [P, S]
    """
    factors, wide_vol = widened(discount_factors), widened(np.ascontiguousarray(vol, np.float64))
    values = np.empty(wide_vol.shape)
    days = (projection_row, reset, stop)
    _caplets(kind, side, strike, root_yr, wide_vol, accrual, fraction, shift, *days, factors, values)
    return values[:, : vol.shape[1]]


def vega_of(kind: NDArray[np.int8], side: Array, forward: Array, strike: Array, vol: Array, root_yr: Array) -> Array:
    """Gain of N undiscounted options for 1 bp more of normal, or a point more of lognormal volatility, central.

    Args:    vol [N, S], root_yr [N] = sqrt(years to expiry); others as `option_values`
    Returns: [N, S]; where a volatility would not be positive the option is intrinsic
    """
    bump = np.where(kind == NORMAL, VEGA_BUMP_NORMAL, VEGA_BUMP_LOGNORMAL)[:, None]
    up, down = (option_values(kind, side, forward, strike, (vol + b) * root_yr[:, None]) for b in (bump, -bump))
    gain: Array = (up - down) / 2
    return gain


def forward_key_rates(
    offsets: NDArray[np.int64],
    reset: Rows,
    stop: Rows,
    weight: Array,
    projection_row: Rows,
    key_gradients: Array,
    gradient_of_scenario: Rows,
) -> Array:
    """Key-rate DV01 that comes through forwards, discount factors held.

        KRD_k = -1 bp x sum over periods of weight x (d ln DF(reset) - d ln DF(stop)) / d key rate

    Args:    offsets [n + 1]; reset, stop [P] days from the valuation date
             weight                [P, S]  d PV / d (ln DF(reset) - ln DF(stop)) on the projection curve, ccy
             projection_row        [n]
             key_gradients         [gradients, curves, days, K]; gradient_of_scenario [S]
    Returns: [n, S, K]  ccy per bp
    """
    key_rates = np.zeros((len(offsets) - 1, weight.shape[1], key_gradients.shape[3]))
    _add_key_rates(
        np.array(offsets, np.int64),
        np.array(reset, np.int32),
        np.array(stop, np.int32),
        np.array(weight, np.float64, order="C"),
        np.array(projection_row, np.int32),
        np.ascontiguousarray(key_gradients, np.float64),
        np.array(gradient_of_scenario, np.int32),
        key_rates,
    )
    return key_rates


@kernel
def _values(
    kind: NDArray[np.int8], side: Array, forward: Array, strike: Array, deviation: Array, values: Array
) -> None:
    scenarios, forwards, deviations, out = (
        forward.shape[1],
        forward.reshape(-1),
        deviation.reshape(-1),
        values.reshape(-1),
    )
    for i in range(forward.shape[0]):
        for b in range(0, scenarios, LANES):
            at = i * scenarios + min(b, scenarios - LANES)
            store(out, at, lane_option(kind[i], side[i], load(forwards, at), strike[i], load(deviations, at)))


@kernel
def _caplets(
    kind: NDArray[np.int8],
    side: Array,
    strike: Array,
    root_yr: Array,
    vol: Array,
    accrual: Array,
    fraction: Array,
    shift: Array,
    projection_row: Rows,
    reset: Rows,
    stop: Rows,
    discount_factors: Array,
    values: Array,
) -> None:
    _, days, scenarios = discount_factors.shape
    factors, vols, out = discount_factors.reshape(-1), vol.reshape(-1), values.reshape(-1)
    for p in range(len(kind)):
        start = (projection_row[p] * days + reset[p]) * scenarios
        end, unit, root = start + (stop[p] - reset[p]) * scenarios, splat(fraction[p]), splat(root_yr[p])
        for b in range(0, scenarios, LANES):
            lane = min(b, scenarios - LANES)
            at = p * scenarios + lane
            forward = (load(factors, start + lane) / load(factors, end + lane) - splat(1.0)) / unit + splat(shift[p])
            value = lane_option(kind[p], side[p], forward, strike[p], load(vols, at) * root)
            store(out, at, splat(accrual[p]) * value)


@kernel
def _add_key_rates(
    offsets: NDArray[np.int64],
    reset: Rows,
    stop: Rows,
    weight: Array,
    projection_row: Rows,
    key_gradients: Array,
    gradient_of_scenario: Rows,
    key_rates: Array,
) -> None:
    for i in range(len(projection_row)):
        for p in range(offsets[i], offsets[i + 1]):
            for s in range(weight.shape[1]):
                gradients = key_gradients[gradient_of_scenario[s], projection_row[i]]
                for k in range(key_rates.shape[2]):
                    key_rates[i, s, k] -= BASIS_POINT * weight[p, s] * (gradients[reset[p], k] - gradients[stop[p], k])
