"""What cannot be valued says why and how to put it right, and takes nobody with it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.market.par_curves import bootstrap
from domain.market.document import InvalidMarket, parse_market
from domain.measures.failures import Reason
from domain.portfolio.tables import PRODUCT_TYPES
from tests.compute.market.test_par_curves import SOFR
from tests.compute.pricers.debt.test_spreads import bond, floater
from tests.compute.pricers.derivative_fund import AS_OF, INDEX, column, market, priced
from tests.compute.pricers.shared.test_theta import (
    CREDIT,
    VOLATILITIES,
    cap,
    default_swap,
    fx_option,
    given,
    swap,
    swaption,
)

LOGNORMAL: list[dict[str, Any]] = [{**VOLATILITIES[k], "kind": "LOGNORMAL"} for k in (0, 1)]
PAST = AS_OF - timedelta(days=1)
INVALID, MISSING, NO_END = Reason.INVALID_TERMS, Reason.MISSING_MARKET_DATA, Reason.DID_NOT_CONVERGE


def lognormal(shift: float = 0.0, below: float = 0.0) -> dict[str, Any]:
    """Lognormal rate volatilities, and forwards that are lower by `below`."""
    rates = [each | {"shift": shift} for each in LOGNORMAL]
    document = given(volatilities=[*rates, VOLATILITIES[2]], credit_curves=CREDIT)
    for curve in document["curves"]:
        for node in curve["nodes"]:
            node["rate"] -= below
    return document


STEEP = [
    {
        "curve_id": "ACME",
        "recovery": 0.4,
        "nodes": [{"tenor": "1Y", "cds_spread": 0.09}, {"tenor": "5Y", "cds_spread": 0.001}],
    }
]
OF_OPTIONS: list[tuple[str, dict[str, Any], dict[str, Any], Reason, str]] = [
    ("cap at a strike of nil", cap(strike=0.0), lognormal(), INVALID, "strike 0 is out of reach"),
    (
        "floor at a negative strike",
        cap(strike=-0.01, option_type="FLOOR"),
        lognormal(),
        INVALID,
        "larger shift, or NORMAL",
    ),
    ("the same within the shift", cap(strike=-0.01), lognormal(0.02), Reason.NONE, ""),
    ("swaption beyond the shift", swaption(strike=-0.03), lognormal(0.02), INVALID, "strike -0.03 is out of reach"),
    ("negative strike, normal", swaption(strike=-0.03), given(), Reason.NONE, ""),
    ("exchange rate of nil", fx_option(strike=0.0), given(), INVALID, "use a rate above 0"),
    ("negative exchange rate", fx_option(strike=-1.2), given(), INVALID, "strike -1.2 is out of reach"),
    ("swaption of yesterday", swaption(expiry_date=PAST), given(), INVALID, "it expired on 2026-01-22"),
    ("FX option of yesterday", fx_option(expiry_date=PAST), given(), INVALID, "it expired on 2026-01-22"),
    ("swaption of today", swaption(expiry_date=AS_OF), given(), Reason.NONE, ""),
    ("cap, negative forwards", cap(), lognormal(below=0.06), INVALID, "a negative forward has no price"),
    ("swaption, negative forwards", swaption(), lognormal(below=0.06), INVALID, "a negative forward has no price"),
    ("cap, forwards below the shift", cap(), lognormal(0.01, below=0.06), INVALID, "a larger one"),
    ("cap, forwards within it", cap(), lognormal(0.04, below=0.06), Reason.NONE, ""),
    ("swaption, forwards within it", swaption(), lognormal(0.04, below=0.06), Reason.NONE, ""),
    ("floater, forwards below", floater(floor=0.01), lognormal(below=0.06), INVALID, "a negative forward"),
    ("cap, negative forwards, normal", cap(), given(curves=lognormal(below=0.06)["curves"]), Reason.NONE, ""),
    ("no volatilities", cap(), given(volatilities=[]), MISSING, "no CAP_FLOOR volatilities"),
    (
        "hazards that no spread gives",
        default_swap(),
        given(credit_curves=STEEP),
        NO_END,
        "spread 0.001 of its node on 2030-12-20",
    ),
]


@pytest.mark.parametrize(("name", "terms", "document", "why", "says"), OF_OPTIONS, ids=[each[0] for each in OF_OPTIONS])
def test_a_position_that_cannot_be_valued_says_why_and_the_others_go_on(
    tmp_path: Path, name: str, terms: dict[str, Any], document: dict[str, Any], why: Reason, says: str
) -> None:
    facts = priced(tmp_path, [bond(), terms, swap()], document, measures=("PV", "DV01", "VEGA", "THETA"))
    block = next(iter(facts.blocks.values()))
    order = sorted([bond(), terms, swap()], key=lambda each: PRODUCT_TYPES.index(each["product_type"]))
    odd = order.index(terms)
    assert block.reasons[0, 0, odd] == why and facts.failed == (why != Reason.NONE)
    assert np.isfinite(column(facts, "pv")[0]).sum() == 3 - facts.failed
    assert says in (block.details[block.detail[odd]] if block.detail[odd] >= 0 else "")


QUOTED_BADLY: list[tuple[str, list[dict[str, Any]], str, str]] = [
    ("one quote", [SOFR[2]], "has 1 quotes", "give 2 quotes or more"),
    (
        "the same end twice",
        [*SOFR[2:4], {"type": "SWAP", "tenor": "24M", "rate": 0.03}],
        "end on the same day",
        "keep one",
    ),
    ("a rate in percent", [*SOFR[2:4], {"type": "OIS", "tenor": "5Y", "rate": 0.99}], "rate quoted", "in percent"),
    ("an arbitrage", [*SOFR[2:4], {"type": "OIS", "tenor": "3Y", "rate": -0.9}], "forward rate of -3", "drop"),
    ("a deposit below -100 %", [*SOFR[2:4], {"type": "DEPOSIT", "tenor": "3Y", "rate": -0.5}], "rate quoted", "drop"),
    ("ended already", [*SOFR[2:4], {"type": "FUTURE", "date": "2025-03-18", "rate": 0.03}], "not after", "remove"),
]


@pytest.mark.parametrize(("name", "quotes", "says", "fix"), QUOTED_BADLY, ids=[each[0] for each in QUOTED_BADLY])
def test_a_curve_that_cannot_be_solved_names_itself_its_node_and_the_fix(
    tmp_path: Path, name: str, quotes: list[dict[str, Any]], says: str, fix: str
) -> None:
    par = {"curve_id": "USD-SOFR", "currency": "USD", "kind": "PAR", "nodes": quotes}
    curves = [par, *market()["curves"]]
    document = market(curves=curves)
    problem = bootstrap(parse_market(json.dumps(document), rates_are_decimals=True)).problems[0]
    assert "USD-SOFR" in problem.message and says in problem.message and fix in problem.fix
    assert problem.path.startswith("curves[0].nodes") and ("[" in problem.path[9:] or name == "one quote")
    facts = priced(tmp_path, [bond(discount_curve="USD-SOFR"), bond(), swap(discount_curve="USD-SOFR")], document)
    block = next(iter(facts.blocks.values()))
    assert facts.failed == 2 and sorted(block.reasons[0, 0].tolist()) == [Reason.NONE, MISSING, MISSING]
    assert {says in sentence and fix in sentence for sentence in block.details} == {True}


@pytest.mark.parametrize("vol", [0.0, -0.01])
def test_a_volatility_of_nil_or_less_is_refused_with_the_market(vol: float) -> None:
    surface = VOLATILITIES[0] | {"vols": [0.009, vol, 0.008]}
    with pytest.raises(InvalidMarket) as refused:
        parse_market(json.dumps(given(volatilities=[surface])))
    assert [each.code for each in refused.value.problems] == ["INVALID_VOLATILITY"]


@pytest.mark.parametrize("surface", [VOLATILITIES[0] | {"shift": 0.01}, VOLATILITIES[2] | {"shift": 0.01}])
def test_a_shift_that_nothing_reads_is_refused(surface: dict[str, Any]) -> None:
    with pytest.raises(InvalidMarket) as refused:
        parse_market(json.dumps(given(volatilities=[surface])))
    assert [each.code for each in refused.value.problems] == ["SHIFT_NOT_READ"]


def test_an_index_nobody_projects_fails_its_cap(tmp_path: Path) -> None:
    facts = priced(tmp_path, [cap()], given(projection={}))
    block = next(iter(facts.blocks.values()))
    assert block.reasons[0, 0, 0] == MISSING and INDEX in block.details[0]
