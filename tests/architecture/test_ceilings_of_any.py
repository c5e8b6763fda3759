"""`Any` switches the type checker off: each package has a ceiling, raised by a new capability alone."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CEILINGS = {
    "domain": 124,
    "commands": 124,
    "compute": 152,
    "projections": 46,
    "query_api": 121,
    "migrations": 2,
    "ops": 465,
}
"""Uses of the name in annotations, aliases and casts. Lower the number when you have removed some."""


def uses_of_any(source: str) -> int:
    return sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize("package", CEILINGS)
def test_a_package_says_any_no_more_often_than_it_did(package: str) -> None:
    uses = sum(uses_of_any(path.read_text()) for path in (ROOT / package).rglob("*.py"))
    assert uses <= CEILINGS[package], f"{package} says Any {uses} times"


def test_uses_are_counted_in_annotations_aliases_and_strings_of_generics() -> None:
    source = "Array = np.ndarray[Any, Any]\ndef f(x: Any, *rest: list[Any]) -> dict[str, Any]: ...\ny: Any = 1\n"
    assert uses_of_any(source) == 6
