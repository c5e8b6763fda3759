"""How the system fares: read models, the queue, workers."""

from collections.abc import Callable
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.errors import NotFound
from query_api.http.answers import document, listing
from query_api.near import nearest_or_all
from query_api.reading import Connect, Connection, reading_log
from query_api.system import asked_of_read_models, queue_state, worker_states

States = Callable[[Connection], list[dict[str, Any]]]
"""Of the projections; handed down, since versions are the business of whoever rebuilds them."""


class Letters(Protocol):
    def __call__(self, connection: Connection, *, replayed: bool = False) -> list[dict[str, Any]]: ...


Replayed = Annotated[bool, Query(description="Those that were told again, too.")]


def build_router(connect: Connect, states: States, letters: Letters) -> APIRouter:
    router = APIRouter(prefix="/api/v1/orchestrator", tags=["orchestrator"])

    @router.get("/projections", operation_id="orchestrator_list_projections")
    def list_projections(request: Request) -> Response:
        """Version, position, lag and health of every read model, and what was last asked of each."""
        with reading_log(connect) as connection:
            return listing(request, projections(connection))

    @router.get("/projections/{name}", operation_id="orchestrator_get_projection")
    def get_projection(request: Request, name: str) -> Response:
        """One read model, with the events that it could not digest."""
        with reading_log(connect) as connection:
            found = {state["name"]: state for state in projections(connection)}
            if name not in found:
                raise NotFound(f"there is no projection {name!r}", nearest_or_all(name, found))
            mine = [letter for letter in letters(connection) if letter["projection"].rpartition("_v")[0] == name]
            return document(request, found[name] | {"letters": mine})

    @router.get("/dead-letters", operation_id="orchestrator_list_dead_letters")
    def list_dead_letters(request: Request, replayed: Replayed = False) -> Response:
        """Events that a read model could not digest, and why."""
        with reading_log(connect) as connection:
            return listing(request, letters(connection, replayed=replayed))

    @router.get("/queue", operation_id="orchestrator_get_queue")
    def get_queue(request: Request) -> Response:
        """Jobs that wait and that are being worked on, and how long that will take."""
        with reading_log(connect) as connection:
            return document(request, queue_state(connection))

    @router.get("/workers", operation_id="orchestrator_list_workers")
    def list_workers(request: Request) -> Response:
        """Workers heard of in the last hour: release, chunk at hand, pace."""
        with reading_log(connect) as connection:
            return listing(request, worker_states(connection))

    def projections(connection: Connection) -> list[dict[str, Any]]:
        asked = asked_of_read_models(connection)
        return [state | {"asked": asked.get(state["name"])} for state in states(connection)]

    return router
