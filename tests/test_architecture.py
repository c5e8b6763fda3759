"""House rules that the linters cannot say."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("domain", "commands", "compute", "projections", "query_api", "migrations", "ops")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
LONGEST_FILE = 450
LONGEST_FUNCTION = 45
MOST_MODULES = 24
FOLDERS = sorted({path.parent for path in SOURCES})


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("path", [p for p in SOURCES if p.parts[len(ROOT.parts)] == "domain"], ids=relative)
def test_domain_imports_the_standard_library_and_pydantic_only(path: Path) -> None:
    assert imports_of(path) <= {"domain", "pydantic", "pydantic_core", *sys.stdlib_module_names}


@pytest.mark.parametrize("path", [p for p in SOURCES if "kernels" in p.parts], ids=relative)
def test_kernels_import_arrays_and_domain_only(path: Path) -> None:
    allowed = {"numpy", "scipy", "numba", "llvmlite", "compute", "domain", *sys.stdlib_module_names}
    assert imports_of(path) <= allowed


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_files_fit_in_a_head(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("folder", FOLDERS, ids=relative)
def test_a_folder_is_taken_in_at_a_glance(folder: Path) -> None:
    assert len([each for each in folder.glob("*.py") if each.name != "__init__.py"]) <= MOST_MODULES


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = len((ast.get_docstring(node) or "").splitlines())
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_kernels_keep_their_order_of_summation(path: Path) -> None:
    """No fastmath and no parallel reductions: results are bit-identical whatever the number of workers."""
    assert not re.search(r"fastmath\s*=\s*True|parallel\s*=\s*True", path.read_text())


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_sql_is_never_an_f_string(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
            assert not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|COPY)\s", text)


def test_no_stray_modules_at_the_root() -> None:
    assert [path.name for path in ROOT.glob("*.py")] == []


def test_tests_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_the_two_tables_of_measures_agree() -> None:
    from compute.outputs.measures import SOURCES as NUMBERS
    from domain.measures.measures import BY_NAME

    assert set(NUMBERS) == set(BY_NAME)


def test_importing_a_module_does_nothing_else() -> None:
    """The command line answers --help without numpy, pyarrow or a database."""
    code = (
        "import sys, ops.cli.app\n"
        "heavy = {'numpy', 'numba', 'scipy', 'pyarrow', 'fastapi', 'alembic', 'sqlalchemy'} & set(sys.modules)\n"
        "sys.exit(','.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
