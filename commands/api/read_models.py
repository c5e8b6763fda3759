"""Rebuild a read model, go back to the version before, tell it its dead letters again."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from commands.api.answers import EnvelopeOf, IdempotencyKey, key_of, sha256_of
from commands.api.command_route import CommandRoute
from commands.ask_rebuild import Action, Connect, ask_rebuild
from domain.ports import EventStore

PREFIX = "/api/v1/orchestrator/projections"
WORDS = {
    Action.REBUILD: "Build the next version beside the live one, compare contents, swap. Queries go on.",
    Action.ROLLBACK: "Show the version before again, brought up to date.",
    Action.REPLAY: "Tell it again what it could not digest.",
}


def build_router(store: EventStore, connect: Connect, envelope_of: EnvelopeOf) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["orchestrator"], route_class=CommandRoute)
    for action in Action:
        _add(router, store, connect, envelope_of, action)
    return router


def _add(router: APIRouter, store: EventStore, connect: Connect, envelope_of: EnvelopeOf, action: Action) -> None:
    word = action.value.lower()

    @router.post(
        f"/{{name}}/{word}", status_code=202, operation_id=f"orchestrator_{word}_projection", summary=WORDS[action]
    )
    def ask(request: Request, name: str, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """The projections' process takes it up; its Location says how far it is."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(None))
        asked = ask_rebuild(store, connect, envelope, name, action, key)
        body = {"request_id": str(asked.request_id), "name": name, "action": action.value, "status": "REQUESTED"}
        return JSONResponse(body, 202, {"Location": f"{PREFIX}/{name}"})
