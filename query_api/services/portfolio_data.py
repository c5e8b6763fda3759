"""Portfolios as data: trees by name with what was decided, segments, comparison, history of one thing."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from domain.portfolio.columns import Portfolio
from query_api.errors import NotFound
from query_api.http.answers import AsOfEvent, document
from query_api.portfolios.comparison import compared
from query_api.portfolios.hierarchies import LoadTree, hierarchy_document
from query_api.portfolios.history import LoadPortfolio, history_of
from query_api.portfolios.segments import MAX_TOP, Asked, bands, segments
from query_api.reading import Connect, reading, reading_log
from query_api.snapshots import find_snapshot

Names = Annotated[str, Query(max_length=2_000, description="`coupon,ltv`: numbers to average.")]


def build_router(connect: Connect, load: LoadPortfolio, load_tree: LoadTree) -> APIRouter:
    router = APIRouter(prefix="/api/v1/portfolio", tags=["portfolio"])

    def portfolio_of(snapshot_id: str) -> Portfolio:
        with reading(connect) as connection:
            return load(find_snapshot(connection, "PORTFOLIO", snapshot_id, None).sha256)

    add_names(router, connect, load, load_tree)

    @router.get("/bands", operation_id="portfolio_list_bands")
    def list_bands(request: Request) -> Response:
        """Sets of edges that segments may be cut at."""
        return document(request, [{"bands": name, **said} for name, said in bands().items()])

    @router.get("/snapshots/{snapshot_id}/segments", operation_id="portfolio_get_segments")
    def get_segments(
        request: Request,
        snapshot_id: str,
        by: Annotated[str, Query(max_length=2_000, description="`state`, `fico:@fico`, `origination_date:quarter`.")],
        node: Annotated[str | None, Query(description="Positions of this node and below.")] = None,
        amount: Annotated[str, Query(description="The amount that is added and that weighs.")] = "notional",
        weighted: Names = "",
        concentration: Annotated[str | None, Query(description="Whose shares: `issuer_id`, `state`.")] = None,
        top: Annotated[int, Query(ge=1, le=MAX_TOP, description="Largest names that are listed.")] = 10,
    ) -> Response:
        """Sums, weighted averages and concentration (HHI, effective number, top names) by segment and currency."""
        names = tuple(each.strip() for each in weighted.split(",") if each.strip())
        asked = Asked(by, node, amount, names, concentration, top)
        return document(request, segments(portfolio_of(snapshot_id), asked))

    @router.get("/snapshots/{snapshot_id}/changes", operation_id="portfolio_compare_snapshots")
    def get_changes(
        request: Request, snapshot_id: str, since: Annotated[str, Query(description="The earlier snapshot.")]
    ) -> Response:
        """By table the rows that are new, gone and changed, and what changed column by column."""
        return document(request, compared(portfolio_of(since), portfolio_of(snapshot_id)))

    return router


def add_names(router: APIRouter, connect: Connect, load: LoadPortfolio, load_tree: LoadTree) -> None:
    """What a portfolio's name stands for over time."""

    @router.get("/hierarchies/{portfolio}", operation_id="portfolio_get_hierarchy")
    def get_hierarchy(request: Request, portfolio: str, as_of_event: AsOfEvent = None) -> Response:
        """The tree that the next files of this name will have, and the changes that were decided."""
        with reading_log(connect) as connection:
            return document(request, hierarchy_document(connection, load_tree, portfolio, as_of_event))

    @router.get("/{thing}/{key}/history", operation_id="portfolio_get_history")
    def get_history(
        request: Request,
        thing: Annotated[str, "instruments or issuers"],
        key: str,
        portfolio: Annotated[str, Query(description="The portfolio's name.")],
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """When an instrument or an issuer appeared, changed and went, over the snapshots of a portfolio."""
        table = thing_of(thing)
        with reading(connect) as connection:
            return document(request, history_of(connection, load, portfolio, table, key, as_of_event))


def thing_of(text: str) -> str:
    if text not in ("instruments", "issuers"):
        raise NotFound(f"there is no history of {text!r}", "ask for instruments or issuers")
    return text
