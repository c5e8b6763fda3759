"""Quotes of PAR curves as a market brings them: the index each is on, the conventions that may stand beside it."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.currencies import ISO_4217
from domain.documents import Problem, shown, unknown_field
from domain.market.conventions import SwapConventions
from domain.market.index_conventions import has_tenor, index_conventions, overnight_index
from domain.market.parts import ParCurve, ParNode
from domain.portfolio.tables import DAY_COUNTS, FREQUENCIES

MOST_QUOTES = 250

_MONEY = ("day_count",)
_OVERNIGHT = ("fixed_frequency", "fixed_day_count")
_SWAP = (*_OVERNIGHT, "float_frequency", "float_day_count")
OWN_CONVENTIONS = {"DEPOSIT": _MONEY, "FRA": _MONEY, "FUTURE": _MONEY, "OIS": _OVERNIGHT, "SWAP": _SWAP}
"""What may stand beside a quote. A swap's float_day_count changes no number: rate x fraction is a ratio of factors."""


def conventions_of(curve: ParCurve, node: ParNode, projection: Mapping[str, str]) -> SwapConventions:
    """Those of the index that the quote is on; an OIS is always on an overnight index."""
    index = index_of(curve, projection)
    if node.type == "OIS" and index is not None and has_tenor(index):
        index = None
    return index_conventions(index or overnight_index(curve.currency), curve.currency)


def index_of(curve: ParCurve, projection: Mapping[str, str]) -> str | None:
    """The index of a curve's swaps and FRAs; None: the overnight index of its currency.

    It is the one that the curve names; else, where the curve has a discount curve of its own, the tenor index that
    `projection` maps to it, the first by name of several.
    """
    return curve.index if curve.index is not None else min(projected_indices(curve, projection), default=None)


def projected_indices(curve: ParCurve, projection: Mapping[str, str]) -> list[str]:
    """Tenor indices that could be the one of a curve with a discount curve of its own."""
    if curve.discount_curve in (None, curve.curve_id):
        return []
    return sorted(name for name, known in projection.items() if known == curve.curve_id and has_tenor(name))


def quote_problems(path: str, curve: ParCurve) -> Iterator[Problem]:
    """Fields beside quotes that nothing reads, values that they cannot have, an index of another currency."""
    if len(curve.nodes) > MOST_QUOTES:
        message = f"the curve has {len(curve.nodes)} quotes, of at most {MOST_QUOTES}"
        yield Problem(f"{path}.nodes", "TOO_MANY_NODES", str(len(curve.nodes)), message, "leave some of them out")
    index = curve.index or ""
    if index[:3] in ISO_4217 and index[3:4] == "-" and index[:3] != curve.currency:
        message = f"{index} is an index in {index[:3]}, the curve is in {curve.currency}"
        yield Problem(f"{path}.index", "WRONG_CURRENCY", index, message, f"name an index in {curve.currency}")
    for i, node in enumerate(curve.nodes):
        own = OWN_CONVENTIONS[node.type]
        for name, value in (node.model_extra or {}).items():
            where = f"{path}.nodes[{i}].{name}"
            if name not in own:
                yield unknown_field(where, name, [*ParNode.model_fields, *own])
            elif not _can_be(name, value):
                values: tuple[Any, ...] = DAY_COUNTS if name.endswith("day_count") else FREQUENCIES
                fix = f"use one of {', '.join(map(str, values))}"
                yield Problem(where, "UNKNOWN_VALUE", shown(value), f"there is no such {name}", fix)


def _can_be(name: str, value: Any) -> bool:
    if name.endswith("day_count"):
        return value in DAY_COUNTS
    return isinstance(value, int) and not isinstance(value, bool) and value in FREQUENCIES
