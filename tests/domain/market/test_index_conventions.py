"""Conventions by index, and the index that a PAR curve's quotes are on (contract, section 3)."""

import json
from typing import Any

import pytest

from domain.market.document import MarketDocument, parse_market
from domain.market.index_conventions import has_tenor, index_conventions, overnight_index
from domain.market.par_quotes import conventions_of, index_of
from domain.market.parts import ParCurve
from domain.market.warnings import market_warnings


@pytest.mark.parametrize(
    ("index", "legs"),
    [
        ("EUR-EURIBOR-6M", (1, "30/360", 2, "ACT/360")),
        ("EUR-EURIBOR-3M", (1, "30/360", 4, "ACT/360")),
        ("EUR-ESTR", (1, "ACT/360", 1, "ACT/360")),
        ("USD-SOFR", (1, "ACT/360", 1, "ACT/360")),
        ("USD-SOFR-3M", (1, "ACT/360", 4, "ACT/360")),
        ("USD-LIBOR-3M", (2, "30/360", 4, "ACT/360")),
        ("GBP-SONIA", (1, "ACT/365F", 1, "ACT/365F")),
        ("GBP-LIBOR-3M", (4, "ACT/365F", 4, "ACT/365F")),
        ("GBP-LIBOR-6M", (2, "ACT/365F", 2, "ACT/365F")),
        ("JPY-TONA", (1, "ACT/365F", 1, "ACT/365F")),
        ("JPY-LIBOR-6M", (2, "ACT/365F", 2, "ACT/360")),
        ("CHF-SARON", (1, "ACT/360", 1, "ACT/360")),
        ("PLN-WIBOR-6M", (1, "ACT/ACT.ISDA", 2, "ACT/365F")),
        ("NOK-ANYTHING", (1, "ACT/365F", 1, "ACT/365F")),
        ("XAF-ANYTHING-6M", (1, "ACT/360", 2, "ACT/360")),
    ],
)
def test_an_index_says_how_its_swaps_are_quoted(index: str, legs: tuple[Any, ...]) -> None:
    found = index_conventions(index, index[:3])
    assert (found.fixed_frequency, found.fixed_day_count, found.float_frequency, found.float_day_count) == legs


def test_an_index_without_a_tenor_is_an_overnight_rate() -> None:
    assert not has_tenor("USD-SOFR") and has_tenor("USD-SOFR-3M") and has_tenor("EUR-EURIBOR-6M")
    assert [overnight_index(each) for each in ("USD", "EUR", "GBP", "XAF")] == ["USD-SOFR", "EUR-ESTR", "GBP-SONIA", ""]


def market(projection: dict[str, str], **curve: Any) -> MarketDocument:
    """Overnight swaps, and a curve of swaps beside them."""
    overnight = [{"type": "OIS", "tenor": f"{k}Y", "rate": 0.02} for k in (1, 10)]
    quotes = [{"type": kind, "tenor": f"{k}Y", "rate": 0.02} for k, kind in ((1, "OIS"), (2, "SWAP"), (10, "SWAP"))]
    curves = [
        {"curve_id": "OIS", "currency": "EUR", "kind": "PAR", "nodes": overnight},
        {"curve_id": "C", "currency": "EUR", "kind": "PAR", "nodes": quotes} | curve,
    ]
    document = {"as_of": "2026-01-23", "base_currency": "EUR", "curves": curves, "projection": projection}
    return parse_market(json.dumps(document))


OWN = {"discount_curve": "OIS"}


@pytest.mark.parametrize(
    ("projection", "curve", "index", "warned"),
    [
        ({}, {}, None, []),
        ({"EUR-ESTR": "C"}, {}, None, []),
        ({"EUR-EURIBOR-6M": "C"}, {}, None, ["INDEX_GUESSED"]),
        ({"EUR-EURIBOR-6M": "C"}, OWN, "EUR-EURIBOR-6M", []),
        ({"EUR-EURIBOR-6M": "OIS"}, OWN, None, []),
        ({"EUR-ESTR": "C", "EUR-EURIBOR-6M": "C"}, OWN, "EUR-EURIBOR-6M", []),
        ({"EUR-EURIBOR-6M": "C", "EUR-EURIBOR-3M": "C"}, OWN, "EUR-EURIBOR-3M", ["INDEX_GUESSED"]),
        ({"EUR-EURIBOR-3M": "C"}, OWN | {"index": "EUR-EURIBOR-6M"}, "EUR-EURIBOR-6M", []),
        ({}, {"index": "EUR-EURIBOR-6M"}, "EUR-EURIBOR-6M", []),
        ({}, {"index": "EUR-HOUSE-6M"}, "EUR-HOUSE-6M", ["INDEX_NOT_LISTED"]),
        ({"EUR-ESTR": "C"}, {"discount_curve": "C"}, None, []),
    ],
)
def test_swaps_take_the_index_named_else_the_one_projected_else_the_overnight_one(
    projection: dict[str, str], curve: dict[str, Any], index: str | None, warned: list[str]
) -> None:
    given = market(projection, **curve)
    of = given.curves[1]
    assert isinstance(of, ParCurve)
    assert index_of(of, given.projection) == index
    assert [each.code for each in market_warnings(given)] == warned
    of_ois, of_swap = (conventions_of(of, node, given.projection) for node in of.nodes[:2])
    assert of_ois == index_conventions("EUR-ESTR", "EUR")
    assert of_swap == index_conventions(index or "EUR-ESTR", "EUR")
