"""Interest rate risk in the banking book, plain and slow, from SRP31 and the contract: of zero curves that are given as
functions of time, and of flows that are given as pairs of days and amounts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import exp

SIZES = {  # parallel, short, long: BCBS d578 table 2, and d368 annex 2 table 2
    "d578": {"USD": (200, 300, 225), "EUR": (225, 350, 200), "GBP": (275, 425, 250)},
    "d368": {"USD": (200, 300, 150), "EUR": (200, 250, 100), "GBP": (250, 300, 150)},
}


def shock_bp(standard: str, name: str, currency: str, years: float) -> float:
    parallel, short, long = SIZES[standard][currency]
    short_there, long_there = short * exp(-years / 4), long * (1 - exp(-years / 4))
    return {
        "PARALLEL_UP": float(parallel),
        "PARALLEL_DOWN": float(-parallel),
        "SHORT_UP": short_there,
        "SHORT_DOWN": -short_there,
        "STEEPENER": -0.65 * abs(short_there) + 0.9 * abs(long_there),
        "FLATTENER": 0.8 * abs(short_there) - 0.6 * abs(long_there),
    }[name]


def discount_factor(nodes: Sequence[tuple[int, float]], day: int) -> float:
    """ln DF linear in time between the nodes, of which 0 is one; the last forward goes on."""
    points = [(0, 0.0), *((at, -rate * at / 365) for at, rate in nodes)]
    for (left, low), (right, high) in pairwise(points):
        if day <= right or right == points[-1][0]:
            return exp(low + (high - low) * (day - left) / (right - left))
    raise AssertionError


@dataclass(frozen=True)
class Held:
    currency: str
    flows: Sequence[tuple[int, float]]
    """days from the valuation date, interest and principal together"""
    repriced: Sequence[tuple[int, float]]
    """principal by the day on which it reprices"""


def value(nodes: Sequence[tuple[int, float]], held: Held, move_bp: Callable[[float], float]) -> float:
    shocked = [(day, rate + move_bp(day / 365) / 10_000) for day, rate in nodes]
    return sum(amount * discount_factor(shocked, day) for day, amount in held.flows)


def as_it_is(_years: float) -> float:
    return 0.0


def report(
    book: Sequence[Held],
    curves: Mapping[str, Sequence[tuple[int, float]]],
    rates: Mapping[str, float],
    standard: str,
    name: str,
    tier1: float,
) -> dict[str, dict[str, float | bool | None]]:
    """By currency and TOTAL; `rates` are those of BASE."""
    found: dict[str, dict[str, float | bool | None]] = {}
    eve, nii = dict.fromkeys(sorted({held.currency for held in book}), 0.0), dict.fromkeys(rates, 0.0)
    sign = {"PARALLEL_UP": 1.0, "PARALLEL_DOWN": -1.0}.get(name)
    for held in book:
        nodes, rate, currency = curves[held.currency], rates[held.currency], held.currency
        after = value(nodes, held, partial(shock_bp, standard, name, currency))
        eve[currency] += (after - value(nodes, held, as_it_is)) * rate
        within = sum(amount * (1 - day / 365) for day, amount in held.repriced if day < 365)
        nii[currency] += (sign or 0.0) * SIZES[standard][currency][0] / 10_000 * within * rate
    for currency, gain in eve.items():
        found[currency] = {"delta_eve": gain, "delta_nii": nii[currency] if sign else None}
    lost = sum(max(0.0, -gain) for gain in eve.values())
    found["TOTAL"] = {
        "delta_eve": sum(eve.values()),
        "delta_nii": sum(nii[name] for name in eve) if sign else None,
        "eve_loss": lost,
        "eve_loss_share_tier1": lost / tier1,
        "outlier": lost / tier1 > 0.15,
    }
    return found
