"""/docs/problems: what every problem's `type` leads to."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from query_api.errors import NotFound
from query_api.http.answers import html_page
from query_api.http.problem_types import BASE, TYPES, code_of, uri_of
from query_api.web.markup import Html, join, link, table, tag, text

STYLE = Html(
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}</style>"
)


def build_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get(BASE.rstrip("/"))
    def list_types(request: Request) -> Response:
        rows = [[link(uri_of(code), code), text(title), text(meaning)] for code, (title, meaning) in TYPES.items()]
        return html_page(request, page("Problems", table("By code", ["Code", "Title", "Meaning"], rows, 99)))

    @router.get(BASE + "{slug}")
    def show_type(request: Request, slug: str) -> Response:
        code = code_of(slug)
        if code not in TYPES:
            raise NotFound(f"there is no problem {slug!r}", "/docs/problems lists them")
        title, meaning = TYPES[code]
        about = "The problem's detail says what is wrong this time, its fix what would make it right."
        back = tag("p", link(BASE.rstrip("/"), "All problems"))
        said = [tag("p", tag("code", text(code))), tag("p", text(meaning)), tag("p", text(about)), back]
        return html_page(request, page(title, join(said)))

    return router


def page(title: str, body: Html) -> str:
    head = tag("head", Html('<meta charset="utf-8">'), tag("title", text(f"Tenor: {title}")), STYLE)
    return "<!doctype html>" + tag("html", head, tag("body", tag("h1", text(title)), body), lang="en")
