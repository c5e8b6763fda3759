"""What the documents name is there: files, modules, commands and their options."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ops.cli.app import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "tests/**/*.md", "examples/**/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md" and "adr" not in path.parts
)
PATH = re.compile(r"`([\w./*{}-]+(?:\.(?:py|md|sql|sh|toml|json|csv|lock)|/))(?::\d+)?`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"(?:`|^\s*(?:\$ )?)(?:\.venv/bin/)?tenor ([a-z][^`\n]*)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+)")
MAKE = re.compile(r"`make ([a-z-]+)")
PLACEHOLDER = re.compile(r"\b[A-Z]{4,}\b(?!\.md)")
NO_FILES_OF_OURS = {
    "curves.csv",
    "loans.csv",
    "mapping.json",
    "tape.csv",
    "Tables.sql",
    "my_fund/",
    "market.json",
    "scenarios.json",
    "manifest.json",
    "tranche_schedules.csv",
    "netting_sets.csv",
    "credit_events.csv",
    "deal_triggers.csv",
    "steps.csv",
    "payment_holidays.csv",
    "draws.csv",
    "nightly.json",
    "nightly-run.json",
    "desk-hook.json",
    "history.csv",
    "pnl.csv",
}


@cache
def tracked() -> tuple[str, ...]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(listed.stdout.split())


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_there(name: str, beside: Path) -> bool:
    """A path from the root or from beside the document, or the end of one; `*` and `{a,b}` stand for several."""
    pattern = re.escape(name).replace(r"\*", "[^/]*")
    pattern = re.sub(r"\\{([^}]*)\\}", lambda m: "(?:" + m[1].replace(",", "|") + ")", pattern)
    ends = re.compile(rf"(?:^|/){pattern}" + ("" if name.endswith("/") else "$"))
    return bool(PLACEHOLDER.search(name)) or (beside / name).exists() or any(ends.search(each) for each in tracked())


def commands_of(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for found in COMMAND.finditer(line):
            yield re.split(r"[#>]|\$\(", found[1])[0].strip()


def unknown(words: list[str], options: list[str]) -> str | None:
    """What of a command line does not exist: its command, or an option of it."""
    node: Any = typer.main.get_command(app)
    for word in words:
        children = getattr(node, "commands", None)
        if not children:
            break
        if word not in children:
            return word
        node = children[word]
    known = {name for parameter in node.params for name in (*parameter.opts, *parameter.secondary_opts)}
    children = getattr(node, "commands", {})
    for child in children.values():  # `tenor run ... --wait` names an option of one of the group's commands
        known |= {name for parameter in child.params for name in parameter.opts}
    return next((each for each in options if each not in known | {"--help", "--database-url", "--json"}), None)


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_files_and_folders_that_a_document_names_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    missing = {name for name in PATH.findall(text) if name not in NO_FILES_OF_OURS and not is_there(name, path.parent)}
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_links_of_a_document_lead_somewhere(path: Path) -> None:
    missing = {name for name in LINK.findall(path.read_text(encoding="utf-8")) if not (path.parent / name).exists()}
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_commands_that_a_document_names_exist(path: Path) -> None:
    wrong = {}
    for line in commands_of(path.read_text(encoding="utf-8")):
        words = re.match(r"(?:[a-z][a-z-]*(?: |$))*", line)
        assert words is not None
        if found := unknown(words[0].split(), OPTION.findall(line)):
            wrong[line] = found
    assert not wrong


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_targets_of_make_that_a_document_names_exist(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(MAKE.findall(path.read_text(encoding="utf-8"))) <= targets
