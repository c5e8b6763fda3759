"""The Python client stands alone: httpx and pyarrow, each imported when it is needed, and nothing of the platform's."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "python"
SOURCES = sorted((CLIENT / "src" / "tenor").rglob("*.py"))
OUTSIDE = {"httpx", "pyarrow"}
MAX_LINES = 450


def imports(path: Path, *, at_once: bool) -> set[str]:
    """Names of packages; `at_once`: of the module's own statements alone."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if at_once else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_it_imports_two_libraries_and_none_before_it_is_needed(path: Path) -> None:
    assert imports(path, at_once=False) <= {"tenor", *OUTSIDE, *sys.stdlib_module_names}
    assert not imports(path, at_once=True) & OUTSIDE
    assert len(path.read_text().splitlines()) <= MAX_LINES


def test_its_distribution_says_the_same() -> None:
    said = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]
    assert (said["name"], {each.partition(">")[0] for each in said["dependencies"]}) == ("tenor-client", OUTSIDE)
    assert all("==" not in each for each in said["dependencies"])
    platform = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert said["version"] == platform["version"]
