"""The demo's stress: the severely adverse path of 2026 with its buffer, and Basel's six rate shocks."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from ops.processes.run_to_end import RunningProcesses
    from ops.wiring import Tenor

Rows = list[dict[str, Any]]
BASE, SHOCK = "BASE", "irrbb."


def stress_of_demo(
    tenor: "Tenor", run: dict[str, object], running: "RunningProcesses", *, quiet: bool
) -> dict[str, Rows]:
    """A second run of the same portfolio and market: prices alone, under seven scenarios."""
    from commands.define_policy import define_policy
    from commands.submit_run import SubmitRun
    from ops.audit.run_events import read_run
    from ops.processes.run_to_end import summary, wait_until_queryable
    from ops.regulatory.stress import stress_of_run
    from ops.run_requests import submit_request
    from ops.samples.credit_policy import ADVERSE
    from ops.samples.stressed_bank import POLICY_ID, policy_document, scenario_documents
    from query_api.results.totals import totals
    from query_api.services.stress import StressReport

    envelope, documents = tenor.envelope("demo"), scenario_documents()
    policy = json.dumps(policy_document(_rwa(tenor, str(run["run_id"])))).encode()
    defined, _ = define_policy(tenor.store, envelope, policy)
    requested = read_run(tenor.store, str(run["run_id"])).requested
    request = SubmitRun(
        str(requested.portfolio_snapshot_id),
        str(requested.market_snapshot_id),
        tuple(str(each["scenario_id"]) for each in documents),
        ("PV",),
        policy=f"{POLICY_ID}@{defined['version']}",
    )
    run_id = submit_request(tenor.storage, tenor.envelope(), request)
    stressed = summary(wait_until_queryable(tenor.database.connect, run_id, quiet=quiet, running=running))
    shown = ((StressReport.PATH, ADVERSE), (StressReport.SCB, ADVERSE), (StressReport.IRRBB, None))
    with tenor.database.connect() as connection:
        desks = totals(connection, stressed["run_id"], "desk").to_pylist()
    return {"stress_by_desk": desks} | {
        f"stress_{report}": stress_of_run(tenor.storage, stressed["run_id"], report, scenario).to_pylist()
        for report, scenario in shown
    }


def capital_of_nodes(tenor: "Tenor", run_id: str) -> Rows:
    """At every node, netting sets included, under the run's own rules."""
    from ops.regulatory.capital import CapitalOfRuns
    from query_api.services.regulatory import Report

    rows: Rows = CapitalOfRuns(tenor.storage).report(run_id, Report.CAPITAL, None).to_pylist()
    return rows


def _rwa(tenor: "Tenor", run_id: str) -> float:
    """Of all funds."""
    return sum(float(row["rwa"]) for row in capital_of_nodes(tenor, run_id) if row["kind"] == "FUND")


def print_stress(document: dict[str, Rows]) -> None:
    from rich.console import Console

    console = Console()
    console.print(path_table(document["stress_path"]))
    (scb,) = document["stress_scb"]
    fall = (
        f"CET1 falls from {scb['cet1_ratio_start']:.2%} to {scb['cet1_ratio_min']:.2%} in quarter {scb['min_quarter']}"
    )
    console.print(
        f"{fall}; with dividends of {scb['dividend_add_on']:.2%} the stress capital buffer is {scb['scb']:.2%}"
    )
    console.print(shock_table(document["stress_irrbb"]))
    console.print(desk_table(document["stress_by_desk"]))


def path_table(rows: Rows) -> "Table":
    from rich.table import Table

    table = Table(title="The Federal Reserve's severely adverse scenario of 2026, million in base currency")
    for name in ("quarter", "loss", "allowance", "provision", "PPNR", "CET1", "CET1 ratio"):
        table.add_column(name, justify="right")
    for row in rows:
        amounts = (row[name] for name in ("loss", "allowance", "provision", "ppnr", "cet1"))
        cells = ("" if amount is None else f"{amount / 1e6:,.1f}" for amount in amounts)
        table.add_row(str(row["quarter"]), *cells, f"{row['cet1_ratio']:.2%}")
    return table


def shock_table(rows: Rows) -> "Table":
    from rich.table import Table

    table = Table(title="Interest rate risk in the banking book, million in base currency")
    table.add_column("shock", no_wrap=True)
    for name in ("change of value", "change of a year's income", "loss", "of tier 1"):
        table.add_column(name, justify="right")
    for row in (each for each in rows if each["currency"] == "TOTAL"):
        income = "" if row["delta_nii"] is None else f"{row['delta_nii'] / 1e6:+,.1f}"
        table.add_row(
            row["shock"],
            f"{row['delta_eve'] / 1e6:+,.1f}",
            income,
            f"{row['eve_loss'] / 1e6:,.1f}",
            f"{row['eve_loss_share_tier1']:.1%}" + (" outlier" if row["outlier"] else ""),
        )
    return table


def desk_table(rows: Rows) -> "Table":
    """What each desk gains or loses under the six shocks, its trading book too."""
    from rich.table import Table

    base = {row["desk"]: row["pv_base"] or 0.0 for row in rows if row["scenario_id"] == BASE}
    shocked = {(row["desk"], row["scenario_id"].split("@")[0]): row["pv_base"] or 0.0 for row in rows}
    shocks = [name for name in dict.fromkeys(name for _, name in shocked) if name.startswith(SHOCK)]
    table = Table(title="The same shocks by desk, trading books too, million in base currency")
    table.add_column("desk", no_wrap=True)
    for name in shocks:
        table.add_column(name.removeprefix(SHOCK).replace("_", " ").lower(), justify="right")
    for desk, value in base.items():
        table.add_row(desk, *(f"{(shocked[desk, name] - value) / 1e6:+,.1f}" for name in shocks))
    return table
