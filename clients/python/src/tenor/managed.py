"""What a server is managed by, as operations: people's keys, mappings, marts, schedules, webhooks, policies, models."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tenor.errors import Conflict
from tenor.exchange import Ask, Operation, Pause, Session, query
from tenor.operations import ORCHESTRATOR, Row, Rows, delete, document, post, segment, whole_list
from tenor.uploads import Document, Source, as_bytes, as_form

LOOK_SECONDS = 1.0
MAPPINGS = "/api/v1/ingestion/mappings"
HIERARCHIES = "/api/v1/portfolio/hierarchies"


def said(body: Row) -> bytes:
    """Without what is not told."""
    return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


def read(path: str, session: Session, **params: Any) -> Operation[Any]:
    return (yield from document(Ask("GET", path, query(**params)), session))


def created_key(
    session: Session, name: str, role: str, nodes: Sequence[str], expires: str | None, person: str | None
) -> Operation[Row]:
    body = said({"name": name, "role": role, "nodes": list(nodes), "expires": expires, "person": person})
    made: Row = yield from post(f"{ORCHESTRATOR}/keys", body, session)
    return made


def entries(session: Session, since: str | None, actor: str | None) -> Operation[Rows]:
    return (yield from whole_list(f"{ORCHESTRATOR}/access-log", session, since=since, actor=actor, limit=1000))


def suggested(file: Source, session: Session) -> Operation[Row]:
    with as_form([Path(file)], {}) as (form, content_type):
        ask = Ask("POST", f"{MAPPINGS}/suggest", {}, content=form, content_type=content_type)
        found: Row = yield from document(ask, session)
    return found


def published_mart(run: str, wait: bool, session: Session) -> Operation[Row]:
    """The server's own process writes it; `wait` until it is there."""
    asked: Row = yield from post(f"{ORCHESTRATOR}/marts", said({"run": run}), session)
    found: Row = yield from read(f"{ORCHESTRATOR}/marts/{asked['run_id']}", session)
    while wait and found.get("status") == "REQUESTED":
        yield Pause(LOOK_SECONDS)
        found = yield from read(f"{ORCHESTRATOR}/marts/{asked['run_id']}", session)
    return found


def defined(path: str, given: Document, session: Session) -> Operation[Row]:
    made: Row = yield from post(path, as_bytes(given), session)
    return made


def dropped(path: str, session: Session, **params: Any) -> Operation[Row]:
    gone: Row = yield from delete(path, session, **params)
    return gone


def done(path: str, session: Session, **body: Any) -> Operation[Row]:
    answer: Row = yield from post(path, said(body), session)
    return answer


def node_of(portfolio: str, node: str) -> str:
    return f"{HIERARCHIES}/{segment(portfolio)}/nodes/{segment(node)}"


def seen_to(
    name: str, what: str, session: Session, progress: Callable[[str], None] = lambda _line: None
) -> Operation[Row]:
    """Ask something of a read model, and what came of it once the server's own process has done it."""
    path, told = f"{ORCHESTRATOR}/projections/{segment(name)}", ""
    asked: Row = yield from post(f"{path}/{what}", b"", session)
    while True:
        state: Row = (yield from read(path, session))["asked"] or {}
        if state.get("request_id") != asked["request_id"]:
            fix = "look at the list of read models"
            raise Conflict("somebody asked for something else meanwhile", code="ASKED_ANEW", fix=fix)
        outcome: Row = state["outcome"] or {}
        if state["status"] == "DONE":
            return outcome
        if state["status"] == "FAILED":
            raise Conflict(outcome["message"], code=outcome["code"], fix=outcome["fix"])
        if state["told"] and state["told"] != told:
            told = state["told"]
            progress(told)
        yield Pause(LOOK_SECONDS)
