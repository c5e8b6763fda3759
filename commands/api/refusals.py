"""The one table from a refusal to its HTTP status, and the route class that applies it."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from commands.refusals import Conflict, InvalidInput, UnknownModel, UnknownRun, UnknownScenario, UnknownSnapshot
from domain.refusals import Refused
from domain.runs.run import RunRefused
from domain.valuation_models import ModelRefused

STATUS: dict[type[Exception], int] = {
    UnknownRun: 404,
    UnknownSnapshot: 404,
    UnknownScenario: 404,
    UnknownModel: 404,
    Conflict: 409,
    InvalidInput: 422,
    Refused: 422,
    RunRefused: 409,
    ModelRefused: 409,
}

CODE_OF: dict[type[Exception], str] = {RunRefused: "RUN_REFUSED", ModelRefused: "MODEL_REFUSED"}

# A key that comes again with another body: draft-ietf-httpapi-idempotency-key-header-07, section 2.7.
STATUS_OF_CODE = {"IDEMPOTENCY_KEY_REUSED": 422}

JSON = "application/json"
BODY_HEADERS = ("content-length", "transfer-encoding")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class CommandRoute(APIRoute):
    """A refused command is an answer, not an error of the service."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        only_json = takes_only_json(self)

        async def handle_or_refuse(request: Request) -> Response:
            if only_json:
                refuse_other_types(request)
            try:
                return await handle(request)
            except (Refused, RunRefused, ModelRefused) as refusal:
                raise as_http(refusal) from refusal

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


def as_http(refusal: Refused | RunRefused | ModelRefused) -> HTTPException:
    """The detail is a document, which the application's frame turns into problem+json."""
    code = refusal.code if isinstance(refusal, Refused) else CODE_OF[type(refusal)]
    problems = refusal.problems if isinstance(refusal, Refused) else []
    status = STATUS_OF_CODE.get(code) or next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)
    detail: dict[str, Any] = {"code": code, "detail": str(refusal), "fix": refusal.fix}
    return HTTPException(status, detail | ({"problems": problems} if problems else {}))
