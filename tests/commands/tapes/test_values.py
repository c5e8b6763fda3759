"""Numbers as people write them, and what is left as it stands."""

import numpy as np
import pyarrow as pa
import pytest

from commands.ingestion.raw_tables import Cells
from commands.tapes.values import Numbers, later, mapped, months_of, numbers_of, read_attribute, read_numbers
from domain.tapes.mapping import Format


def cells(*texts: str | None) -> Cells:
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    return Cells(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), encoded.dictionary)


def texts(made: Cells) -> list[str | None]:
    return [made.text_at(row) for row in range(len(made.codes))]


READ: list[tuple[dict[str, object], str, str | None]] = [
    ({}, "1234.50", "1234.5"),
    ({}, "-1234", "-1234"),
    ({}, "(1234.5)", "-1234.5"),
    ({}, "1234.5-", "-1234.5"),
    ({}, "$1234", "1234"),
    ({}, "-$1234", "-1234"),
    ({}, "USD 1234", "1234"),
    ({}, "1234 EUR", "1234"),
    ({}, "1234 XYZ", None),
    ({}, "1,234", None),
    ({}, "5.25%", "0.0525"),
    ({}, "5.25 %", "0.0525"),
    ({}, "1e3", "1000"),
    ({}, "1e999999999", None),
    ({}, "", None),
    ({}, "n/a", None),
    ({"thousands": ","}, "1,234,567.25", "1234567.25"),
    ({"thousands": ","}, "1,23", None),
    ({"thousands": ","}, "12,34,567", None),
    ({"thousands": ",", "decimal": "."}, "$ 1,000,000", "1000000"),
    ({"decimal": ",", "thousands": "."}, "1.234.567,25", "1234567.25"),
    ({"decimal": ",", "thousands": "."}, "1.234", "1234"),
    ({"decimal": ","}, "0,05", "0.05"),
    ({"decimal": ","}, "1.5", None),
    ({"thousands": " "}, "1\u00a0234 567", "1234567"),
    ({"thousands": "'"}, "1'234'567.5", "1234567.5"),
]


@pytest.mark.parametrize(("written", "cell", "expected"), READ)
def test_a_cell_is_the_number_that_the_format_says(written: dict[str, object], cell: str, expected: str | None) -> None:
    assert numbers_of(Format.model_validate(written), scale=None, in_percent=False).of(cell) == expected


def test_a_scale_says_the_unit_whatever_sign_stands_there() -> None:
    scaled = numbers_of(Format(), scale=0.01, in_percent=True)
    assert [scaled.of(cell) for cell in ("6.5", "6.5%", "6.125")] == ["0.065", "0.065", "0.06125"]
    percent = numbers_of(Format(), scale=None, in_percent=True)
    assert [percent.of(cell) for cell in ("6.5", "6.5%")] == ["0.065", "0.065"]


def test_what_is_no_number_stays_and_is_refused_later() -> None:
    assert texts(read_numbers(cells("1,5", "x", None, "2"), Numbers(decimal=","))) == ["1.5", "x", None, "2"]


def test_an_attribute_is_of_numbers_only_where_every_cell_is_one() -> None:
    marked = Numbers(decimal=".", thousands=",")
    assert texts(read_attribute(cells("1,000", "20%"), marked)) == ["1000", "0.2"]
    assert texts(read_attribute(cells("1,000", "high"), marked)) == ["1,000", "high"]
    assert texts(read_attribute(cells("007", "1"), marked)) == ["007", "1"]


def test_a_map_says_which_texts_it_does_not_have_and_what_empty_cells_are() -> None:
    made, unknown = mapped(cells("Y", None, "Q"), {"Y": "true", "": "false"})
    assert texts(made) == ["true", "false", "Q"]
    assert unknown.tolist() == [False, False, True]
    made, unknown = mapped(cells("Y", None), {"Y": "true"})
    assert texts(made) == ["true", None]
    assert not unknown.any()


def test_dates_move_by_whole_months_and_stay_within_them() -> None:
    days = cells("2024-01-31", "2023-12-01", None, "soon", "2024-01-31")
    months = np.array([1.0, 36.0, 12.0, 12.0, np.nan])
    assert texts(later(days, months)) == ["2024-02-29", "2026-12-01", None, "soon", None]
    assert months_of(cells("36 months", "60", "about 12", None)).tolist()[:2] == [36.0, 60.0]
