"""The reference pages say what the tables of `domain` say, whole and nothing else."""

import re
from pathlib import Path

import pytest

from domain.market.document import MarketDocument
from domain.market.parts import (
    INTERPOLATIONS,
    CreditCurve,
    FxSpot,
    HullWhite,
    Jump,
    ParCurve,
    SpreadCurve,
    VolatilitySurface,
    ZeroCurve,
)
from domain.portfolio.meanings import DEFAULTS, DEFAULTS_OF, MEANINGS
from domain.portfolio.meanings import TABLES as PURPOSES
from domain.portfolio.tables import BY_NAME, TABLES
from domain.scenarios.shocks import IRRBB_NAMES, ScenarioDocument, ScenarioSetDocument, Shock
from ops.reference import DOCS, PAGES, refreshed

SHOCKS = Shock.__origin__.__args__  # type: ignore[attr-defined]


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_is_made_now(name: str) -> None:
    assert refreshed(page(name)) == page(name), "run: .venv/bin/python -m ops.reference"


def test_every_column_has_a_meaning_and_no_other() -> None:
    for table in TABLES:
        assert set(MEANINGS[table.name]) == {column.name for column in table.columns}
    assert set(PURPOSES) == {table.name for table in TABLES}
    assert {column.name for table in TABLES for column in table.columns} >= set(DEFAULTS)
    assert all({column.name for column in BY_NAME[name].columns} >= set(said) for name, said in DEFAULTS_OF.items())


def test_every_table_has_its_part_and_its_example() -> None:
    text = page("portfolio-files.md")
    for table in TABLES:
        assert f"<!-- begin {table.name} -->" in text
        assert f"`{table.name}.csv`" in text


@pytest.mark.parametrize(
    "part", [MarketDocument, ZeroCurve, ParCurve, SpreadCurve, CreditCurve, FxSpot, HullWhite, Jump, VolatilitySurface]
)
def test_every_field_of_a_market_is_on_its_page(part: type) -> None:
    missing = [name for name in part.model_fields if f"`{name}`" not in page("market-file.md")]  # type: ignore[attr-defined]
    assert not missing


def test_every_interpolation_is_on_the_page() -> None:
    assert all(name in page("market-file.md") for name in INTERPOLATIONS)


def test_every_shock_and_field_is_on_the_page() -> None:
    text = page("scenarios.md")
    for shock in SHOCKS:
        (kind,) = shock.model_fields["kind"].annotation.__args__
        (row,) = re.findall(rf"^\| {kind} \|.*$", text, re.MULTILINE)
        for name in shock.model_fields:
            assert f'"{name}"' in row or f"`{name}`" in row, (kind, name)
    for name in (*ScenarioDocument.model_fields, *ScenarioSetDocument.model_fields):
        assert f'"{name}"' in text
    assert all(name in text for name in IRRBB_NAMES)


def test_no_page_speaks_of_a_contract_that_its_reader_lacks() -> None:
    root = Path(__file__).parents[2]
    pages = [root / "README.md", root / "ARCHITECTURE.md", root / "GLOSSARY.md", *root.glob("docs/*.md")]
    pages += [*root.glob("docs/models/*.md"), *root.glob("examples/*/README.md")]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"(?i)\bthe contract\b|\bcontract's\b|\bcontract section\b", text), path.name
