import json
import pickle
from datetime import date
from typing import Any

import numpy as np
import pytest

from compute.kernels.curves.curves import key_rate_gradients, log_discount_factors
from compute.market.day_tables import MarketTables, build_market_tables
from compute.market.shocks import ScenarioDoesNotFit
from domain.market.document import MarketDocument, parse_market
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument

N_DAYS = 4000
TIMES = np.arange(N_DAYS) / 365
NODES = [("3M", 0.03), ("1Y", 0.035), ("5Y", 0.04), ("10Y", 0.038)]


def _curve(curve_id: str, interpolation: str = "LOG_LINEAR_DF") -> dict[str, Any]:
    nodes = [{"tenor": tenor, "rate": rate} for tenor, rate in NODES]
    currency = curve_id[:3]
    return {"curve_id": curve_id, "currency": currency, "kind": "ZERO", "interpolation": interpolation, "nodes": nodes}


def _market(**fields: Any) -> MarketDocument:
    par = {
        "curve_id": "GBP-PAR",
        "currency": "GBP",
        "kind": "PAR",
        "nodes": [{"type": "OIS", "tenor": "1Y", "rate": 0}],
    }
    document = {
        "as_of": "2026-01-23",
        "base_currency": "USD",
        "curves": [_curve("USD-SOFR"), par, _curve("EUR-ESTR", "LINEAR_ZERO")],
        "spread_curves": [
            {"curve_id": "A", "nodes": [{"tenor": "5Y", "rate": 0.01}]},
            {"curve_id": "B", "nodes": [{"tenor": "1Y", "rate": 0.01}, {"tenor": "3Y", "rate": 0.02}]},
        ],
        "discount": {"USD": "USD-SOFR", "EUR": "EUR-ESTR", "GBP": "GBP-PAR"},
        "projection": {"USD-SOFR-3M": "USD-SOFR", "GBP-3M": "GBP-PAR"},
        "fx_spots": [
            {"pair": "EURUSD", "spot": 1.2},
            {"pair": "USDJPY", "spot": 150},
            {"pair": "NOKSEK", "spot": 0.97},
        ],
        "fixings": [
            {"index": "USD-SOFR-3M", "date": "2026-01-20", "rate": 0.02},
            {"index": "USD-SOFR-3M", "date": "2025-12-20", "rate": 0.01},
        ],
        **fields,
    }
    return parse_market(json.dumps(document))


def _scenario(*shocks: dict[str, Any]) -> ScenarioDocument:
    return ScenarioDocument.model_validate({"scenario_id": "s", "shocks": shocks})


UP = _scenario({"kind": "PARALLEL", "curves": "*", "bp": 100})
REPLACED = _scenario(
    {"kind": "CURVE", "curve_id": "EUR-ESTR", "nodes": [{"tenor": "2Y", "rate": 0.01}, {"tenor": "8Y", "rate": 0.03}]}
)
WEAK_EURO = _scenario(
    {"kind": "FX", "pair": "EURUSD", "pct": -10},
    {"kind": "PREPAYMENT", "multiplier": 2},
    {"kind": "SPREAD", "match": {"rating": "B*"}, "bp": 5},
)


def _tables(*scenarios: ScenarioDocument, market: MarketDocument | None = None, **wishes: Any) -> MarketTables:
    return build_market_tables(market or _market(), [BASE_SCENARIO, *scenarios], n_days=N_DAYS, **wishes)


def test_discount_factors_are_each_curves_own_interpolation_under_each_scenario() -> None:
    tables = _tables(UP, REPLACED)
    days, rates = np.array([90, 365, 1826, 3652], np.int32), np.array([[rate] for _, rate in NODES])
    usd, eur = tables.curve_row["USD-SOFR"], tables.curve_row["EUR-ESTR"]
    base = log_discount_factors("LINEAR_ZERO", days, rates, N_DAYS)[:, 0]
    assert tables.discount_factors.shape == (2, N_DAYS, 3) and tables.discount_factors.flags.c_contiguous
    np.testing.assert_allclose(np.log(tables.discount_factors[eur, :, 0]), base, atol=1e-15)
    np.testing.assert_allclose(np.log(tables.discount_factors[eur, :, 1]), base - 0.01 * TIMES, atol=1e-14)
    replaced = log_discount_factors("LINEAR_ZERO", np.array([730, 2922]), np.array([[0.01], [0.03]]), N_DAYS)[:, 0]
    np.testing.assert_allclose(np.log(tables.discount_factors[eur, :, 2]), replaced, atol=1e-15)
    assert (tables.discount_factors[usd, :, 2] == tables.discount_factors[usd, :, 0]).all()


@pytest.mark.parametrize("interpolation", ["LOG_LINEAR_DF", "LINEAR_ZERO", "MONOTONE_CONVEX", "NATURAL_CUBIC_ZERO"])
def test_shifted_factors_are_those_of_shifted_nodes(interpolation: str) -> None:
    market = _market(curves=[_curve("USD-SOFR", interpolation)], discount={}, projection={})
    shifts = [_scenario({"kind": "PARALLEL", "curves": "*", "bp": bp}) for bp in (25, -25)]
    tables = _tables(*shifts, market=market)
    np.testing.assert_allclose(tables.discount_factors_up[0, :, 0], tables.discount_factors[0, :, 1], rtol=1e-13)
    np.testing.assert_allclose(tables.discount_factors_down[0, :, 0], tables.discount_factors[0, :, 2], rtol=1e-13)


def test_scenarios_share_one_gradient_until_one_replaces_nodes() -> None:
    assert _tables(UP, WEAK_EURO).gradient_of_scenario.tolist() == [0, 0, 0]
    tables = _tables(UP, REPLACED, UP)
    assert tables.gradient_of_scenario.tolist() == [0, 0, 1, 0]
    assert tables.key_gradients.shape == (2, 2, N_DAYS, 11)
    expected = key_rate_gradients("LINEAR_ZERO", np.array([730, 2922], np.int32), np.zeros(2), N_DAYS)
    assert (tables.key_gradients[1, tables.curve_row["EUR-ESTR"]] == expected).all()


def test_monotone_convex_gradients_follow_the_scenario_but_not_a_parallel_move() -> None:
    market = _market(curves=[_curve("USD-SOFR", "MONOTONE_CONVEX")], discount={}, projection={})
    twist = _scenario({"kind": "TWIST", "curves": "*", "short_bp": -50, "long_bp": 50, "pivot_yr": 5})
    tables = _tables(UP, twist, market=market)
    assert tables.gradient_of_scenario.tolist() == [0, 0, 1]
    np.testing.assert_allclose(tables.key_gradients.sum(axis=3), np.broadcast_to(-TIMES, (2, 1, N_DAYS)), atol=1e-13)


def test_a_scenarios_columns_do_not_depend_on_the_others() -> None:
    together, alone = _tables(UP, REPLACED, WEAK_EURO), _tables(REPLACED)
    assert (together.discount_factors[:, :, 2] == alone.discount_factors[:, :, 1]).all()


def test_spread_factors_begin_with_no_spread_curve() -> None:
    tables = _tables()
    assert tables.spread_row == {"A": 1, "B": 2}
    assert (tables.spread_factors[0] == 1).all()
    np.testing.assert_allclose(tables.spread_factors[1], np.exp(-0.01 * TIMES), rtol=1e-14)
    between = np.interp(730, [365, 1096], [0.01, 0.02])  # 2028 is a leap year
    np.testing.assert_allclose(-np.log(tables.spread_factors[2, 730]) / 2, between, rtol=1e-12)


def test_par_curves_are_left_out_and_named() -> None:
    tables = _tables()
    assert tables.curve_row == {"USD-SOFR": 0, "EUR-ESTR": 1}
    assert tables.unsupported_curves == {"GBP-PAR"}
    assert tables.unsupported_currencies == {"GBP"}
    assert tables.unsupported_indices == {"GBP-3M"}
    assert tables.discount_curve_of == {"USD": 0, "EUR": 1}
    assert tables.projection_curve_of == {"USD-SOFR-3M": 0}


@pytest.mark.parametrize(
    ("pair", "base", "weak_euro"),
    [
        ("EURUSD", 1.2, 1.08),
        ("USDEUR", 1 / 1.2, 1 / 1.08),
        ("EURJPY", 180.0, 162.0),
        ("JPYEUR", 1 / 180, 1 / 162),
        ("SEKNOK", 1 / 0.97, 1 / 0.97),
    ],
)
def test_spots_are_direct_inverse_or_over_the_dollar(pair: str, base: float, weak_euro: float) -> None:
    spot = _tables(WEAK_EURO).fx_spot(pair)
    assert spot is not None
    np.testing.assert_allclose(spot, [base, weak_euro], rtol=1e-14)


@pytest.mark.parametrize("pair", ["GBPUSD", "NOKUSD", "NOKEUR", "USDUSD"])
def test_a_pair_out_of_reach_has_no_spot(pair: str) -> None:
    assert _tables().fx_spot(pair) is None


def test_a_direct_quote_goes_before_the_dollar() -> None:
    spots = [{"pair": pair, "spot": spot} for pair, spot in (("EURUSD", 1.2), ("USDJPY", 150), ("EURJPY", 181))]
    assert _tables(market=_market(fx_spots=spots)).fx_spot("EURJPY") == [181]


def test_currencies_convert_to_the_base_of_the_run_where_spots_reach() -> None:
    to_usd = _tables(WEAK_EURO).fx_to_base
    assert sorted(to_usd) == ["EUR", "JPY", "USD"]
    np.testing.assert_allclose(to_usd["EUR"], [1.2, 1.08])
    assert to_usd["USD"].tolist() == [1, 1]
    to_eur = _tables(WEAK_EURO, base_currency="EUR").fx_to_base
    np.testing.assert_allclose(to_eur["JPY"], [1 / 180, 1 / 162])
    assert to_eur["EUR"].tolist() == [1, 1]


def test_fixings_are_sorted_by_day() -> None:
    days, rates = _tables().fixings["USD-SOFR-3M"]
    epoch = date(1970, 1, 1)
    assert days.tolist() == [(date(2025, 12, 20) - epoch).days, (date(2026, 1, 20) - epoch).days]
    assert rates.tolist() == [0.01, 0.02]


def test_what_moves_positions_is_handed_on_by_scenario() -> None:
    tables = _tables(WEAK_EURO)
    assert [len(shocks) for shocks in tables.spread_shocks] == [0, 1]
    assert tables.prepayment_multiplier.tolist() == [1, 2]
    assert (tables.default_multiplier.tolist(), tables.severity_add.tolist()) == ([1, 1], [0, 0])
    assert (tables.as_of_day, tables.n_days, tables.scenario_count) == (20476, N_DAYS, 2)


def test_the_order_of_the_file_does_not_change_a_bit() -> None:
    market = _market()
    turned = parse_market(json.dumps(json.loads(market.model_dump_json()) | {"curves": _reversed(market)}))
    one, other = _tables(UP), _tables(UP, market=turned)
    for curve_id, row in one.curve_row.items():
        assert (one.discount_factors[row] == other.discount_factors[other.curve_row[curve_id]]).all()


def _reversed(market: MarketDocument) -> list[Any]:
    curves: list[Any] = json.loads(market.model_dump_json())["curves"]
    return curves[::-1]


def test_tables_travel_between_processes() -> None:
    again = pickle.loads(pickle.dumps(_tables(WEAK_EURO)))
    np.testing.assert_allclose(again.fx_spot("EURUSD"), [1.2, 1.08])


def test_a_scenario_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ScenarioDoesNotFit, match="XYZ"):
        _tables(_scenario({"kind": "PARALLEL", "curves": "XYZ*", "bp": 1}))
