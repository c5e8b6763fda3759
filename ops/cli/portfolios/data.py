"""`tenor portfolio tree | node | segments | compare | history`."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.documents import JsonObject
from ops.cli.options import A_SNAPSHOT, AsJson, opened
from ops.cli.output import Output, said

if TYPE_CHECKING:
    from domain.portfolio.columns import Portfolio
    from ops.wiring import Tenor

SHOWN = 20
Name = Annotated[str, typer.Argument(help="A portfolio's name.")]
NodeId = Annotated[str, typer.Argument(help="A node's id.")]
Snapshot = Annotated[str, typer.Argument(help=A_SNAPSHOT)]


def add_to(portfolio: typer.Typer) -> None:
    portfolio.command("tree")(tree)
    portfolio.command("segments")(show_segments)
    portfolio.command("bands")(list_bands)
    portfolio.command("compare")(compare)
    portfolio.command("history")(history)
    node = typer.Typer(help="Nodes of a portfolio's tree, for the files that come next.", no_args_is_help=True)
    node.command("create")(create)
    node.command("move")(move)
    node.command("rename")(rename)
    node.command("close")(close)
    portfolio.add_typer(node, name="node")


def tree(
    context: typer.Context,
    portfolio: Name,
    as_of_event: Annotated[int | None, typer.Option(help="As it stood when this event had happened.")] = None,
    as_json: AsJson = False,
) -> None:
    """The tree that the next files of this name will have, and what was decided about it."""
    from ops.read_models import catch_up_catalogues
    from query_api.portfolios.hierarchies import hierarchy_document

    with opened(context) as tenor:
        catch_up_catalogues(tenor.storage)
        with tenor.database.connect() as connection:
            found = hierarchy_document(connection, tenor.tree_of, portfolio, as_of_event)
    Output(as_json).show(found, *map(node_line, found["nodes"]))


def node_line(node: JsonObject) -> str:
    closed = "  closed" if node["closed"] else ""
    return f"{node['kind']:<9} {node['node_id']}  below {node['parent_id'] or 'nothing'}{closed}"


def create(
    context: typer.Context,
    portfolio: Name,
    node: NodeId,
    kind: Annotated[str, typer.Option(help="FUND, SUB_FUND, DESK or BOOK.")] = "BOOK",
    parent: Annotated[str | None, typer.Option(help="The node above it; none: the top.")] = None,
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    as_json: AsJson = False,
) -> None:
    """A node that the next files of this portfolio have."""
    changed(context, portfolio, ("create", node, parent, name, kind), as_json)


def move(
    context: typer.Context,
    portfolio: Name,
    node: NodeId,
    parent: Annotated[str | None, typer.Option(help="The node above it; none: the top.")] = None,
    as_json: AsJson = False,
) -> None:
    """Below another node."""
    changed(context, portfolio, ("move", node, parent), as_json)


def rename(
    context: typer.Context,
    portfolio: Name,
    node: NodeId,
    name: Annotated[str, typer.Argument(help="For people; the id stays.")],
    as_json: AsJson = False,
) -> None:
    """Another name for people."""
    changed(context, portfolio, ("rename", node, None, name), as_json)


def close(
    context: typer.Context,
    portfolio: Name,
    node: NodeId,
    reason: Annotated[str, typer.Option(help="Why; kept in the log.")] = "",
    as_json: AsJson = False,
) -> None:
    """Nothing may hang on it from then on."""
    changed(context, portfolio, ("close", node, None, None, "BOOK", reason), as_json)


def changed(context: typer.Context, portfolio: str, words: tuple[Any, ...], as_json: bool) -> None:
    from commands.change_hierarchy import change_hierarchy
    from domain.portfolio.hierarchy import Change
    from ops.read_models import catch_up_catalogues

    with opened(context) as tenor:
        catch_up_catalogues(tenor.storage)
        asked: Change = Change(*words)
        found, position = change_hierarchy(tenor.store, tenor.envelope(), portfolio, asked, tenor.newest_tree)
    show_changed(Output(as_json), {**found, "event_position": position})


def show_changed(output: Output, found: JsonObject) -> None:
    state = "closed" if found["closed"] else f"below {found['parent_id'] or 'nothing'}"
    told = f"{found['kind']} {found['node_id']} of {found['portfolio']}: {state}, from its next files on"
    output.show(found, told)


def show_segments(
    context: typer.Context,
    snapshot: Snapshot,
    by: Annotated[str, typer.Option(help="`state`, `fico:@fico`, `fico:620,700`, `origination_date:quarter`.")],
    node: Annotated[str | None, typer.Option(help="Positions of this node and below.")] = None,
    amount: Annotated[str, typer.Option(help="What is added and weighs.")] = "notional",
    weighted: Annotated[str, typer.Option(help="`coupon,ltv`: numbers to average.")] = "",
    concentration: Annotated[str | None, typer.Option(help="Whose shares: `issuer_id`, `state`.")] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="Largest names that are listed.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Sums, weighted averages and concentration of a snapshot by segment and currency."""
    from query_api.portfolios.segments import Asked, segments

    names = tuple(each.strip() for each in weighted.split(",") if each.strip())
    with opened(context) as tenor:
        rows = segments(portfolio_of(tenor, snapshot), Asked(by, node, amount, names, concentration, top))
    Output(as_json).show(rows, *map(segment_line, rows))


def segment_line(row: JsonObject) -> str:
    figures = [f"{name} {value:,.6g}" for name, value in row.items() if isinstance(value, int | float)]
    return f"{row['segment'] or '(none)':<24} {row['currency']}  {'  '.join(figures)}"


def list_bands(as_json: AsJson = False) -> None:
    """Sets of edges that segments may be cut at."""
    from query_api.portfolios.segments import bands

    rows = [{"bands": name, **each} for name, each in bands().items()]
    Output(as_json).show(rows, *map(bands_line, rows))


def bands_line(row: JsonObject) -> str:
    return f"@{row['bands']:<14} {' '.join(row['edges'])}  {row['what']}"


def compare(
    context: typer.Context,
    earlier: Snapshot,
    later: Snapshot,
    as_json: AsJson = False,
) -> None:
    """Two snapshots: by table the rows that are new, gone and changed, and what changed column by column."""
    from query_api.portfolios.comparison import compared

    with opened(context) as tenor:
        rows = compared(portfolio_of(tenor, earlier), portfolio_of(tenor, later))
    Output(as_json).show(rows, *(line for row in rows for line in comparison_lines(row)))


def comparison_lines(row: JsonObject) -> list[str]:
    counts = ", ".join(f"{row[f'{what}_total']:,} {what}" for what in ("new", "gone", "changed"))
    lines = [f"{row['table']}: {counts}"]
    by = ", ".join(f"{column} {count:,}" for column, count in row["changed_by_column"].items())
    lines += [f"  changed columns: {by}"] if by else []
    for each in row["changed"][:SHOWN]:
        cells = ", ".join(f"{name} {cell['from']} -> {cell['to']}" for name, cell in each["columns"].items())
        lines.append(f"  {each['key']}: {cells}")
    return lines


def history(
    context: typer.Context,
    portfolio: Name,
    instrument: Annotated[str | None, typer.Option(help="An instrument's id.")] = None,
    issuer: Annotated[str | None, typer.Option(help="An issuer's id.")] = None,
    as_json: AsJson = False,
) -> None:
    """When an instrument or an issuer appeared, changed and went, over a portfolio's snapshots."""
    from ops.read_models import catch_up_catalogues
    from query_api.portfolios.history import history_of

    table, key = thing_of(instrument, issuer)
    with opened(context) as tenor:
        catch_up_catalogues(tenor.storage)
        with tenor.database.connect() as connection:
            rows = history_of(connection, tenor.storage.portfolio, portfolio, table, key)
    Output(as_json).show(rows, *map(history_line, rows))


def thing_of(instrument: str | None, issuer: str | None) -> tuple[str, str]:
    """The table, and the id in it."""
    from domain.refusals import Refused

    if (instrument is None) == (issuer is None):
        raise Refused("ONE_THING", "a history is of one instrument or one issuer", "give --instrument or --issuer")
    return ("instruments", instrument) if instrument is not None else ("issuers", issuer or "")


def history_line(row: JsonObject) -> str:
    return f"{row['as_of']}  {row['what']}  {json.dumps(row['changed'])}"


def portfolio_of(tenor: "Tenor", snapshot: str) -> "Portfolio":
    from ops.read_models import catch_up_catalogues
    from query_api.snapshots import find_snapshot

    catch_up_catalogues(tenor.storage)
    with tenor.database.connect() as connection:
        found = find_snapshot(connection, "PORTFOLIO", snapshot, None)
    return tenor.storage.portfolio(said(found.sha256))
