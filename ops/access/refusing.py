"""What the guard cannot tell from an address: whose run it is, how many somebody has open, where positions hang."""

from collections.abc import Callable, Iterable

from commands.change_hierarchy import NewestTree
from commands.change_run import load_run
from commands.ingest_portfolio import Digested
from domain.access.asking import who_asks
from domain.access.roles import CANCELS_ANY_RUN
from domain.portfolio.hierarchy import Node
from domain.refusals import Forbidden, TooMany
from ops.ports import Connect, Storage
from query_api.portfolio_in_scope import nodes_below

COUNT_OPEN = """
SELECT count(*) FROM read.run WHERE actor = %s AND status IN ('REQUESTED', 'PLANNED', 'RUNNING')
"""
TREE_AND_POSITIONS = ("portfolio", "positions")


def refuse_others_runs(storage: Storage) -> Callable[[str, str], None]:
    """Whoever may cancel their own runs alone."""

    def refuse(change: str, run_id: str) -> None:
        asks = who_asks()
        if change != "cancel" or asks.role in CANCELS_ANY_RUN:
            return
        requested = load_run(storage.store, run_id)[1].requested
        if requested is None or requested.actor != asks.actor:
            message = f"run {run_id} was asked for by somebody else"
            raise Forbidden("FORBIDDEN", message, "ask an operator to cancel it")

    return refuse


def refuse_more_runs(connect: Connect, most: int) -> Callable[[], None]:
    """Of one actor at a time; whoever sits at the machine is not held back."""

    def refuse() -> None:
        asks = who_asks()
        if asks.is_local:
            return
        with connect() as connection:
            (count,) = connection.execute(COUNT_OPEN, (asks.actor,)).fetchone()
        if count >= most:
            message = f"{count} runs of {asks.actor} are on their way, and no more than {most} may be"
            raise TooMany("TOO_MANY_RUNS", message, "wait until one has ended, or cancel one")

    return refuse


def whole_tree(newest: NewestTree) -> NewestTree:
    """The tree of a portfolio is changed by those who see all of it."""

    def tree(portfolio: str) -> Iterable[Node]:
        if who_asks().nodes is not None:
            message = "the tree of a portfolio is not changed within a scope"
            raise Forbidden("OUT_OF_SCOPE", message, "ask somebody whose scope is everything")
        return newest(portfolio)

    return tree


def refuse_beyond_scope(storage: Storage) -> Callable[[Digested], None]:
    """Whoever has a scope brings positions below its nodes, by the tree that comes with them."""

    def refuse(digested: Digested) -> None:
        nodes = who_asks().nodes
        if nodes is None or digested.snapshot is None:
            return
        portfolio = storage.portfolio_codec.decode(digested.snapshot, TREE_AND_POSITIONS)
        beyond = int((~nodes_below(portfolio, set(nodes))[portfolio.book_row]).sum())
        if beyond:
            message = f"{beyond:,} of {portfolio.position_count:,} positions hang on no node of your scope"
            fix = f"bring positions below {', '.join(nodes)} alone; nothing was stored"
            raise Forbidden("OUT_OF_SCOPE", message, fix)

    return refuse
