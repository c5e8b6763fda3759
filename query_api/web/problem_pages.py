"""/docs/problems: what every problem's `type` leads to."""

from collections.abc import Iterable
from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import Response

from query_api.errors import NotFound
from query_api.http.answers import html_page
from query_api.http.problem_types import BASE, TYPES, code_of, uri_of


def build_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get(BASE.rstrip("/"))
    def list_types(request: Request) -> Response:
        rows = (
            row(link(uri_of(code), code), escape(title), escape(meaning)) for code, (title, meaning) in TYPES.items()
        )
        head = "<tr><th>Code</th><th>Title</th><th>Meaning</th></tr>"
        return html_page(request, page("Problems", f"<table>{head}{''.join(rows)}</table>"))

    @router.get(BASE + "{slug}")
    def show_type(request: Request, slug: str) -> Response:
        code = code_of(slug)
        if code not in TYPES:
            raise NotFound(f"there is no problem {slug!r}", "/docs/problems lists them")
        title, meaning = TYPES[code]
        about = "The problem's detail says what is wrong this time, its fix what would make it right."
        said = (f"<code>{escape(code)}</code>", escape(meaning), escape(about), link(BASE.rstrip("/"), "All problems"))
        return html_page(request, page(title, paragraphs(said)))

    return router


def page(title: str, body: str) -> str:
    """Plain, and without a style of its own: the page's policy takes none that is written in a document."""
    head = f'<head><meta charset="utf-8"><title>Tenor: {escape(title)}</title></head>'
    return f'<!doctype html><html lang="en">{head}<body><h1>{escape(title)}</h1>{body}</body></html>'


def link(address: str, words: str) -> str:
    return f'<a href="{escape(address)}">{escape(words)}</a>'


def row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def paragraphs(said: Iterable[str]) -> str:
    return "".join(f"<p>{each}</p>" for each in said)
