"""Unknown columns are attributes by their content; tags become columns."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands.ingestion.prepare import Prepared, prepare_portfolio
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


LABELS = [
    (["02138", "2138", ""], True),
    (["1E10", "10000000000", "7"], True),
    (["1e-5", "0.2", "7"], True),
    (["1234567890123456", "7", ""], True),
    (["-007", "7", ""], True),
    (["123456789012345", "7", ""], False),
    (["0.8333333333333334", "0.5", "0"], False),
    (["0", "-0.5", "+12"], False),
]


@pytest.mark.parametrize(("values", "are_labels"), LABELS)
def test_one_label_makes_a_column_of_labels_as_written(
    sound: Tables, bring: Bring, values: list[str], are_labels: bool
) -> None:
    for row, value in zip(sound["positions"], values, strict=True):
        row["zip"] = value
    prepared = bring(sound)
    assert prepared.portfolio is not None
    column = prepared.portfolio.tables["positions"].columns["zip"]
    assert column.kind is (Kind.TEXT if are_labels else Kind.NUMBER)
    if are_labels:
        assert set(column.categories) == set(filter(None, values))


def test_numbers_of_a_parquet_file_are_numbers_and_its_texts_may_be_labels(
    tmp_path: Path, sound: Tables, write: Callable[[Path, Tables], Path]
) -> None:
    folder = write(tmp_path, sound)
    (folder / "positions.csv").unlink()
    columns = {name: [row[name] for row in sound["positions"]] for name in ("position_id", "instrument_id", "book_id")}
    attributes = {"share": [1e-7, 0.5, 2e20], "zip": ["02138", "2138", "7"], "loan": [2**60 + 1, 2**60, 7]}
    pq.write_table(pa.table(columns | {"notional": [1.0, 2.0, 3.0]} | attributes), folder / "positions.parquet")
    portfolio = prepare_portfolio(folder).portfolio
    assert portfolio is not None
    kept = portfolio.tables["positions"].columns
    assert kept["share"].kind is Kind.NUMBER
    assert kept["zip"].categories == ("02138", "2138", "7")
    assert kept["loan"].categories == (str(2**60), str(2**60 + 1), "7")


IDENTIFIERS = [
    *[("isin", "N/A"), ("isin", "US0378331006"), ("cusip", "03783310"), ("cusip", "037833101")],
    *[("sedol", "0263495"), ("figi", "BBG000BLNNH7"), ("lei", "5493001KJTIIGC8Y1R13")],
]


@pytest.mark.parametrize(("name", "value"), IDENTIFIERS)
def test_an_attribute_that_fails_its_check_is_kept_with_a_warning(
    sound: Tables, bring: Bring, name: str, value: str
) -> None:
    sound["instruments"][0][name] = value
    prepared = bring(sound)
    assert prepared.errors == [] and prepared.portfolio is not None
    assert [(each.row, each.column, each.code) for each in prepared.warnings] == [(2, name, "INVALID_IDENTIFIER")]
    assert prepared.portfolio.tables["instruments"].columns[name].categories == (value,)


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
