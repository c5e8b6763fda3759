"""An HTTP application out of routers: the same frame around one service or all of them."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from anyio import CapacityLimiter, fail_after, to_thread
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.routing import BaseRoute

from query_api.http.compression import Compression
from query_api.http.cross_site import RefuseCrossSite
from query_api.http.database_away import DatabaseAnswers, RefuseWhileAway
from query_api.http.guards import AllowedHosts, BodyLimit, HeadLimit, IsAllowed, Meter, SecurityHeaders
from query_api.http.openapi import described
from query_api.http.own_writes import Reached, waiting_for
from query_api.http.problems import add_handlers
from query_api.http.query_parameters import refuse_other_parameters
from query_api.http.text_gate import TextGate
from query_api.http.turns import Turns

VERSION = "1"
METRICS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
NO_STORE = {"Cache-Control": "no-store"}
SOON_SECONDS = 1.5

Answer = TypeVar("Answer")

Ready = Callable[[], list[str]]
"""What keeps the service from answering, in words; nothing when it is ready."""

Guard = Callable[[FastAPI, list[BaseRoute]], None]
"""Adds what looks at each request before its route is asked, of all the routes that there are."""


def create_app(
    routers: Sequence[APIRouter],
    title: str,
    ready: Ready,
    metrics: CollectorRegistry,
    *,
    is_allowed_host: IsAllowed | None = None,
    database_answers: DatabaseAnswers | None = None,
    reached: Reached | None = None,
    guard: Guard | None = None,
) -> FastAPI:
    waiting = [Depends(waiting_for(reached))] if reached is not None else []
    app = FastAPI(
        title=title,
        version=VERSION,
        openapi_url=None,  # served below, where its query is looked at as everybody's
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(refuse_other_parameters), *waiting],
    )
    every = [*routers, _health(ready, metrics, database_answers)]
    for router in every:
        app.include_router(router)
    app.openapi = cache(lambda: described(app))  # type: ignore[method-assign]
    add_handlers(app)
    # The last one added stands outermost.
    app.add_middleware(Turns)
    if guard is not None:
        guard(app, [route for router in every for route in router.routes])
    if database_answers is not None:
        app.add_middleware(RefuseWhileAway, answers=database_answers)
    app.add_middleware(TextGate)
    app.add_middleware(BodyLimit)
    app.add_middleware(RefuseCrossSite)
    if is_allowed_host is not None:
        app.add_middleware(AllowedHosts, is_allowed=is_allowed_host)
    app.add_middleware(HeadLimit)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Compression)
    app.add_middleware(Meter, registry=metrics)
    return app


def _health(ready: Ready, metrics: CollectorRegistry, database_answers: DatabaseAnswers | None) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", operation_id="operations_get_health")
    async def healthz() -> JSONResponse:
        """The process is alive; whether its database answers is said, and changes nothing."""
        body = {"status": "alive"}
        if database_answers is not None:
            body["database"] = "answers" if await database_answers() else "does not answer"
        return JSONResponse(body, headers=NO_STORE)

    @router.get("/readyz", operation_id="operations_get_readiness")
    async def readyz() -> JSONResponse:
        """Whether requests can be answered, and what is in the way."""
        try:
            problems = await _soon(ready)
        except TimeoutError:
            problems = ["the database does not answer in time"]
        body = {"status": "not ready" if problems else "ready", "problems": problems}
        return JSONResponse(body, 503 if problems else 200, headers=NO_STORE)

    @router.get("/openapi.json", include_in_schema=False)
    async def describe(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi())

    @router.get("/metrics", operation_id="operations_get_metrics", response_class=Response, responses=METRICS)
    async def show_metrics() -> Response:
        """In the format of Prometheus; `tenor_database_up` 0, and nothing of the database's, while that is away."""
        return Response(await _soon(lambda: generate_latest(metrics)), media_type=CONTENT_TYPE_LATEST)

    return router


async def _soon(ask: Callable[[], Answer]) -> Answer:
    """In a thread of its own, behind no other request; TimeoutError when it takes too long, and it is left alone."""
    with fail_after(SOON_SECONDS):
        return await to_thread.run_sync(ask, abandon_on_cancel=True, limiter=CapacityLimiter(1))
