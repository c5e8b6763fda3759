"""Position results, totals and rankings of a run."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import (
    NOTE_HEADER,
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
from query_api.results.chosen.positions import LoadBook, Question, positions_asked
from query_api.results.chosen.selection import Wanted
from query_api.results.columns import layout
from query_api.results.exceptions import exceptions_of
from query_api.results.position import position_results_of
from query_api.results.table import ResultTable
from query_api.results.top import MAX_KEPT, top_positions
from query_api.results.totals import groupings, totals_asked
from query_api.runs import queryable_run, refuse_past

FOUND_BY = "X-Found-By"
"""index, rollup, snapshot (its columns, in memory) or scan (results of every position are read)."""

PageRows = Annotated[int | None, Query(ge=1, le=1_000_000, description="Rows of a page; all without it.")]
By = Annotated[
    str,
    Query(
        min_length=1, description="book, desk, fund, currency, sector, an attribute, tag:KEY, several, or fico:620,680."
    ),
]
Where = Annotated[str | None, Query(description="`fico>=700 and state in (CA, NY)`; docs/reading-results.md.")]
Node = Annotated[str | None, Query(description="Positions that hang on this node or below it.")]
Columns = Annotated[str | None, Query(description="`pv,dv01_base`: these numbers and no others.")]
With = Annotated[
    str | None, Query(alias="with", description="`notional,state`: columns of positions, instruments and issuers.")
]
Prefix = Annotated[str | None, Query(description="The beginning of position ids.")]
Sort = Annotated[str | None, Query(description="`-pv_base,fico`: a column or attribute; - before those that fall.")]


def build_router(connect: Connect, load_book: LoadBook | None = None) -> APIRouter:
    """`load_book` gives a portfolio with its names by sha256, for groupings that no rollup holds."""
    router = APIRouter(prefix="/api/v1/results", tags=["results"])
    _add_positions(router, connect, load_book)
    _add_totals(router, connect, load_book)
    _add_ranking(router, connect)
    _add_exceptions(router, connect, load_book)
    return router


def _add_positions(router: APIRouter, connect: Connect, load_book: LoadBook | None) -> None:
    @router.get("/runs/{run_id}/positions", operation_id="results_list_positions", responses=TABLE_RESPONSES)
    def list_positions(
        request: Request,
        run_id: str,
        scenario: Scenario = None,
        measures: Measures = None,
        columns: Columns = None,
        attached: With = None,
        where: Where = None,
        node: Node = None,
        q: Prefix = None,
        sort: Sort = None,
        limit: PageRows = None,
        cursor: Cursor = None,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """Every position under every scenario, or under one; whole, or in pages when `limit` is given."""
        (start,) = decode_cursor(cursor, int) or (0,)
        wanted = Wanted(where, node, q, sort)
        shown = (scenario, names(measures), names(columns), names(attached) or [])
        question = Question(*shown, wanted, max(start, 0), limit)
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            known = unchanged(request, run, format)
            if known:
                return known
            answer = positions_asked(connection, run, question, load_book)
            last = answer.table.rows if limit is None else question.start + limit
            more = {"Link": next_link(request, encode_cursor(last))} if last < answer.table.rows else {}
            return table(request, run, answer.table, format, more | {FOUND_BY: answer.found_by})

    @router.get("/runs/{run_id}/positions/{position_id:path}", operation_id="results_get_position")
    def get_position(
        request: Request, run_id: str, position_id: str, scenario: Scenario = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """One position under every scenario."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            return document(request, position_results_of(connection, run, position_id, scenario, load_book))


def _add_totals(router: APIRouter, connect: Connect, load_book: LoadBook | None) -> None:
    @router.get("/runs/{run_id}/totals", operation_id="results_list_totals", responses=TABLE_RESPONSES)
    def list_totals(
        request: Request,
        run_id: str,
        by: By,
        scenario: Scenario = None,
        measures: Measures = None,
        columns: Columns = None,
        where: Where = None,
        node: Node = None,
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
            asked, wanted = layout(run, names(measures), names(columns)), Wanted(where, node)
            answer = totals_asked(connection, run, by, asked, scenario=scenario, wanted=wanted, load_book=load_book)
            found = ResultTable.of(answer.table, f"run-{run.run_id}-totals")
            more = {NOTE_HEADER: answer.note} if answer.note else {}
            return table(request, run, found, format, more | {FOUND_BY: answer.found_by})

    @router.get("/runs/{run_id}/groupings", operation_id="results_list_groupings")
    def list_groupings(request: Request, run_id: str) -> Response:
        """What totals can be asked by."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            return document(request, groupings(connection, run, load_book))


def _add_ranking(router: APIRouter, connect: Connect) -> None:
    @router.get("/runs/{run_id}/top", operation_id="results_list_top_positions", responses=TABLE_RESPONSES)
    def list_top(
        request: Request,
        run_id: str,
        measure: str = "PV",
        scenario: Scenario = None,
        limit: Annotated[int, Query(ge=1, le=MAX_KEPT)] = 20,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """The positions with the largest amounts in base currency."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            rows = top_positions(connection, run, measure=measure, scenario=scenario, limit=limit)
            return small_table(request, run, rows, f"run-{run.run_id}-top", format)


def _add_exceptions(router: APIRouter, connect: Connect, load_book: LoadBook | None) -> None:
    @router.get("/runs/{run_id}/exceptions", operation_id="results_list_exceptions", responses=TABLE_RESPONSES)
    def list_exceptions(
        request: Request, run_id: str, format: Format = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """What the run leaves out, by reason and sentence: positions, their notional, the largest of them."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            known = unchanged(request, run, format)
            if known:
                return known
            found = ResultTable.of(exceptions_of(connection, run, load_book), f"run-{run.run_id}-exceptions")
            return table(request, run, found, format)
