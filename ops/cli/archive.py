"""`tenor archive list | restore | retain`, and `tenor run archive`: runs that leave the database, and come back."""

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ops.cli.options import A_RUN, AsJson, opened
from ops.cli.output import Output
from ops.ids import run_named

DESTINATION_VARIABLE = "TENOR_ARCHIVE"
HELP_TO = "A directory or s3://bucket/prefix. Default: TENOR_ARCHIVE, else `archive` under TENOR_HOME."

Run = Annotated[str, typer.Argument(help=A_RUN)]
To = Annotated[str | None, typer.Option("--to", help=HELP_TO)]
Reason = Annotated[str, typer.Option(help="Why; kept in the log.")]


def register(app: typer.Typer) -> None:
    archive = typer.Typer(help="Runs that have left the database, as Parquet with hashes.", no_args_is_help=True)
    archive.command("list")(list_archived)
    archive.command("restore")(restore)
    archive.command("retain")(retain)
    app.add_typer(archive, name="archive")


def archive_run(context: typer.Context, run: Run, to: To = None, reason: Reason = "", as_json: AsJson = False) -> None:
    """Copy a run that has ended to an archive, check the copy, then drop its results and, month by month, facts."""
    from ops.archiving.archive import archive

    with opened(context) as tenor:
        run = run_named(tenor.storage, run)
        archived = archive(tenor.archiving, run, _destination(to, tenor.settings.home), reason)
    document = {"run_id": str(archived.run_id), "status": "ARCHIVED", **_plain(archived)}
    megabytes = archived.archive_bytes / 1e6
    told = f"{run} is ARCHIVED in {archived.destination}: {archived.files} files, {megabytes:.1f} MB"
    Output(as_json).show(document, told, f"manifest  {archived.manifest_sha256}", *_told(document["dropped"]))


def list_archived(context: typer.Context, as_json: AsJson = False) -> None:
    """Archived runs, where they are, and whether the database still holds their facts."""
    from ops.archiving.retention import archived_runs

    with opened(context) as tenor:
        rows = archived_runs(tenor.storage)
    Output(as_json).show(rows, *map(_line, rows))


def restore(
    context: typer.Context,
    run: Run,
    source: Annotated[str | None, typer.Option("--from", help="Default: where the log says that it is.")] = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Bring an archived run back, every hash checked; it is what it was, mostly PUBLISHED, with the same numbers."""
    from ops.archiving.restore import restore as restore_archived

    with opened(context) as tenor:
        run = run_named(tenor.storage, run)
        restored = restore_archived(tenor.archiving, run, source, reason)
    document = {"run_id": str(restored.run_id), **_plain(restored)}
    Output(as_json).show(document, f"{run} is {restored.status} again: {restored.blocks} blocks from {restored.source}")


def retain(
    context: typer.Context,
    keep_days: Annotated[int, typer.Option(help="Archive runs that ended longer ago than this.", min=0)],
    to: To = None,
    reason: Reason = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which runs are due, and do nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Archive every run that has ended and has been kept long enough, and drop what archived runs have left."""
    from ops.archiving.retention import retain as retain_runs

    with opened(context) as tenor:
        destination = _destination(to, tenor.settings.home)
        why = reason or f"kept for {keep_days} days"
        retained = retain_runs(
            tenor.archiving, keep_days=keep_days, to=destination, now=datetime.now(UTC), reason=why, dry_run=dry_run
        )
    dropped = _dropped(retained.dropped)
    archived = [{"run_id": str(one.run_id), **_plain(one)} for one in retained.archived]
    document = {"keep_days": keep_days, "dry_run": dry_run, "destination": destination, "due": retained.due}
    done = "is due" if dry_run else f"is ARCHIVED in {destination}"
    lines = [f"{row['run_id']}  {row['status']} {row['ended_at']:%Y-%m-%d}  {done}" for row in retained.due]
    Output(as_json).show(
        document | {"archived": archived, "dropped": dropped}, *(lines or ["no run is due"]), *_told(dropped)
    )


def _destination(to: str | None, home: Path) -> str:
    return to or os.environ.get(DESTINATION_VARIABLE) or str(home / "archive")


def _plain(outcome: Any) -> dict[str, Any]:
    document = {name: value for name, value in asdict(outcome).items() if name != "run_id"}
    if "dropped" in document:
        document["dropped"] = _dropped(outcome.dropped)
    return document


def _dropped(dropped: Any) -> dict[str, Any]:
    return asdict(dropped) | {"months": [f"{month:%Y-%m}" for month in dropped.months]}


def _told(dropped: dict[str, Any]) -> list[str]:
    lines = [f"facts of {month} dropped" for month in dropped["months"]]
    if dropped["busy"]:
        lines.append(f"in use, dropped by the next archiving: {', '.join(dropped['busy'])}")
    return lines


def _line(row: dict[str, Any]) -> str:
    if row["blocks"] == "DROPPED":
        state = "facts dropped"
    else:
        holders = len(row["held_by"])
        why = f"{holders} other run(s) of the month not archived" if holders else "the next archiving drops them"
        state = f"facts ({row['block_bytes'] / 1e6:.1f} MB) still in the database: {why}"
    return f"{row['run_id']}  {row['archived_at']:%Y-%m-%d}  {row['destination']}  {state}"
