"""The command line through TENOR_SERVER: what it answers on a database, it answers as a client, byte for byte."""

import json
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ops.cli.app import app
from ops.cli.remote.commands import COMMANDS, ByServer, Here, NotByServer, row_of
from tests.clients.both_ways import Laptop, same, without_position
from tests.clients.conftest import Served
from tests.walk.command_line import SMALL_FUND

TAPES = [
    Path(__file__).parents[1] / "walk" / "tapes" / f"historical_data_{part}_2021Q1.txt"
    for part in ("time", "origination")
]
POLICY = {"policy_id": "bank", "lgd_defaults": {"*": 0.45}}


READ = [
    "run list",
    "run show {run}",
    "run show nosuch",
    "portfolio list",
    "market list",
    "scenario list",
    "policy list",
    "model list",
    "model show swaps",
    "model show nosuch",
    "results {run} --by desk --scenario up100",
    "results {run} --by desk,currency --where pv_base>0",
    "results {run}",
    "results {run} --scenario BASE --columns pv,dv01 --with notional --sort -pv",
    "results {run} --by nothing",
    "results {run} --scenario nowhere",
    "results {run} --by desk --sort pv",
    "results nosuch",
    "cashflows {run} --position P-01 --scenario BASE",
    "cashflows {run} --ladder --by book --buckets IRRBB",
    "cashflows {run} --repricing --basis CONTRACTUAL",
    "cashflows {run} --liquidity LCR",
    "cashflows {run} --deal NOSUCH",
    "cashflows {run} --ladder --position P-01",
    "cashflows {run}",
    "cashflows --bridge --from {run} --to {run}",
    "regulatory show {run}",
    "regulatory show {run} --report exposures",
    "regulatory show {run} --report nothing",
    "regulatory explain {run} P-01",
    "regulatory compare --from {run} --to {run}",
    "compare {run} {run} --by desk",
    "compare {run} {run} --top 5 --measure DV01",
    "compare {run} nosuch",
    "allowance show {run} --report positions",
    "allowance rollforward --from {run} --to {run}",
    "stress show {run} --report irrbb",
    "var {run} --confidence 0.9",
    "backtest --run {run}",
    "check --portfolio latest --market latest --scenarios up100",
    "check --portfolio latest --market latest --scenarios up1000",
    "audit show {run}",
    "audit show nosuch-stream",
    "audit lineage {run} P-01 PV",
    "audit lineage {run} P-01 NOTHING",
    "run submit --portfolio nosuch --market latest",
    "run submit --portfolio latest --market latest --measures NOTHING",
    "run cancel {run}",
    "run approve nosuch",
    "results",
    "run show {run} --no-such-option",
]  # fmt: skip


@pytest.mark.parametrize("words", READ)
def test_a_question_has_the_same_answer_and_exit_code(served: Served, laptop: Laptop, words: str) -> None:
    line = words.format(run=served.run_id).split()
    answer = same(served, laptop, *line, "--json")
    if answer.code == 0:
        assert json.loads(answer.out) is not None
    elif answer.code == 1:
        assert answer.document["error"]["fix"]


@pytest.mark.parametrize("words", ["run show {run}", "run list", "portfolio list", "market list", "scenario list",
    "model list", "model show swaps", "policy list", "audit lineage {run} P-01 PV", "audit show {run}",
    "regulatory explain {run} P-01", "check --portfolio latest --market latest"])  # fmt: skip
def test_a_person_reads_the_same_lines(served: Served, laptop: Laptop, words: str) -> None:
    assert same(served, laptop, *words.format(run=served.run_id).split()).code == 0


@pytest.mark.parametrize("format", ["csv", "parquet", "arrow", "xlsx", "json", "table"])
def test_results_come_in_every_format_to_stdout_and_to_a_file(
    served: Served, laptop: Laptop, format: str, tmp_path: Path
) -> None:
    line = ("results", served.run_id, "--by", "desk", "--format", format)
    here, there = served.local(*line), laptop(*line)
    assert there.code == here.code == 0
    if format != "xlsx":  # a workbook holds the moment in which it was made
        assert there.out == here.out
    assert laptop(*line, "--out", tmp_path / "desks").code == 0
    assert [each.name for each in tmp_path.iterdir()] == ["desks"]
    if format != "xlsx":
        assert (tmp_path / "desks").read_bytes() == there.out
    refused = laptop(*line, "--out", tmp_path / "no" / "such" / "folder", "--json")
    assert refused.document["error"]["code"] == "CANNOT_WRITE"


def test_what_is_brought_is_brought_alike(served: Served, laptop: Laptop, tmp_path: Path) -> None:
    policy, folder = tmp_path / "policy.json", tmp_path / "spoiled"
    policy.write_text(json.dumps(POLICY))
    folder.mkdir()
    for table in SMALL_FUND.glob("*.csv"):
        (folder / table.name).write_bytes(table.read_bytes().replace(b",USD,", b",U$D,", 1))
    lines: list[tuple[str | Path, ...]] = [
        ("ingest", SMALL_FUND, "--as-of", "2026-01-15"),
        ("ingest", SMALL_FUND, "--portfolio", "other", "--as-of", "2026-01-16"),
        ("ingest", SMALL_FUND, "--dry-run", "--as-of", "2026-01-15"),
        ("ingest", folder, "--as-of", "2026-01-15"),
        ("ingest", folder, "--as-of", "2026-01-15", "--accept-valid", "--dry-run"),
        ("market", "load", SMALL_FUND / "market.json"),
        ("scenario", "define", SMALL_FUND / "scenarios.json"),
        ("scenario", "set", SMALL_FUND / "scenario_set.json"),
        ("policy", "define", policy),
        ("ingest", *TAPES, "--mapping", "freddie_mac_sflld", "--book", "BOOK", "--as-of", "2026-01-23"),
        ("ingest", TAPES[0]),
        ("ingest", *TAPES, "--mapping", "no_such_mapping"),
        ("scenario", "define", policy),
    ]
    for words in lines:
        same(served, laptop, *words, "--json")
        same(served, laptop, *words)


def test_a_run_is_asked_for_waited_for_and_decided_on_alike(served: Served, laptop: Laptop) -> None:
    submit = ("run", "submit", "--portfolio", "latest", "--market", "latest", "--measures", "PV")
    said: dict[str, list[Any]] = {}
    for at in (served.local, laptop):
        run = at.json(*submit, "--wait")
        steps = [run, at.json("run", "watch", run["run_id"])]
        steps += [at.json("run", step, run["run_id"], *because) for step, *because in
                  (("approve", "--reason", "checked"), ("publish",))]  # fmt: skip
        assert steps[1]["run_id"] == run["run_id"]
        for each in steps:
            said.setdefault(str(type(at)), []).append(without_position(each))
        assert at.refusal("run", "reject", run["run_id"])["code"] == at.refusal("run", "retry", run["run_id"])["code"]
    first, second = said.values()
    assert first == second
    assert laptop.json(*submit, "--scenarios", "up100")["status"] in ("REQUESTED", "PLANNED", "RUNNING", "COMPLETED")
    assert laptop.refusal(*submit, "--wait", "--workers", "1")["code"] == "NOT_BY_SERVER"


def test_models_are_decided_on_alike(served: Served, laptop: Laptop) -> None:
    for step in (
        ("approve", "swaps", "--reason", "x", "--until", "2030-12-31"),
        ("withdraw", "swaps", "--reason", "y"),
    ):
        here, there = (at.json("model", *step) for at in (served.local, laptop))
        assert without_position(here) == without_position(there)


def test_a_certificate_says_the_same(served: Served, laptop: Laptop, tmp_path: Path) -> None:
    served.local.json("audit", "seal")
    here, there = (json.loads(at("audit", "certificate", served.run_id).out) for at in (served.local, laptop))
    assert (set(here), here["type"]) == (set(there), there["type"])  # what is sealed meanwhile is in the later one
    written = laptop.json("audit", "certificate", served.run_id, "--out", tmp_path / "run.json")
    assert written["bytes"] == (tmp_path / "run.json").stat().st_size
    assert laptop("audit", "check", tmp_path / "run.json", "--any-log", "--json").document["ok"]


def leaves() -> Iterator[tuple[str, ...]]:
    import typer

    def below(command: Any, *names: str) -> Iterator[tuple[str, ...]]:
        if not hasattr(command, "commands"):
            yield names
        for name in getattr(command, "commands", ()):
            yield from below(command.commands[name], *names, name)

    return below(typer.main.get_command(app))


def test_every_command_has_its_row() -> None:
    """A new command is asked of a server, works on files alone, or is refused with the reason: COMMANDS says which."""
    assert [names for names in leaves() if names not in COMMANDS and names[:1] not in COMMANDS] == []


def words_needed(names: tuple[str, ...]) -> list[str]:
    """Something for each argument and option that the command cannot do without."""
    import typer

    command: Any = typer.main.get_command(app)
    for name in names:
        command = command.commands[name]
    needed = [each for each in command.params if each.required]
    return [word for each in needed for word in ([each.opts[0], "1"] if each.opts[0].startswith("-") else ["1"])]


@pytest.mark.parametrize("names", [names for names in leaves() if isinstance(row_of(names), NotByServer)])
def test_what_a_server_cannot_do_is_refused_with_the_reason(laptop: Laptop, names: tuple[str, ...]) -> None:
    row = row_of(names)
    assert isinstance(row, NotByServer)
    answer = laptop(*names, *words_needed(names))
    assert (answer.code, f"`tenor {' '.join(names)}` {row.why}" in answer.err) == (1, True), answer.err


def test_what_needs_files_alone_needs_no_server(tmp_path: Path, served: Served) -> None:
    nowhere = Laptop(None, tmp_path, served.local.kernels, inside=True, server="http://127.0.0.1:9")
    assert nowhere("template", tmp_path / "mine").code == 0
    assert [names for names, row in COMMANDS.items() if isinstance(row, Here)]
    for row in COMMANDS.values():
        if isinstance(row, ByServer):
            module, _, function = row.answer.partition(".")
            assert callable(getattr(import_module(f"ops.cli.remote.{module}"), function))


def test_a_server_that_is_away_is_one_problem_with_its_fix(tmp_path: Path, served: Served) -> None:
    nowhere = Laptop(None, tmp_path, served.local.kernels, inside=True, server="http://127.0.0.1:9")
    assert nowhere.refusal("run", "list")["code"] == "SERVER_UNREACHABLE"
    assert (
        Laptop(None, tmp_path, served.local.kernels, inside=True, server="nonsense").refusal("run", "list")["code"]
        == "NO_SERVER"
    )


def test_a_database_named_on_the_line_is_meant_more_than_the_environment(laptop: Laptop, served: Served) -> None:
    both = Laptop(served.local.database_url, laptop.home, laptop.kernels, inside=True, server="http://127.0.0.1:9")
    assert both.json("run", "list") == served.local.json("run", "list")


def test_the_environment_of_the_tests_names_no_server() -> None:
    assert "TENOR_SERVER" not in os.environ
