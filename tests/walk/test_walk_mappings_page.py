"""What the page on mappings shows is done as it stands."""

import json
import re
from pathlib import Path

from domain.market.quotes import MARKET_COLUMNS
from domain.tapes.built_in import BUILT_IN
from domain.tapes.mapping import ENCODINGS, Format, MappingDocument
from tests.walk.command_line import Tenor

TEXT = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)


def table(name: str) -> list[str]:
    found = re.search(rf"<!-- begin {name} -->(.*?)<!-- end -->", TEXT, re.DOTALL)
    assert found
    return [line.split(" | ")[0].strip("| ") for line in found[1].strip().splitlines()[2:]]


def files(folder: Path) -> dict[str, Path]:
    """The page's files by name; its JSON are the mapping of loans and that of curves."""
    (loans, curves), (tape, nodes) = blocks("json"), blocks("csv")
    texts = {"mapping.json": loans, "curves.json": curves, "loans.csv": tape, "curves.csv": nodes}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in texts}


def test_the_commands_of_the_page_bring_its_tape(tenor: Tenor, tmp_path: Path) -> None:
    there = files(tmp_path)
    for line in blocks("sh")[0].splitlines():
        words = [tmp_path / word if word in (*there, "rejects.csv") else word for word in line.split()[1:]]
        if "suggest" in words:
            words = [tmp_path / "suggested.json" if word == there["mapping.json"] else word for word in words]
        found = tenor.json(*words)
    assert found["control_totals"] == {"EUR": {"positions": 2, "notional": 1348500.5}}
    assert found["attributes"]["positions"] == ["fico", "land"]
    assert found["tape"]["left_aside"] == {"Art": 1}
    assert (tmp_path / "rejects.csv").read_text().startswith("Nr;Saldo")


def test_the_rows_of_the_page_are_a_market(tenor: Tenor, tmp_path: Path) -> None:
    there = files(tmp_path)
    loaded = tenor.json("market", "load", there["curves.csv"], "--mapping", there["curves.json"])
    assert loaded["as_of"] == "2026-01-23" and loaded["warnings"] == []


def test_the_page_has_every_field_and_every_mapping() -> None:
    named = " ".join(table("fields"))
    fields = {name for name in MappingDocument.model_fields if name != "format"}
    fields |= {f"format.{name}" for name in Format.model_fields}
    assert {name for name in fields if f"`{name}`" not in named} == set()
    assert [row.strip("`") for row in table("built in")] == list(BUILT_IN)
    assert all(name in TEXT for name in ENCODINGS)
    columns = json.loads(blocks("json")[1])["columns"]
    assert {name.partition(".")[0] for name in columns} <= set(MARKET_COLUMNS)
