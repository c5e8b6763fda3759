"""Cash flows of a run: the schedule of a position, the decrement tables of a deal and what its pool collects.

Nothing of them is stored: they are worked out when they are asked for, by whoever hands in `WorkOut`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import TABLE_RESPONSES, AsOfEvent, Format, table
from query_api.reading import Connect, reading
from query_api.results.table import ResultTable
from query_api.runs import queryable_run, refuse_past


class Basis(StrEnum):
    BEHAVIOURAL = "BEHAVIOURAL"
    CONTRACTUAL = "CONTRACTUAL"


class Shown(StrEnum):
    POSITION = "position"
    DEAL = "deal"
    POOL = "pool"


@dataclass(frozen=True)
class AskedFlows:
    """`scenario` None for every scenario that the run keeps cash flows of."""

    shown: Shown
    name: str
    scenario: str | None
    basis: Basis


WorkOut = Callable[[str, AskedFlows], pa.Table]
"""(run id, what is asked) -> its table; refuses as a query does."""

Answer = Callable[[Request, str, AskedFlows, str | None, int | None], Response]

OfScenario = Annotated[str | None, Query(description="One scenario; every one that the run keeps, without.")]
OfBasis = Annotated[Basis, Query(description="CONTRACTUAL: without prepayment, default and calls of deals.")]


def build_router(connect: Connect, work_out: WorkOut) -> APIRouter:
    router = APIRouter(prefix="/api/v1/cashflow", tags=["cashflow"])
    answer = answering(connect, work_out)
    _add_positions(router, answer)
    _add_deals(router, answer)
    return router


def answering(connect: Connect, work_out: WorkOut) -> Answer:
    def answer(request: Request, run_id: str, asked: AskedFlows, format: Format, as_of_event: AsOfEvent) -> Response:
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
        name = f"run-{run.run_id}-{asked.shown}"
        return table(request, run, ResultTable.of(work_out(str(run.run_id), asked), name), format)

    return answer


def _add_positions(router: APIRouter, answer: Answer) -> None:
    @router.get(
        "/runs/{run_id}/positions/{position_id:path}", operation_id="cashflow_get_schedule", responses=TABLE_RESPONSES
    )
    def get_schedule(
        request: Request,
        run_id: str,
        position_id: str,
        scenario: OfScenario = None,
        basis: OfBasis = Basis.BEHAVIOURAL,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """Every payment to come of a position, in its parts, with what it is worth."""
        asked = AskedFlows(Shown.POSITION, position_id, scenario, basis)
        return answer(request, run_id, asked, format, as_of_event)


def _add_deals(router: APIRouter, answer: Answer) -> None:
    @router.get("/runs/{run_id}/deals/{deal_id}", operation_id="cashflow_get_deal", responses=TABLE_RESPONSES)
    def get_deal(
        request: Request,
        run_id: str,
        deal_id: str,
        scenario: OfScenario = None,
        basis: OfBasis = Basis.BEHAVIOURAL,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """Every tranche of a deal, held or not, by distribution: the decrement table."""
        return answer(request, run_id, AskedFlows(Shown.DEAL, deal_id, scenario, basis), format, as_of_event)

    @router.get("/runs/{run_id}/deals/{deal_id}/pool", operation_id="cashflow_get_pool", responses=TABLE_RESPONSES)
    def get_pool(
        request: Request,
        run_id: str,
        deal_id: str,
        scenario: OfScenario = None,
        basis: OfBasis = Basis.BEHAVIOURAL,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """What a deal's lines collect, and where it goes."""
        return answer(request, run_id, AskedFlows(Shown.POOL, deal_id, scenario, basis), format, as_of_event)
