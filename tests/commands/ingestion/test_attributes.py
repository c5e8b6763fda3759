"""Unknown columns are attributes by their content; tags become columns."""

from collections.abc import Callable
from typing import Any

import pytest

from commands.ingestion.prepare import Prepared
from domain.portfolio.tables import Kind

Tables = dict[str, list[dict[str, Any]]]
Bring = Callable[..., Prepared]

CONTENT = [
    (["700", "", "680.5"], Kind.NUMBER),
    (["700", "NaN", "680"], Kind.NUMBER),
    (["2024-01-01", "", "2024-02-29"], Kind.DATE),
    (["2024-01-01", "2024-02-30", ""], Kind.TEXT),
    (["2024-01-01", "7", ""], Kind.TEXT),
    (["CA", "7", ""], Kind.TEXT),
    (["nan", "", ""], Kind.TEXT),
    (["true", "false", ""], Kind.TEXT),
    (["1,000", "2", "3"], Kind.TEXT),
]


@pytest.mark.parametrize(("values", "kind"), CONTENT)
def test_an_attribute_is_typed_by_its_content(sound: Tables, bring: Bring, values: list[str], kind: Kind) -> None:
    for row, value in zip(sound["positions"], values, strict=True):
        row["attribute"] = value
    prepared = bring(sound)
    assert prepared.errors == [] and prepared.portfolio is not None
    assert prepared.portfolio.tables["positions"].columns["attribute"].kind is kind


def test_an_identifier_of_digits_stays_text(sound: Tables, bring: Bring) -> None:
    sound["instruments"][0]["cusip"] = "037833100"
    prepared = bring(sound)
    assert prepared.errors == [] and prepared.portfolio is not None
    assert prepared.portfolio.tables["instruments"].columns["cusip"].categories == ("037833100",)


TAGS = [
    ("", {}),
    ("A=1", {"tag:A": "1"}),
    ("A=1;B=two words", {"tag:A": "1", "tag:B": "two words"}),
    ("GREEN", {"tag:GREEN": "true"}),
    ("A=1;;B;", {"tag:A": "1", "tag:B": "true"}),
    ("A=x=y", {"tag:A": "x=y"}),
    ('{"A": 1.5, "B": true, "C": null, "D": "x;y"}', {"tag:A": "1.5", "tag:B": "true", "tag:D": "x;y"}),
]


@pytest.mark.parametrize(("tags", "expected"), TAGS)
def test_tags_become_columns(sound: Tables, bring: Bring, tags: str, expected: dict[str, str]) -> None:
    sound["positions"][0]["tags"] = tags
    prepared = bring(sound)
    assert prepared.errors == [] and prepared.portfolio is not None
    columns = prepared.portfolio.tables["positions"].columns
    first = {name: each.categories[each.values[0]] for name, each in columns.items() if name.startswith("tag")}
    assert first == expected


@pytest.mark.parametrize("tags", ["A=", "A=1;A=1", '{"A": {"B": 1}}', '{"A": 1, "A": 2}', '{"A": 1'])
def test_tags_that_cannot_be_read(sound: Tables, bring: Bring, tags: str) -> None:
    sound["positions"][0]["tags"] = tags
    assert [(error.row, error.column, error.code) for error in bring(sound).errors] == [(2, "tags", "INVALID_TAGS")]


def test_tags_of_another_table_are_an_attribute(sound: Tables, bring: Bring) -> None:
    sound["instruments"][0]["tags"] = "A=;A"
    prepared = bring(sound)
    assert prepared.errors == [] and prepared.portfolio is not None
    assert prepared.portfolio.tables["instruments"].columns["tags"].categories == ("A=;A",)
