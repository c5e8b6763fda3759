"""`tenor bench`: the project's own measurement, in a database of its own."""

from typing import Annotated, Any

import typer

from ops.cli.options import AsJson, settings_of
from ops.cli.output import Output

POSITIONS = 100_000
SCENARIOS = 10


def register(app: typer.Typer) -> None:
    app.command()(bench)


def bench(
    context: typer.Context,
    positions: Annotated[int, typer.Option(help="How large a fund to make.", min=1)] = POSITIONS,
    scenarios: Annotated[int, typer.Option(help="How many, BASE among them.", min=1)] = SCENARIOS,
    workers: Annotated[int | None, typer.Option(help="Worker processes; default one a core.", min=1)] = None,
    measures: Annotated[str, typer.Option(help="`PV,DV01`; all that Tenor has by default.")] = "",
    runs: Annotated[int, typer.Option(help="How often, one after another; queries meet them all.", min=1)] = 1,
    full: Annotated[
        bool, typer.Option("--full", help="Also audit, rebuild, one worker, append to visible, row-wise alternatives.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure the whole path on a sample fund, in a database made for it and removed afterwards."""
    from compute.engine_version import pin_arithmetic
    from ops.cli.runs import words
    from ops.processes.run_to_end import default_workers

    output, settings = Output(as_json), settings_of(context)
    pin_arithmetic()  # as the workers do: this process times the kernels too
    from ops.benchmarking.whole_path import Plan, measure

    plan = Plan(positions, scenarios, workers or default_workers(), words(measures), runs, full)
    document = measure(settings, plan, output.note)
    output.show(document, *lines(document))


def lines(document: dict[str, Any]) -> list[str]:
    seconds, machine = document["seconds"], document["machine"]
    parts = f"plan {seconds['plan']:.2f}, compute {seconds['compute']:.2f}, publish {seconds['publish']:.2f}"
    compiled = "kernels compiled before" if document["kernels_were_compiled"] else "kernels compiled meanwhile"
    queries = [f"query {name:<22}{ms:>10.2f} ms (p99)" for name, ms in document["query_ms_p99"].items()]
    kernels = [f"kernels {name:<20}{rate:>10,} results a second and core" for name, rate in document["kernels"].items()]
    return [
        f"{document['positions']:,} positions x {document['scenarios']} scenarios x {len(document['measures'])} "
        f"measures with {document['workers']} workers",
        f"read in                     {seconds['ingest']:>10.2f} s",
        f"submit to queryable         {seconds['submit_to_queryable']:>10.2f} s ({parts})",
        f"results                     {document['results_per_s']:>10,} a second",
        f"memory at most              {document['rss_mb_peak'] or 0:>10,.0f} MB",
        f"log                         {document['log_bytes_per_value']:>10.2f} bytes a value",
        *queries,
        *kernels,
        *cash_flow_lines(document["cash_flows"]),
        *capital_lines(document["capital"]),
        *(further_lines(document) if "verify" in document else []),
        f"nothing to a small first run{document['cold_start_s']:>10.1f} s, {compiled}",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB; load before {document['load_before']}",
    ]


def cash_flow_lines(flows: dict[str, Any]) -> list[str]:
    return [
        f"loans that prepay, default   {flows['loan_scenarios_per_s'] or 0:>10,} loan-scenarios a second and core",
        f"an auto deal of 43 lines    {flows['auto_deal_seven_speeds_ms']:>10.2f} ms at seven speeds",
        f"{flows['deals']:<3} deals x 10 scenarios    {flows['deals_with_key_rates_s']:>10.2f} s, DV01 and key rates",
        f"ladder at a node            {flows['ladder_at_a_node_ms_p99']:>10.2f} ms (p99)",
        f"schedule of a loan          {flows['schedule_ms']:>10.2f} ms",
    ]


def capital_lines(capital: dict[str, Any]) -> list[str]:
    seconds, netting = capital["seconds"], capital["netting_s"]
    return [
        f"capital, CECL by PD and LGD  {seconds['added_pd_lgd']:>9.2f} s beside prices, under two scenarios",
        f"capital, CECL by cash flow   {seconds['added_dcf']:>9.2f} s",
        f"report of capital           {capital['report_ms_p99']:>10.2f} ms (p99)",
        f"explanation of an exposure  {capital['explain_ms_p99']:>10.2f} ms (p99)",
        *([] if netting is None else [f"SA-CCR of all derivatives   {netting:>10.2f} s"]),
    ]


def further_lines(document: dict[str, Any]) -> list[str]:
    """Of `--full`."""
    one, rows = document["one_worker"], document["alternatives"]
    visible = document["append_to_visible_ms"].items()
    return [
        f"audit verify                {document['verify']['mb_per_s']:>10,.0f} MB a second",
        f"rebuild of the results      {document['rebuild']['results_per_s']:>10,} results a second",
        f"of one worker's time        {one['ratio']['submit_to_queryable']:>10.2f} "
        f"({one['ratio']['compute']:.2f} of its computing)",
        *(
            f"append to visible, {name.replace('_', ' '):<9}{ms['p50']:>10.1f} ms (median), {ms['p99']:.1f} ms (p99)"
            for name, ms in visible
        ),
        *(
            f"{name.replace('_', ' '):<28}{rows[name]['whole_run']['seconds']:>10,.0f} s and "
            f"{rows[name]['whole_run']['mb']:,} MB for the whole run, multiplied out from "
            f"{rows['sample_results']:,} results"
            for name in ("row_per_event", "row_per_result")
        ),
    ]
