"""`tenor run submit | list | show | watch | retry | cancel | approve | reject | publish | archive`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.cli.archive import archive_run
from ops.cli.options import A_RUN, AsJson, opened
from ops.cli.output import Output, said
from ops.ids import run_named, whole_id_of

if TYPE_CHECKING:
    from ops.wiring import Tenor

Run = Annotated[str, typer.Argument(help=A_RUN)]
Reason = Annotated[str, typer.Option(help="Why; kept in the log.")]
RequireApproved = Annotated[
    bool,
    typer.Option(
        "--require-approved-models",
        help="Refuse a run whose models are not all approved.",
        envvar="TENOR_REQUIRE_APPROVED_MODELS",
    ),
]
CashFlows = Annotated[str, typer.Option(help="`BASE,up100`: scenarios whose cash flows are shown; `none`.")]
Policy = Annotated[str | None, typer.Option(help="`id@version` of a policy; the latest version of `id`.")]
RuleSets = Annotated[str, typer.Option(help="`basel-2023,us-2015`: rule sets of capital; the newest in force.")]

LIST_RUNS = (
    "SELECT run_id, status, portfolio_snapshot_id, market_snapshot_id, requested_at FROM read.run "
    "ORDER BY requested_at DESC, run_no DESC"
)


def register(app: typer.Typer) -> None:
    run = typer.Typer(help="Runs: one portfolio, one market, scenarios, measures.", no_args_is_help=True)
    run.command("submit")(submit)
    run.command("list")(list_runs)
    run.command("show")(show)
    run.command("watch")(watch)
    run.command("retry")(retry)
    for name, command in (("cancel", cancel), ("approve", approve), ("reject", reject), ("publish", publish)):
        run.command(name)(command)
    run.command("archive")(archive_run)
    app.add_typer(run, name="run")


def submit(
    context: typer.Context,
    portfolio: Annotated[str, typer.Option(help="Portfolio snapshot: its id, the beginning of one, or `latest`.")],
    market: Annotated[str, typer.Option(help="Market snapshot: its id, the beginning of one, or `latest`.")],
    scenarios: Annotated[str, typer.Option(help="`a,b@2,@set`; BASE always runs.")] = "",
    measures: Annotated[str, typer.Option(help="`PV,DV01`; all that Tenor has by default.")] = "",
    base_currency: Annotated[str | None, typer.Option(help="Default: the market's.")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="The same key again is the same run.")] = None,
    require_approved_models: RequireApproved = False,
    cashflows: CashFlows = "BASE",
    policy: Policy = None,
    rules: RuleSets = "",
    wait: Annotated[bool, typer.Option("--wait", help="Return when the results are queryable.")] = False,
    workers: Annotated[int | None, typer.Option(help="Bring this many workers while waiting.", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a run. With --wait it needs no other process."""
    from commands.submit_run import SubmitRun
    from domain.answered_commands import key_of
    from ops.processes.run_to_end import everything_running, summary, wait_until_queryable
    from ops.run_requests import submit_request

    asked = (words(scenarios), words(measures), base_currency, require_approved_models, words(cashflows))
    said = (portfolio, market, *asked, policy, words(rules))
    output = Output(as_json)
    with opened(context) as tenor:
        envelope = tenor.envelope()
        key = key_of(envelope.actor, idempotency_key, "tenor run submit", *said) if idempotency_key else None
        portfolio = whole_id_of(tenor.storage, "portfolio", portfolio)
        market = whole_id_of(tenor.storage, "market", market)
        note_remarks(tenor, output, portfolio, market)
        request = SubmitRun(portfolio, market, *asked, policy, words(rules))
        if wait:
            with everything_running(tenor.processes, workers) as running:
                run_id = submit_request(tenor.storage, envelope, request, key)
                row = wait_until_queryable(tenor.database.connect, run_id, quiet=as_json, running=running)
            document, holes = summary(row), failure_lines(row)
        else:
            run_id = submit_request(tenor.storage, envelope, request, key)
            document = submitted(tenor, run_id)
            holes = [] if as_json else waiting_lines(tenor, run_id, document["status"])
    show_summary(output, document, holes)
    end_as(output, document)


def end_as(output: Output, document: dict[str, Any]) -> None:
    """A run that was asked for and has no figures is a failure."""
    if document["status"] in ("FAILED", "CANCELLED"):
        output.note(f"error: the run is {document['status']}; see `tenor run show {document['run_id']}`")
        raise SystemExit(1)


def note_remarks(tenor: "Tenor", output: Output, portfolio: str, market: str) -> None:
    from ops.matrix_rows import rows_of_snapshot
    from ops.read_models import catch_up_catalogues
    from ops.snapshot_dates import dates_apart

    catch_up_catalogues(tenor.storage)
    with tenor.database.connect() as connection:
        apart = dates_apart(connection, portfolio, market)
    for each in [*apart, *rows_of_snapshot(tenor.storage, market)]:
        output.note(f"note: {each['sentence']}; {each['fix']}")


def submitted(tenor: "Tenor", run_id: str) -> dict[str, Any]:
    from ops.read_models import catch_up_catalogues
    from ops.run_requests import find_run

    catch_up_catalogues(tenor.storage)
    row = find_run(tenor.storage, run_id)
    return {
        "run_id": run_id,
        "status": row["status"],
        "positions": row["positions"],
        "priced": 0,
        "failed": 0,
        "results": 0,
        "seconds": 0.0,
    }


def waiting_lines(tenor: "Tenor", run_id: str, status: str) -> list[str]:
    """Nothing moves while no worker is alive: the process that had them may have been killed."""
    from domain.runs.status import UNFINISHED
    from ops.processes.loops import count_alive

    if status not in UNFINISHED or count_alive(tenor.database.connect, "worker"):
        return []
    return [f"no worker is alive: `tenor run watch {run_id}` goes on with it, and so does `tenor up`"]


def words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def list_runs(context: typer.Context, as_json: AsJson = False) -> None:
    """All runs, newest first."""
    from psycopg.rows import dict_row

    from ops.read_models import catch_up_catalogues

    with opened(context) as tenor:
        catch_up_catalogues(tenor.storage)
        with tenor.database.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(LIST_RUNS).fetchall()
    Output(as_json).show(rows, *run_lines(rows))


def run_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{row['run_id']}  {row['status']:<26} {row['requested_at']:%Y-%m-%d %H:%M:%S}" for row in rows]


def show(context: typer.Context, run: Run, as_json: AsJson = False) -> None:
    """A run's terms, progress and failures."""
    from ops.run_requests import find_run

    with opened(context) as tenor:
        row = find_run(tenor.storage, run_named(tenor.storage, run))
        waiting = waiting_lines(tenor, str(row["run_id"]), row["status"])
    show_row(Output(as_json), row, waiting)


def show_row(output: Output, row: dict[str, Any], waiting: list[str]) -> None:
    uses = [f"{one['model']}@{one['version']} {one['status']}" for one in row["models"]]
    shown = {name: value for name, value in row.items() if name != "failures"} | {"models": ", ".join(uses)}
    lines = (f"{name:<22}{said(value)}".rstrip() for name, value in shown.items())
    output.show(row, *lines, *failure_lines(row), *waiting)


def watch(context: typer.Context, run: Run, as_json: AsJson = False) -> None:
    """Follow a run until its results are queryable; brings workers where none is alive."""
    from ops.processes.run_to_end import everything_running, summary, wait_until_queryable
    from ops.run_requests import find_run

    with opened(context) as tenor:
        run = run_named(tenor.storage, run)
        find_run(tenor.storage, run)
        with everything_running(tenor.processes, None) as running:
            row = wait_until_queryable(tenor.database.connect, run, quiet=as_json, running=running)
    show_summary(Output(as_json), summary(row), failure_lines(row))


def show_summary(output: Output, document: dict[str, Any], holes: list[str]) -> None:
    """A run that lacks something does not look like one that lacks nothing; beside --json that goes to stderr."""
    output.show(document, *(f"{name:<10}{value}" for name, value in document.items()), *holes)
    for line in holes if output.as_json else []:
        output.note(line)


def failure_lines(run: Mapping[str, Any]) -> list[str]:
    """Every sentence that the run keeps, with its count."""
    from domain.measures.failures import failure_text, holes_text

    holes = holes_text(run["positions"], run["failed"], run["partial"])
    return [holes, *(f"  {failure_text(each)}" for each in run["failures"] or [])] if holes else []


def retry(context: typer.Context, run: Run, as_json: AsJson = False) -> None:
    """Open the failed chunks of a run again."""
    from commands.change_run import retry_run

    with opened(context) as tenor:
        run = run_named(tenor.storage, run)
        position = retry_run(tenor.store, tenor.envelope(), run).position
    Output(as_json).show({"run_id": run, "event_position": position}, f"{run} is open again")


def cancel(context: typer.Context, run: Run, reason: Reason = "", as_json: AsJson = False) -> None:
    """Stop an unfinished run within one chunk."""
    from commands.change_run import cancel_run

    change(context, run, cancel_run, reason, as_json)


def approve(context: typer.Context, run: Run, reason: Reason = "", as_json: AsJson = False) -> None:
    """Approve a completed run."""
    from commands.change_run import approve_run

    change(context, run, by_two(approve_run), reason, as_json)


def reject(context: typer.Context, run: Run, reason: Reason = "", as_json: AsJson = False) -> None:
    """Reject a completed run."""
    from commands.change_run import reject_run

    change(context, run, reject_run, reason, as_json)


def publish(context: typer.Context, run: Run, reason: Reason = "", as_json: AsJson = False) -> None:
    """Publish an approved run; it never changes again."""
    from commands.change_run import publish_run

    change(context, run, by_two(publish_run), reason, as_json)


def by_two(command: Any) -> Any:
    """Where the setting asks for it, by somebody else than the one before."""
    from ops.access.persons import two_looks

    return lambda store, *about: command(store, *about, same_person=two_looks(store))


def change(context: typer.Context, run: str, command: Any, reason: str, as_json: bool) -> None:
    with opened(context) as tenor:
        run = run_named(tenor.storage, run)
        status, position = command(tenor.store, tenor.envelope(), run, reason)
    Output(as_json).show({"run_id": run, "status": status, "event_position": position}, f"{run} is {status}")
