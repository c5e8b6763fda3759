"""Value at risk and expected shortfall of a run, and whether such figures have kept their promise."""

from enum import StrEnum
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from query_api.http.answers import TABLE_RESPONSES, AsOfEvent, Format, document, table
from query_api.reading import Connect, reading
from query_api.results.group_of_position import LoadPortfolio
from query_api.results.table import ResultTable
from query_api.runs import queryable_run, refuse_past
from query_api.value_at_risk.backtests import WINDOW, backtest_file, backtest_run
from query_api.value_at_risk.historical import historical_var
from query_api.value_at_risk.parametric import LoadMarket, parametric_var
from query_api.value_at_risk.rows import CONFIDENCE, ES_CONFIDENCE, Asked, Row, tail_table

CSV_BODY = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}

By = Annotated[
    str | None, Query(min_length=1, description="children, desk, book, node, currency, …; factor if parametric.")
]
Node = Annotated[str | None, Query(description="One node of the tree; the whole run without it.")]
History = Annotated[str | None, Query(description="A scenario set, `hist500` or `hist500@1`; the run's own without.")]
Confidence = Annotated[float, Query(ge=0.5, lt=1)]


class Method(StrEnum):
    historical = "historical"
    parametric = "parametric"


def build_router(connect: Connect, load_portfolio: LoadPortfolio, load_market: LoadMarket) -> APIRouter:
    router = APIRouter(prefix="/api/v1/risk", tags=["risk"])
    _add_value_at_risk(router, connect, load_portfolio, load_market)
    _add_backtests(router, connect, load_portfolio)
    return router


def _add_value_at_risk(
    router: APIRouter, connect: Connect, load_portfolio: LoadPortfolio, load_market: LoadMarket
) -> None:
    @router.get("/runs/{run_id}/var", operation_id="risk_get_value_at_risk", responses=TABLE_RESPONSES)
    def get_value_at_risk(
        request: Request,
        run_id: str,
        method: Method = Method.historical,
        by: By = None,
        node: Node = None,
        history: History = None,
        confidence: Confidence = CONFIDENCE,
        es_confidence: Confidence = ES_CONFIDENCE,
        decay: Annotated[float | None, Query(gt=0, lt=1, description="Parametric: 0.94 forgets.")] = None,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """The whole first, then what each group would lose, what is due to it and what would be less without it."""
        asked = Asked(by, node, confidence, es_confidence)
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            if method is Method.historical:
                rows = historical_var(connection, run_id, asked, history=history, load_portfolio=load_portfolio)
            else:
                rows = parametric_var(
                    connection, run_id, asked, load_portfolio, load_market, history=history, decay=decay
                )
            found = ResultTable.of(tail_table(rows), f"run-{run.run_id}-var")
            return table(request, run, found, format, named_by=_named_by(history, rows))


def _add_backtests(router: APIRouter, connect: Connect, load_portfolio: LoadPortfolio) -> None:
    @router.get("/runs/{run_id}/backtest", operation_id="risk_get_backtest")
    def get_backtest(
        request: Request,
        run_id: str,
        node: Node = None,
        history: History = None,
        window: Annotated[int, Query(ge=2, description="Days that each VaR is made of.")] = WINDOW,
        confidence: Confidence = CONFIDENCE,
    ) -> Response:
        """Each day of the history against the VaR of the days before it, for today's positions."""
        with reading(connect) as connection:
            found = backtest_run(
                connection,
                run_id,
                node=node,
                history=history,
                confidence=confidence,
                window=window,
                load_portfolio=load_portfolio,
            )
        return document(request, found)

    @router.post("/backtest", operation_id="risk_backtest_file", openapi_extra=CSV_BODY)
    def post_backtest(
        request: Request, body: Annotated[bytes, Depends(_body)], confidence: Confidence = CONFIDENCE
    ) -> Response:
        """Of a table with date, pnl and var; nothing is stored."""
        return document(request, backtest_file(body, confidence))


async def _body(request: Request) -> bytes:
    return await request.body()


def _named_by(history: str | None, rows: list[Row]) -> bytes:
    """A set without a version may have another one tomorrow: such an answer is named by its content too."""
    if history is None or "@" in history.removeprefix("@"):
        return b""
    return orjson.dumps(rows)
