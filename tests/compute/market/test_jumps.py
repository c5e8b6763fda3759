"""Turns of the year: QuantLib's jumps, forwards that rise for their days alone, quotes that stay fair."""

import itertools
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from compute.market.day_tables import build_market_tables
from domain.market.document import InvalidMarket, MarketDocument, parse_market, sha256_of
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument
from tests.builders.derivative_fund import AS_OF, column, priced, ql_day
from tests.builders.derivative_fund import market as zero_market
from tests.builders.instruments import default_swap
from tests.builders.markets import CREDIT, EURIBOR, INTERPOLATIONS, SOFR, days_from_now

TURN, NEXT = {"date": "2026-12-31", "rate": 0.02}, {"date": "2027-12-31", "rate": 0.015, "days": 4}
START = (date(2026, 12, 31) - AS_OF).days


def market(interpolation: str = "LOG_LINEAR_DF", **more: Any) -> MarketDocument:
    """A dollar curve of quotes, and one of a euro index that discounts on it, both with turns where `jumps` says."""
    par = {"kind": "PAR", "interpolation": interpolation, **more}
    on = {"discount_curve": "USD-SOFR", "index": "EUR-EURIBOR-3M"}
    curves = [
        {"curve_id": "USD-SOFR", "currency": "USD", "nodes": [SOFR[0], *SOFR[2:]], **par},
        {"curve_id": "EUR-EURIBOR-3M", "currency": "EUR", "nodes": EURIBOR, **on, **par},
    ]
    document = {"as_of": AS_OF.isoformat(), "base_currency": "USD", "curves": curves, "discount": {"USD": "USD-SOFR"}}
    return parse_market(json.dumps(document))


def factors(given: MarketDocument, curve: int = 0, *scenarios: ScenarioDocument) -> Any:
    """[days, S]"""
    return build_market_tables(given, [BASE_SCENARIO, *scenarios], n_days=31 * 366).discount_factors[curve]


def test_quantlib_bootstraps_the_same_curve_with_jumps() -> None:
    ql.Settings.instance().evaluationDate = ql_day(AS_OF)
    calendar, count = ql.NullCalendar(), ql.Actual360()
    index = ql.OvernightIndex("SOFR", 0, ql.USDCurrency(), calendar, count)
    helpers: list[Any] = [ql.DepositRateHelper(0.0368, ql.Period("1M"), 0, calendar, ql.Unadjusted, False, count)]
    helpers += [
        ql.OISRateHelper(0, ql.Period(each["tenor"]), ql.QuoteHandle(ql.SimpleQuote(each["rate"])), index)
        for each in SOFR[2:]
    ]
    turns = [ql.QuoteHandle(ql.SimpleQuote(float(np.exp(-rate / 365)))) for rate in (0.02, 0.03)]
    days = [ql.Date(31, 12, 2026), ql.Date(31, 12, 2027)]
    reference = ql.PiecewiseLogLinearDiscount(ql_day(AS_OF), helpers, ql.Actual365Fixed(), turns, days)
    ours = factors(market(jumps=[TURN, {"date": "2027-12-31", "rate": 0.03}]))[:, 0]
    tried = [*range(START - 3, START + 4), *range(1, days_from_now(30, 12)[-1], 97)]
    np.testing.assert_allclose(ours[tried], [reference.discount(ql_day(AS_OF) + day) for day in tried], rtol=1e-9)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_quotes_stay_fair_and_forwards_rise_for_the_days_of_the_turn_alone(interpolation: str) -> None:
    curve = factors(market(interpolation, jumps=[TURN, NEXT]))[:, 0]
    for years, rate in ((1, 0.0351), (2, 0.0341), (5, 0.0352), (10, 0.0381), (30, 0.0399)):
        days = days_from_now(years, 12)
        annuity = sum((b - a) / 360 * curve[b] for a, b in zip([0, *days], days, strict=False))
        assert (1 - curve[days[-1]]) / annuity == pytest.approx(rate, rel=1e-11)
    forward = -np.diff(np.log(curve)) * 365
    assert forward[START] - forward[START - 1] == pytest.approx(0.02, abs=2e-4)
    assert forward[START] - forward[START + 1] == pytest.approx(0.02, abs=2e-4)
    later = START + 365
    assert forward[later : later + 4].min() - forward[later + 4] == pytest.approx(0.015, abs=2e-4)


def test_an_index_curve_reads_the_turns_of_the_curve_it_discounts_on() -> None:
    given = market(jumps=[TURN])
    paid, own = factors(given, 0)[:, 0], factors(given, 1)[:, 0]
    resets = [0, *days_from_now(8, 3)]
    floating = sum((own[a] / own[b] - 1) * paid[b] for a, b in itertools.pairwise(resets))
    assert floating / sum(paid[day] for day in days_from_now(2, 12)) == pytest.approx(0.0219, rel=1e-11)


def test_shocks_move_nodes_and_leave_turns_alone() -> None:
    shock = {"kind": "PARALLEL", "curves": "USD-*", "bp": 100}
    up = ScenarioDocument.model_validate({"scenario_id": "up", "name": "", "shocks": [shock]})
    table = factors(market(jumps=[TURN]), 0, up)
    days = np.arange(len(table))
    np.testing.assert_allclose(table[:, 1], table[:, 0] * np.exp(-0.01 * days / 365), rtol=1e-13)


def test_a_zero_curves_turn_is_a_factor_from_its_day_on() -> None:
    plain, turned = (zero_market(), zero_market())
    turned["curves"][0]["jumps"] = [TURN]
    ratio = factors(parse_market(json.dumps(turned)))[:, 0] / factors(parse_market(json.dumps(plain)))[:, 0]
    np.testing.assert_allclose(ratio, np.where(np.arange(len(ratio)) > START, np.exp(-0.02 / 365), 1.0), rtol=1e-14)
    assert sha256_of(parse_market(json.dumps(plain))) != sha256_of(parse_market(json.dumps(turned)))
    plain["curves"][0]["jumps"] = []
    assert sha256_of(parse_market(json.dumps(plain))) == sha256_of(parse_market(json.dumps(zero_market())))


def test_a_default_swap_across_a_turn_is_integrated_around_it(tmp_path: Path) -> None:
    """A turn of nothing splits the integral at its days and changes no value; a real one moves it by its factor."""
    values = []
    for jumps in ([], [TURN | {"rate": 0.0}], [TURN | {"rate": 0.5}]):
        given = zero_market(credit_curves=CREDIT)
        given["curves"][0] |= {"jumps": jumps, "interpolation": "LOG_LINEAR_DF"}
        values.append(column(priced(tmp_path, [default_swap()], given, measures=("PV",)), "pv")[0, 0])
    assert values[1] == pytest.approx(values[0], rel=1e-11)
    assert 1e-5 < abs(values[2] / values[0] - 1) < 0.5 / 365 * 3


def test_a_turn_of_the_past_is_refused() -> None:
    with pytest.raises(InvalidMarket) as refused:
        market(jumps=[{"date": "2025-12-31", "rate": 0.001}])
    assert {each.code for each in refused.value.problems} == {"JUMP_BEFORE_AS_OF"}
