"""Why the duration of a book moved from one run to another, step by step.

Worked out when it is asked for, by whoever hands in `WorkOut`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import TABLE_RESPONSES, AsOfEvent, Format, table
from query_api.reading import Connect, reading
from query_api.results.table import ResultTable
from query_api.runs import queryable_run, refuse_past


@dataclass(frozen=True)
class AskedBridge:
    """`by` None for the whole book."""

    from_run: str
    to_run: str
    by: str | None


WorkOut = Callable[[AskedBridge], pa.Table]
"""What is asked, of whole run ids -> its table; refuses as a query does."""

FromRun = Annotated[str, Query(alias="from", description="The earlier run: its id, its beginning, or `latest`.")]
ToRun = Annotated[str, Query(alias="to", description="The later run.")]
By = Annotated[str | None, Query(description="Groups, as of totals; the whole book without.")]


def build_router(connect: Connect, work_out: WorkOut) -> APIRouter:
    router = APIRouter(prefix="/api/v1/cashflow", tags=["cashflow"])

    @router.get("/bridge", operation_id="cashflow_get_bridge", responses=TABLE_RESPONSES)
    def get_bridge(
        request: Request,
        from_run: FromRun,
        to_run: ToRun,
        by: By = None,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """EFFECTIVE_DURATION, weighted by PV_base, after each step from the one run to the other."""
        with reading(connect) as connection:
            first, second = (queryable_run(connection, run) for run in (from_run, to_run))
            refuse_past(as_of_event, max(first.log_position, second.log_position), "the bridge")
        found = work_out(AskedBridge(str(first.run_id), str(second.run_id), by))
        name = f"bridge-{first.run_id}-{second.run_id}"
        return table(request, second, ResultTable.of(found, name), format, named_by=first.run_id.bytes)

    return router
