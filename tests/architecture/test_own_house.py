"""Tests' own house: what several share is in `tests/builders` or a conftest, and a test module is nobody's library."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MODULES = sorted(TESTS.rglob("*.py"))


def imported_test_modules(source: str) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.startswith("tests.") and name.rpartition(".")[2].startswith("test_")]


def test_no_module_imports_a_test_module() -> None:
    found = {str(path.relative_to(TESTS)): imported_test_modules(path.read_text()) for path in MODULES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "line", ["from tests.domain.test_run import RUN", "from tests.domain import test_run", "import tests.test_run"]
)
def test_such_an_import_is_found(line: str) -> None:
    assert imported_test_modules(f"def late():\n    {line}\n")
