"""The demo's second day: the fund one business day later, its allowance by segment, and why the allowance moved."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from ops.processes.run_to_end import RunningProcesses
    from ops.wiring import Tenor

Document = Mapping[str, Any]
MOVEMENTS = {
    "opening": "opening",
    "new": "provision_new",
    "gone": "provision_exits",
    "moved": "provision_remeasurement",
    "PCD": "initial_pcd",
    "lost": "charge_offs",
    "back": "recoveries",
    "fx": "fx",
    "closing": "closing",
}


def allowance_of_demo(tenor: "Tenor", run: Document, running: "RunningProcesses", *, quiet: bool) -> dict[str, object]:
    """A run of the second day under the same policy: values alone, under what the policy weighs."""
    from ops.regulatory.allowance import AllowanceOfRuns
    from query_api.services.allowance import AllowanceReport

    began = time.monotonic()
    second = run_second_day(tenor, run, running, quiet=quiet)
    allowances, runs = AllowanceOfRuns(tenor.storage), (str(run["run_id"]), str(second["run_id"]))
    return {
        "allowance_segments": allowances.report(runs[0], AllowanceReport.SEGMENTS).to_pylist(),
        "rollforward": allowances.rollforward(*runs).to_pylist(),
        "second_day": second,
        "second_day_s": time.monotonic() - began,
    }


def run_second_day(tenor: "Tenor", run: Document, running: "RunningProcesses", *, quiet: bool) -> Document:
    from commands.ingest_portfolio import ingest_portfolio
    from commands.load_market import load_market
    from commands.submit_run import SubmitRun
    from ops.market_checks import find_unsolved
    from ops.processes.run_to_end import summary, wait_until_queryable
    from ops.run_requests import submit_request
    from ops.samples.bank import POLICY_ID
    from ops.samples.credit_policy import ADVERSE
    from ops.samples.fund import FUND_NAME
    from ops.samples.second_day import write_second_day

    envelope = tenor.envelope("demo")
    with tempfile.TemporaryDirectory(prefix="tenor-demo-") as name:
        folder = Path(name) / FUND_NAME
        write_second_day(folder, int(run["positions"]))
        report = ingest_portfolio(tenor.store, tenor.blobs, tenor.portfolio_codec, envelope, folder)
        market = load_market(tenor.store, tenor.blobs, envelope, (folder / "market.json").read_bytes(), find_unsolved)
    request = SubmitRun(report["snapshot_id"], market["snapshot_id"], (ADVERSE,), ("PV",), policy=POLICY_ID)
    run_id = submit_request(tenor.storage, tenor.envelope(), request)
    return summary(wait_until_queryable(tenor.database.connect, run_id, quiet=quiet, running=running))


def print_allowance(document: Document) -> None:
    from rich.console import Console

    console = Console()
    console.print(segment_table(document["allowance_segments"]))
    console.print(rollforward_table(document["rollforward"]))
    console.print(
        f"from run {document['run_id']} to {document['second_day']['run_id']}, the second day: "
        f"{document['second_day_s']:.1f} s in all"
    )


def segment_table(rows: Sequence[Document]) -> "Table":
    """Of each segment, what the weighed scenarios say and what is made of them."""
    from rich.table import Table

    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    table = Table(title="Allowance by segment (CECL), million in base currency")
    for name in ("segment", "method"):
        table.add_column(name, no_wrap=True)
    named = (each.split("@")[0].replace("_", " ") for each in scenarios)
    for name in ("amortised cost", *named, "overlay", "rate"):
        table.add_column(name, justify="right")
    for segment in dict.fromkeys(row["segment"] for row in rows):
        mine = {row["scenario"]: row for row in rows if row["segment"] == segment}
        last = mine[scenarios[-1]]
        amounts = (last["amortised_cost"], *(mine[each]["allowance"] for each in scenarios), last["overlay"])
        cells = ("" if amount is None else f"{amount / 1e6:,.2f}" for amount in amounts)
        rate = "" if last["rate"] is None else f"{last['rate']:.2%}"
        table.add_row(segment, last["method"], *cells, rate)
    return table


def rollforward_table(rows: Sequence[Document]) -> "Table":
    from rich.table import Table

    table = Table(title="Allowance from the first day to the second, thousand in base currency")
    table.add_column("segment", no_wrap=True)
    for name in MOVEMENTS:
        table.add_column(name, justify="right")
    for row in rows:
        amounts = (row[column] for column in MOVEMENTS.values())
        style = "bold" if row["segment"] == "TOTAL" else ""
        table.add_row(row["segment"], *(f"{amount / 1e3:,.0f}" for amount in amounts), style=style)
    return table
