"""Prepayment models of a market file: what an entry says, and what makes one invalid."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from domain.documents import Number, Part, Problem, Text, structure_problems
from domain.market.percent import RATE, suspected

NAME = "prepayment_models"
MONTHS = 12
MAX_TENOR_YR = 50
MAX_LAG_MONTHS = 120


def _whole_years(years: object) -> int:
    is_number = isinstance(years, int | float) and not isinstance(years, bool) and math.isfinite(years)
    whole = int(years) if is_number and isinstance(years, int | float) else 0
    if whole != years or not 1 <= whole <= MAX_TENOR_YR:
        fix = f"give whole years from 1 to {MAX_TENOR_YR}"
        raise PydanticCustomError("tenor_not_whole", "a par rate of annual payments runs for whole years", {"fix": fix})
    return whole


class MarketRate(Part):
    """The par rate of annual payments for `tenor_yr` years on a curve, and what borrowers pay above it."""

    curve: Text
    tenor_yr: Annotated[int, BeforeValidator(_whole_years)]
    spread: Number = 0.0
    lag_months: int = Field(default=0, ge=0, le=MAX_LAG_MONTHS, strict=True)


class Burnout(Part):
    """floor + slope x what is left of the original balance."""

    floor: Number = Field(ge=0)
    slope: Number = Field(ge=0)


def _twelve(factors: tuple[float, ...]) -> tuple[float, ...]:
    if len(factors) != MONTHS:
        fix = "give twelve factors, January first"
        raise PydanticCustomError("twelve_months", "a year has twelve months", {"fix": fix})
    return factors


class PrepaymentModel(Part):
    """CPR = clip((a + b atan(c + d x)) x seasoning x seasonality x burnout, least, most); a part left out is 1."""

    version: int = Field(default=1, ge=1, strict=True)
    rate: MarketRate
    incentive: Literal["DIFFERENCE", "RATIO"]
    a: Number
    b: Number
    c: Number
    d: Number
    seasoning_months: Annotated[Number, Field(gt=0)] | None = None
    seasonality: (
        Annotated[tuple[Annotated[Number, Field(ge=0)], ...], AfterValidator(_twelve)] | None
    ) = None  # fmt: skip
    burnout: Burnout | None = None
    min_cpr: Number = Field(default=0.0, ge=0, le=1)
    max_cpr: Number = Field(default=1.0, ge=0, le=1)

    @model_validator(mode="after")
    def _bounds(self) -> "PrepaymentModel":
        if self.min_cpr > self.max_cpr:
            fix = "give a min_cpr that is not above max_cpr"
            raise PydanticCustomError("bounds_crossed", "min_cpr is above max_cpr", {"fix": fix})
        return self

    def reference(self, name: str) -> str:
        return f"{name}@{self.version}"


def model_name(text: str) -> str:
    """The model that a `prepayment` cell names; empty where it quotes a speed."""
    kind, _, name = text.strip().partition(" ")
    return name.strip() if kind.upper() == "MODEL" else ""


_MODEL: TypeAdapter[PrepaymentModel] = TypeAdapter(PrepaymentModel)


def read_model(content: object, path: str) -> tuple[PrepaymentModel | None, list[Problem]]:
    try:
        return _MODEL.validate_python(content), []
    except ValidationError as error:
        return None, structure_problems(error, content, path, whole=PrepaymentModel)


def readable_models(models: Mapping[str, object]) -> dict[str, PrepaymentModel]:
    """The entries that are prepayment models. Markets stored before these were checked may hold others."""
    found = {name: read_model(content, NAME)[0] for name, content in models.items()}
    return {name: model for name, model in found.items() if model is not None}


def normal(models: Mapping[str, object]) -> dict[str, object]:
    """With defaults written out, so that the same models are the same bytes."""
    return {name: model.model_dump(mode="json") for name, model in readable_models(models).items()}


def model_problems(
    models: object, curve_ids: frozenset[str], listed: str, *, rates_are_decimals: bool
) -> Iterator[Problem]:
    """Everything that is wrong with the entries; `listed` says which curves there are."""
    for name, content in models.items() if isinstance(models, Mapping) else ():
        path = f"{NAME}.{name}"
        model, problems = read_model(content, path)
        yield from problems
        if name != str(name).strip() or not name:
            yield Problem(
                path, "INVALID_NAME", name, "a name has no blanks at its ends, and is not empty", "rename the model"
            )
        if model is None:
            continue
        if model.rate.curve not in curve_ids:
            message = f"there is no curve {model.rate.curve!r}; there are: {listed}"
            fix = "name one of `curves`, or add the curve"
            yield Problem(f"{path}.rate.curve", "UNKNOWN_CURVE", model.rate.curve, message, fix)
        if not rates_are_decimals:
            yield from suspicions(path, model)


def suspicions(path: str, model: PrepaymentModel) -> Iterator[Problem]:
    yield from suspected([(f"{path}.rate.spread", model.rate.spread)], RATE, "spread")
