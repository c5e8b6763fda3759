"""Rates in percent where decimals belong: a document that looks so is refused unless it is said that they are meant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from domain.documents import Problem
from domain.market.parts import VolatilitySurface, largest

CODE = "PERCENT_SUSPECTED"
RATE, HAZARD_RATE, CDS_SPREAD = 0.3, 1.0, 0.5
NORMAL_VOLATILITY, LOGNORMAL_VOLATILITY = 0.1, 3.0
FIX = "write decimals (5 % is 0.05), or say that it is meant: --rates-are-decimals, over HTTP ?rates_are_decimals=true"

Entries = Mapping[str, Sequence[tuple[str, Any]]]
Values = Iterable[tuple[str, float | None]]
"""Each with its path; None where there is none."""


def suspected(values: Values, limit: float, what: str) -> Iterator[Problem]:
    """One problem for all the values of a list, at the first that is beyond the limit."""
    beyond = [(path, value) for path, value in values if value is not None and abs(value) > limit]
    if beyond:
        path, value = beyond[0]
        more = f", and {len(beyond) - 1} more of the list" if len(beyond) > 1 else ""
        yield Problem(path, CODE, f"{value:g}", f"a {what} beyond {limit:g}, probably in percent{more}", FIX)


def rates_of(path: str, nodes: Sequence[Any], field: str = "rate") -> Values:
    return [(f"{path}.nodes[{i}].{field}", getattr(node, field)) for i, node in enumerate(nodes)]


def suspected_in_market(entries: Entries, hull_white: Mapping[str, Any]) -> Iterator[Problem]:
    """Of the readable entries of a market file, by the name of their list."""
    for path, curve in entries["curves"]:
        what = "par rate" if curve.kind == "PAR" else "zero rate"
        yield from suspected(rates_of(path, curve.nodes), RATE, what)
        jumps = [(f"{path}.jumps[{i}].rate", jump.rate) for i, jump in enumerate(curve.jumps)]
        yield from suspected(jumps, RATE, "rate of a turn")
    for path, curve in entries["spread_curves"]:
        yield from suspected(rates_of(path, curve.nodes), RATE, "spread")
    for path, curve in entries["credit_curves"]:
        yield from suspected(rates_of(path, curve.nodes, "hazard_rate"), HAZARD_RATE, "hazard rate")
        yield from suspected(rates_of(path, curve.nodes, "cds_spread"), CDS_SPREAD, "spread of a default swap")
    of_index: dict[str, list[tuple[str, float | None]]] = {}
    for path, fixing in entries["fixings"]:
        of_index.setdefault(fixing.index, []).append((f"{path}.rate", fixing.rate))
    for fixings in of_index.values():
        yield from suspected(fixings, RATE, "fixing")
    for path, surface in entries["volatilities"]:
        yield from _suspected_in_surface(path, surface)
    for currency, given in hull_white.items():
        sigma = [(f"hull_white.{currency}.sigma", given.sigma)]
        yield from suspected(sigma, NORMAL_VOLATILITY, "normal volatility")


def _suspected_in_surface(path: str, surface: VolatilitySurface) -> Iterator[Problem]:
    limit = NORMAL_VOLATILITY if surface.kind == "NORMAL" else LOGNORMAL_VOLATILITY
    yield from suspected([(f"{path}.vols", largest(surface.vols))], limit, f"{surface.kind.lower()} volatility")
    if surface.product != "FX":
        strikes = [(f"{path}.strikes[{i}]", strike) for i, strike in enumerate(surface.strikes or ())]
        yield from suspected([*strikes, (f"{path}.shift", surface.shift)], RATE, "strike or shift of rates")
