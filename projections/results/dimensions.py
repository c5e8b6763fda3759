"""What positions are summed by, beside the tree: issuer, terms worth grouping by, attributes and tags."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.portfolio.attributes import HOLDERS, Labels, is_held, own_labels
from domain.portfolio.columns import Portfolio
from domain.portfolio.exposure_columns import EXPOSURE_NAMES
from domain.portfolio.groupings import group_labels
from domain.portfolio.tables import BY_NAME, NODE_KINDS

MAX_VALUES = 1_000
"""Attributes of more distinct values have no totals kept; they are summed from the chunks when asked for."""
MAX_ISSUERS = 5_000

TREE = ("total", "node", *(kind.lower() for kind in NODE_KINDS))
ALWAYS = ("product_type", "currency", "issuer", "sector", "rating", "country")
"""In every run, if only with the key ''."""
TERMS = {
    "issuers": ("asset_class",),
    "instruments": (
        "rate_type",
        "index",
        "amortization",
        "frequency",
        "day_count",
        "seniority",
        "deal_id",
        "discount_curve",
        "spread_curve",
        "credit_curve",
        "prepayment",
        "default",
        "pair",
        "option_type",
        "pay_receive",
    ),
    "positions": ("accounting_class",),
}
DIFFERING = ("pd_12m", "lgd", "undrawn", "collateral_value", "amortised_cost", "market_value")
"""Amounts and probabilities of exposures, which are the position's own: nobody groups by them."""


@dataclass(frozen=True)
class Dimension:
    """`codes` int32 [positions] into `keys`, which are distinct; the key '' stands for no value."""

    name: str
    keys: tuple[str, ...]
    codes: npt.NDArray[np.int32]


def dimensions(portfolio: Portfolio) -> Iterator[Dimension]:
    """The contract's own, then columns of positions, instruments and issuers; see `domain.portfolio.attributes`."""
    seen = set(TREE)
    for name in _names(portfolio):
        if name in seen:
            continue
        seen.add(name)
        most = MAX_ISSUERS if name == "issuer" else MAX_VALUES
        found = group_labels(portfolio, name, most) if is_held(portfolio, name) else _none(portfolio)
        if found is not None and len(found.keys) <= most:
            yield Dimension(name, found.keys, found.codes.astype(np.int32))


def currencies(portfolio: Portfolio) -> Dimension:
    """Of amounts: the instruments'."""
    found = own_labels(portfolio, "currency") or _none(portfolio)
    return Dimension("currency", found.keys, found.codes.astype(np.int32))


def _none(portfolio: Portfolio) -> Labels:
    return Labels(("",), np.zeros(portfolio.position_count, np.int32))


def _names(portfolio: Portfolio) -> Iterator[str]:
    yield from ALWAYS
    for table in HOLDERS:
        held = portfolio.tables[table].columns if table in portfolio.tables else {}
        terms = set(TERMS[table])
        yield from sorted(name for name in held if name in terms or is_grouped_by(table, name))


def is_grouped_by(table: str, name: str) -> bool:
    """Attributes, and what is said of exposures; the other columns of the contract where TERMS lists them."""
    is_said_of_exposures = name in EXPOSURE_NAMES and name not in DIFFERING
    return is_said_of_exposures or BY_NAME[table].column(name) is None
