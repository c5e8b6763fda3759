"""The allowance of a run: positions, segments, paths, disclosures, and the roll-forward between two runs.

It is worked out when it is first asked for, by whoever hands in `Allowance`.
"""

from enum import StrEnum
from typing import Annotated, Protocol

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import NOTE_HEADER, TABLE_RESPONSES, AsOfEvent, Format, table, unchanged
from query_api.reading import Connect
from query_api.results.table import ResultTable
from query_api.runs import run_to_work_on

NOTE = "note"
"""Where a table says what it leaves out."""
RunFrom = Annotated[str, Query(alias="from", description="The earlier run.")]
RunTo = Annotated[str, Query(alias="to", description="The later run.")]


class AllowanceReport(StrEnum):
    POSITIONS = "positions"
    SEGMENTS = "segments"
    PATHS = "paths"
    VINTAGE = "vintage"
    PAST_DUE = "past_due"


class Allowance(Protocol):
    """Who works it out; refuses as queries do."""

    def report(self, run_id: str, report: AllowanceReport) -> pa.Table: ...
    def rollforward(self, from_run: str, to_run: str) -> pa.Table: ...


def note_of(found: pa.Table) -> str:
    """What a table leaves out; empty where it leaves out nothing."""
    said: dict[bytes, bytes] = found.schema.metadata or {}
    return said.get(NOTE.encode(), b"").decode()


def build_router(connect: Connect, allowance: Allowance) -> APIRouter:
    router = APIRouter(prefix="/api/v1/regulatory", tags=["regulatory"])
    _add_rollforward(router, connect, allowance)
    _add_reports(router, connect, allowance)
    return router


def _add_rollforward(router: APIRouter, connect: Connect, allowance: Allowance) -> None:
    @router.get("/rollforward", operation_id="regulatory_get_rollforward", responses=TABLE_RESPONSES)
    def get_rollforward(request: Request, from_run: RunFrom, to_run: RunTo, format: Format = None) -> Response:
        """Why the allowance moved from one run to another; a header says what is left out."""
        first, second = (run_to_work_on(connect, run) for run in (from_run, to_run))
        found = allowance.rollforward(str(first.run_id), str(second.run_id))
        answer = table(request, second, ResultTable.of(found, f"run-{second.run_id}-rollforward"), format)
        if note_of(found):
            answer.headers[NOTE_HEADER] = note_of(found)
        return answer


def _add_reports(router: APIRouter, connect: Connect, allowance: Allowance) -> None:
    @router.get("/runs/{run_id}/allowance/{report}", operation_id="regulatory_get_allowance", responses=TABLE_RESPONSES)
    def get_allowance(
        request: Request,
        run_id: str,
        report: AllowanceReport,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """The allowance by segment or position, its paths, and the tables that are disclosed."""
        run = run_to_work_on(connect, run_id, as_of_event)
        known = unchanged(request, run, format)
        if known:
            return known
        found = allowance.report(str(run.run_id), report)
        return table(request, run, ResultTable.of(found, f"run-{run.run_id}-allowance-{report}"), format)
