"""Examples of the OpenAPI document: what the lines of docs/http.md asked, and were answered.

TENOR_RECORD_EXAMPLES=1 pytest tests/walk/test_walk_reference_pages.py     writes query_api/http/examples.json anew
"""

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from httpx import Response

FILE = Path(__file__).parents[2] / "query_api" / "http" / "examples.json"
ROWS, FIELDS, LETTERS = 2, 24, 400
"""Kept of a list, of a document, of a text."""


def take_example(examples: dict[str, Any], described: dict[str, Any], template: str, answer: Response) -> None:
    """The first that succeeded says most: later ones are variations."""
    operation = described["paths"].get(template, {}).get(answer.request.method.lower())
    if operation is None or operation["operationId"] in examples:
        return
    example: dict[str, Any] = {"parameters": parameters_of(template, answer), "status": answer.status_code}
    body = body_of(answer)
    if body is not None:
        example["body"] = body
    if answer.headers.get("content-type", "").startswith(("application/json", "application/problem+json")):
        key = "answer" if answer.is_success else "refusal"
        example[key] = cut(answer.json())
    examples[operation["operationId"]] = example


def parameters_of(template: str, answer: Response) -> dict[str, Any]:
    names = re.findall(r"\{([^}]*)\}", template)
    pattern = re.sub(r"\\\{[^}]*\\\}", "(.+)", re.escape(template))
    found = re.fullmatch(pattern, answer.request.url.path)
    assert found, (template, answer.request.url.path)
    query = dict(parse_qsl(answer.request.url.query.decode()))
    return {**dict(zip(names, map(unquote, found.groups()), strict=True)), **query}


def body_of(answer: Response) -> Any:
    content = answer.request.content
    kind = answer.request.headers.get("content-type", "")
    if not content or content.startswith(b"PK"):
        return None
    return cut(json.loads(content), whole=True) if "json" in kind else content.decode()


def cut(value: Any, *, whole: bool = False) -> Any:
    """What shows the shape; a body is kept whole, so that it can be sent again."""
    match value:
        case dict():
            kept = list(value.items())[: None if whole else FIELDS]
            return {name: cut(each, whole=whole) for name, each in kept}
        case list():
            return [cut(each, whole=whole) for each in (value if whole else value[:ROWS])]
        case str():
            return value if whole else value[:LETTERS]
        case _:
            return value


def assert_examples_are_those(found: dict[str, Any]) -> None:
    """By operation, status and shape; amounts and ids are the day's."""
    if os.environ.get("TENOR_RECORD_EXAMPLES"):
        FILE.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    recorded = json.loads(FILE.read_text(encoding="utf-8"))
    lacking = sorted(set(found) - set(recorded))
    assert lacking == [], f"record them: TENOR_RECORD_EXAMPLES=1 pytest {Path(__file__).parent.name}"
    for name, example in found.items():
        kept = recorded[name]
        assert (kept["status"], shape(kept)) == (example["status"], shape(example)), name


def shape(example: Any) -> Any:
    match example:
        case dict():
            return {name: shape(each) for name, each in example.items() if name not in ("status",)}
        case list():
            return [shape(each) for each in example[:1]]
        case bool():
            return "truth"
        case int() | float() | None:
            return "number"
        case _:
            return "text"
