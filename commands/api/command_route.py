"""The route class of commands: it checks type and body. The application's error handlers write the refusals."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from commands.refusals import InvalidInput
from domain.documents import MAX_TOLD, read_json

JSON = "application/json"
BODY_HEADERS = ("content-length", "transfer-encoding")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class CommandRoute(APIRoute):
    """A command that is described in JSON takes JSON only; no body passes that the gate for texts refuses."""

    def get_route_handler(self) -> Handler:
        handle, takes_json = super().get_route_handler(), self.body_field is not None
        only_json = takes_only_json(self)

        async def handle_or_refuse(request: Request) -> Response:
            if only_json:
                refuse_other_types(request)
            if takes_json:
                await run_in_threadpool(refuse_unfit, await request.body())
            return await handle(request)

        return handle_or_refuse


def takes_only_json(route: APIRoute) -> bool:
    """By its own description: a body of a model, or one that names JSON and nothing beside it."""
    body = (route.openapi_extra or {}).get("requestBody")
    return set(body["content"]) == {JSON} if body else route.body_field is not None


def refuse_other_types(request: Request) -> None:
    """Pages may post text and forms to anybody without being asked; a body of no type is such a one."""
    if request.headers.get("content-length") == "0" or not any(name in request.headers for name in BODY_HEADERS):
        return
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    main, _, sub = said.partition("/")
    if main != "application" or not (sub == "json" or sub.endswith("+json")):
        detail = f"the body is sent as {said[:100] or 'nothing'}; a command is JSON"
        fix = f"send it with the header Content-Type: {JSON} (curl: -H 'Content-Type: {JSON}')"
        raise HTTPException(415, {"code": "UNSUPPORTED_MEDIA_TYPE", "detail": detail, "fix": fix})


def refuse_unfit(raw: bytes) -> None:
    """What documents refuse when they are read, of a body that a model reads; what is no JSON the model says."""
    _, problems = read_json(raw) if raw else (None, [])
    if problems and problems[0].code != "NOT_JSON":
        first = problems[0]
        told = [vars(problem) for problem in problems[:MAX_TOLD]]
        raise InvalidInput(first.code, f"{first.path}: {first.message}", first.fix, told)
