"""The models in use: what each values, its version, and who approved that version, within which limits, until when.

The table says what this release computes with; the log says what was approved. A model's version goes up when its
numbers change (`tests/models` holds them to it), never when only its code does.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.event import Envelope, Event, stream_id
from domain.portfolio.tables import PRODUCT_TYPES
from domain.refusals import Conflict


@dataclass(frozen=True)
class Model:
    """A model of the inventory and what it serves.

    `products` and `measures` name them, () every measure; `rate_types`, `columns` (one of them filled) and `texts` (a
    value begins with the word) narrow that to some instruments. A model without products reads finished runs only.
    """

    name: str
    version: int
    summary: str
    products: tuple[str, ...]
    measures: tuple[str, ...] = ()
    rate_types: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()

    @property
    def page(self) -> str:
        return f"docs/models/{self.name}.md"

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.version}"

    def serves(self, measures: Collection[str]) -> bool:
        return not self.measures or not set(self.measures).isdisjoint(measures)

    def values(self, terms: Mapping[str, Collection[str]]) -> bool:
        """Whether something among `terms`, the values there are by column, is this model's to value."""
        return (
            not set(self.products).isdisjoint(terms.get("product_type", ()))
            and (not self.rate_types or not set(self.rate_types).isdisjoint(terms.get("rate_type", ())))
            and (not self.columns or any(terms.get(name) for name in self.columns))
            and (not self.texts or any(_begins(terms.get(name, ()), word) for name, word in self.texts))
        )


def _begins(values: Collection[str], word: str) -> bool:
    """Too many values to list may be any."""
    return any(text.upper().startswith(word) or text == MANY for text in values)


MANY = "(many)"
"""What a column of more values than are listed says."""
LINE_PREPAYMENT = "line_prepayment"
"""Prepayment speeds of the lines of deals, among the terms of their tranches."""
TRANCHE = "TRANCHE"
"""What `product_type` says among the terms of a tranche: its deal pays it, not a pool."""
_DEBT = ("LOAN", "BOND")
_EVERY_PRODUCT = (*(product for product in PRODUCT_TYPES if product != "EXTERNAL"), TRANCHE)
"""That is priced: an EXTERNAL brings its value."""
_SENSITIVITIES = (
    "DV01",
    "KEY_RATE_DV01",
    "CS01",
    "KEY_RATE_CS01",
    "EFFECTIVE_DURATION",
    "SPREAD_DURATION",
    "CONVEXITY",
    "VEGA",
    "VEGA_LADDER",
    "THETA",
    "FX_DELTA",
    "DV01_STANDARD_ERROR",
    "VEGA_STANDARD_ERROR",
)
_YIELDS = (
    "YIELD",
    "MACAULAY_DURATION",
    "MODIFIED_DURATION",
    "Z_SPREAD",
    "OAS",
    "DISCOUNT_MARGIN",
    "PAR_SPREAD",
    "WAL",
    "WAM",
)

MODELS: tuple[Model, ...] = (
    Model("curves", 2, "Zero curves interpolated four ways, or solved from market quotes.", _EVERY_PRODUCT),
    Model(
        "fixed_cash_flows",
        3,
        "Contractual flows of fixed-rate and zero-coupon loans and bonds, discounted.",
        _DEBT,
        rate_types=("FIXED", "ZERO"),
    ),
    Model(
        "floating_rate",
        3,
        "Forwards plus margin; caps and floors as strips of options where volatilities are there.",
        _DEBT,
        rate_types=("FLOATING",),
    ),
    Model(
        "arms",
        1,
        "Adjustable rates with caps on each reset, capped payments, negative amortisation.",
        ("LOAN",),
        columns=("first_reset_date",),
    ),
    Model(
        "prepayment_default",
        1,
        "Monthly prepayment and default at quoted speeds, with recovery after a lag.",
        ("LOAN", "ABS_MBS"),
        columns=("prepayment", "default"),
    ),
    Model(
        "prepayment_models",
        1,
        "Speeds by incentive, age, season and burnout, which rates move.",
        ("LOAN", "BOND", "ABS_MBS", TRANCHE),
        texts=(("prepayment", "MODEL "), (LINE_PREPAYMENT, "MODEL ")),
    ),
    Model("pools", 1, "Pass-throughs of level-pay pools at quoted speeds.", ("ABS_MBS",)),
    Model("deals", 2, "Tranches: a deal's collateral projected, its waterfall paid.", (TRANCHE,)),
    Model("callable_bonds", 2, "Calls and puts on a Hull-White lattice.", ("CALLABLE_BOND",)),
    Model("hull_white", 2, "The one-factor short rate, fitted to the curve.", ("CALLABLE_BOND", "STRUCTURED")),
    Model("structured", 2, "Structured coupons by Monte Carlo under Hull-White.", ("STRUCTURED",)),
    Model("fx_forwards", 1, "Spot and both discount curves: covered interest parity.", ("FX_FWD",)),
    Model("swaps", 2, "Fixed against floating, discounted on one curve, projected on another.", ("IRS",)),
    Model("caps_floors", 2, "Strips of Bachelier or Black caplets.", ("CAP_FLOOR",)),
    Model("swaptions", 2, "Bachelier or Black on the forward swap rate and annuity.", ("SWAPTION",)),
    Model("cds", 2, "Piecewise constant hazard rates, the ISDA standard model.", ("CDS",)),
    Model("fx_options", 1, "Garman-Kohlhagen on the pair's volatilities.", ("FX_OPTION",)),
    Model("external", 1, "Values that are brought, not worked out.", ("EXTERNAL",)),
    Model(
        "sensitivities",
        2,
        "Gains for small moves of rates, spreads, volatilities and spots.",
        _EVERY_PRODUCT,
        _SENSITIVITIES,
    ),
    Model(
        "yields",
        1,
        "Yields, durations, solved spreads and lives of projected flows.",
        (*_DEBT, "CALLABLE_BOND", "ABS_MBS", TRANCHE),
        _YIELDS,
    ),
    Model("value_at_risk", 1, "Losses over past or normally distributed moves, from finished runs.", ()),
)

BY_NAME: dict[str, Model] = {model.name: model for model in MODELS}


def models_for(terms: Mapping[str, Collection[str]], measures: Collection[str]) -> list[Model]:
    """The models behind these measures of instruments with these terms, in the order of the table."""
    return [model for model in MODELS if model.serves(measures) and model.values(terms)]


class ModelVersionApproved(Event):
    """`conditions` are the limits of use; after `until` the approval has run out."""

    TOPIC: ClassVar[str] = "model.version_approved"

    model: str
    version: int
    reason: str
    conditions: str = ""
    until: date | None = None


class ModelVersionWithdrawn(Event):
    TOPIC: ClassVar[str] = "model.version_withdrawn"

    model: str
    version: int
    reason: str


ModelEvent = ModelVersionApproved | ModelVersionWithdrawn


class ModelStatus(StrEnum):
    APPROVED = "APPROVED"
    NOT_APPROVED = "NOT_APPROVED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class ModelUse(BaseModel):
    """A version that a run pinned and how it stood then; `decided_by` is the place in the model's stream of the event
    that said so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    version: int
    status: ModelStatus
    decided_by: int | None = None


@dataclass(frozen=True)
class ModelDecisions:
    """What was decided of one model: the last event of each of its versions."""

    length: int = 0
    last: Mapping[int, ModelEvent] = field(default_factory=dict)

    def status(self, version: int, on: date) -> ModelStatus:
        match self.last.get(version):
            case None:
                return ModelStatus.NOT_APPROVED
            case ModelVersionWithdrawn():
                return ModelStatus.WITHDRAWN
            case ModelVersionApproved(until=until):
                return ModelStatus.EXPIRED if until is not None and until < on else ModelStatus.APPROVED

    def use(self, model: Model, on: date) -> ModelUse:
        decision = self.last.get(model.version)
        decided_by = decision.originator_version if decision else None
        return ModelUse(
            model=model.name, version=model.version, status=self.status(model.version, on), decided_by=decided_by
        )


class ModelRefused(Conflict):
    """A decision that does not follow from those before; `fix` says what would."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__("MODEL_REFUSED", message, fix)


def model_stream(name: str) -> UUID:
    return stream_id("model", name)


def evolve(decisions: ModelDecisions, event: ModelEvent) -> ModelDecisions:
    match event:
        case ModelVersionApproved() | ModelVersionWithdrawn():
            return replace(decisions, length=event.originator_version, last={**decisions.last, event.version: event})
        case _:
            assert_never(event)


def fold(events: list[ModelEvent]) -> ModelDecisions:
    decisions = ModelDecisions()
    for event in events:
        decisions = evolve(decisions, event)
    return decisions


def approve(
    decisions: ModelDecisions,
    envelope: Envelope,
    name: str,
    version: int,
    reason: str,
    *,
    conditions: str = "",
    until: date | None = None,
) -> list[ModelEvent]:
    """The same approval again changes nothing; another reason, condition or date replaces the one before."""
    said: dict[str, Any] = {
        "model": name,
        "version": version,
        "reason": reason,
        "conditions": conditions,
        "until": until,
    }
    if not reason.strip():
        raise ModelRefused(f"{name}@{version} is not approved without a reason", "say why it may be used")
    if until is not None and until < envelope.now.date():
        raise ModelRefused(f"an approval until {until} has run out already", "name a day from today on")
    last = decisions.last.get(version)
    if isinstance(last, ModelVersionApproved) and all(getattr(last, key) == value for key, value in said.items()):
        return []
    return [ModelVersionApproved(**envelope.at(model_stream(name), decisions.length + 1), **said)]


def withdraw(decisions: ModelDecisions, envelope: Envelope, name: str, version: int, reason: str) -> list[ModelEvent]:
    last = decisions.last.get(version)
    if isinstance(last, ModelVersionWithdrawn):
        return []
    if last is None:
        raise ModelRefused(
            f"{name}@{version} has not been approved; there is nothing to withdraw", "see `tenor model list`"
        )
    if not reason.strip():
        raise ModelRefused(f"the approval of {name}@{version} is not withdrawn without a reason", "say why")
    place = envelope.at(model_stream(name), decisions.length + 1)
    return [ModelVersionWithdrawn(**place, model=name, version=version, reason=reason)]
