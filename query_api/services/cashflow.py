"""Cash flows of a run: schedules of positions, decrement tables and pools of deals, ladders and repricing gaps.

They are worked out when they are asked for, by whoever hands in `WorkOut`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, NamedTuple

import pyarrow as pa
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from query_api.http.answers import TABLE_RESPONSES, AsOfEvent, Format, table, unchanged
from query_api.reading import Connect
from query_api.results.table import ResultTable
from query_api.runs import run_to_work_on


class Basis(StrEnum):
    BEHAVIOURAL = "BEHAVIOURAL"
    CONTRACTUAL = "CONTRACTUAL"


class Shown(StrEnum):
    POSITION = "position"
    DEAL = "deal"
    POOL = "pool"
    LADDER = "ladder"
    PAYING = "paying"
    REPRICING = "repricing"


@dataclass(frozen=True)
class AskedFlows:
    """`scenario` None for every scenario that the run keeps cash flows of; the rest is of ladders and gaps. `bucket`
    and `limit` are of the positions that pay in a bucket."""

    shown: Shown
    name: str
    scenario: str | None
    basis: Basis
    by: str | None = None
    node: str | None = None
    buckets: str | None = None
    bucket: str = ""
    limit: int = 0


WorkOut = Callable[[str, AskedFlows], pa.Table]
"""(run id, what is asked) -> its table; refuses as a query does."""

OfScenario = Annotated[str | None, Query(description="One scenario; every one that the run keeps, without.")]
OfBasis = Annotated[Basis, Query(description="CONTRACTUAL: without prepayment, default and calls of deals.")]
By = Annotated[str | None, Query(description="Groups, as of totals: `book`, `currency`, `state`, `fico:620,680`.")]
OfNode = Annotated[str | None, Query(description="Positions of this node of the tree and below.")]
OfBucket = Annotated[str, Query(min_length=1, description="One of the buckets, by its name: `3M`, `>10Y`.")]
Largest = Annotated[int, Query(ge=1, le=10_000, description="As many positions, those that pay most first.")]
OfBuckets = Annotated[str | None, Query(description="DEFAULT, IRRBB, LIQUIDITY, or tenors: `1M,3M,1Y`.")]


class View(NamedTuple):
    """One address below a run: what it shows, and how a request says what of it."""

    path: str
    operation: str
    asked: Callable[..., AskedFlows]
    says: str


def of_position(
    position_id: Annotated[str, Path()], scenario: OfScenario = None, basis: OfBasis = Basis.BEHAVIOURAL
) -> AskedFlows:
    return AskedFlows(Shown.POSITION, position_id, scenario, basis)


def of_deal(
    deal_id: Annotated[str, Path()], scenario: OfScenario = None, basis: OfBasis = Basis.BEHAVIOURAL
) -> AskedFlows:
    return AskedFlows(Shown.DEAL, deal_id, scenario, basis)


def of_pool(
    deal_id: Annotated[str, Path()], scenario: OfScenario = None, basis: OfBasis = Basis.BEHAVIOURAL
) -> AskedFlows:
    return AskedFlows(Shown.POOL, deal_id, scenario, basis)


def in_buckets(shown: Shown) -> Callable[..., AskedFlows]:
    def asked(
        by: By = None,
        node: OfNode = None,
        buckets: OfBuckets = None,
        scenario: OfScenario = None,
        basis: OfBasis = Basis.BEHAVIOURAL,
    ) -> AskedFlows:
        return AskedFlows(shown, "", scenario, basis, by, node, buckets)

    return asked


def paying(
    bucket: OfBucket,
    node: OfNode = None,
    buckets: OfBuckets = None,
    scenario: OfScenario = None,
    basis: OfBasis = Basis.BEHAVIOURAL,
    limit: Largest = 200,
) -> AskedFlows:
    return AskedFlows(Shown.PAYING, "", scenario, basis, None, node, buckets, bucket, limit)


VIEWS = (
    View(
        "positions/{position_id:path}",
        "cashflow_get_schedule",
        of_position,
        "Every payment to come of a position, in its parts, with what it is worth.",
    ),
    View(
        "deals/{deal_id}",
        "cashflow_get_deal",
        of_deal,
        "Every tranche of a deal, held or not, by distribution: the decrement table.",
    ),
    View("deals/{deal_id}/pool", "cashflow_get_pool", of_pool, "What a deal's lines collect, and where it goes."),
    View(
        "ladder",
        "cashflow_get_ladder",
        in_buckets(Shown.LADDER),
        "All cash flows by group, currency, scenario and time bucket, with what they are worth.",
    ),
    View(
        "ladder/positions",
        "cashflow_list_paying_positions",
        paying,
        "The positions that pay or are paid in one bucket of the ladder, the largest flows in base currency first.",
    ),
    View(
        "repricing",
        "cashflow_get_repricing",
        in_buckets(Shown.REPRICING),
        "The repricing gap: principal by the time bucket in which its rate is set anew, and the swaps against it.",
    ),
)


def build_router(connect: Connect, work_out: WorkOut) -> APIRouter:
    router = APIRouter(prefix="/api/v1/cashflow", tags=["cashflow"])
    for view in VIEWS:
        _add(router, view, connect, work_out)
    return router


def _add(router: APIRouter, view: View, connect: Connect, work_out: WorkOut) -> None:
    @router.get(
        f"/runs/{{run_id}}/{view.path}",
        operation_id=view.operation,
        summary=view.operation.removeprefix("cashflow_").replace("_", " ").capitalize(),
        description=view.says,
        responses=TABLE_RESPONSES,
    )
    def get(
        request: Request,
        run_id: str,
        asked: Annotated[AskedFlows, Depends(view.asked)],
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        run = run_to_work_on(connect, run_id, as_of_event)
        known = unchanged(request, run, format)
        if known:
            return known
        name = f"run-{run.run_id}-{asked.shown}"
        return table(request, run, ResultTable.of(work_out(str(run.run_id), asked), name), format)
