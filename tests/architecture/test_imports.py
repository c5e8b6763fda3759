"""Who imports what, beyond import-linter: lists of contracts are whole, and libraries stay where they are used."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "commands", "compute", "projections", "query_api", "migrations", "ops")
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
INDEPENDENT = [set(each["modules"]) for each in CONTRACTS if each["type"] == "independence"]

SHARED_BY_SERVICES: set[str] = set()
SHARED_BY_COMMANDS = {
    f"commands.api.{name}" for name in ("answers", "command_route", "multipart", "received", "uploads")
}
SHARED_BY_PROJECTIONS = {"projections.engine"}

LIBRARIES = {
    "eventsourcing": {
        "ops/adapters",
        "compute/worker.py",  # the database is away: the log says so by the library's errors
        "projections/engine/runner.py",
        "ops/audit/sealing/sealer.py",
        "ops/processes/companions.py",
        "ops/processes/loops.py",
        "ops/services.py",
        "ops/benchmarking/alternatives.py",
        "ops/cli/audit.py",
    },
    "psycopg": {
        "ops/adapters",
        "commands/ask_rebuild.py",
        "migrations",
        "projections/catalogue",
        "projections/engine",
        "projections/marts/tables.py",
        "projections/results/partitions.py",
        "projections/results/publication.py",
        "query_api/key_lists.py",
        "query_api/reading.py",
        "query_api/runs.py",
        "query_api/scenarios.py",
        "query_api/snapshots.py",
        "query_api/system.py",
        "query_api/tree.py",
        "query_api/valuation_models.py",
        "query_api/http/problems.py",  # a table from the driver's errors to answers
        "query_api/http/progress.py",
        "compute/worker.py",
        "ops/asked_rebuilds.py",
        "ops/archiving/dropping.py",
        "ops/archiving/retention.py",
        "ops/audit/metrics.py",
        "ops/audit/sealing/sealer.py",
        "ops/audit/verification/results.py",
        "ops/audit/verification/verify.py",
        "ops/benchmarking",
        "ops/cli/runs.py",
        "ops/doctor.py",
        "ops/embedded_postgres",
        "ops/http/probing.py",
        "ops/marts",
        "ops/metrics.py",
        "ops/cash_flows/answers.py",
        "ops/processes/run_to_end.py",
        "ops/regulatory/answers.py",
        "ops/webhooks/metrics.py",
        "ops/processes/worker_process.py",
        "ops/projection_status.py",
        "ops/rebuilding.py",
        "ops/run_metrics.py",
        "ops/run_requests.py",
        "ops/secrets.py",
        "ops/services.py",
    },
}
"""Folders and files that may import the library: adapters, and where SQL is run. A new place is a decision."""


def modules_in(package: str) -> set[str]:
    folder = ROOT / package.replace(".", "/")
    found = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    return {f"{package}.{name}" for name in found - {"__init__"}}


@pytest.mark.parametrize(
    ("package", "shared"),
    [
        ("query_api.services", SHARED_BY_SERVICES),
        ("commands.api", SHARED_BY_COMMANDS),
        ("projections", SHARED_BY_PROJECTIONS),
    ],
)
def test_every_router_and_every_family_of_read_models_is_held_independent(package: str, shared: set[str]) -> None:
    """One that is added must be listed in pyproject.toml, or be named here as shared by the others."""
    assert modules_in(package) - shared in INDEPENDENT


def test_no_folder_imports_back_in_any_package() -> None:
    (cycles,) = (each for each in CONTRACTS if each["type"] == "acyclic_siblings")
    assert set(cycles["ancestors"]) == set(PACKAGES)


def importing(library: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if library in top_level_imports(path.read_text())
    }


def top_level_imports(source: str) -> set[str]:
    """`psycopg_pool` counts as psycopg."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return {name.partition(".")[0].removesuffix("_pool") for name in names}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_of_the_database_is_imported_in_adapters_and_where_sql_is_run(library: str) -> None:
    found, allowed = importing(library), LIBRARIES[library]
    outside = {path for path in found if not any(path == each or path.startswith(f"{each}/") for each in allowed)}
    unused = {each for each in allowed if not any(path == each or path.startswith(f"{each}/") for path in found)}
    assert (outside, unused) == (set(), set())
