"""What was brought in: portfolio snapshots with their counts, control totals and sources."""

from typing import Annotated, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from domain import codec
from domain.documents import JsonObject
from domain.portfolio.column_types import Column, Table
from domain.portfolio.meanings import MEANINGS
from domain.portfolio.tables import TABLES
from domain.tapes import versions as book
from query_api.errors import NotFound
from query_api.http.answers import AsOfEvent, Cursor, Limit, document, listing
from query_api.log import SELECT_STREAM
from query_api.reading import Connect, Connection, patiently, reading_definitions
from query_api.snapshot_pages import list_page
from query_api.snapshots import find_snapshot, snapshot_document

OfTable = Annotated[str | None, Query(description="One table: positions, instruments, …")]


def build_router(connect: Connect) -> APIRouter:
    router = APIRouter(prefix="/api/v1/ingestion", tags=["ingestion"])

    @router.get("/snapshots", operation_id="ingestion_list_snapshots")
    def list_snapshots(
        request: Request, limit: Limit = 100, cursor: Cursor = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """Portfolio snapshots, newest first."""
        return list_page(connect, request, "PORTFOLIO", limit, cursor, as_of_event)

    @router.get("/snapshots/{snapshot_id}", operation_id="ingestion_get_snapshot")
    def get_snapshot(request: Request, snapshot_id: str, as_of_event: AsOfEvent = None) -> Response:
        """What a portfolio snapshot holds and where it came from."""
        found = patiently(connect, snapshot_id, lambda c: find_snapshot(c, "PORTFOLIO", snapshot_id, as_of_event))
        return document(request, snapshot_document(found))

    @router.get("/mappings", operation_id="ingestion_list_mappings")
    def list_mappings(request: Request, as_of_event: AsOfEvent = None) -> Response:
        """The latest version of every mapping."""
        with reading_definitions(connect) as connection:
            rows = book.listed(mappings_of(connection, as_of_event))
        return listing(request, rows, total=len(rows))

    @router.get("/mappings/{mapping}", operation_id="ingestion_get_mapping")
    def get_mapping(request: Request, mapping: str, as_of_event: AsOfEvent = None) -> Response:
        """A mapping as it was defined: `id`, or `id@version`."""
        with reading_definitions(connect) as connection:
            reference, found = book.found(mappings_of(connection, as_of_event), mapping)
        version = int(reference.rpartition("@")[2])
        return document(request, {"mapping_id": found["mapping_id"], "version": version, "mapping": found})

    @router.get("/columns", operation_id="ingestion_list_columns")
    def list_columns(request: Request, table: OfTable = None) -> Response:
        """What a mapping can lead to: every column of a portfolio's tables, with its type and meaning."""
        rows = [column_document(each, one) for each in TABLES if table in (None, each.name) for one in each.columns]
        if not rows:
            near = ", ".join(each.name for each in TABLES)
            raise NotFound(f"there is no table {table!r}", f"a portfolio's tables are {near}")
        return listing(request, rows, total=len(rows))

    return router


def column_document(table: Table, column: Column) -> dict[str, object]:
    return {
        "column": f"{table.name}.{column.name}",
        "kind": column.kind,
        "required": column.required,
        "values": column.values,
        "meaning": MEANINGS.get(table.name, {}).get(column.name, ""),
    }


def mappings_of(connection: Connection, as_of_event: int | None = None) -> book.Mappings:
    terms: JsonObject = {"stream": book.mappings_stream(), "after": 0, "until": as_of_event, "limit": None}
    events = [codec.decode(topic, bytes(state)) for _, _, _, topic, state in connection.execute(SELECT_STREAM, terms)]
    return book.fold(cast(list[book.MappingDefined], events))
