"""How each currency's swaps are quoted, as data: what an instrument or a quote leaves out, its currency says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SwapConventions:
    """Both legs of the swap that a currency's market quotes by default; its money market counts as it floats."""

    fixed_frequency: int
    fixed_day_count: str
    float_frequency: int
    float_day_count: str


CONVENTIONS: dict[str, SwapConventions] = {
    "USD": SwapConventions(1, "ACT/360", 1, "ACT/360"),
    "EUR": SwapConventions(1, "ACT/360", 1, "ACT/360"),
    "GBP": SwapConventions(1, "ACT/365F", 1, "ACT/365F"),
    "CHF": SwapConventions(1, "ACT/360", 1, "ACT/360"),
    "JPY": SwapConventions(1, "ACT/365F", 1, "ACT/365F"),
    "CAD": SwapConventions(1, "ACT/365F", 1, "ACT/365F"),
    "AUD": SwapConventions(1, "ACT/365F", 1, "ACT/365F"),
}
"""Overnight index swaps: SOFR, ESTR, SONIA, SARON, TONA, CORRA, AONIA (OpenGamma, Interest Rate Instruments and Market
Conventions Guide; the central banks' descriptions of their rates)."""

OTHER = SwapConventions(1, "ACT/360", 1, "ACT/360")
"""A currency that is not listed."""

INDEX_FREQUENCY: dict[str, int] = {"1M": 12, "3M": 4, "6M": 2, "12M": 1, "1Y": 1}
"""An index that names its tenor, as USD-SOFR-3M, pays as often as it resets."""


def swap_conventions(currency: str) -> SwapConventions:
    return CONVENTIONS.get(currency, OTHER)


def index_frequency(index: str, currency: str) -> int:
    """Payments a year of a leg on an index."""
    tenor = index.rsplit("-", 1)[-1]
    return INDEX_FREQUENCY.get(tenor, swap_conventions(currency).float_frequency)
