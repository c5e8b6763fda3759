"""The part of OpenAPI that the page asks, kept with its sources: what drifts from it does not build.

`python -m ops.page.used_api` writes it, without a server or a database.
"""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from domain.documents import nearest
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor

WEB = Path(__file__).parents[2] / "web"
KEPT = WEB / "openapi.json"
ASKED = re.compile(r'"(/(?:api/v1|readyz|healthz|metrics)[^"?#\s]*)"')
SAID_ONLY = ("description", "summary", "title", "example", "examples")
"""Words, which may change without breaking anybody."""

NOWHERE = "postgresql://nobody@nowhere/nothing"


class Unopened(Tenor):
    """Routes are made out of it and never asked: no database is reached."""

    @cached_property
    def store(self) -> Any:
        return None


def used_document() -> dict[str, Any]:
    """The paths that the page's sources name, with the schemas that they need."""
    whole = build_app(Unopened(Settings(WEB, NOWHERE), NOWHERE)).openapi()
    paths = {path: whole["paths"][path] for path in sorted(asked_paths(whole["paths"]))}
    document = {"openapi": whole["openapi"], "info": {"title": "Tenor", "version": "1"}, "paths": paths}
    schemas = whole.get("components", {}).get("schemas", {})
    needed = {name: schemas[name] for name in sorted(_needed(paths, schemas))}
    plain: dict[str, Any] = without_words(document | {"components": {"schemas": needed}})
    return plain | {"info": document["info"]}


def asked_paths(known: dict[str, Any]) -> set[str]:
    found = {path for source in sources() for path in ASKED.findall(source.read_text(encoding="utf-8"))}
    for path in found - set(known):
        near = nearest(path, known)
        raise SystemExit(f"the page asks {path}, which nothing answers" + (f"; did you mean {near}?" if near else ""))
    return found


def sources() -> Iterator[Path]:
    yield from (one for one in sorted((WEB / "src").rglob("*.ts*")) if one.name != "schema.d.ts")


def without_words(part: Any) -> Any:
    """Titles and descriptions aside; a property that is called so stays."""
    if isinstance(part, list):
        return [without_words(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {key: without_words(value) for key, value in part.items() if not _is_words(key, value)}
    return dict(sorted(kept.items()))


def _is_words(key: str, value: Any) -> bool:
    return key in SAID_ONLY and not (isinstance(value, dict) and ("type" in value or "$ref" in value))


def _needed(part: Any, schemas: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = set(_referred(part))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= set(_referred(schemas[name]))
    return found


def _referred(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield str(value).rpartition("/")[2]
            else:
                yield from _referred(value)
    elif isinstance(part, list):
        for one in part:
            yield from _referred(one)


def as_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    KEPT.write_text(as_text(used_document()), encoding="utf-8")
