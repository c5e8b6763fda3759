"""What the positions of a portfolio can be grouped by, in the order in which answers list it."""

from typing import Any

import numpy as np

from domain.portfolio.attributes import Labels, own_labels
from domain.portfolio.columns import Portfolio
from domain.portfolio.groupings import group_labels

Array = np.ndarray[Any, Any]


def sorted_keys(held: Portfolio, by: str) -> tuple[list[str], Array] | None:
    """Keys as texts sort, '' for no value, and each position's place among them; None where there is no such column."""
    found = group_labels(held, by)
    return None if found is None else _sorted(found)


def currencies_of(held: Portfolio) -> tuple[list[str], Array]:
    """Of the positions' amounts."""
    return _sorted(_own(held, "currency"))


def texts_of(held: Portfolio, name: str) -> list[str]:
    """A term of each position's instrument, '' where it has none."""
    found = _own(held, name)
    return [found.keys[code] for code in found.codes.tolist()]


def _own(held: Portfolio, name: str) -> Labels:
    return own_labels(held, name) or Labels(("",), np.zeros(held.position_count, np.int64))


def _sorted(found: Labels) -> tuple[list[str], Array]:
    order = sorted(range(len(found.keys)), key=found.keys.__getitem__)
    place = np.argsort(np.array(order, np.int64))
    return [found.keys[number] for number in order], place[found.codes]
