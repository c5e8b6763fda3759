"""Words in messages: articles and counts."""

import pytest

from domain.portfolio.tables import PRODUCT_TYPES
from domain.texts import counted, with_article


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("LOAN", "a LOAN"),
        ("BOND", "a BOND"),
        ("CALLABLE_BOND", "a CALLABLE_BOND"),
        ("ABS_MBS", "an ABS_MBS"),
        ("STRUCTURED", "a STRUCTURED"),
        ("FX_FWD", "an FX_FWD"),
        ("IRS", "an IRS"),
        ("CAP_FLOOR", "a CAP_FLOOR"),
        ("SWAPTION", "a SWAPTION"),
        ("CDS", "a CDS"),
        ("FX_OPTION", "an FX_OPTION"),
        ("FRA", "an FRA"),
        ("OIS", "an OIS"),
        ("FUTURE", "a FUTURE"),
        ("instrument_id", "an instrument_id"),
        ("position_id", "a position_id"),
    ],
)
def test_the_article_follows_the_sound(name: str, said: str) -> None:
    assert with_article(name) == said


def test_every_product_has_been_listened_to() -> None:
    assert {with_article(product).split()[0] for product in PRODUCT_TYPES} == {"a", "an"}


def test_counts() -> None:
    assert [counted(each, "row") for each in (0, 1, 2, 1234)] == ["0 rows", "1 row", "2 rows", "1,234 rows"]
