"""Approve a model's version, or withdraw its approval."""

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from commands.api.answers import EnvelopeOf, IdempotencyKey, accepted, key_of, sha256_of
from commands.api.command_route import CommandRoute
from commands.decide_model import approve_model, pinned, withdraw_model
from domain.ports import EventStore

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
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(asked))
        return answer(model, approve_model(store, envelope, model, **asked.model_dump(), key=key))

    @router.post("/models/{model}/withdraw", status_code=202, operation_id="risk_withdraw_model")
    def withdraw(
        request: Request, model: str, asked: Withdrawal, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        """Withdraw an approval."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(asked))
        return answer(model, withdraw_model(store, envelope, model, asked.reason, key=key))

    return router


def answer(reference: str, position: int) -> JSONResponse:
    name, version = pinned(reference)
    body = {"model": name, "version": version, "event_position": position}
    return accepted(body, position, f"{PREFIX}/models/{name}@{version}")
