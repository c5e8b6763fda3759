"""Liquidity of a run: what a rule set weighs of its positions, by item and currency, at any node of the tree.

Worked out when it is asked for, by whoever hands in `WorkOut`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import TABLE_RESPONSES, AsOfEvent, Format, table
from query_api.reading import Connect
from query_api.results.table import ResultTable
from query_api.runs import run_to_work_on


@dataclass(frozen=True)
class AskedLiquidity:
    """`scenario` None for BASE, `node` None for the whole portfolio."""

    rule_set: str
    node: str | None
    scenario: str | None


WorkOut = Callable[[str, AskedLiquidity], pa.Table]
"""(run id, what is asked) -> its table; refuses as a query does."""

OfNode = Annotated[str | None, Query(description="Positions of this node and below; all without.")]
OfScenario = Annotated[str | None, Query(description="One scenario; BASE without.")]


def build_router(connect: Connect, work_out: WorkOut) -> APIRouter:
    router = APIRouter(prefix="/api/v1/cashflow", tags=["cashflow"])

    @router.get("/runs/{run_id}/liquidity/{rule_set}", operation_id="cashflow_get_liquidity", responses=TABLE_RESPONSES)
    def get_liquidity(
        request: Request,
        run_id: str,
        rule_set: str,
        node: OfNode = None,
        scenario: OfScenario = None,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """LCR, NSFR or LIQUIDATION: amounts, factors and weighted amounts, with the paragraph of each rule."""
        run = run_to_work_on(connect, run_id, as_of_event)
        found = work_out(str(run.run_id), AskedLiquidity(rule_set.upper(), node, scenario))
        name = f"run-{run.run_id}-{rule_set.lower()}"
        return table(request, run, ResultTable.of(found, name), format)

    return router
