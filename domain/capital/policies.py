"""Policies: how a bank carries credit and what its capital is, in versions; a run names the one that it went by."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from domain.capital.limits import LARGE_EXPOSURE
from domain.documents import (
    Currency,
    InvalidDocument,
    Number,
    Part,
    Problem,
    Text,
    parse_document,
    shown,
)
from domain.event import Envelope, Event, stream_id
from domain.scenarios.variables import VARIABLES

Share = Annotated[Number, Field(ge=0, le=1)]
Amount = Annotated[Number, Field(ge=0)]
Pattern = dict[str, str]

METHODS = ("PD_LGD", "DCF", "LOSS_RATE", "WARM", "AGING", "ROLL_RATE", "VINTAGE", "SCALE")
QUARTERS_OF = {"rwa": 10, "ppnr": 9, "other_capital_items": 9, "planned_common_dividends": 9}
"""How many a list of them has: of RWA today's too."""
WEIGHTS_TOLERANCE = 1e-9
CODES = ("WEIGHTS_SUM", "OVERLAY_REASON", "UNKNOWN_METHOD", "UNKNOWN_VARIABLE", "LIMIT_WITHOUT_TIER1")
"""Rules of their own, by which a policy is refused."""


class Sovereign(Part):
    country: Text
    currency: Currency


class CapitalPolicy(Part):
    """Amounts in base currency."""

    node: Text | None = None
    cet1: Number | None = None
    tier1: Number | None = None
    other_rwa_internal: Amount = 0.0
    other_rwa_standardised: Amount = 0.0
    general_provisions_irb: Amount = 0.0
    credit_rwa_irb: Amount | None = None
    output_floor: Share | None = None
    gsib: bool = False
    real_estate: Literal["WHOLE_LOAN", "SPLIT"] = "WHOLE_LOAN"
    external_ratings: bool = True
    domestic_sovereigns: tuple[Sovereign, ...] = ()
    rwa: Number | tuple[Number, ...] | None = None
    tax_rate: Share = 0.21
    ppnr: Number | tuple[Number, ...] | None = None
    other_capital_items: Number | tuple[Number, ...] | None = None
    planned_common_dividends: tuple[Number, ...] | None = None
    allowance_method: Literal["NEXT_FOUR_QUARTERS", "NONE"] = "NEXT_FOUR_QUARTERS"
    opening_allowance: Amount | None = None
    minimum: Share = 0.045
    gsib_surcharge: Share = 0.0
    ccyb: Share = 0.0
    prior_scb: Share | None = None


class Bucket(Part):
    max_days: Amount | None = None
    rate: Share | None = None
    roll: Share | None = None


class Adjustment(Part):
    name: Text | None = None
    rate: Number
    reason: Text | None = None


class Segment(Part):
    segment: Text
    match: Pattern = Field(default_factory=dict)
    method: Text
    pd_term: tuple[Share, ...] = ()
    pd_forecast: tuple[Share, ...] = ()
    pd_long_run: Share | None = None
    lgd: Share | None = None
    historical_rate: Share | None = None
    adjustments: tuple[Adjustment, ...] = ()
    annual_rate: Share | None = None
    factor: Number = 1.0
    buckets: tuple[Bucket, ...] = ()
    remaining_losses: dict[str, tuple[Number, ...]] = Field(default_factory=dict)
    peer_allowance: Amount | None = None
    peer_amortised_cost: Amount | None = None


class Overlay(Part):
    match: Pattern = Field(default_factory=dict)
    rate: Number | None = None
    amount: Number | None = None
    multiplier: Number | None = None
    reason: str | None = None
    author: Text | None = None
    approved_by: Text | None = None


class Horizon(Part):
    scenario_weights: dict[str, Share] = Field(default_factory=dict)
    forecast_quarters: Annotated[int, Field(ge=0)] = 13
    reversion_quarters: Annotated[int, Field(ge=0)] = 0
    overlays: tuple[Overlay, ...] = ()


class Cecl(Horizon):
    segments: tuple[Segment, ...] = ()


class Sicr(Part):
    pd_ratio: Amount = 2.0
    pd_increase: Amount = 0.005
    days_past_due: Amount = 30.0


class Ifrs9(Horizon):
    sicr: Sicr = Sicr()


class Satellite(Part):
    segment: Text
    match: Pattern = Field(default_factory=dict)
    pd: dict[str, Number] = Field(default_factory=dict)
    lgd: dict[str, Number] = Field(default_factory=dict)
    nine_quarter_loss_rate: Share | None = None


class Limit(Part):
    limit_id: Text
    metric: Text
    node: Text | None = None
    by: Text | None = None
    max: Number | None = None
    warn_at: Share = 0.9


class PolicyDocument(Part):
    policy_id: Text
    lgd_defaults: dict[str, Share] = Field(default_factory=dict)
    cecl: Cecl | None = None
    ifrs9: Ifrs9 | None = None
    satellites: tuple[Satellite, ...] = ()
    capital: CapitalPolicy = CapitalPolicy()
    limits: tuple[Limit, ...] = ()


class InvalidPolicy(InvalidDocument):
    """A policy that cannot be used."""


def parse_policy(raw: bytes | str) -> PolicyDocument:
    """Raises InvalidPolicy with everything that is wrong."""
    return parse_document(raw, PolicyDocument, InvalidPolicy, _problems)


def _problems(document: PolicyDocument) -> Iterator[Problem]:
    if document.cecl is not None and document.ifrs9 is not None:
        yield Problem("ifrs9", "TWO_STANDARDS", "", "the policy has cecl and ifrs9", "keep one of them")
    for name in ("cecl", "ifrs9"):
        horizon: Horizon | None = getattr(document, name)
        if horizon is not None:
            yield from _horizon_problems(name, horizon)
    yield from _length_problems(document.capital)
    for place, segment in enumerate(document.cecl.segments if document.cecl else ()):
        if segment.method not in METHODS:
            message, fix = f"there is no method {shown(segment.method)!r}", f"use one of {', '.join(METHODS)}"
            yield Problem(f"cecl.segments[{place}].method", "UNKNOWN_METHOD", shown(segment.method), message, fix)
    for place, satellite in enumerate(document.satellites):
        for part in ("pd", "lgd"):
            yield from _variable_problems(f"satellites[{place}].{part}", getattr(satellite, part))
    for place, limit in enumerate(document.limits):
        if limit.metric == LARGE_EXPOSURE and document.capital.tier1 is None:
            message = "a limit on large exposures is a share of tier 1 capital, which the policy does not say"
            yield Problem(f"limits[{place}]", "LIMIT_WITHOUT_TIER1", limit.limit_id, message, "add capital.tier1")
        if limit.metric != LARGE_EXPOSURE and limit.max is None:
            message = f"limit {shown(limit.limit_id)} has no maximum"
            yield Problem(f"limits[{place}].max", "LIMIT_WITHOUT_MAX", "", message, "say how much is allowed")
    for place, segment in enumerate(document.cecl.segments if document.cecl else ()):
        for name, message in lacking(segment):
            said = f"{segment.method} needs {message}"
            yield Problem(f"cecl.segments[{place}].{name}", "MISSING", segment.segment, said, f"add {name}")


def lacking(segment: Segment) -> Iterator[tuple[str, str]]:
    """What a method cannot do without, and in words."""
    match segment.method:
        case "WARM" if segment.annual_rate is None:
            yield "annual_rate", "a rate of charge-offs a year"
        case "SCALE" if segment.peer_allowance is None or not segment.peer_amortised_cost:
            yield "peer_allowance", "the allowance and the amortised cost of peers, peer_amortised_cost above nil"
        case "LOSS_RATE" if segment.peer_allowance is not None and not segment.peer_amortised_cost:
            yield "peer_amortised_cost", "what peers made their allowance against, above nil"
        case "AGING" if not segment.buckets or any(each.rate is None for each in segment.buckets):
            yield "buckets", "buckets, each with a rate"
        case "ROLL_RATE" if not segment.buckets or any(each.roll is None for each in segment.buckets):
            yield "buckets", "buckets, each with a roll"
        case _:
            return


def _length_problems(capital: CapitalPolicy) -> Iterator[Problem]:
    for name, length in QUARTERS_OF.items():
        said = getattr(capital, name)
        if isinstance(said, tuple) and len(said) != length:
            message, fix = f"there are {len(said)} quarters, and the path has {length}", f"give {length} amounts"
            yield Problem(f"capital.{name}", "WRONG_LENGTH", str(len(said)), message, fix)
    rwa = capital.rwa if isinstance(capital.rwa, tuple) else () if capital.rwa is None else (capital.rwa,)
    if any(amount <= 0 for amount in rwa):
        message = "risk-weighted assets of the path are above nil"
        yield Problem("capital.rwa", "OUT_OF_RANGE", shown(list(rwa)), message, "give amounts above 0")


def _horizon_problems(name: str, horizon: Horizon) -> Iterator[Problem]:
    total = math.fsum(horizon.scenario_weights.values())
    if horizon.scenario_weights and abs(total - 1.0) > WEIGHTS_TOLERANCE:
        message = f"the weights add up to {total:.12g}"
        yield Problem(f"{name}.scenario_weights", "WEIGHTS_SUM", f"{total:.12g}", message, "make them add up to 1")
    for place, overlay in enumerate(horizon.overlays):
        if not (overlay.reason or "").strip():
            message, fix = "an overlay has no reason", "say why it is there"
            yield Problem(f"{name}.overlays[{place}].reason", "OVERLAY_REASON", "", message, fix)


def _variable_problems(path: str, of_variable: Mapping[str, float]) -> Iterator[Problem]:
    for name in of_variable:
        if name not in VARIABLES:
            message, fix = f"there is no variable {shown(name)!r}", f"use one of {', '.join(VARIABLES)}"
            yield Problem(f"{path}.{shown(name)}", "UNKNOWN_VARIABLE", shown(name), message, fix)


# --- versions -------------------------------------------------------------------------------------------------------


class PolicyDefined(Event):
    """All policies are one book, so that it can be listed; `version` counts those of the policy."""

    TOPIC: ClassVar[str] = "policy.defined"

    policy_id: str
    version: int
    document: dict[str, object]


class PolicyApproved(Event):
    """A version may be used; by whom and when is the event's own."""

    TOPIC: ClassVar[str] = "policy.approved"

    policy_id: str
    version: int
    reason: str = ""


class PolicyStatus(StrEnum):
    APPROVED = "APPROVED"
    NOT_APPROVED = "NOT_APPROVED"


PolicyEvent = PolicyDefined | PolicyApproved


@dataclass(frozen=True)
class Policies:
    length: int = 0
    versions: Mapping[str, tuple[dict[str, object], ...]] = field(default_factory=dict)
    approved: frozenset[tuple[str, int]] = frozenset()

    def status(self, policy_id: str, version: int) -> PolicyStatus:
        return PolicyStatus.APPROVED if (policy_id, version) in self.approved else PolicyStatus.NOT_APPROVED


def policies_stream() -> UUID:
    return stream_id("policies")


def fold(events: Sequence[PolicyEvent]) -> Policies:
    versions: dict[str, tuple[dict[str, object], ...]] = {}
    approved: set[tuple[str, int]] = set()
    for event in events:
        match event:
            case PolicyDefined():
                versions[event.policy_id] = (*versions.get(event.policy_id, ()), event.document)
            case PolicyApproved():
                approved.add((event.policy_id, event.version))
    return Policies(len(events), versions, frozenset(approved))


def define(policies: Policies, envelope: Envelope, policy_id: str, document: dict[str, object]) -> list[PolicyDefined]:
    """The same document again is the same version; another one is the next."""
    versions = policies.versions.get(policy_id, ())
    if versions and versions[-1] == document:
        return []
    place = envelope.at(policies_stream(), policies.length + 1)
    return [PolicyDefined(**place, policy_id=policy_id, version=len(versions) + 1, document=document)]


def approve(
    policies: Policies, envelope: Envelope, policy_id: str, version: int, reason: str = ""
) -> list[PolicyApproved]:
    """A version that is approved already stays so."""
    if policies.status(policy_id, version) is PolicyStatus.APPROVED:
        return []
    place = envelope.at(policies_stream(), policies.length + 1)
    return [PolicyApproved(**place, policy_id=policy_id, version=version, reason=reason)]


def limits_since(documents: Sequence[Mapping[str, object]]) -> dict[str, int]:
    """By limit of the last of them: the version since which it stands as it does."""
    by_version = [_limits_by_id(document) for document in documents]
    since = {}
    for limit_id, limit in (by_version[-1] if by_version else {}).items():
        version = len(by_version)
        while version > 1 and by_version[version - 2].get(limit_id) == limit:
            version -= 1
        since[limit_id] = version
    return since


def _limits_by_id(document: Mapping[str, object]) -> dict[str, object]:
    limits = document.get("limits")
    return {str(limit["limit_id"]): limit for limit in limits} if isinstance(limits, list) else {}
