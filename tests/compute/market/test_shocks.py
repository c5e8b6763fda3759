import json
from typing import Any

import numpy as np
import pytest

from compute.market.shocks import ScenarioDoesNotFit, ShockedMarket, apply_shocks, check_scenarios, irrbb_shift
from domain.market.document import MarketDocument, parse_market
from domain.market.parts import FxSpot
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument, SpreadShock

DAYS = [91, 365, 1826, 3653, 10950, 14600]


def _curve(curve_id: str, currency: str, rate: float, **fields: Any) -> dict[str, Any]:
    dates = np.datetime64("2026-01-23") + np.array(DAYS)
    return {
        "curve_id": curve_id,
        "currency": currency,
        "kind": "ZERO",
        "nodes": [{"date": str(day), "rate": rate} for day in dates],
        **fields,
    }


def _surface(surface_id: str, kind: str, vols: list[float]) -> dict[str, Any]:
    fields = {"product": "CAP_FLOOR", "index": f"I-{surface_id}", "expiries_yr": list(range(1, len(vols) + 1))}
    return {"surface_id": surface_id, "kind": kind, "vols": vols, **fields}


def _market(*extra: dict[str, Any]) -> MarketDocument:
    document = {
        "as_of": "2026-01-23",
        "base_currency": "USD",
        "curves": [_curve("USD-SOFR", "USD", 0.04), _curve("EUR-ESTR", "EUR", 0.02), *extra],
        "spread_curves": [{"curve_id": "USD-BBB", "nodes": [{"tenor": "5Y", "rate": 0.02}]}],
        "fx_spots": [{"pair": "EURUSD", "spot": 1.2}, {"pair": "USDJPY", "spot": 150}],
        "volatilities": [_surface("N1", "NORMAL", [0.008, 0.009]), _surface("L1", "LOGNORMAL", [0.2, 0.3])],
    }
    return parse_market(json.dumps(document))


def _scenario(*shocks: dict[str, Any]) -> ScenarioDocument:
    return ScenarioDocument.model_validate({"scenario_id": "s", "shocks": shocks})


def _shocked(*shocks: dict[str, Any]) -> ShockedMarket:
    return apply_shocks(_market(), _scenario(*shocks))


def _moves_bp(market: ShockedMarket, curve_id: str = "USD-SOFR") -> list[float]:
    start = {"USD-SOFR": 0.04, "EUR-ESTR": 0.02}[curve_id]
    return [round(1e4 * (rate - start), 6) for rate in market.curves[curve_id].zero_rates]


PARALLEL = {"kind": "PARALLEL", "curves": "*", "bp": 100}
TWIST = {"kind": "TWIST", "curves": "*", "short_bp": -50, "long_bp": 50, "pivot_yr": 5}


@pytest.mark.parametrize(
    ("shock", "expected"),
    [  # nodes at 91 days (0.2493 years), 1, 5.0027, 10.0082, 30 and 40 years
        (PARALLEL, [100] * 6),
        ({**PARALLEL, "curves": "USD-*", "bp": -25.5}, [-25.5] * 6),
        ({**PARALLEL, "curves": "EUR*"}, [0] * 6),
        (
            {"kind": "KEY_RATE", "curves": "*", "tenor_yr": 0.25, "bp": 10},
            [10, 0, 0, 0, 0, 0],
        ),
        ({"kind": "KEY_RATE", "curves": "*", "tenor_yr": 5, "bp": 20}, [0, 0, 20 * (7 - 1826 / 365) / 2, 0, 0, 0]),
        ({"kind": "KEY_RATE", "curves": "*", "tenor_yr": 30, "bp": 20}, [0, 0, 0, 0, 20, 20]),
        (
            TWIST,
            [-50 * (1 - 91 / 365 / 5), -40, 50 * (1826 / 365 - 5) / 25, 50 * (3653 / 365 - 5) / 25, 50, 50],
        ),
        (  # 10Y stands before 1Y in the document; 3653 days are 10Y, 1826 are 5Y
            {"kind": "CURVE_MOVE", "curves": "USD-*", "moves": [{"tenor": "10Y", "bp": 20}, {"tenor": "1Y", "bp": -4}]},
            [-4, -4, -4 + 24 * (1826 - 365) / (3652 - 365), 20, 20, 20],
        ),
    ],
)
def test_curve_shocks_move_the_zero_rates_at_the_nodes(shock: dict[str, Any], expected: list[float]) -> None:
    np.testing.assert_allclose(_moves_bp(_shocked(shock)), expected, atol=2e-6)


def test_shocks_are_applied_in_order_and_add_up() -> None:
    nodes = [{"tenor": "1Y", "rate": 0.05}, {"tenor": "2Y", "rate": 0.06}]
    replaced = {"kind": "CURVE", "curve_id": "USD-SOFR", "nodes": nodes}
    assert _moves_bp(_shocked(PARALLEL, {**PARALLEL, "bp": -30})) == [70] * 6
    curve = _shocked(PARALLEL, replaced, {**PARALLEL, "bp": 50}).curves["USD-SOFR"]
    np.testing.assert_allclose(curve.zero_rates, [0.055, 0.065], rtol=1e-14)
    assert curve.node_days.tolist() == [365, 730]
    assert _moves_bp(_shocked(PARALLEL, replaced), "EUR-ESTR") == [100] * 6


def test_the_market_itself_is_not_touched() -> None:
    market = _market()
    before = market.model_dump_json()
    apply_shocks(market, _scenario(PARALLEL, {"kind": "FX", "pair": "EURUSD", "pct": 5}))
    assert market.model_dump_json() == before
    assert apply_shocks(market, BASE_SCENARIO).curves["USD-SOFR"].zero_rates.tolist() == [0.04] * 6


@pytest.mark.parametrize(
    ("name", "expected"),
    [("STEEPENER", 25.4), ("FLATTENER", -1.6), ("SHORT_UP", 41.7), ("SHORT_DOWN", -41.7), ("PARALLEL_UP", 100)],
)
def test_irrbb_shapes_at_three_and_a_half_years(name: str, expected: float) -> None:
    """BCBS d368 annex 2 works the example R = 100 bp, t = 3.5 years; the yen's sizes are 100 bp all three."""
    assert irrbb_shift("d368", name, "JPY")(np.array([3.5]))[0] == pytest.approx(expected, abs=0.06)


def test_the_dollar_steepener_of_the_standard_in_force() -> None:
    """SRP31.91-93 with 300 and 225 bp, computed by hand."""
    times = np.array([0.25, 2, 5, 10, 30])
    expected = [-170.9167, -38.5959, 88.6143, 169.8712, 202.2801]
    np.testing.assert_allclose(irrbb_shift("d578", "STEEPENER", "USD")(times), expected, atol=1e-4)


def test_irrbb_moves_every_curve_by_its_own_currency() -> None:
    market = _shocked({"kind": "IRRBB", "standard": "d578", "name": "PARALLEL_DOWN"})
    assert (_moves_bp(market), _moves_bp(market, "EUR-ESTR")) == ([-200] * 6, [-225] * 6)


@pytest.mark.parametrize(
    ("pair", "pct", "expected"),
    [
        ("EURUSD", -10, {"EURUSD": 1.08, "USDJPY": 150}),
        ("USDEUR", 25, {"EURUSD": 0.96, "USDJPY": 150}),
        ("JPYUSD", -50, {"EURUSD": 1.2, "USDJPY": 300}),
    ],
)
def test_fx_moves_the_first_currency_whichever_way_round_the_quote_is(
    pair: str, pct: float, expected: dict[str, float]
) -> None:
    assert _shocked({"kind": "FX", "pair": pair, "pct": pct}).fx_spots == pytest.approx(expected)


def test_basis_points_move_normal_volatilities_and_percent_those_of_either_kind() -> None:
    by_bp = _shocked({"kind": "VOL", "surfaces": "*", "bp": 10}).volatilities
    assert (by_bp["N1"].vols, by_bp["L1"].vols) == (pytest.approx((0.009, 0.01)), (0.2, 0.3))
    by_pct = _shocked({"kind": "VOL", "surfaces": "*", "pct": -50}).volatilities
    assert (by_pct["N1"].vols, by_pct["L1"].vols) == (pytest.approx((0.004, 0.0045)), pytest.approx((0.1, 0.15)))


def test_behaviour_multiplies_and_severity_adds() -> None:
    faster, worse = {"kind": "PREPAYMENT", "multiplier": 1.5}, {"kind": "DEFAULT", "multiplier": 2}
    market = _shocked(faster, faster, worse, {"kind": "SEVERITY", "add": 0.1}, {"kind": "SEVERITY", "add": -0.04})
    assert (market.prepayment_multiplier, market.default_multiplier) == (2.25, 2)
    assert market.severity_add == pytest.approx(0.06)


def test_spread_shocks_are_kept_for_the_positions() -> None:
    shock = {"kind": "SPREAD", "match": {"rating": "BBB"}, "bp": 75}
    assert _shocked(shock, shock).spread_shocks == (SpreadShock(match={"rating": "BBB"}, bp=75),) * 2


def test_a_supervisory_scenario_moves_dollar_curves_spreads_and_spots() -> None:
    market = _shocked({"kind": "SUPERVISORY", "cycle": 2025, "name": "SEVERELY_ADVERSE", "quarter": "2025 Q3"})
    times = np.array(DAYS) / 365
    np.testing.assert_allclose(_moves_bp(market), np.interp(times, [0.25, 5, 10], [-430, -350, -330]), atol=2e-6)
    assert _moves_bp(market, "EUR-ESTR") == [0] * 6
    assert [(shock.match, shock.bp) for shock in market.spread_shocks] == [
        ({"rating": "*"}, 390),
        ({"asset_class": "SOVEREIGN"}, -390),
    ]
    assert market.fx_spots == pytest.approx({"EURUSD": 1.2 * 0.969 / 1.035, "USDJPY": 150 * 154.3 / 157.4})


def test_a_supervisory_scenario_moves_spots_that_are_quoted_against_the_euro() -> None:
    """EURJPY by both moves; the zloty, of which the scenario says nothing, stays where it is to the euro."""
    spots = [("EURUSD", 1.2), ("EURJPY", 180), ("EURPLN", 4)]
    quoted = {"fx_spots": tuple(FxSpot(pair=pair, spot=spot) for pair, spot in spots)}
    shock = {"kind": "SUPERVISORY", "cycle": 2025, "name": "SEVERELY_ADVERSE", "quarter": "2025 Q3"}
    market = apply_shocks(_market().model_copy(update=quoted), _scenario(shock))
    euro, yen = 0.969 / 1.035, 157.4 / 154.3
    assert market.fx_spots == pytest.approx({"EURUSD": 1.2 * euro, "EURJPY": 180 * euro / yen, "EURPLN": 4})


def test_a_pair_that_is_made_of_others_cannot_be_shocked_itself() -> None:
    problem = check_scenarios(_market(), [_scenario({"kind": "FX", "pair": "EURJPY", "pct": 1})])[0]
    assert problem.code == "UNKNOWN_PAIR" and "EURUSD or USDJPY moves it" in problem.fix


@pytest.mark.parametrize(
    ("shock", "place", "code"),
    [
        ({**PARALLEL, "curves": "GBP*"}, "curves", "PATTERN_MATCHES_NOTHING"),
        ({**PARALLEL, "curves": "usd*"}, "curves", "PATTERN_MATCHES_NOTHING"),
        ({**PARALLEL, "curves": "USD-BBB"}, "curves", "PATTERN_MATCHES_NOTHING"),  # a spread curve is no curve
        ({**TWIST, "curves": "X"}, "curves", "PATTERN_MATCHES_NOTHING"),
        ({"kind": "VOL", "surfaces": "Z*", "pct": 1}, "surfaces", "PATTERN_MATCHES_NOTHING"),
        ({"kind": "VOL", "surfaces": "L*", "bp": 1}, "surfaces", "PATTERN_MATCHES_NOTHING"),
        ({"kind": "VOL", "surfaces": "*", "bp": -80}, "bp", "NO_VOLATILITY_LEFT"),
        ({"kind": "FX", "pair": "GBPUSD", "pct": 1}, "pair", "UNKNOWN_PAIR"),
        ({"kind": "FX", "pair": "EURJPY", "pct": 1}, "pair", "UNKNOWN_PAIR"),
        ({"kind": "CURVE", "curve_id": "X", "nodes": []}, "curve_id", "UNKNOWN_CURVE"),
        (
            {"kind": "CURVE_MOVE", "curves": "X", "moves": [{"tenor": "1Y", "bp": 1}]},
            "curves",
            "PATTERN_MATCHES_NOTHING",
        ),
        (
            {"kind": "CURVE_MOVE", "curves": "*", "moves": [{"tenor": "1Y", "bp": 1}, {"tenor": "12M", "bp": 2}]},
            "moves",
            "DUPLICATE_TENOR",
        ),
        ({"kind": "CURVE", "curve_id": "USD-SOFR", "nodes": []}, "nodes", "TOO_FEW_NODES"),
        (
            {"kind": "SUPERVISORY", "cycle": 2026, "name": "BASELINE", "quarter": "2024 Q1"},
            "quarter",
            "UNKNOWN_QUARTER",
        ),
    ],
)
def test_what_does_not_fit_the_market(shock: dict[str, Any], place: str, code: str) -> None:
    with pytest.raises(ScenarioDoesNotFit) as refused:
        _shocked(PARALLEL, shock)
    assert (refused.value.problems[0].path, refused.value.problems[0].code) == (f"shocks[1].{place}", code)


def test_a_curve_whose_currency_has_no_irrbb_size_is_named() -> None:
    shock = {"kind": "IRRBB", "standard": "d578", "name": "SHORT_UP"}
    (problem,) = check_scenarios(_market(_curve("PLN-WIBOR", "PLN", 0.05)), [_scenario(shock)])
    assert (problem.path, problem.code, problem.value) == ("s.shocks[0]", "NO_SHOCK_SIZES", "PLN")
    assert "PLN-WIBOR" in problem.message


def test_every_misfit_of_every_scenario_is_told() -> None:
    one = _scenario({**PARALLEL, "curves": "GBP*"}, {"kind": "FX", "pair": "GBPUSD", "pct": 1})
    other = one.model_copy(update={"scenario_id": "t"})
    assert [each.path for each in check_scenarios(_market(), [BASE_SCENARIO, one, other])] == [
        "s.shocks[0].curves",
        "s.shocks[1].pair",
        "t.shocks[0].curves",
        "t.shocks[1].pair",
    ]
    assert check_scenarios(_market(), [BASE_SCENARIO, _scenario(PARALLEL)]) == []


def test_par_curves_match_patterns_and_wait_for_their_bootstrap() -> None:
    nodes = [{"type": "SWAP", "tenor": "5Y", "rate": 0.05}]
    market = _market({"curve_id": "GBP-PAR", "currency": "GBP", "kind": "PAR", "nodes": nodes})
    shocked = apply_shocks(market, _scenario({**PARALLEL, "curves": "GBP-*"}))
    assert sorted(shocked.curves) == ["EUR-ESTR", "USD-SOFR"]
