"""Define and approve policies: the same content again is the same version, so every repeat is harmless."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from commands.api.answers import JSON_BODY, EnvelopeOf, IdempotencyKey, RawBody, accepted, key_of, sha256_of
from commands.api.command_route import CommandRoute
from commands.define_policy import approve_policy, define_policy
from domain.documents import JsonObject
from domain.event import Envelope
from domain.ports import EventStore

PREFIX = "/api/v1/regulatory"


CheckLimits = Callable[[Envelope, str], tuple[JsonObject, int]]
"""(envelope, run) -> the answer and where the log has it; handed down, since a run's figures are worked out."""


class Approval(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=10_000)


def build_router(store: EventStore, envelope_of: EnvelopeOf, check_limits: CheckLimits) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["regulatory"], route_class=CommandRoute)

    @router.post("/policies", status_code=202, operation_id="regulatory_define_policy", openapi_extra=JSON_BODY)
    def define(request: Request, document: RawBody, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """A policy of credit and capital; its version counts the documents under its id."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(document))
        defined, position = define_policy(store, envelope, document, key=key)
        return accepted({**defined, "event_position": position}, position, f"{PREFIX}/policies")

    @router.post("/policies/{policy}/approve", status_code=202, operation_id="regulatory_approve_policy")
    def approve(request: Request, policy: str, asked: Approval, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """`id@version`, or `id` for its latest version; runs that are submitted from then on say so."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(asked))
        approved, position = approve_policy(store, envelope, policy, asked.reason, key=key)
        body = {**approved, "status": "APPROVED", "event_position": position}
        return accepted(body, position, f"{PREFIX}/policies")

    @router.post("/runs/{run_id}/limits/check", status_code=202, operation_id="regulatory_check_limits")
    def check(request: Request, run_id: str) -> JSONResponse:
        """Hold the run against the limits of its policy; a breach is recorded, once. Its Location has the table."""
        answer, position = check_limits(envelope_of(request), run_id)
        body = {**answer, "event_position": position}
        return accepted(body, position, f"{PREFIX}/runs/{answer['run_id']}/limits")

    return router
