"""An HTTP application out of routers: the same frame around one service or all of them."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from query_api.http.guards import AllowedHosts, BodyLimit, IsAllowed, Meter, SecurityHeaders
from query_api.http.problems import PROBLEM, add_handlers
from query_api.text_gate import TextGate

VERSION = "1"

Ready = Callable[[], list[str]]
"""What keeps the service from answering, in words; nothing when it is ready."""

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, in a sentence."},
        "code": {"type": "string", "description": "The same for every problem of its kind."},
        "fix": {"type": "string", "description": "What would make it right."},
        "instance": {"type": "string"},
    },
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": what, "content": {PROBLEM: {"schema": PROBLEM_SCHEMA}}}
    for status, what in (("4XX", "Refused; the problem says why."), ("5XX", "Not your fault."))
}


def create_app(
    routers: Sequence[APIRouter],
    title: str,
    ready: Ready,
    metrics: CollectorRegistry,
    *,
    is_allowed_host: IsAllowed | None = None,
) -> FastAPI:
    app = FastAPI(title=title, version=VERSION, docs_url=None, redoc_url=None, responses=PROBLEMS)
    for router in routers:
        app.include_router(router)
    app.include_router(_health(ready, metrics))
    add_handlers(app)
    # The last one added stands outermost.
    app.add_middleware(TextGate)
    app.add_middleware(BodyLimit)
    if is_allowed_host is not None:
        app.add_middleware(AllowedHosts, is_allowed=is_allowed_host)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Meter, registry=metrics)
    return app


def _health(ready: Ready, metrics: CollectorRegistry) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", operation_id="operations_get_health")
    def healthz() -> JSONResponse:
        """The process is alive; nothing else is looked at."""
        return JSONResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})

    @router.get("/readyz", operation_id="operations_get_readiness")
    def readyz() -> JSONResponse:
        """Whether requests can be answered, and what is in the way."""
        problems = ready()
        body = {"status": "not ready" if problems else "ready", "problems": problems}
        return JSONResponse(body, 503 if problems else 200, headers={"Cache-Control": "no-store"})

    @router.get("/metrics", operation_id="operations_get_metrics")
    def show_metrics() -> Response:
        """In the format of Prometheus."""
        return Response(generate_latest(metrics), media_type=CONTENT_TYPE_LATEST)

    return router
