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

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class CommandRoute(APIRoute):
    """A refused command is an answer, not an error of the service."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_or_refuse(request: Request) -> Response:
            try:
                return await handle(request)
            except (Refused, RunRefused, ModelRefused) as refusal:
                raise as_http(refusal) from refusal

        return handle_or_refuse


def as_http(refusal: Refused | RunRefused | ModelRefused) -> HTTPException:
    """The detail is a document, which the application's frame turns into problem+json."""
    code = refusal.code if isinstance(refusal, Refused) else CODE_OF[type(refusal)]
    problems = refusal.problems if isinstance(refusal, Refused) else []
    status = STATUS_OF_CODE.get(code) or next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)
    detail: dict[str, Any] = {"code": code, "detail": str(refusal), "fix": refusal.fix}
    return HTTPException(status, detail | ({"problems": problems} if problems else {}))
