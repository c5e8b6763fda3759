"""Columns that have a default are grouped under it where nothing is said; groups of issuers are their issuers."""

import numpy as np
import pytest

from domain.portfolio.columns import Portfolio, TableData
from domain.portfolio.groupings import group_labels
from tests.builders.sample_run import text


def book(**columns: list[str | None]) -> Portfolio:
    """Three positions; `issuer_id` is the instruments'."""
    issuer = columns.pop("issuer_id", None)
    rows = np.arange(3, dtype=np.int32)
    positions = {"position_id": text(["p", "q", "r"])} | {name: text(values) for name, values in columns.items()}
    instruments = {"instrument_id": text(["a", "b", "c"])} | ({"issuer_id": text(issuer)} if issuer else {})
    return Portfolio({"positions": TableData(3, positions), "instruments": TableData(3, instruments)}, rows, rows * 0)


CASES: tuple[tuple[str, dict[str, list[str | None]], list[str]], ...] = (
    ("accounting_class", {}, ["AMORTISED_COST"] * 3),
    ("accounting_class", {"accounting_class": ["AFS", None, "AMORTISED_COST"]}, ["AFS", *["AMORTISED_COST"] * 2]),
    ("irb_approach", {"irb_approach": [None, "AIRB", None]}, ["SA", "AIRB", "SA"]),
    ("issuer_group", {"issuer_id": ["X", "Y", None]}, ["X", "Y", ""]),
    ("issuer_group", {"issuer_id": ["X", "Y", None], "issuer_group": ["G", None, None]}, ["G", "Y", ""]),
    ("colour", {"colour": ["red", None, "blue"]}, ["red", "", "blue"]),
)


@pytest.mark.parametrize(("name", "columns", "expected"), CASES)
def test_the_group_of_every_position(name: str, columns: dict[str, list[str | None]], expected: list[str]) -> None:
    found = group_labels(book(**columns), name)
    assert found is not None
    assert [found.keys[code] for code in found.codes] == expected
    assert list(found.keys) == sorted(set(expected))


def test_a_name_that_no_table_has() -> None:
    assert group_labels(book(), "colour") is None
    assert group_labels(book(), "issuer_group") is None
