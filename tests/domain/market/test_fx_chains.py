"""The chain of pairs between two currencies (contract, section 3)."""

from itertools import pairwise

import pytest

from domain.market.fx_chains import Step, chain

OVER_EURO = ("EURUSD", "EURPLN", "EURSEK", "EURJPY", "EURGBP", "EURCHF")
LONG = ("AUDNZD", "NZDSEK", "AUDUSD", "USDNOK", "NOKSEK", "AUDEUR", "EURSGD", "SGDSEK")


def stops(pairs: tuple[str, ...], base: str, quote: str) -> str | None:
    """The currencies on the way, joined."""
    steps = chain(pairs, base, quote)
    if steps is None:
        return None
    ends = [step.pair[:3] if step.is_inverse else step.pair[3:] for step in steps]
    return " ".join([base, *ends])


@pytest.mark.parametrize(
    ("pairs", "base", "quote", "way"),
    [
        (OVER_EURO, "PLN", "SEK", "PLN EUR SEK"),
        (OVER_EURO, "EUR", "SEK", "EUR SEK"),
        (OVER_EURO, "SEK", "SEK", "SEK"),
        (OVER_EURO, "PLN", "AUD", None),
        ((), "PLN", "EUR", None),
        ((*OVER_EURO, "USDPLN", "USDSEK"), "PLN", "SEK", "PLN USD SEK"),
        ((*OVER_EURO, "AUDPLN", "AUDSEK"), "SEK", "PLN", "SEK EUR PLN"),
        (("GBPPLN", "GBPSEK", "CHFPLN", "CHFSEK"), "SEK", "PLN", "SEK CHF PLN"),
        (("USDPLN", "USDNOK", "NOKSEK", "EURPLN", "EURSEK"), "PLN", "SEK", "PLN EUR SEK"),
        (LONG, "AUD", "SEK", "AUD NZD SEK"),
        (LONG[2:], "AUD", "SEK", "AUD USD NOK SEK"),
        (LONG[2:], "SEK", "AUD", "SEK NOK USD AUD"),
        (LONG[5:], "AUD", "SEK", "AUD EUR SGD SEK"),
    ],
)
def test_the_shortest_chain_of_equals_over_usd_then_eur_then_by_name(
    pairs: tuple[str, ...], base: str, quote: str, way: str | None
) -> None:
    assert stops(pairs, base, quote) == way
    assert stops(tuple(reversed(pairs)), base, quote) == way


def test_a_pair_is_walked_the_way_it_is_quoted_or_back() -> None:
    assert chain(("EURPLN", "EURSEK"), "PLN", "SEK") == (Step("EURPLN", True), Step("EURSEK", False))


def test_between_many_currencies_the_way_is_found_at_once() -> None:
    """Layers of 25 currencies, every one quoted against every one of the next: 390,625 shortest ways."""
    names = [f"{first}{second}A" for first in "BCDEFGHIJ" for second in "ABCDEFGHIJKLMNOPQRSTUVWXY"]
    layers = [["AAA"], *(names[25 * k : 25 * (k + 1)] for k in range(4)), ["ZZZ"]]
    pairs = [a + b for here, there in pairwise(layers) for a in here for b in there]
    assert stops(tuple(pairs), "AAA", "ZZZ") == "AAA BAA CAA DAA EAA ZZZ"
