"""The cash flows that a run keeps: what stands in its facts, by basis and amount."""

from collections.abc import Sequence

AMOUNTS = (
    *("scheduled_principal", "prepaid_principal", "recovered_principal", "principal", "interest", "pv"),
    *("fixed", "floating", "swaps"),
    *("positions", "left_out"),
)
"""Of a ladder, of a gap, and counts of positions."""
LADDER_AMOUNTS, GAP_AMOUNTS, COUNTS = slice(0, 6), slice(6, 9), slice(9, 11)


def columns_of_bases(bases: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{basis.lower()}.{amount}" for basis in bases for amount in AMOUNTS)
