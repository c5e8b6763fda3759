"""Define webhooks, drop them, and have dead letters sent again."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from commands.api.answers import JSON_BODY, EnvelopeOf, IdempotencyKey, RawBody, accepted, key_of, sha256_of, told_once
from commands.api.command_route import CommandRoute
from commands.define_webhook import CheckAddress, Seal, define_webhook, drop_webhook, replay_webhook, rotate_webhook
from domain.ports import EventStore

PREFIX = "/api/v1/orchestrator"


class Rotation(BaseModel):
    """`at_once`: the secret of before signs nothing more."""

    model_config = ConfigDict(extra="forbid")

    at_once: bool = False


def build_router(
    store: EventStore, envelope_of: EnvelopeOf, check_address: CheckAddress, seal: Seal, *, allow_private: bool
) -> APIRouter:
    """`allow_private` is the server's own setting: no request can ask for it."""
    router = APIRouter(prefix=PREFIX, tags=["orchestrator"], route_class=CommandRoute)

    @router.post("/webhooks", status_code=202, operation_id="orchestrator_define_webhook", openapi_extra=JSON_BODY)
    def define(request: Request, document: RawBody, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """Define a webhook; `secret` is in the answer to its first definition, and in no other."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(document))
        answer, position = define_webhook(
            store, envelope, document, check_address, seal, allow_private=allow_private, key=key
        )
        location = f"{PREFIX}/webhooks/{answer['webhook_id']}"
        return told_once(answer | {"event_position": position}, position, location)

    @router.delete("/webhooks/{webhook_id}", status_code=202, operation_id="orchestrator_drop_webhook")
    def drop(request: Request, webhook_id: str) -> JSONResponse:
        """End a webhook; its messages and its secret go with it."""
        position = drop_webhook(store, envelope_of(request), webhook_id)
        answer = {"webhook_id": webhook_id, "status": "DROPPED", "event_position": position}
        return accepted(answer, position, f"{PREFIX}/webhooks")

    @router.post("/webhooks/{webhook_id}/replay", status_code=202, operation_id="orchestrator_replay_webhook")
    def replay(request: Request, webhook_id: str) -> JSONResponse:
        """Send dead letters again: all of a webhook, or one by its message id."""
        answer, position = replay_webhook(store, envelope_of(request), webhook_id)
        location = f"{PREFIX}/webhooks/{answer['webhook_id']}"
        return accepted(answer | {"event_position": position}, position, location)

    @router.post("/webhooks/{webhook_id}/rotate", status_code=202, operation_id="orchestrator_rotate_webhook")
    def rotate(request: Request, webhook_id: str, asked: Rotation) -> JSONResponse:
        """Another secret, in this answer and no other; for a day messages carry both signatures."""
        answer, position = rotate_webhook(store, envelope_of(request), webhook_id, seal, at_once=asked.at_once)
        return told_once(answer | {"event_position": position}, position, f"{PREFIX}/webhooks/{webhook_id}")

    return router
