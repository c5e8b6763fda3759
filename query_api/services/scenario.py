"""The book of scenarios: latest versions, every version, and sets."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from domain.scenarios.versions import scenario_set_stream, scenario_stream, split_reference
from query_api.http.answers import AsOfEvent, Cursor, Limit, document, listing
from query_api.http.paging import decode_cursor, encode_cursor
from query_api.reading import Connect, patiently, reading
from query_api.scenarios import BASE_SCENARIO, list_scenarios, list_sets, scenario_versions, set_versions

LISTED = ("scenario_id", "version", "name")


def build_router(connect: Connect) -> APIRouter:
    router = APIRouter(prefix="/api/v1/scenario", tags=["scenario"])

    @router.get("/scenarios", operation_id="scenario_list_scenarios")
    def scenarios(
        request: Request,
        documents: Annotated[bool, Query(description="With the document of each.")] = False,
        limit: Limit = 100,
        cursor: Cursor = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """The latest version of every scenario, BASE first."""
        (after,) = decode_cursor(cursor, str) or ("",)
        with reading(connect) as connection:
            rows = list_scenarios(connection, limit + 1, after, as_of_event, documents=documents)
        more = encode_cursor(rows[limit - 1]["scenario_id"]) if len(rows) > limit else None
        told = (*LISTED, "document") if documents else LISTED
        base = [] if cursor else [{name: BASE_SCENARIO[name] for name in told}]
        return listing(request, base + rows[:limit], cursor=more)

    @router.get("/scenarios/{scenario_id}", operation_id="scenario_get_scenario")
    def get_scenario(request: Request, scenario_id: str, as_of_event: AsOfEvent = None) -> Response:
        """The latest version with its document, or the one that `id@version` names; `versions` says which there are."""
        stream = str(scenario_stream(split_reference(scenario_id)[0]))
        versions = patiently(connect, stream, lambda c: scenario_versions(c, scenario_id, as_of_event))
        return document(request, versions[0] | {"versions": [row["version"] for row in versions]})

    @router.get("/sets", operation_id="scenario_list_sets")
    def sets(request: Request, limit: Limit = 100, cursor: Cursor = None, as_of_event: AsOfEvent = None) -> Response:
        """The latest version of every set."""
        (after,) = decode_cursor(cursor, str) or ("",)
        with reading(connect) as connection:
            rows = list_sets(connection, limit + 1, after, as_of_event)
        more = encode_cursor(rows[limit - 1]["scenario_set_id"]) if len(rows) > limit else None
        return listing(request, rows[:limit], cursor=more)

    @router.get("/sets/{scenario_set_id}", operation_id="scenario_get_set")
    def get_set(request: Request, scenario_set_id: str, as_of_event: AsOfEvent = None) -> Response:
        """The latest version with its members, or the one that `id@version` names."""
        stream = str(scenario_set_stream(split_reference(scenario_set_id)[0]))
        versions = patiently(connect, stream, lambda c: set_versions(c, scenario_set_id, as_of_event))
        return document(request, versions[0] | {"versions": [row["version"] for row in versions]})

    return router
