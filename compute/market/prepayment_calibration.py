"""The incentive and burnout of a prepayment model from observed speeds: least squares within bounds."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from domain.market.prepayment import Burnout, PrepaymentModel
from domain.refusals import Refused

Array = NDArray[np.float64]

LOWEST = (-5.0, 0.0, -1e5, 0.0, 0.0)
HIGHEST = (5.0, 5.0, 1e5, 1e5)
"""Of a, b, c, d; the floor of burnout is at most what it and the slope add up to. b and d are not negative: speeds rise
with the incentive, and both turned round would be the same curve."""
WIDTHS = (0.5, 1.5, 4.0, 12.0, 40.0)
"""Starts: how often the curve's width fits into the spread of incentives."""
PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Starts: quantiles of the incentives at which the curve is steepest."""
ROUGH, POLISHED, FINALISTS = 60, 4_000, 4
EXACT = 1e-15


class History(NamedTuple):
    """n months of observed speeds."""

    month: NDArray[np.int32]
    """of the year, 1 to 12"""
    gross_rate: Array
    market_rate: Array
    age: Array
    balance: Array
    original_balance: Array
    smm: Array


@dataclass(frozen=True)
class Fitted:
    """`model` has the fitted coefficients, and a version one up."""

    model: PrepaymentModel
    rows: int
    rmse_smm: float
    r_squared: float
    residual_smm: Array
    """[n] model less observed"""


def calibrate_prepayment(model: PrepaymentModel, history: History) -> Fitted:
    """a, b, c, d and, where the model has it, the floor of its burnout; everything else of it is held.

        least sum over rows of balance x (SMM of the model - SMM observed)^2

    The floor and slope keep their sum: a larger one would be a smaller a and b. Starts are the model as it is, and
    curves that are steep at several places of the history; the best are polished.

    Accuracy: speeds without noise come back to 1e-6; coefficients do where the history tells them apart
    Source:   Levenberg-Marquardt in a trust region within bounds (scipy's least_squares, trf)
    """
    incentives = incentive_of(model, history)
    lowest, highest = _bounds(model)
    weight = np.sqrt(history.balance / history.balance.sum())
    misfit = partial(_misfit, model, history, incentives, weight)
    starts = [np.clip(each, lowest, highest) for each in _starts(model, history, incentives)]
    rough = [least_squares(misfit, each, bounds=(lowest, highest), x_scale="jac", max_nfev=ROUGH) for each in starts]
    found = [
        least_squares(
            misfit, each.x, bounds=(lowest, highest), x_scale="jac", jac="3-point",
            ftol=EXACT, xtol=EXACT, gtol=EXACT, max_nfev=POLISHED,
        )
        for each in sorted(rough, key=lambda each: each.cost)[:FINALISTS]
    ]  # fmt: skip
    best = min(found, key=lambda each: each.cost)
    fitted = _with(model, best.x).model_copy(update={"version": model.version + 1})
    residual = smm_of(fitted, history) - history.smm
    return Fitted(fitted, len(history.smm), *_quality(history, residual), residual)


def incentive_of(model: PrepaymentModel, history: History) -> Array:
    if model.incentive == "RATIO":
        return history.gross_rate / history.market_rate
    return history.gross_rate - history.market_rate


def smm_of(model: PrepaymentModel, history: History) -> Array:
    """[n] what the model says of each row."""
    return _smm(model, history, incentive_of(model, history), _coefficients(model))


def _smm(model: PrepaymentModel, history: History, incentives: Array, x: Array) -> Array:
    a, b, c, d = x[:4]
    cpr = (a + b * np.arctan(c + d * incentives)) * _held_parts(model, history)
    if model.burnout is not None:
        level = model.burnout.floor + model.burnout.slope
        cpr = cpr * (x[4] + (level - x[4]) * history.balance / history.original_balance)
    cpr = np.clip(cpr, model.min_cpr, model.max_cpr)
    return np.asarray(-np.expm1(np.log1p(-np.minimum(cpr, 1.0 - 1e-15)) / 12.0))


def _held_parts(model: PrepaymentModel, history: History) -> Array:
    """Seasoning and seasonality, which are not fitted."""
    part = np.ones(len(history.smm))
    if model.seasoning_months is not None:
        part *= np.minimum(1.0, np.maximum(history.age, 0.0) / model.seasoning_months)
    if model.seasonality is not None:
        part *= np.array(model.seasonality)[history.month - 1]
    return part


def _misfit(model: PrepaymentModel, history: History, incentives: Array, weight: Array, x: Array) -> Array:
    return weight * (_smm(model, history, incentives, x) - history.smm)


def _coefficients(model: PrepaymentModel) -> Array:
    own = [model.a, model.b, model.c, model.d]
    return np.array([*own, model.burnout.floor] if model.burnout is not None else own)


def _with(model: PrepaymentModel, x: Array) -> PrepaymentModel:
    names = dict(zip("abcd", map(float, x), strict=False))
    if model.burnout is not None:
        floor = float(x[4])
        names["burnout"] = Burnout(floor=floor, slope=model.burnout.floor + model.burnout.slope - floor)  # type: ignore[assignment]
    return model.model_copy(update=names)


def _bounds(model: PrepaymentModel) -> tuple[Array, Array]:
    if model.burnout is None:
        return np.array(LOWEST[:4]), np.array(HIGHEST)
    level = model.burnout.floor + model.burnout.slope
    if level <= 0.0:
        message = "the burnout of the model is nil whatever is left, so nothing can be fitted"
        raise Refused("NOTHING_TO_FIT", message, "give it a floor and slope that add up to 1, or leave it out")
    return np.array(LOWEST), np.array([*HIGHEST, level])


def _starts(model: PrepaymentModel, history: History, incentives: Array) -> list[Array]:
    """The model as it is, and curves of several places and widths with a and b by regression."""
    own, spread = _coefficients(model), max(float(np.ptp(incentives)), 1e-6)
    upright = np.where(own[1] < 0.0, -own[1:4], own[1:4])  # the same curve, with b positive
    found = [np.array([own[0], *upright, *own[4:]])]
    parts = _held_parts(model, history)
    observed = -np.expm1(12.0 * np.log1p(-np.minimum(history.smm, 1.0 - 1e-12)))
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(parts > 0.0, observed / parts, 0.0)
    root = np.sqrt(history.balance) * parts
    for place in np.quantile(incentives, PLACES):
        for width in WIDTHS:
            d = width * 2.0 / spread
            design = np.column_stack([np.ones(len(level)), np.arctan(d * (incentives - place))])
            (a, b), *_ = np.linalg.lstsq(design * root[:, None], level * root, rcond=None)
            found.append(np.array([a, max(b, 1e-3), -d * place, d, *own[4:]]))
    return found


def _quality(history: History, residual: Array) -> tuple[float, float]:
    """Root of the mean square and share of the variance told, both by balance."""
    share = history.balance / history.balance.sum()
    left = float(share @ residual**2)
    around = float(share @ (history.smm - share @ history.smm) ** 2)
    return left**0.5, 1.0 - left / around if around > 0.0 else float(left == 0.0)
