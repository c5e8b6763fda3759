"""`tenor demo`: a sample fund, a full run, figures a person wants to see, then everything served."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.cli.options import AsJson, opened
from ops.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.cli.capital.shown import Node
    from ops.wiring import Tenor
    from query_api.services.cashflow import Shown

POSITIONS = 10_000
LADDER_BUCKETS = "3M,6M,1Y,2Y,3Y,5Y,10Y"
MONTHS_APART = 6


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    context: typer.Context,
    positions: Annotated[int, typer.Option(help="How large a fund to make.", min=1)] = POSITIONS,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End when the figures are printed.")] = False,
    port: Annotated[int, typer.Option(help="On 127.0.0.1.", min=1, max=65535)] = 8000,
    as_json: AsJson = False,
) -> None:
    """Embedded Postgres, a sample fund, a full run, figures; then everything served on one port."""
    from ops.cli.demonstration.allowance import allowance_of_demo
    from ops.cli.demonstration.stress import stress_of_demo
    from ops.processes.run_to_end import default_workers, everything_running
    from ops.processes.stopping import until_told
    from ops.services import build_app, refuse_taken_port, serve_app

    output = Output(as_json)
    if not no_serve:
        refuse_taken_port(port)
    with opened(context) as tenor, everything_running(tenor.processes, default_workers()) as running:
        output.note(f"a fund of {positions:,} positions: making it, reading it in, pricing it under a dozen scenarios")
        document = run_demo(tenor, positions, running, quiet=as_json)
        document |= stress_of_demo(tenor, document, running, quiet=as_json)
        output.note("the same fund one business day later, for what moved its allowance")
        document |= allowance_of_demo(tenor, document, running, quiet=as_json)
        show(tenor, output, document)
        if not no_serve:
            output.note(f"everything is served at http://127.0.0.1:{port}/ (Ctrl-C stops it)")
            with until_told() as told:
                serve_app(build_app(tenor), port, told)


def run_demo(tenor: Any, positions: int, running: Any, *, quiet: bool) -> dict[str, Any]:
    """The whole path: files, snapshots, scenarios, run, results."""
    from commands.submit_run import SubmitRun
    from ops.processes.run_to_end import summary, wait_until_queryable
    from ops.run_requests import submit_request
    from ops.samples.bank import POLICY_ID
    from ops.samples.credit_policy import ADVERSE
    from ops.samples.fund import FUND_NAME

    with tempfile.TemporaryDirectory(prefix="tenor-demo-") as folder:
        portfolio, market = bring(tenor, Path(folder) / FUND_NAME, positions)
    request = SubmitRun(portfolio, market, ("@nightly", ADVERSE), policy=POLICY_ID)
    run_id = submit_request(tenor.storage, tenor.envelope(), request)
    return summary(wait_until_queryable(tenor.database.connect, run_id, quiet=quiet, running=running))


def bring(tenor: Any, folder: Path, positions: int) -> tuple[str, str]:
    from commands.define_policy import define_policy
    from commands.define_scenario import define_scenario_set, define_scenarios
    from commands.ingest_portfolio import ingest_portfolio
    from commands.load_market import load_market
    from ops.market_checks import find_unsolved
    from ops.samples.fund import write_sample_fund
    from ops.samples.stressed_bank import scenario_documents

    write_sample_fund(folder, positions)
    envelope = tenor.envelope("demo")
    report = ingest_portfolio(tenor.store, tenor.blobs, tenor.portfolio_codec, envelope, folder)
    market = load_market(tenor.store, tenor.blobs, envelope, (folder / "market.json").read_bytes(), find_unsolved)
    define_scenarios(tenor.store, envelope, (folder / "scenarios.json").read_bytes())
    define_scenarios(tenor.store, envelope, json.dumps(scenario_documents()).encode())
    define_scenario_set(tenor.store, envelope, (folder / "scenario_set.json").read_bytes())
    define_policy(tenor.store, envelope, (folder / "policy.json").read_bytes())
    return report["snapshot_id"], market["snapshot_id"]


def show(tenor: Any, output: Output, run: dict[str, Any]) -> None:
    from ops.cli.demonstration.allowance import print_allowance
    from ops.cli.demonstration.stress import capital_of_nodes, print_stress
    from query_api.results.top import top_positions
    from query_api.results.totals import totals

    nodes = capital_of_nodes(tenor, str(run["run_id"]))
    with tenor.database.connect() as connection:
        desks = totals(connection, run["run_id"], "desk").to_pylist()
        everything = totals(connection, run["run_id"], "total").to_pylist()
        top = top_positions(connection, run["run_id"], measure="DV01", limit=10)
    ladder, decrements = ladder_by_desk(tenor, run), decrement_table(tenor, run)
    document = {**run, "totals_by_desk": desks, "totals": everything, "top_dv01": top, "capital": nodes}
    document |= {"ladder_by_desk": ladder, "decrement_table": decrements}
    if output.as_json:
        output.show(document)
        return
    print_totals(run, desks, everything, nodes)
    print_top(top)
    print_cash_flows(ladder, decrements)
    print_allowance(document)
    print_stress(document)


def ladder_by_desk(tenor: "Tenor", run: dict[str, Any]) -> list[dict[str, Any]]:
    from query_api.services.cashflow import Shown

    return _cash_flows(tenor, run, Shown.LADDER, by="desk", buckets=LADDER_BUCKETS)


def decrement_table(tenor: "Tenor", run: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the auto deal; a fund that is too small for deals has none."""
    from ops.samples.deals import AUTO
    from ops.samples.fund import has_deals
    from query_api.services.cashflow import Shown

    return _cash_flows(tenor, run, Shown.DEAL, AUTO) if has_deals(run["positions"]) else []


def _cash_flows(
    tenor: "Tenor",
    run: dict[str, Any],
    shown: "Shown",
    name: str = "",
    by: str | None = None,
    buckets: str | None = None,
) -> list[dict[str, Any]]:
    from ops.cash_flows.tables import cash_flows_of_run
    from query_api.services.cashflow import AskedFlows, Basis

    question = AskedFlows(shown, name, "BASE", Basis.BEHAVIOURAL, by, buckets=buckets)
    rows: list[dict[str, Any]] = cash_flows_of_run(tenor.storage, str(run["run_id"]), question).to_pylist()
    return rows


def print_cash_flows(ladder: list[dict[str, Any]], decrements: list[dict[str, Any]]) -> None:
    from rich.console import Console

    console = Console()
    console.print(ladder_table(ladder))
    if decrements:
        console.print(deal_table(decrements))


def ladder_table(rows: list[dict[str, Any]]) -> Any:
    """What comes in by desk and bucket: interest and principal of all currencies."""
    from rich.table import Table

    buckets = list(dict.fromkeys(row["bucket"] for row in rows))
    table = Table(title="Cash flows by desk, BASE, million base currency")
    table.add_column("desk", no_wrap=True)
    for bucket in buckets:
        table.add_column(bucket, justify="right", no_wrap=True)
    for desk in dict.fromkeys(row["group"] for row in rows):
        mine = [(row["bucket"], row["cash_flow_base"]) for row in rows if row["group"] == desk]
        sums = (sum(amount for named, amount in mine if named == bucket) for bucket in buckets)
        table.add_row(desk, *(f"{each / 1e6:,.0f}" for each in sums))
    return table


def deal_table(rows: list[dict[str, Any]]) -> Any:
    """What is left of every note, in percent of its original balance, twice a year."""
    from rich.table import Table

    notes = list(dict.fromkeys(row["instrument_id"] for row in rows))
    table = Table(title=f"Decrement table of {rows[0]['deal_id']}, BASE, % of original balance")
    table.add_column("paid", no_wrap=True)
    for note in notes:
        table.add_column(note.removeprefix(f"{rows[0]['deal_id']}-"), justify="right")
    left = {(row["period"], row["instrument_id"]): row["percent_outstanding"] for row in rows}
    dates = {row["period"]: row["pay_date"] for row in rows}
    for period in sorted(dates):
        if period % MONTHS_APART == 0 or period == max(dates):
            shares = (left[period, note] for note in notes)
            table.add_row(str(dates[period]), *("" if each is None else f"{each:.1f}" for each in shares))
    return table


def print_totals(
    run: dict[str, Any], desks: list[dict[str, Any]], everything: list[dict[str, Any]], nodes: "Sequence[Node]"
) -> None:
    """Value and risk by desk, then what each scenario gains or loses against BASE; in base currency."""
    from rich.console import Console

    from ops.cli.capital.shown import rwa_table

    console = Console()
    console.print(desk_table(desks, everything))
    console.print(rwa_table(nodes, everything[0]["base_currency"]))
    console.print(scenario_table(desks, everything))
    console.print(
        f"run {run['run_id']}: {run['status']}, {run['positions']:,} positions, {run['priced']:,} priced, "
        f"{run['failed']:,} failed, {run['results']:,} results in {run['seconds']:.1f} s"
    )


def desk_table(desks: list[dict[str, Any]], everything: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(title=f"Totals by desk, BASE, {everything[0]['base_currency']}")
    table.add_column("desk", no_wrap=True)
    for name in ("positions", "PV, mn", "DV01", "CS01", "duration"):
        table.add_column(name, justify="right")
    rows = [(row["desk"], row) for row in desks] + [("total", row) for row in everything]
    for name, row in rows:
        if row["scenario_id"] == "BASE":
            amounts = (row["pv_base"] or 0.0) / 1e6, row["dv01_base"] or 0.0, row["cs01_base"] or 0.0
            table.add_row(
                name,
                f"{row['positions']:,}",
                f"{amounts[0]:,.1f}",
                f"{amounts[1]:,.0f}",
                f"{amounts[2]:,.0f}",
                f"{row['effective_duration'] or 0.0:.2f}",
                style="bold" if name == "total" else "",
            )
    return table


def scenario_table(desks: list[dict[str, Any]], everything: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(title=f"Gain or loss against BASE, million {everything[0]['base_currency']}")
    for name in ("scenario", "total", "% of PV", "worst desk", "there"):
        table.add_column(name, justify="left" if name in ("scenario", "worst desk") else "right", no_wrap=True)
    base = {row["desk"]: row["pv_base"] or 0.0 for row in desks if row["scenario_id"] == "BASE"}
    value = sum(base.values())
    for row in everything[1:]:
        gains = {
            d["desk"]: (d["pv_base"] or 0.0) - base[d["desk"]] for d in desks if d["scenario_id"] == row["scenario_id"]
        }
        gain = sum(gains.values())
        worst = min(gains, key=lambda desk: gains[desk])
        table.add_row(
            row["scenario_id"],
            f"{gain / 1e6:+,.1f}",
            f"{gain / value:+.2%}" if value else "",
            worst,
            f"{gains[worst] / 1e6:+,.1f}",
        )
    return table


def print_top(top: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Largest rate risks: DV01 in base currency")
    table.add_column("rank", justify="right")
    table.add_column("position")
    table.add_column("DV01", justify="right")
    for row in top:
        table.add_row(str(row["rank"]), row["position_id"], f"{row['value']:,.0f}")
    Console().print(table)
