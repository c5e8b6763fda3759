"""The log's evidence: histories, checkpoints, keys, the lineage of a number, the certificate of a run.

All of it is read. What reads or works out everything again (`tenor audit verify`, `replay`) or writes (`seal`,
`rotate-key`) is left to the command line: a request must not hold a service for minutes, nor change who signs.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from query_api.errors import NotFound
from query_api.http.answers import AsOfEvent, Cursor, Limit, document, listing, raw_document, signed_document
from query_api.http.paging import decode_cursor, encode_cursor
from query_api.ids import stream_beginning_with
from query_api.log import (
    VerifierKey,
    find_checkpoint,
    keys_of_log,
    log_status,
    newest_checkpoints,
    newest_events,
    newest_verifications,
    stream_events,
    stream_named,
)
from query_api.reading import Connect, patiently, reading_log
from query_api.runs import RunRow, find_run


@dataclass(frozen=True)
class Evidence:
    """What takes more than a SELECT, handed in; each refuses as a query does (errors.py)."""

    lineage: Callable[[str, str, str, str], dict[str, Any]]
    """of run, position, measure, scenario"""
    certificate: Callable[[str], bytes]
    """of a run: RFC 8785 canonical JSON, signed"""
    verifier_key: VerifierKey


def build_router(connect: Connect, evidence: Evidence) -> APIRouter:
    router = APIRouter(prefix="/api/v1/audit", tags=["audit"])
    _add_log(router, connect, evidence)
    _add_checkpoints(router, connect)
    _add_events(router, connect)
    _add_runs(router, connect, evidence)
    return router


def _add_log(router: APIRouter, connect: Connect, evidence: Evidence) -> None:
    @router.get("/status", operation_id="audit_get_status")
    def get_status(request: Request) -> Response:
        """How far the log reaches and is sealed, and what the last `tenor audit verify` found."""
        with reading_log(connect) as connection:
            return document(request, log_status(connection))

    @router.get("/verifications", operation_id="audit_list_verifications")
    def list_verifications(request: Request, limit: Limit = 100, cursor: Cursor = None) -> Response:
        """Results of `tenor audit verify`, newest first."""
        (before,) = decode_cursor(cursor, int) or (None,)
        with reading_log(connect) as connection:
            rows = newest_verifications(connection, limit + 1, before)
        return listing(request, rows[:limit], cursor=_more(rows, limit, "version"))

    @router.get("/keys", operation_id="audit_list_keys")
    def list_keys(request: Request) -> Response:
        """The public keys that seal the log, first to last; the private ones are on no wire."""
        with reading_log(connect) as connection:
            return listing(request, keys_of_log(connection, evidence.verifier_key))


def _add_events(router: APIRouter, connect: Connect) -> None:
    @router.get("/events", operation_id="audit_list_events")
    def list_newest_events(
        request: Request,
        topic: Annotated[str | None, Query(description="`run.requested`; events of this kind alone.")] = None,
        facts: Annotated[bool, Query(description="Facts of chunks too, of which a run has hundreds.")] = False,
        limit: Limit = 100,
        cursor: Cursor = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """The log, newest first: who did what when, in single words. A stream has the whole of each."""
        (before,) = decode_cursor(cursor, int) or (None,)
        known = [place for place in (as_of_event, before - 1 if before else None) if place is not None]
        with reading_log(connect) as connection:
            rows = newest_events(connection, limit + 1, min(known, default=None), topic, facts=facts)
        return listing(request, rows[:limit], cursor=_more(rows, limit, "position"))

    @router.get("/streams/{stream:path}", operation_id="audit_list_stream_events")
    def list_events(
        request: Request, stream: str, limit: Limit = 100, cursor: Cursor = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """Every event of a stream as it is stored: of a run or snapshot by id, of a scenario by name, of @set."""
        (after,) = decode_cursor(cursor, int) or (0,)
        with reading_log(connect) as connection:
            events = stream_events(connection, stream_named(stream), limit + 1, after, as_of_event)
            if not events and not after and (begun := stream_beginning_with(connection, stream)):
                events = stream_events(connection, begun, limit + 1, after, as_of_event)
        if not events and not after:
            raise NotFound(f"the log has no stream {stream!r}", "use a run's or snapshot's id, or a scenario's name")
        return listing(request, events[:limit], cursor=_more(events, limit, "version"))


def _add_checkpoints(router: APIRouter, connect: Connect) -> None:
    @router.get("/checkpoints", operation_id="audit_list_checkpoints")
    def list_checkpoints(request: Request, limit: Limit = 100, cursor: Cursor = None) -> Response:
        """Signed checkpoints of the log, newest first."""
        (before,) = decode_cursor(cursor, int) or (None,)
        with reading_log(connect) as connection:
            rows = newest_checkpoints(connection, limit + 1, before)
        return listing(request, rows[:limit], cursor=_more(rows, limit, "tree_size"))

    @router.get("/checkpoints/{tree_size}", operation_id="audit_get_checkpoint")
    def get_checkpoint(request: Request, tree_size: Annotated[int, Path(ge=1)]) -> Response:
        """The checkpoint that seals this many events; it never changes."""
        with reading_log(connect) as connection:
            found = find_checkpoint(connection, tree_size)
        return raw_document(request, orjson.dumps(found), hashlib.sha256(found["note"].encode()).hexdigest())


def _add_runs(router: APIRouter, connect: Connect, evidence: Evidence) -> None:
    def run_of(run_id: str) -> RunRow:
        return patiently(connect, run_id, lambda connection: find_run(connection, run_id))

    @router.get("/runs/{run_id}/lineage", operation_id="audit_get_lineage")
    def get_lineage(
        request: Request,
        run_id: str,
        position: Annotated[str, Query(min_length=1, description="A position id.")],
        measure: Annotated[str, Query(min_length=1, description="PV, DV01_BASE, …")],
        scenario: Annotated[str, Query(min_length=1)] = "BASE",
    ) -> Response:
        """From a number to its block, engine, file rows, market, scenario and commands, with the proof of inclusion."""
        run = run_of(run_id)
        found = evidence.lineage(str(run.run_id), position, measure, scenario)
        return document(request, found)

    @router.get("/runs/{run_id}/certificate", operation_id="audit_get_certificate")
    def get_certificate(request: Request, run_id: str) -> Response:
        """The run's evidence, signed; check it offline with `tenor audit check FILE`."""
        run = run_of(run_id)
        signed = evidence.certificate(str(run.run_id))
        return signed_document(request, signed, _said(signed), f"run-{run.run_id}-certificate")


def _said(certificate: bytes) -> str:
    """What two certificates have in common that say the same: all but when they were issued, and so the signature."""
    content = orjson.loads(certificate)
    lasting = {name: value for name, value in content.items() if name not in ("issued_at", "signature")}
    return hashlib.sha256(orjson.dumps(lasting | {"key_id": content["signature"]["key_id"]})).hexdigest()


def _more(rows: list[dict[str, Any]], limit: int, key: str) -> str | None:
    return encode_cursor(rows[limit - 1][key]) if len(rows) > limit else None
