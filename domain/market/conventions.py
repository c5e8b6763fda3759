"""How swaps are quoted: what an instrument or a quote leaves out; by index in `domain.market.index_conventions`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SwapConventions:
    """Both legs of a swap; the money market counts days as it floats."""

    fixed_frequency: int
    fixed_day_count: str
    float_frequency: int
    float_day_count: str


OTHER = SwapConventions(1, "ACT/360", 1, "ACT/360")
"""An index, and a currency, that are not listed."""

INDEX_FREQUENCY: dict[str, int] = {"1M": 12, "3M": 4, "6M": 2, "12M": 1, "1Y": 1}
"""An index that names its tenor, as USD-SOFR-3M, pays as often as it resets."""
