"""`tenor scenario define | set | history | list`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ops.cli.files import read_bytes
from ops.cli.options import AsJson, RatesAreDecimals, opened
from ops.cli.output import Output
from ops.ids import near_scenarios_named

LIST_SCENARIOS = (
    "SELECT DISTINCT ON (scenario_id) scenario_id, version, name FROM read.scenario ORDER BY scenario_id, version DESC"
)


def register(app: typer.Typer) -> None:
    scenario = typer.Typer(help="Scenarios and sets of them.", no_args_is_help=True)
    scenario.command("define")(define)
    scenario.command("set")(define_set)
    scenario.command("history")(define_history)
    scenario.command("list")(list_scenarios)
    app.add_typer(scenario, name="scenario")


def define(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A scenario (JSON), or a list of them.")],
    rates_are_decimals: RatesAreDecimals = False,
    as_json: AsJson = False,
) -> None:
    """Define scenarios; the same content again is the same version."""
    from commands.define_scenario import define_scenarios

    raw = read_bytes(file)
    with opened(context) as tenor:
        defined = define_scenarios(tenor.store, tenor.envelope(), raw, rates_are_decimals=rates_are_decimals)
    show_defined(Output(as_json), defined, raw.lstrip().startswith(b"["))


def show_defined(output: Output, defined: Sequence[Mapping[str, Any]], is_list: bool) -> None:
    documents = [{"scenario_id": one["scenario_id"], "version": one["version"]} for one in defined]
    lines = [f"{one['scenario_id']}@{one['version']}" for one in documents]
    output.show(documents if is_list else documents[0], *lines)


def define_set(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A scenario set (JSON).")],
    as_json: AsJson = False,
) -> None:
    """Define a set of scenarios, each pinned to a version."""
    from commands.define_scenario import define_scenario_set

    raw = read_bytes(file)
    with opened(context) as tenor, near_scenarios_named(tenor.storage):
        defined = define_scenario_set(tenor.store, tenor.envelope(), raw)
    document = {"scenario_set_id": defined["scenario_set_id"], "version": defined["version"]}
    Output(as_json).show(document, f"@{document['scenario_set_id']}@{document['version']}")


def define_history(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Past moves or levels (CSV or Parquet): docs/models/value_at_risk.md.")],
    set_id: Annotated[str, typer.Option("--set", help="What the set of scenarios is called.")],
    horizon: Annotated[int, typer.Option(min=1, help="Observations that a move spans: 10 for ten-day moves.")] = 1,
    last: Annotated[int | None, typer.Option(min=1, help="The latest moves only; all by default.")] = None,
    rates_are_decimals: RatesAreDecimals = False,
    as_json: AsJson = False,
) -> None:
    """A scenario for every date of a history, and the set of them, for `tenor var`."""
    from commands.define_history import DefineHistory
    from commands.define_history import define_history as define

    raw = read_bytes(file)
    with opened(context) as tenor:
        request = DefineHistory(set_id, horizon, last, rates_are_decimals)
        document = define(tenor.store, tenor.envelope(), raw, request, tenor.parsers.read_history)
    Output(as_json).show(document, *history_lines(document, set_id))


def history_lines(document: Mapping[str, Any], set_id: str) -> list[str]:
    first, to, count = document["first_date"], document["last_date"], document["scenarios"]
    return [
        f"@{set_id}@{document['version']}",
        f"moves      {count:,}, from {first} to {to}, of {len(document['series'])} series",
        f"next       tenor run submit --portfolio ID --market ID --scenarios @{set_id} --measures PV --wait",
    ]


def list_scenarios(context: typer.Context, as_json: AsJson = False) -> None:
    """The latest version of every scenario; BASE always exists."""
    from ops.read_models import catch_up_catalogues

    with opened(context) as tenor:
        catch_up_catalogues(tenor.storage)
        with tenor.database.connect() as connection:
            rows = connection.execute(LIST_SCENARIOS).fetchall()
    documents = [{"scenario_id": "BASE", "version": 1, "name": "Base"}]
    documents += [{"scenario_id": row[0], "version": row[1], "name": row[2]} for row in rows]
    lines = [f"{one['scenario_id']}@{one['version']}  {one['name']}" for one in documents]
    Output(as_json).show(documents, *lines)
