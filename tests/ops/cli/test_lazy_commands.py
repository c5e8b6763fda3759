"""Help is quick: the list of commands stands in a table, and a command's module is imported when it is asked for."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer.main

from ops.cli.app import app
from ops.cli.commands import Commands

ROOT = Path(__file__).parents[3]
HEAVY = {"alembic", "eventsourcing", "fastapi", "numba", "numpy", "pgqueuer"} | {
    "psycopg",
    "pyarrow",
    "scipy",
    "sqlalchemy",
    "structlog",
}
"""Not pydantic: Typer itself reads the values of options with it."""

LOADED_BY_EVERY_COMMAND = """
import json, sys
from ops.cli.commands import Commands
from ops.cli.lazy_group import LazyCommands
commands = LazyCommands(Commands.table)
roots = lambda: sorted({each.partition(".")[0] for each in sys.modules})
print(json.dumps({name: roots() for name in commands if commands[name]}))
"""
LOADED_BY_HELP = """
import sys
sys.argv = ['tenor', '--help']
from ops.cli import main
try:
    main()
finally:
    print('LOADED', *(each for each in sys.modules if each.startswith('ops.cli.')), *sorted(sys.modules))
"""


def output_of(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("name", Commands.table)
def test_the_table_says_what_each_command_says_of_itself(name: str) -> None:
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    assert Commands.table[name].summary == (command.help or "").partition("\n")[0]


def test_every_command_is_in_the_table() -> None:
    registered = set()
    for path in (ROOT / "ops" / "cli").rglob("*.py"):
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        if hasattr(module, "register"):
            all_of_it = typer.Typer()
            module.register(all_of_it)
            registered |= {(name, module.__name__) for name in typer.main.get_group(all_of_it).commands}
    assert registered == {(name, listed.module) for name, listed in Commands.table.items()}


def test_the_list_of_commands_imports_no_command() -> None:
    loaded = set(output_of(LOADED_BY_HELP).partition("LOADED")[2].split())
    assert not loaded & {listed.module for listed in Commands.table.values()}
    assert not loaded & (HEAVY | {"pydantic"})


def test_help_of_a_command_imports_nothing_heavy() -> None:
    loaded = json.loads(output_of(LOADED_BY_EVERY_COMMAND))
    assert set(loaded) == set(Commands.table)
    assert {name: set(modules) & HEAVY for name, modules in loaded.items() if set(modules) & HEAVY} == {}


@pytest.mark.parametrize(
    ("line", "expected"), [("tenor ru", {"run"}), ("tenor run su", {"submit"}), ("tenor ba", {"backtest"})]
)
def test_a_shell_completes_commands(line: str, expected: set[str]) -> None:
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1), "_TENOR_COMPLETE": "complete_bash"}
    tenor = Path(sys.executable).with_name("tenor")
    done = subprocess.run([tenor], env=os.environ | words, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == expected


LOADED_BY_A_QUERY = """
import json, sys
from ops.cli.app import start_logs
start_logs(["results", "latest"])
import ops.cli.results, ops.wiring, query_api.export, query_api.results.chosen.positions, query_api.results.totals
print(json.dumps(sorted(sys.modules)))
"""


def test_a_query_waits_neither_for_logs_nor_for_the_events_of_runs() -> None:
    """Nothing in its process logs: what would log would say so on stdout, unconfigured."""
    loaded = set(json.loads(output_of(LOADED_BY_A_QUERY)))
    assert not loaded & {"structlog", "domain.runs.run", "domain.ports", "fastapi", "numba", "eventsourcing"}
