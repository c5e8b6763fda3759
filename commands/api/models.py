"""Approve a model's version, or withdraw its approval."""

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from commands.api.answers import EnvelopeOf, IdempotencyKey, accepted, keyed
from commands.api.refusals import CommandRoute
from commands.decide_model import approve_model, pinned, withdraw_model
from domain.event import Envelope
from domain.ports import EventStore
from domain.refusals import Conflict
from domain.valuation_models import ModelEvent, ModelVersionApproved, ModelVersionWithdrawn, model_stream

PREFIX = "/api/v1/risk"


class Withdrawal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=10_000)


class Approval(Withdrawal):
    """`conditions`: the limits of use. `until`: the last day of the approval; without it, until it is withdrawn."""

    conditions: str = Field("", max_length=10_000)
    until: date | None = None


def build_router(store: EventStore, envelope_of: EnvelopeOf) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["risk"], route_class=CommandRoute)

    @router.post("/models/{model}/approve", status_code=202, operation_id="risk_approve_model")
    def approve(request: Request, model: str, asked: Approval, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """Approve the version in use, or the one that `model@version` names."""
        envelope = keyed(envelope_of(request), idempotency_key)
        said = asked.model_dump()
        position = done_before(store, envelope, model, ModelVersionApproved, said)
        return answer(model, position or approve_model(store, envelope, model, **said))

    @router.post("/models/{model}/withdraw", status_code=202, operation_id="risk_withdraw_model")
    def withdraw(
        request: Request, model: str, asked: Withdrawal, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Withdraw an approval."""
        envelope = keyed(envelope_of(request), idempotency_key)
        said = asked.model_dump()
        position = done_before(store, envelope, model, ModelVersionWithdrawn, said)
        return answer(model, position or withdraw_model(store, envelope, model, asked.reason))

    return router


def answer(reference: str, position: int) -> JSONResponse:
    name, version = pinned(reference)
    body = {"model": name, "version": version, "event_position": position}
    return accepted(body, position, f"{PREFIX}/models/{name}@{version}")


def done_before(
    store: EventStore, envelope: Envelope, reference: str, kind: type[ModelEvent], said: dict[str, object]
) -> int | None:
    """Where this key's decision stands in the log, if it has made one; a conflict if that was another."""
    name, version = pinned(reference)
    for event in store.stream(model_stream(name)):
        if event.correlation_id == envelope.correlation_id:
            same = isinstance(event, kind) and event.version == version
            if same and all(getattr(event, key) == value for key, value in said.items()):
                return store.position(event.originator_id, event.originator_version)
            message = "this idempotency key has asked for something else"
            raise Conflict("IDEMPOTENCY_KEY_REUSED", message, "use a new key for a new request")
    return None
