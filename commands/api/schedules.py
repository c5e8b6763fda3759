"""Define schedules of runs, and drop them."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from commands.api.answers import JSON_BODY, EnvelopeOf, IdempotencyKey, RawBody, accepted, key_of, sha256_of
from commands.api.command_route import CommandRoute
from commands.define_schedule import define_schedule, drop_schedule
from domain.ports import EventStore

PREFIX = "/api/v1/orchestrator"


def build_router(store: EventStore, envelope_of: EnvelopeOf) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["orchestrator"], route_class=CommandRoute)

    @router.post("/schedules", status_code=202, operation_id="orchestrator_define_schedule", openapi_extra=JSON_BODY)
    def define(request: Request, document: RawBody, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """Define a schedule; the same content again is the same version."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(document))
        answer, position = define_schedule(store, envelope, document, key=key)
        location = f"{PREFIX}/schedules/{answer['schedule_id']}"
        return accepted(answer | {"event_position": position}, position, location)

    @router.delete("/schedules/{schedule_id}", status_code=202, operation_id="orchestrator_drop_schedule")
    def drop(request: Request, schedule_id: str, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """End a schedule; its runs stay."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(None))
        answer, position = drop_schedule(store, envelope, schedule_id, key=key)
        return accepted(answer | {"event_position": position}, position, f"{PREFIX}/schedules")

    return router
