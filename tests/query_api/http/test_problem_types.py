"""Every code that can be refused has a page, and its `type` leads there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from query_api.http.problem_types import TYPES, code_of, uri_of
from query_api.web.problem_pages import build_router

ROOT = Path(__file__).parents[3]
REFUSING = {"Refused", "Conflict", "Unknown", "Unavailable", "InvalidInput", "problem", "_refuse", "_too_much"}
ELSEWHERE = (
    *("ops/cli", "ops/embedded_postgres", "ops/adapters", "ops/benchmarking", "ops/samples", "ops/archiving"),
    *("ops/template.py", "ops/settings.py", "ops/services.py"),
)
"""Refuse on the command line and when a process starts; what of them HTTP can meet is in the table all the same."""


def codes_in(source: str) -> Iterator[str]:
    """Texts in capitals handed to what refuses, and classes' own codes."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments) if name in REFUSING:
                yield from (code for each in arguments[:3] if (code := code_in(each)))
            case ast.Call(func=ast.Attribute(attr="__init__"), args=[first, *_]) if code := code_in(first):
                yield code
            case ast.Assign(targets=[ast.Name(id="CODE")], value=value) if code := code_in(value):
                yield code
            case ast.Dict(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                said = (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "code")
                yield from (code for value in said if (code := code_in(value)))
            case _:
                pass


def code_in(node: ast.expr) -> str:
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    return text if len(text) > 3 and text.replace("_", "").isalpha() and text.isupper() else ""


def every_code() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in ("domain", "commands", "compute", "query_api", "ops"):
        for path in sorted((ROOT / package).rglob("*.py")):
            place = str(path.relative_to(ROOT))
            if not place.startswith(ELSEWHERE):
                found |= dict.fromkeys(codes_in(path.read_text()), place)
    return found


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(build_router())
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


NOT_REFUSED = {"PATTERN_MATCHES_NOTHING", "DATES_DIFFER", "ROWS_AS_PRINTED", "PERCENT_SUSPECTED"}
"""Remarks and warnings: no request is refused with them."""


def test_every_code_in_the_sources_has_its_row() -> None:
    codes = every_code()
    assert len(codes) > 60
    assert {code: place for code, place in codes.items() if code not in TYPES and code not in NOT_REFUSED} == {}


@pytest.mark.parametrize("code", TYPES)
def test_every_type_leads_to_its_page(client: TestClient, code: str) -> None:
    answer = client.get(uri_of(code))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert code in answer.text and code_of(uri_of(code).rpartition("/")[2]) == code
    assert uri_of(code) in client.get("/docs/problems").text


def test_what_is_no_problem_has_no_page(client: TestClient) -> None:
    assert client.get("/docs/problems/no-such-problem").status_code >= 400
