"""Define scenarios and sets: the same content again is the same version, so every repeat is harmless."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from commands.api.answers import (
    JSON_BODY,
    EnvelopeOf,
    IdempotencyKey,
    RatesAreDecimals,
    RawBody,
    accepted,
    key_of,
    sha256_of,
)
from commands.api.command_route import CommandRoute
from commands.define_history import MAX_HORIZON, DefineHistory, ReadHistory, define_history, history_of
from commands.define_scenario import define_scenario_set, define_scenarios
from domain.ports import EventStore

PREFIX = "/api/v1/scenario"

TABLE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string"}}, "application/vnd.apache.parquet": {"schema": {}}},
    }
}


def build_router(store: EventStore, envelope_of: EnvelopeOf, read_history: ReadHistory = history_of) -> APIRouter:
    """`read_history` reads a table that comes from outside, in a process of its own."""
    router = APIRouter(prefix=PREFIX, tags=["scenario"], route_class=CommandRoute)

    @router.post("/scenarios", status_code=202, operation_id="scenario_define_scenarios", openapi_extra=JSON_BODY)
    def define(
        request: Request,
        document: RawBody,
        rates_are_decimals: RatesAreDecimals = False,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """One scenario, or a list of them; all or none."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(document))
        defined = define_scenarios(store, envelope, document, rates_are_decimals=rates_are_decimals, key=key)
        position = max((one["event_position"] for one in defined), default=store.head())
        if isinstance(json.loads(document), list):
            return accepted(defined, position, f"{PREFIX}/scenarios")
        return accepted(defined[0], position, f"{PREFIX}/scenarios/{defined[0]['scenario_id']}")

    @router.post("/sets", status_code=202, operation_id="scenario_define_set", openapi_extra=JSON_BODY)
    def define_set(request: Request, document: RawBody, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """A set of scenarios, each pinned to a version."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(document))
        defined = define_scenario_set(store, envelope, document, key=key)
        return accepted(defined, defined["event_position"], f"{PREFIX}/sets/{defined['scenario_set_id']}")

    @router.post("/histories", status_code=202, operation_id="scenario_define_history", openapi_extra=TABLE_BODY)
    def define_past(
        request: Request,
        table: RawBody,
        set: Annotated[str, Query(description="What the set of scenarios is called.")],
        horizon: Annotated[int, Query(ge=1, le=MAX_HORIZON, description="Observations that a move spans.")] = 1,
        last: Annotated[int | None, Query(ge=1, description="The latest moves only.")] = None,
        rates_are_decimals: RatesAreDecimals = False,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """A scenario for every date of a table of past moves or levels, and the set of them; all or none."""
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(table))
        command = DefineHistory(set, horizon, last, rates_are_decimals)
        defined = define_history(store, envelope, table, command, read_history, key=key)
        return accepted(defined, defined["event_position"], f"{PREFIX}/sets/{set}")

    return router
