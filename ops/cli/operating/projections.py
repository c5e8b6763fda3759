"""`tenor projections run | list | rebuild | rollback | dead-letters list, replay`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer

from domain.documents import JsonObject
from ops.cli.options import AsJson, opened, serving
from ops.cli.output import Output

Name = Annotated[str, typer.Argument(help="A projection's name, as `tenor projections list` shows it.")]
TELL_SECONDS = 1.0


def register(app: typer.Typer) -> None:
    projections = typer.Typer(help="The readers of the log that keep tables.", no_args_is_help=True)
    projections.command("run")(run)
    projections.command("list")(list_projections)
    projections.command("rebuild")(rebuild)
    projections.command("rollback")(rollback)
    letters = typer.Typer(help="Events that a projection could not digest.", no_args_is_help=True)
    letters.command("list")(list_dead_letters)
    letters.command("replay")(replay_dead_letters)
    projections.add_typer(letters, name="dead-letters")
    app.add_typer(projections, name="projections")


def run(context: typer.Context) -> None:
    """Keep the read models, plan and complete runs, until stopped."""
    from ops.cli.operating.service import wait_for_the_end
    from ops.processes.loops import background

    with serving(context) as (tenor, told), background(tenor.processes):
        wait_for_the_end(told, "process manager and projections are at work (Ctrl-C stops them)")


def list_projections(context: typer.Context, as_json: AsJson = False) -> None:
    """Version, position, lag, rate and health of every projection."""
    from ops.projection_status import projection_states

    with opened(context) as tenor, tenor.database.connect() as connection:
        states = projection_states(connection)
    Output(as_json).show([state._asdict() for state in states], *map(state_line, states))


def rebuild(
    context: typer.Context,
    name: Name,
    verify: Annotated[bool, typer.Option("--verify", help="Compare contents too, not row counts alone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the next version beside the live one, compare, swap. Queries go on; killed, it resumes."""
    from ops.read_models import read_model_named
    from ops.rebuilding import rebuild as rebuild_read_model

    output = Output(as_json)
    with opened(context) as tenor, _can_be_resumed(output):
        read_model = read_model_named(tenor.storage, name)
        done = rebuild_read_model(
            read_model, tenor.store, tenor.database.connect, verify=verify, tell=Teller(output).tell
        )
    show_rebuilt(output, asdict(done) | {"verified": verify and bool(done.tables)})


def show_rebuilt(output: Output, done: JsonObject) -> None:
    compared = "contents equal" if done["verified"] else "row counts equal" if done["tables"] else "not compared"
    lines = [f"{table:<24} {content['rows']:>12,} rows" for table, content in done["tables"].items()]
    output.show(done, *lines, f"{compared}; {swapped(done)}")


def rollback(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show the version before again, brought up to date."""
    from ops.read_models import read_model_named
    from ops.rebuilding import rollback as roll_back

    output = Output(as_json)
    with opened(context) as tenor, _can_be_resumed(output):
        read_model = read_model_named(tenor.storage, name)
        done = roll_back(read_model, tenor.store, tenor.database.connect, tell=Teller(output).tell)
    document = asdict(done)
    output.show(document, swapped(document))


def list_dead_letters(
    context: typer.Context,
    replayed: Annotated[bool, typer.Option("--replayed", help="Those told again, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """What was set aside, and why."""
    from ops.projection_status import dead_letters

    with opened(context) as tenor, tenor.database.connect() as connection:
        letters = dead_letters(connection, replayed=replayed)
    show_letters(Output(as_json), letters)


def show_letters(output: Output, letters: list[JsonObject]) -> None:
    lines = [f"{each['projection']:<20} {each['position']:>10,}  {each['topic']}  {each['error']}" for each in letters]
    output.show(letters, *(lines or ["no dead letters"]))


def replay_dead_letters(
    context: typer.Context,
    name: Name,
    position: Annotated[int | None, typer.Option(help="One log position; default all that wait.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell a projection again what it could not digest."""
    from ops.read_models import read_model_named
    from projections.engine.dead_letters import replay
    from projections.engine.runner import Following

    output = Output(as_json)
    with opened(context) as tenor:
        projection = Following(read_model_named(tenor.storage, name)).current(tenor.database.connect)
        replayed = replay(projection, tenor.store, tenor.database.connect, position)
    if replayed.failed:
        problems = [{"path": f"position {place}", "message": error} for place, error in replayed.failed.items()]
        place, error = next(iter(replayed.failed.items()))
        message = (
            f"{len(replayed.failed)} of {len(replayed.failed) + len(replayed.done)} failed again: {place}: {error}"
        )
        output.fail("DEAD_LETTERS_REMAIN", message, "mend what they name, then replay again", problems)
    output.show({"replayed": replayed.done}, f"{len(replayed.done)} replayed")


class Teller:
    """Progress on stderr, at most a line a second."""

    def __init__(self, output: Output) -> None:
        self._output, self._told_at = output, 0.0

    def tell(self, line: str) -> None:
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            self._output.note(line)
            self._told_at = time.monotonic()


@contextmanager
def _can_be_resumed(output: Output) -> Iterator[None]:
    """A rebuild that loses its database goes on where it stopped."""
    from ops.adapters.database import in_one_line
    from projections.engine.runner import DATABASE_AWAY

    try:
        yield
    except DATABASE_AWAY as error:
        fix = "run this again when the database answers: it goes on where it stopped"
        output.fail("DATABASE_LOST", f"the database went away: {in_one_line(error)}", fix)


def state_line(state: Any) -> str:
    line = (
        f"{state.name:<16} v{state.version:<3} position {state.position:>10,}  lag {state.lag:>8,}  "
        f"{state.events_per_s:>9,.0f} events/s  {_seen(state.heartbeat_age_s)}"
    )
    notes = [
        f"building v{state.building_version} at {state.building_position:,}" if state.building_version else "",
        f"v{state.previous_version} to go back to" if state.previous_version else "",
        f"{state.dead_letters} dead letters" if state.dead_letters else "",
        f"HALTED {state.halt_error}" if state.halted_at else "",
    ]
    return "  ".join([line, *filter(None, notes)])


def _seen(age_s: float | None) -> str:
    return "never run" if age_s is None else f"seen {age_s:,.0f} s ago"


def swapped(done: JsonObject) -> str:
    return (
        f"{done['name']}: version {done['version']} in place of {done['previous_version']} "
        f"at log position {done['position']:,}; {done['events']:,} events in {done['seconds']:.1f} s, "
        f"swap {done['swap_seconds'] * 1e3:.0f} ms"
    )
