"""Figures of runs as plain tables for other tools: ask for them, drop them."""

from collections.abc import Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from commands.api.answers import EnvelopeOf, IdempotencyKey, accepted, key_of, sha256_of, told_once
from commands.api.command_route import CommandRoute
from domain.access.keys import MAX_NODE, MAX_NODES
from domain.answered_commands import Key
from domain.documents import JsonObject
from domain.event import Envelope

PREFIX = "/api/v1/orchestrator"


class Marts(Protocol):
    """Handed down: whether a run has figures, read models know."""

    def ask(self, envelope: Envelope, run: str, key: Key | None) -> tuple[dict[str, Any], int]: ...

    def drop(self, envelope: Envelope, run: str, reason: str) -> tuple[dict[str, Any], int]: ...

    def create_reader(self, envelope: Envelope, name: str, nodes: Sequence[str]) -> JsonObject: ...

    def drop_reader(self, envelope: Envelope, name: str) -> int: ...


class MartBody(BaseModel):
    """`run`: its id, the beginning of one, or `latest`."""

    model_config = ConfigDict(extra="forbid")

    run: str


class ReaderBody(BaseModel):
    """`nodes`: it sees these and what is below; without any, every node."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=63)
    nodes: list[Annotated[str, Field(min_length=1, max_length=MAX_NODE)]] = Field([], max_length=MAX_NODES)


def build_router(marts: Marts, envelope_of: EnvelopeOf) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["orchestrator"], route_class=CommandRoute)

    @router.post("/marts", status_code=202, operation_id="orchestrator_publish_mart")
    def publish(request: Request, asked: MartBody, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """Have the run's figures written to schema mart; follow the Location until they are there."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(asked))
        answer, position = marts.ask(envelope, asked.run, key)
        return accepted(answer | {"event_position": position}, position, f"{PREFIX}/marts/{answer['run_id']}")

    @router.delete("/marts/{run_id}", status_code=202, operation_id="orchestrator_drop_mart")
    def drop(
        request: Request,
        run_id: str,
        reason: Annotated[str, Query(max_length=10_000, description="Why; kept in the log.")] = "",
    ) -> JSONResponse:
        """Take a run out of schema mart; the run itself stays as it is."""
        answer, position = marts.drop(envelope_of(request), run_id, reason)
        return accepted(answer | {"event_position": position}, position, f"{PREFIX}/runs/{answer['run_id']}")

    _add_readers(router, marts, envelope_of)
    return router


def _add_readers(router: APIRouter, marts: Marts, envelope_of: EnvelopeOf) -> None:
    @router.post("/mart-readers", status_code=202, operation_id="orchestrator_create_mart_reader")
    def create(request: Request, asked: ReaderBody) -> JSONResponse:
        """A login role that may read schema mart alone; its password is in this answer and in no other."""
        made = marts.create_reader(envelope_of(request), asked.name, asked.nodes)
        return told_once(made, made["event_position"], f"{PREFIX}/mart-readers")

    @router.delete("/mart-readers/{name}", status_code=202, operation_id="orchestrator_drop_mart_reader")
    def drop_reader(request: Request, name: str) -> JSONResponse:
        """It can read nothing from then on."""
        position = marts.drop_reader(envelope_of(request), name)
        answer = {"name": name, "status": "DROPPED", "event_position": position}
        return accepted(answer, position, f"{PREFIX}/mart-readers")
