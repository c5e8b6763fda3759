"""`tenor schedule define | list | drop`: runs that are asked for by the clock."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from domain.documents import JsonObject
from ops.cli.files import read_bytes
from ops.cli.options import AsJson, opened
from ops.cli.output import Output, said


def register(app: typer.Typer) -> None:
    schedule = typer.Typer(help="Runs that are asked for by the clock.", no_args_is_help=True)
    schedule.command("define")(define)
    schedule.command("list")(list_schedules)
    schedule.command("drop")(drop)
    app.add_typer(schedule, name="schedule")


def define(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A schedule (JSON).")],
    as_json: AsJson = False,
) -> None:
    """Define a schedule; the same content again is the same version. `tenor up` asks for its runs."""
    from commands.define_schedule import define_schedule
    from ops.schedules import listed_schedules

    raw = read_bytes(file)
    with opened(context) as tenor:
        document, position = define_schedule(tenor.store, tenor.envelope(), raw)
        (line,) = listed_schedules(tenor.storage, datetime.now(UTC), str(document["schedule_id"]))
    show_defined(Output(as_json), {**document, "next_at": line["next_at"], "event_position": position})


def show_defined(output: Output, defined: JsonObject) -> None:
    output.show(defined, f"{defined['schedule_id']}@{defined['version']}, due next {said(defined['next_at'])}")


def list_schedules(context: typer.Context, as_json: AsJson = False) -> None:
    """Every schedule: when it falls due, what it waits for, and its last run."""
    from ops.schedules import listed_schedules

    with opened(context) as tenor:
        rows = listed_schedules(tenor.storage, datetime.now(UTC))
    Output(as_json).show(rows, *(line for row in rows for line in schedule_lines(row)))


def schedule_lines(row: JsonObject) -> list[str]:
    when = f"{row['at']} {row['zone']}, {row['calendar']}, catch-up {row['catch_up']}"
    lines = [f"{row['schedule_id']}@{row['version']}  {when}  next {said(row['next_at'])}"]
    if row["waits"] is not None:
        lines.append(f"  {said(row['waits_since'])}: {row['waits']}")
    if row["last_at"] is not None:
        what = f"run {row['last_run_id']}" if row["last_run_id"] else f"nothing ran: {row['last_reason']}"
        lines.append(f"  {said(row['last_at'])}: {what}")
    return lines


def drop(context: typer.Context, schedule: str, as_json: AsJson = False) -> None:
    """End a schedule; its runs stay."""
    from commands.define_schedule import drop_schedule

    with opened(context) as tenor:
        document, position = drop_schedule(tenor.store, tenor.envelope(), schedule)
    Output(as_json).show({**document, "event_position": position}, f"{schedule} is dropped")
