"""DV01 by market quote: what a market file with that quote moved says, and what the curves' Jacobian says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import resolve
from compute.market.par_curves import bootstrap
from compute.product_families import price_chunk
from compute.quote_risk import curves_on, curves_read, quote_risk, quotes_of
from domain.market.document import MarketDocument, parse_market
from domain.market.parts import ZeroCurve
from domain.measures.measures import Fact
from domain.portfolio.columns import Portfolio
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument

EXAMPLE = Path(__file__).parents[2] / "examples" / "derivatives"
BP = 1e-4


@pytest.fixture(scope="module")
def fund() -> Portfolio:
    portfolio = prepare_portfolio(EXAMPLE).portfolio
    assert portfolio is not None
    return portfolio


def everyone(fund: Portfolio) -> Any:
    return np.arange(fund.position_count)


def document(zero: bool = False) -> dict[str, Any]:
    """The example's market; with the dollar curve as zero rates, where asked."""
    market: dict[str, Any] = json.loads((EXAMPLE / "market.json").read_text())
    if zero:
        nodes = [{"tenor": tenor, "rate": 0.03 + 0.001 * k} for k, tenor in enumerate(("1M", "1Y", "5Y", "10Y", "30Y"))]
        market["curves"][0] |= {"kind": "ZERO", "nodes": nodes}
    return market


def pv_base(fund: Portfolio, market: MarketDocument, *scenarios: ScenarioDocument) -> Any:
    """[S, positions]"""
    asked = [BASE_SCENARIO, *scenarios]
    run = resolve(fund, market, asked, base_currency="USD", measures=("PV",), chunk_size=4096)
    codes, currencies = run.chunk(0).texts("currency")
    rates = np.array([run.tables.fx_to_base[each] for each in currencies])[codes].T
    return price_chunk(run, 0).blocks[Fact.PRICED].values[0] * rates


@pytest.mark.parametrize("zero", [False, True])
def test_it_is_the_files_with_a_quote_moved(fund: Portfolio, zero: bool) -> None:
    given = document(zero)
    risk = quote_risk(fund, parse_market(json.dumps(given)), everyone(fund), base_currency="USD", chunk_size=4)
    assert len(risk.quotes) == sum(len(curve["nodes"]) for curve in given["curves"]) == len(risk.dv01_base)
    for quote, ours in zip(risk.quotes, risk.dv01_base, strict=True):
        values = []
        for bp in (-BP, BP):
            moved = document(zero)
            node = next(c for c in moved["curves"] if c["curve_id"] == quote.curve_id)["nodes"][quote.number]
            assert node["rate"] == quote.rate
            node["rate"] += bp
            values.append(pv_base(fund, parse_market(json.dumps(moved)))[0])
        np.testing.assert_allclose(ours, (values[0] - values[1]) / 2, rtol=1e-7, atol=1e-5)
    assert (np.abs(risk.dv01_base).max(axis=0) > 1).all()


def test_the_jacobian_carries_zero_rate_risk_to_quotes(fund: Portfolio) -> None:
    """dPV / d quote = sum over nodes of dPV / dz x dz / d quote, for the dollar curve, on which no other is built."""
    market = parse_market(json.dumps(document()))
    risk, solved = quote_risk(fund, market, everyone(fund), base_currency="USD", chunk_size=4096), bootstrap(market)
    curve = next(c for c in solved.market.curves if c.curve_id == "USD-SOFR")
    assert isinstance(curve, ZeroCurve)

    def with_node(number: int, bp: float) -> ScenarioDocument:
        nodes = [{"date": str(n.date), "rate": n.rate + bp * BP * (k == number)} for k, n in enumerate(curve.nodes)]
        shock = {"kind": "CURVE", "curve_id": "USD-SOFR", "nodes": nodes}
        return ScenarioDocument.model_validate({"scenario_id": f"n{number}{bp}", "name": "", "shocks": [shock]})

    pv = pv_base(fund, market, *(with_node(k, bp) for k in range(len(curve.nodes)) for bp in (-1.0, 1.0)))
    by_node = (pv[1::2] - pv[2::2]) / 2
    expected = solved.solved["USD-SOFR"].zero_by_quote.T @ by_node
    ours = risk.dv01_base[[q.curve_id == "USD-SOFR" for q in risk.quotes]]
    assert np.abs(ours - expected).max() <= 1e-5 * np.abs(expected).sum(axis=0).max()


def test_a_position_alone_is_revalued_under_the_quotes_of_its_own_curves(fund: Portfolio) -> None:
    """What it does not read is nil; the others are the same to the bit as among all positions."""
    market = parse_market(json.dumps(document()))
    whole = quote_risk(fund, market, everyone(fund), base_currency="USD", chunk_size=4096)
    for row in everyone(fund):
        alone = quote_risk(fund, market, np.array([row]), base_currency="USD", chunk_size=4096)
        assert alone.dv01_base.tobytes() == whole.dv01_base[:, [row]].tobytes()
    read = [curves_read(fund, market, np.array([row])) for row in everyone(fund)]
    assert any(len(each) < len(market.curves) for each in read)


def test_a_quote_is_felt_by_curves_that_are_solved_on_its_own() -> None:
    reached = curves_on(parse_market(json.dumps(document())))
    assert reached["EUR-ESTR"] == {"EUR-ESTR", "EUR-EURIBOR-3M"} and reached["USD-SOFR"] == {"USD-SOFR"}


def test_curves_that_cannot_be_solved_have_no_quotes() -> None:
    given = document()
    given["curves"][0]["nodes"][3]["rate"] = 0.99
    quoted = quotes_of(parse_market(json.dumps(given), rates_are_decimals=True))
    assert {quote.curve_id for quote in quoted} == {"EUR-ESTR", "EUR-EURIBOR-3M"}
