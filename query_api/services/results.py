"""Position results, totals and rankings of a run."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import (
    TABLE_RESPONSES,
    AsOfEvent,
    Cursor,
    Format,
    Measures,
    Scenario,
    document,
    names,
    small_table,
    table,
    unchanged,
)
from query_api.http.paging import decode_cursor, encode_cursor, next_link
from query_api.reading import Connect, reading
from query_api.results.position import position_results_of
from query_api.results.table import ResultTable, position_results
from query_api.results.top import MOST_KEPT, top_positions
from query_api.results.totals import LoadPortfolio, groupings, totals
from query_api.runs import queryable_run, refuse_past

PageRows = Annotated[int | None, Query(ge=1, le=1_000_000, description="Rows of a page; all without it.")]
By = Annotated[str, Query(min_length=1, description="book, desk, fund, currency, sector, an attribute, tag:KEY …")]


def build_router(connect: Connect, load_portfolio: LoadPortfolio | None = None) -> APIRouter:
    """`load_portfolio` gives a snapshot's columns by sha256, for groupings that no rollup holds."""
    router = APIRouter(prefix="/api/v1/results", tags=["results"])

    _add_positions(router, connect)
    _add_totals(router, connect, load_portfolio)
    _add_ranking(router, connect)
    return router


def _add_positions(router: APIRouter, connect: Connect) -> None:
    @router.get("/runs/{run_id}/positions", operation_id="results_list_positions", responses=TABLE_RESPONSES)
    def list_positions(
        request: Request,
        run_id: str,
        scenario: Scenario = None,
        measures: Measures = None,
        limit: PageRows = None,
        cursor: Cursor = None,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """Every position under every scenario, or under one; whole, or in pages when `limit` is given."""
        (start,) = decode_cursor(cursor, int) or (0,)
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            known = unchanged(request, run, format)
            if known:
                return known
            found = position_results(
                connection, run_id, scenario=scenario, measures=names(measures), start=max(start, 0), limit=limit
            )
            last = found.rows if limit is None else max(start, 0) + limit
            more = {"Link": next_link(request, encode_cursor(last))} if last < found.rows else {}
            return table(request, run, found, format, more)

    @router.get("/runs/{run_id}/positions/{position_id:path}", operation_id="results_get_position")
    def get_position(
        request: Request, run_id: str, position_id: str, scenario: Scenario = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """One position under every scenario."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            return document(request, position_results_of(connection, run_id, position_id, scenario))


def _add_totals(router: APIRouter, connect: Connect, load_portfolio: LoadPortfolio | None) -> None:
    @router.get("/runs/{run_id}/totals", operation_id="results_list_totals", responses=TABLE_RESPONSES)
    def list_totals(
        request: Request,
        run_id: str,
        by: By,
        scenario: Scenario = None,
        measures: Measures = None,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """Totals by node, attribute or tag; each says how many positions it leaves out, and why."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            known = unchanged(request, run, format)
            if known:
                return known
            found = totals(
                connection, run_id, by, scenario=scenario, measures=names(measures), load_portfolio=load_portfolio
            )
            return table(request, run, ResultTable.of(found, f"run-{run.run_id}-totals"), format)

    @router.get("/runs/{run_id}/groupings", operation_id="results_list_groupings")
    def list_groupings(request: Request, run_id: str) -> Response:
        """What totals can be asked by."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            return document(request, groupings(connection, run))


def _add_ranking(router: APIRouter, connect: Connect) -> None:
    @router.get("/runs/{run_id}/top", operation_id="results_list_top_positions", responses=TABLE_RESPONSES)
    def list_top(
        request: Request,
        run_id: str,
        measure: str = "PV",
        scenario: Scenario = None,
        limit: Annotated[int, Query(ge=1, le=MOST_KEPT)] = 20,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """The positions with the largest amounts in base currency."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            rows = top_positions(connection, run_id, measure=measure, scenario=scenario, limit=limit)
            return small_table(request, run, rows, f"run-{run.run_id}-top", format)
