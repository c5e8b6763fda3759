"""The API on one page, from its own OpenAPI document: what can be asked and sent, by service."""

from collections.abc import Iterator
from typing import Any

from query_api.web.markup import Html, join, table, tag, text


def reference_page(document: dict[str, Any]) -> Html:
    by_tag: dict[str, list[list[Html]]] = {}
    for method, path, operation in _operations(document):
        service = (operation.get("tags") or ["other"])[0]
        by_tag.setdefault(service, []).append(_row(method, path, operation))
    return join(_section(service, rows) for service, rows in sorted(by_tag.items()))


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _row(method: str, path: str, operation: dict[str, Any]) -> list[Html]:
    parameters = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
    said = operation.get("description") or operation.get("summary", "")
    return [text(method), tag("code", text(path)), text(said), text(", ".join(parameters))]


def _section(service: str, rows: list[list[Html]]) -> Html:
    heads = ["Method", "Path", "What it does", "Parameters"]
    return tag("section", tag("h2", text(service)), table(f"/api/v1/{service}", heads, rows, numeric_from=99))
