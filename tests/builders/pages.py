"""Examples that stand on the pages of docs/."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def tables_of(page: str) -> dict[str, str]:
    """CSV examples by the name that stands before each."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^`(\w+\.csv)`.*:\n\n```csv\n([^`]*)```", text, re.MULTILINE))


def files_of(page: str) -> dict[str, str]:
    """JSON examples by the name that stands before each."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^`([\w-]+\.json)`:\n\n```json\n([^`]*)```", text, re.MULTILINE))
