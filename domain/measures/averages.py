"""What a total that is no sum is made of: what each position brings, and its weight.

The arrays are those of whoever adds up; `domain` depends on no array library.
"""

from collections.abc import Callable
from typing import Any

from domain.measures.measures import Adds, Measure

AVERAGES = (Adds.BY_PV, Adds.BY_PRINCIPAL, Adds.BY_EAD, Adds.BY_PD_EAD, Adds.RWA_BY_EAD)
"""A total is what positions bring over their weights, both in base currency."""

ColumnNamed = Callable[[str], Any]


def columns_read(measure: Measure) -> tuple[str, ...]:
    """By a total of the measure, beside its own."""
    match measure.adds:
        case Adds.BY_PV:
            return ("pv",)
        case Adds.BY_EAD:
            return ("ead",)
        case Adds.BY_PD_EAD:
            return ("pd_12m", "ead")
        case Adds.RWA_BY_EAD:
            return tuple(name.lower() for name in measure.with_it)
        case _:
            return ()


def weight_of(measure: Measure, column: ColumnNamed, principal: Any) -> Any:
    """Of each position, in its currency; `principal` is the size of its notional."""
    match measure.adds:
        case Adds.BY_PRINCIPAL:
            return principal
        case Adds.BY_PD_EAD:
            return column("pd_12m") * column("ead")
        case _:
            return column(columns_read(measure)[-1])


def brought(measure: Measure, values: Any, column: ColumnNamed, weight: Any) -> Any:
    """What each position adds to the total before it is divided by the weights."""
    return column(columns_read(measure)[0]) if measure.adds is Adds.RWA_BY_EAD else values * weight
