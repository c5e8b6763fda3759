"""Plain differences of two runs: what is new, gone and changed, by group and by position."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import TABLE_RESPONSES, AsOfEvent, Format, table
from query_api.reading import Connect, Connection, reading
from query_api.results.chosen.positions import LoadBook
from query_api.results.differences.by_group import differences
from query_api.results.differences.movers import movers
from query_api.results.differences.sides import Both, Question, both_sides
from query_api.results.table import ResultTable
from query_api.runs import queryable_run, refuse_past

FromRun = Annotated[str, Query(alias="from", description="The earlier run: its id, its beginning, or `latest`.")]
ToRun = Annotated[str, Query(alias="to", description="The later run.")]
Measure = Annotated[str, Query(description="An amount: PV, DV01, CS01, …")]
Scenario = Annotated[str, Query(description="Of both runs.")]
Node = Annotated[str | None, Query(description="Positions that hang on this node or below it, in either run.")]
By = Annotated[str, Query(min_length=1, description="total, node, fund, desk, book, currency, an attribute, …")]
Most = Annotated[int, Query(ge=1, le=1_000_000, description="As many positions.")]


def build_router(connect: Connect, load_book: LoadBook) -> APIRouter:
    router = APIRouter(prefix="/api/v1/risk", tags=["risk"])

    @router.get("/compare", operation_id="risk_compare", responses=TABLE_RESPONSES)
    def compare(
        request: Request,
        from_run: FromRun,
        to_run: ToRun,
        measure: Measure = "PV",
        scenario: Scenario = "BASE",
        by: By = "total",
        node: Node = None,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """From, new, gone, changed, one_side, to: of a measure under a scenario, in base currency."""
        with reading(connect) as connection:
            both = found(connection, Question(from_run, to_run, measure, scenario, node), as_of_event)
            answer = ResultTable.of(differences(both, by), _name(both))
            return table(request, both.later.run, answer, format, named_by=both.earlier.run.run_id.bytes)

    @router.get("/compare/positions", operation_id="risk_compare_positions", responses=TABLE_RESPONSES)
    def compare_positions(
        request: Request,
        from_run: FromRun,
        to_run: ToRun,
        measure: Measure = "PV",
        scenario: Scenario = "BASE",
        node: Node = None,
        limit: Most = 100,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """Positions that moved most first, with what has become of each."""
        with reading(connect) as connection:
            both = found(connection, Question(from_run, to_run, measure, scenario, node), as_of_event)
            answer = ResultTable.of(movers(both, limit), f"{_name(both)}-positions")
            return table(request, both.later.run, answer, format, named_by=both.earlier.run.run_id.bytes)

    def found(connection: Connection, question: Question, as_of_event: int | None) -> Both:
        runs = [queryable_run(connection, run) for run in (question.from_run, question.to_run)]
        refuse_past(as_of_event, max(run.log_position for run in runs), "a difference of two runs")
        return both_sides(connection, question, load_book)

    return router


def _name(both: Both) -> str:
    return f"compare-{both.earlier.run.run_id}-{both.later.run.run_id}"
