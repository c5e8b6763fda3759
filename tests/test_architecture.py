"""House rules that the linters cannot say."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("domain", "commands", "compute", "projections", "query_api", "migrations", "ops")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MAX_FILE = 450
MAX_FUNCTION = 45
MAX_MODULES = 24
FOLDERS = sorted({path.parent for path in SOURCES})


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def text_of(path: Path) -> str:
    return path.read_text()


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(text_of(path))))


def breakers(paths: list[Path], breaks: Callable[[Path], object]) -> list[str]:
    """The files that break a rule, each with what breaks it."""
    return [f"{relative(path)}: {found}" for path in paths if (found := breaks(path))]


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


def test_domain_imports_the_standard_library_and_pydantic_only() -> None:
    allowed = {"domain", "pydantic", "pydantic_core", *sys.stdlib_module_names}
    own = [path for path in SOURCES if path.is_relative_to(ROOT / "domain")]
    assert breakers(own, lambda path: imports_of(path) - allowed) == []


def test_kernels_import_arrays_and_domain_only() -> None:
    allowed = {"numpy", "scipy", "numba", "llvmlite", "compute", "domain", *sys.stdlib_module_names}
    kernels = [path for path in SOURCES if "kernels" in path.parts]
    assert breakers(kernels, lambda path: imports_of(path) - allowed) == []


def test_files_fit_in_a_head() -> None:
    assert breakers(SOURCES, lambda path: max(0, len(text_of(path).splitlines()) - MAX_FILE)) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=relative)
def test_a_folder_is_taken_in_at_a_glance(folder: Path) -> None:
    assert len([each for each in folder.glob("*.py") if each.name != "__init__.py"]) <= MAX_MODULES


def test_functions_are_short() -> None:
    assert breakers(SOURCES, long_functions) == []


def long_functions(path: Path) -> list[str]:
    found = []
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = len((ast.get_docstring(node) or "").splitlines())
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring
            found += [f"{node.name} has {length} lines"] if length > MAX_FUNCTION else []
    return found


def test_kernels_keep_their_order_of_summation() -> None:
    """No fastmath and no parallel reductions: results are bit-identical whatever the number of workers."""
    forbidden = re.compile(r"fastmath\s*=\s*True|parallel\s*=\s*True")
    assert breakers(SOURCES, lambda path: forbidden.search(text_of(path))) == []


def test_sql_is_never_an_f_string() -> None:
    assert breakers(SOURCES, sql_in_f_strings) == []


def sql_in_f_strings(path: Path) -> list[str]:
    texts = [
        "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        for node in nodes_of(path)
        if isinstance(node, ast.JoinedStr)
    ]
    return [each for each in texts if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|COPY)\s", each)]


def may_name_tenor(path: Path) -> bool:
    return (
        relative(path) in ("ops/wiring.py", "ops/services.py", "ops/page/used_api.py")
        or ROOT / "ops" / "cli" in path.parents
    )


@pytest.mark.parametrize("path", [path for path in SOURCES if not may_name_tenor(path)], ids=relative)
def test_parts_are_handed_ports_and_never_all_of_them(path: Path) -> None:
    """`Tenor` makes the ports; whoever is handed it could reach everything. See ops/ports.py for handfuls."""
    for node in nodes_of(path):
        if isinstance(node, ast.ImportFrom) and node.module == "ops.wiring":
            assert "Tenor" not in {alias.name for alias in node.names}


def test_no_stray_modules_at_the_root() -> None:
    assert [path.name for path in ROOT.glob("*.py")] == []


def test_tests_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_the_two_tables_of_measures_agree() -> None:
    """Those of credit and capital are no pricer's."""
    from compute.outputs.measures import SOURCES as NUMBERS
    from domain.measures.measures import MEASURES, Fact

    assert set(NUMBERS) == {measure.name for measure in MEASURES if measure.fact is not Fact.CAPITAL}


def test_importing_a_module_does_nothing_else() -> None:
    """The command line answers --help without numpy, pyarrow or a database."""
    code = (
        "import sys, ops.cli.app\n"
        "heavy = {'numpy', 'numba', 'scipy', 'pyarrow', 'fastapi', 'alembic', 'sqlalchemy', 'pydantic', 'psycopg',"
        " 'eventsourcing', 'structlog', 'pgqueuer'} & set(sys.modules)\n"
        "sys.exit(','.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
