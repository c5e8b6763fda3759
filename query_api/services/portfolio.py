"""Portfolios: their snapshots, their trees, and a run's totals on the tree."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from query_api.http.answers import AsOfEvent, Cursor, Limit, Measures, Scenario, document, names
from query_api.reading import Connect, reading
from query_api.runs import queryable_run, refuse_past
from query_api.snapshot_pages import list_page
from query_api.snapshots import find_snapshot
from query_api.tree import tree_of_run, tree_of_snapshot


def build_router(connect: Connect) -> APIRouter:
    router = APIRouter(prefix="/api/v1/portfolio", tags=["portfolio"])

    @router.get("/snapshots", operation_id="portfolio_list_snapshots")
    def list_snapshots(
        request: Request, limit: Limit = 100, cursor: Cursor = None, as_of_event: AsOfEvent = None
    ) -> Response:
        """Portfolio snapshots, newest first."""
        return list_page(connect, request, "PORTFOLIO", limit, cursor, as_of_event)

    @router.get("/snapshots/{snapshot_id}/tree", operation_id="portfolio_get_snapshot_tree")
    def get_snapshot_tree(request: Request, snapshot_id: str, as_of_event: AsOfEvent = None) -> Response:
        """Funds, desks and books, parents first."""
        with reading(connect) as connection:
            snapshot = find_snapshot(connection, "PORTFOLIO", snapshot_id, as_of_event)
            return document(request, tree_of_snapshot(connection, snapshot.snapshot_id))

    @router.get("/runs/{run_id}/tree", operation_id="portfolio_get_run_tree")
    def get_run_tree(
        request: Request,
        run_id: str,
        scenario: Scenario = None,
        measures: Measures = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """The tree with a run's totals under one scenario, BASE by default."""
        with reading(connect) as connection:
            run = queryable_run(connection, run_id)
            refuse_past(as_of_event, run.log_position, f"run {run_id}")
            nodes = tree_of_run(connection, run, scenario=scenario, measures=names(measures))
            return document(request, nodes)

    return router
