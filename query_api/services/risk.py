"""Risk of a run: key-rate ladders, and gains and losses under its scenarios."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import TABLE_RESPONSES, AsOfEvent, Format, Scenario, small_table
from query_api.reading import Connect, reading
from query_api.results.chosen.positions import LoadBook
from query_api.results.key_rate_ladders import key_rate_ladder, scenario_changes
from query_api.runs import queryable_run, refuse_past

By = Annotated[str, Query(min_length=1, description="total, node, fund, desk, book, currency, sector, …")]


def build_router(connect: Connect, load_book: LoadBook | None = None) -> APIRouter:
    """`load_book` gives a portfolio with its names, for totals that are summed within a scope."""
    router = APIRouter(prefix="/api/v1/risk", tags=["risk"])

    @router.get("/runs/{run_id}/key-rates", operation_id="risk_list_key_rates", responses=TABLE_RESPONSES)
    def list_key_rates(
        request: Request,
        run_id: str,
        by: By = "total",
        key: Annotated[str | None, Query(description="One group; all of them without it.")] = None,
        scenario: Scenario = None,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """Key-rate DV01s by tenor, group and scenario."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            rows = key_rate_ladder(connection, run, by=by, key=key, scenario=scenario, load_book=load_book)
            return small_table(request, run, rows, f"run-{run.run_id}-key-rates", format)

    @router.get("/runs/{run_id}/scenarios", operation_id="risk_list_scenario_changes", responses=TABLE_RESPONSES)
    def list_scenario_changes(
        request: Request, run_id: str, by: By = "total", format: Format = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """What each scenario gains or loses against BASE, in base currency."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            rows = scenario_changes(connection, run, by=by, load_book=load_book)
            return small_table(request, run, rows, f"run-{run.run_id}-scenarios", format)

    return router
