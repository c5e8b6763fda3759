"""What a docstring or a comment of ours names by its dotted path is there."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "commands", "compute", "projections", "query_api", "migrations", "ops", "tests", "benchmarks")
DOTTED = re.compile(rf"(?<![\w./-])((?:{'|'.join(PACKAGES)})(?:\.[A-Za-z_]\w*)+)")


def words_of(path: Path) -> Iterator[str]:
    """Comments and docstrings; the code itself is the business of the type checker."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and '"""' in token.string):
            yield token.string


def is_there(dotted: str) -> bool:
    """A package, a module, or a name that its module's text has."""
    steps = dotted.split(".")
    for length in range(len(steps), 0, -1):
        path = ROOT.joinpath(*steps[:length])
        if path.is_dir():
            return length == len(steps)
        module = path.with_suffix(".py")
        if module.exists():
            text = module.read_text()
            return all(re.search(rf"\b{step}\b", text) for step in steps[length:])
    return False


def test_a_name_that_is_not_there_is_found() -> None:
    assert is_there("domain.portfolio.columns.ABSENT_DATE")
    assert not is_there("domain.columns.ABSENT_DATE")
    assert not is_there("domain.portfolio.columns.NOWHERE")


def test_every_dotted_name_in_a_comment_or_docstring_is_there() -> None:
    gone = [
        f"{path.relative_to(ROOT)}: {found[1]}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path != Path(__file__)
        for text in words_of(path)
        for found in DOTTED.finditer(text)
        if not is_there(found[1])
    ]
    assert not gone, "\n".join(gone)
