"""Stress of a run: losses and capital along its scenarios, their macro paths, and rate shocks of the banking book.

They are worked out when they are first asked for, by whoever hands in `WorkOut`.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import TABLE_RESPONSES, AsOfEvent, Format, table, unchanged
from query_api.reading import Connect
from query_api.results.table import ResultTable
from query_api.runs import run_to_work_on


class StressReport(StrEnum):
    PATH = "path"
    LOSSES = "losses"
    SCB = "scb"
    MACRO = "macro"
    IRRBB = "irrbb"
    IRRBB_NODES = "irrbb_nodes"


WorkOut = Callable[[str, StressReport, str | None], pa.Table]
"""(run id, report, scenario) -> its table; refuses as a query does."""

OfScenario = Annotated[str | None, Query(description="One scenario; without, all that the report can be of.")]


def build_router(connect: Connect, work_out: WorkOut) -> APIRouter:
    router = APIRouter(prefix="/api/v1/regulatory", tags=["regulatory"])

    @router.get("/runs/{run_id}/stress/{report}", operation_id="regulatory_get_stress", responses=TABLE_RESPONSES)
    def get_stress(
        request: Request,
        run_id: str,
        report: StressReport,
        scenario: OfScenario = None,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """Capital along a scenario, the losses behind it, the buffer, macro paths, or interest rate shocks."""
        run = run_to_work_on(connect, run_id, as_of_event)
        known = unchanged(request, run, format)
        if known:
            return known
        found = work_out(str(run.run_id), report, scenario)
        return table(request, run, ResultTable.of(found, f"run-{run.run_id}-{report}"), format)

    return router
