"""Each rule of `make check` fails when it is broken on purpose."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
NINE = ", ".join(f"a{number}: int" for number in range(9))

RUFF = {
    "DTZ011": "import datetime as dt\n\nTODAY = dt.date.today()\n",
    "DTZ005": "import datetime as dt\n\nNOW = dt.datetime.now()\n",
    "ARG001": "def f(unused: int) -> int:\n    return 1\n",
    "ARG005": "f = [lambda unused: 1]\n",
    "PT011": 'import pytest\n\n\ndef test_it() -> None:\n    with pytest.raises(ValueError):\n        int("x")\n',
    "PT012": "import pytest\n\n\ndef test_it() -> None:\n    with pytest.raises(KeyError):\n        f()\n        g()\n",
    "PLR0913": f"def f({NINE}) -> int:\n    return {' + '.join(f'a{number}' for number in range(9))}\n",
    "S608": 'QUERY = f"SELECT x FROM {__name__}"\n',
    "F401": "import os\n",
}

IMPORTS = {
    "kernels see no pricers": ("compute/kernels/dates/daycounts.py", "compute.pricers.debt.terms"),
    "kernels see no inputs": ("compute/kernels/dates/daycounts.py", "compute.inputs.terms"),
    "pricers see no chunks": ("compute/pricers/debt/terms.py", "compute.product_families"),
    "inputs see no pricers": ("compute/inputs/terms.py", "compute.pricers.debt.terms"),
    "domain sees nobody": ("domain/event.py", "compute.product_families"),
    "compute sees no commands": ("compute/product_families.py", "commands.submit_run"),
    "results see no services": ("query_api/results/columns.py", "query_api.services.audit"),
    "services see no other": ("query_api/services/audit.py", "query_api.services.risk"),
    "routers of commands see no other": ("commands/api/models.py", "commands.api.scenario"),
    "read models see no other family": ("projections/results/rows.py", "projections.catalogue.scenarios"),
    "no folder imports back": ("ops/audit/verification/sealed_log.py", "ops.cli.audit"),
    "kernels see no driver": ("compute/kernels/dates/daycounts.py", "psycopg"),
}


@pytest.mark.parametrize("code", RUFF)
def test_ruff_finds(code: str) -> None:
    command = [str(BIN / "ruff"), "check", "--output-format", "concise", "--stdin-filename", "domain/snippet.py", "-"]
    found = subprocess.run(command, cwd=ROOT, input=RUFF[code], capture_output=True, text=True, check=False)
    assert found.returncode == 1 and f" {code} " in found.stdout


def test_a_list_of_assertions_and_kernels_arguments_are_let_alone() -> None:
    command = [str(BIN / "ruff"), "check", "--stdin-filename", "compute/kernels/snippet.py", "-"]
    source = RUFF["PLR0913"] + "\n\ndef test_it(a: int) -> None:\n    assert a and a > 1\n"
    assert subprocess.run(command, cwd=ROOT, input=source, capture_output=True, text=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages, to break."""
    folder = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in SETTINGS["importlinter"]["root_packages"]:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def broken_contracts(tree: Path) -> str:
    code = "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tree, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode else ""


@pytest.mark.parametrize(("file", "imported"), IMPORTS.values(), ids=IMPORTS)
def test_import_linter_finds(tree: Path, file: str, imported: str) -> None:
    before = (tree / file).read_text()
    (tree / file).write_text(f"{before}\nimport {imported}\n")
    try:
        found = broken_contracts(tree)
    finally:
        (tree / file).write_text(before)
    assert "BROKEN" in found and (imported in found or ".audit -> .cli" in found)


def test_import_linter_is_content_with_the_tree(tree: Path) -> None:
    assert broken_contracts(tree) == ""


def test_mypy_is_strict_and_looks_at_everything() -> None:
    settings = SETTINGS["mypy"]
    folders = {path.parent.name for path in ROOT.glob("*/*.py")} | {"tests"}
    assert settings["strict"] is True and set(settings["files"]) >= folders - {".venv"}
    assert "ignore-without-code" in settings["enable_error_code"]


def test_mypy_finds_a_test_without_types_and_a_bare_ignore(tmp_path: Path) -> None:
    bad = tmp_path / "test_bad.py"
    bad.write_text("def test_it(x):\n    return x + 1\n\n\ny: int = 'text'  # type: ignore\n")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--cache-dir", str(tmp_path), str(bad)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert "no-untyped-def" in found and "ignore-without-code" in found
