"""Prepayment models of a market as kernels take them, and how far beyond a payment their rates look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from compute.kernels.flows.prepayment_model import MONTHS_PER_YEAR, Models
from domain.market.document import MarketDocument
from domain.market.prepayment import PrepaymentModel, readable_models

YEAR_DAYS = 366


@dataclass(frozen=True)
class PrepaymentModels:
    """Models by row; those whose curve could not be solved are in no row."""

    row: Mapping[str, int] = field(default_factory=dict)
    models: tuple[PrepaymentModel, ...] = ()
    curve_row: tuple[int, ...] = ()
    unsolved: frozenset[str] = frozenset()

    def burns_out(self, name: str) -> bool:
        return name in self.row and self.models[self.row[name]].burnout is not None

    @property
    def coefficients(self) -> Models:
        models = self.models
        level = (1.0,) * MONTHS_PER_YEAR

        def numbers(values: Iterable[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
            return np.array(list(values), np.float64)

        return Models(
            is_ratio=np.array([each.incentive == "RATIO" for each in models], np.bool_),
            a=numbers(each.a for each in models),
            b=numbers(each.b for each in models),
            c=numbers(each.c for each in models),
            d=numbers(each.d for each in models),
            seasoning_mo=numbers(each.seasoning_months or 0.0 for each in models),
            seasonality=np.array([each.seasonality or level for each in models], np.float64).reshape(-1, len(level)),
            floor=numbers(each.burnout.floor if each.burnout else 1.0 for each in models),
            slope=numbers(each.burnout.slope if each.burnout else 0.0 for each in models),
            least=numbers(each.min_cpr for each in models),
            most=numbers(each.max_cpr for each in models),
            lag_mo=np.array([each.rate.lag_months for each in models], np.int32),
        )


def prepayment_models(market: MarketDocument, curve_row: Mapping[str, int]) -> PrepaymentModels:
    """By name, in their order; `curve_row` has the curves that could be solved."""
    known = dict(sorted(readable_models(market.prepayment_models).items()))
    usable = {name: model for name, model in known.items() if model.rate.curve in curve_row}
    return PrepaymentModels(
        row={name: row for row, name in enumerate(usable)},
        models=tuple(usable.values()),
        curve_row=tuple(curve_row[model.rate.curve] for model in usable.values()),
        unsolved=frozenset(known) - frozenset(usable),
    )


def longest_tenor_days(market: MarketDocument) -> int:
    """Of any model's rate, used or not."""
    known = readable_models(market.prepayment_models).values()
    return max((model.rate.tenor_yr * YEAR_DAYS for model in known), default=0)
