"""Only a route's own query parameters, each once: a misspelt filter must not look like an answer."""

from collections import Counter
from difflib import get_close_matches
from typing import get_origin

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from query_api.errors import RepeatedParameter, UnknownParameter
from query_api.http.own_writes import NAME as OWN_WRITES

MAX_NAME = 60
NEAR = 0.5


async def refuse_other_parameters(request: Request) -> None:
    """A dependency of the whole application: what a route declares is what it takes."""
    if not request.query_params:
        return
    many = takes(request.scope.get("route"))
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in many:
            raise unknown(name, sorted(many))
        if count > 1 and not many[name]:
            raise RepeatedParameter(
                f"the parameter {name!r} stands {count} times in the query", f"write {name} once", parameter=name
            )


def takes(route: object) -> dict[str, bool]:
    """The parameters of a route, and whether each may come more than once."""
    if not isinstance(route, APIRoute):
        return {}
    own = {OWN_WRITES: False} if route.methods == {"GET"} and route.path.startswith("/api/") else {}
    fields = [field for field in get_flat_params(route.dependant) if isinstance(field.field_info, Query)]
    return own | {field.alias: get_origin(field.field_info.annotation) in (list, tuple, set) for field in fields}


def unknown(name: str, known: list[str]) -> UnknownParameter:
    shown = name if len(name) <= MAX_NAME else name[:MAX_NAME] + "…"
    near = get_close_matches(name.lower(), known, n=1, cutoff=NEAR) if len(name) <= MAX_NAME else []
    fix = f"write {near[0]}; there are " if near else "use one of "
    rest = ", ".join(known)
    return UnknownParameter(
        f"there is no parameter {shown!r} here",
        fix + rest if known else "leave it out: nothing can be asked for here",
        parameter=shown,
        parameters=known,
        **({"nearest": near[0]} if near else {}),
    )
