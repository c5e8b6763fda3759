"""A text's code in a column of texts, whatever is asked."""

import pytest

from domain.portfolio.columns import ABSENT_CODE, ColumnData
from domain.portfolio.tables import Kind

CATEGORIES = ("", "A", "B-1", "Z", "a", "é")


@pytest.mark.parametrize("text", [*CATEGORIES, " ", "AA", "B", "b", "z", "éé", "😀"])
def test_the_code_is_the_place_among_the_categories(text: str) -> None:
    expected = CATEGORIES.index(text) if text in CATEGORIES else ABSENT_CODE
    assert ColumnData(Kind.TEXT, (), CATEGORIES).code_of(text) == expected


def test_a_column_without_texts_has_no_code() -> None:
    assert ColumnData(Kind.TEXT, ()).code_of("A") == ABSENT_CODE
