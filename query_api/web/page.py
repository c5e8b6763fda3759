"""The page: what the build of web/ left here, at every address that is a screen's."""

import gzip
from functools import cache
from importlib.resources import files
from mimetypes import guess_type

from fastapi import APIRouter, Request
from fastapi.responses import Response

from query_api.errors import NotFound
from query_api.http.answers import html_page

BUILT = files("query_api.web").joinpath("built")
FOREVER = "public, max-age=31536000, immutable"
"""A file under a name that its content gives never changes."""

SCREENS = (
    "/",
    "/risk",
    "/positions/{position_id}",
    "/cashflows",
    "/capital",
    "/scenarios",
    "/runs",
    "/runs/new",
    "/runs/{id}",
    "/compare",
    "/audit",
    "/data",
    "/operations",
    "/gallery",
    "/docs",
)
"""The router of the page has the same list; a test holds them to one another."""


def build_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)
    for screen in SCREENS:
        # A plain route: the query is the page's own, and what it does not know it leaves alone.
        router.add_route(screen, show, methods=["GET"])

    @router.get("/assets/{name}")
    def asset(request: Request, name: str) -> Response:
        if name not in asset_names():
            raise NotFound(f"the page has no file {name!r}", "load the page anew: it names the files that it needs")
        kind = guess_type(name)[0] or "application/octet-stream"
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(built_file(f"assets/{name}"), media_type=kind, headers=headers)
        return Response(small_file(f"assets/{name}"), media_type=kind, headers=headers | {"Content-Encoding": "gzip"})

    return router


async def show(request: Request) -> Response:
    """The same document for every screen: its script reads the address."""
    return html_page(request, built_file("index.html").decode())


@cache
def asset_names() -> frozenset[str]:
    return frozenset(one.name for one in BUILT.joinpath("assets").iterdir())


@cache
def small_file(path: str) -> bytes:
    """As it is sent to whoever takes it so: made smaller once, when it is first asked for."""
    return gzip.compress(built_file(path), 9, mtime=0)


@cache
def built_file(path: str) -> bytes:
    return BUILT.joinpath(*path.split("/")).read_bytes()
