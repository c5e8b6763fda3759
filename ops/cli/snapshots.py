"""`tenor portfolio list`, `tenor market load | list | calibrate | calibrate-prepayment`."""

from typing import TYPE_CHECKING, Any

import typer

from ops.cli.calibration.hull_white import calibrate
from ops.cli.calibration.prepayment import calibrate_prepayment
from ops.cli.options import AsJson, opened
from ops.cli.output import Output, said
from ops.cli.portfolios import data
from ops.cli.tapes.markets import load as load_market_files

if TYPE_CHECKING:
    from query_api.snapshots import SnapshotRow


def register(app: typer.Typer) -> None:
    market = typer.Typer(help="Market snapshots.", no_args_is_help=True)
    market.command("load")(load_market_files)
    market.command("list")(list_markets)
    market.command("calibrate")(calibrate)
    market.command("calibrate-prepayment")(calibrate_prepayment)
    app.add_typer(market, name="market")
    portfolio = typer.Typer(help="Portfolio snapshots.", no_args_is_help=True)
    portfolio.callback()(portfolios)
    portfolio.command("list")(list_portfolios)
    data.add_to(portfolio)
    app.add_typer(portfolio, name="portfolio")


def portfolios() -> None:
    """One command so far, and it has a name."""


def list_portfolios(context: typer.Context, as_json: AsJson = False) -> None:
    """Portfolio snapshots by name and date, newest first."""
    list_snapshots(context, "PORTFOLIO", as_json)


def list_markets(context: typer.Context, as_json: AsJson = False) -> None:
    """Market snapshots by date, newest first."""
    list_snapshots(context, "MARKET", as_json)


def list_snapshots(context: typer.Context, kind: str, as_json: bool) -> None:
    from ops.read_models import catch_up_catalogues
    from query_api.snapshots import all_snapshots

    with opened(context) as tenor:
        catch_up_catalogues(tenor.storage)
        with tenor.database.connect() as connection:
            rows = all_snapshots(connection, kind)
    documents = [snapshot_line(row) for row in rows]
    Output(as_json).show(documents, *snapshot_table(documents, kind))


def snapshot_line(row: "SnapshotRow") -> dict[str, Any]:
    return {
        "snapshot_id": row.snapshot_id,
        "name": row.name,
        "as_of": row.as_of,
        "rows": row.row_counts,
        "sha256": row.sha256,
        "brought_at": row.brought_at,
        "actor": row.actor,
    }


def snapshot_table(rows: list[dict[str, Any]], kind: str) -> list[str]:
    """A market's own lines say its curves where a portfolio's say its name and positions."""
    if not rows:
        command = "tenor ingest FOLDER" if kind == "PORTFOLIO" else "tenor market load FILE.json"
        return [f"none yet; bring one with `{command}`"]
    width = max(len(each["name"] or "") for each in rows)
    counted = "positions" if kind == "PORTFOLIO" else "curves"
    return [
        f"{each['snapshot_id']}  {each['name'] or '':<{width}}{'  ' if width else ''}{said(each['as_of']):<10}  "
        f"{each['rows'].get(counted, 0):>11,} {counted}  {each['sha256'][:12]}  {each['brought_at']:%Y-%m-%d %H:%M}"
        for each in rows
    ]
