import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import QuantLib as ql

from compute.kernels.curves.curves import log_discount_factors
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import Flows
from compute.kernels.valuing.discounting import discount, present_values
from tests.builders.discounted_book import DAYS, N, S, discounted_book

GOLDEN = json.loads((Path(__file__).parents[3] / "golden" / "pricing.json").read_text())


def _plainly(
    flows: Flows, on: DiscountTerms, tables: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The formulas, a flow and a scenario at a time."""
    keys = tables["key_gradients"].shape[-1]
    pv, krd, cs01 = np.zeros((N, S)), np.zeros((N, S, keys)), np.zeros((N, S))
    for i in range(N):
        curve, spread_curve = on.curve_row[i], on.spread_row[i]
        for s in range(S):
            gradient = tables["key_gradients"][tables["gradient_of_scenario"][s], curve]
            for f in range(flows.offsets[i], flows.offsets[i + 1]):
                day, v = flows.day[f], flows.variant_of_scenario[s]
                factor = tables["discount_factors"][curve, day, s] * tables["spread_factors"][spread_curve, day]
                factor *= math.exp(-on.spread[i, s] * day / 365)
                value = (flows.interest[f, v] + flows.principal[f, v]) * factor
                pv[i, s] += value
                cs01[i, s] += 1e-4 * value * day / 365
                krd[i, s] -= 1e-4 * value * gradient[day]
    return pv, krd, cs01


def _value(flows: Flows, on: DiscountTerms, tables: dict[str, np.ndarray]) -> np.ndarray:
    return present_values(flows, on, factors=tables["discount_factors"], spread_factors=tables["spread_factors"])


@pytest.mark.parametrize(("variants", "gradients"), [(1, 1), (S, 1), (1, 2), (2, 3)])
def test_every_flow_is_discounted_as_the_formula_says(variants: int, gradients: int) -> None:
    flows, on, tables = discounted_book(variants, gradients)
    got = discount(flows, on, **tables)
    for values, expected in zip((got.pv, got.key_rate_dv01, got.cs01), _plainly(flows, on, tables), strict=True):
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-12)


def test_present_values_alone_are_the_same_bits() -> None:
    flows, on, tables = discounted_book(variants=S)
    assert (_value(flows, on, tables) == discount(flows, on, **tables).pv).all()


def test_no_flows_are_worth_nothing() -> None:
    flows, on, tables = discounted_book()
    got = discount(flows, on, **tables)
    assert (got.pv[3] == 0).all() and (got.cs01[3] == 0).all() and (got.key_rate_dv01[3] == 0).all()


def test_without_a_curve_there_is_no_number() -> None:
    flows, on, tables = discounted_book()
    on.curve_row[7] = -1
    got = discount(flows, on, **tables)
    assert np.isnan(got.pv[7]).all() and np.isnan(got.cs01[7]).all() and np.isnan(got.key_rate_dv01[7]).all()
    assert np.isfinite(np.delete(got.pv, 7, axis=0)).all()
    assert np.isnan(_value(flows, on, tables)[7]).all()


def test_a_position_does_not_know_its_neighbours_nor_a_scenario_the_others() -> None:
    flows, on, tables = discounted_book(variants=S, gradients=2)
    whole = discount(flows, on, **tables)
    for i in range(N):
        rows = slice(flows.offsets[i], flows.offsets[i + 1])
        alone = Flows(
            np.array([0, rows.stop - rows.start]),
            flows.day[rows],
            flows.period[rows],
            flows.interest[rows],
            flows.principal[rows],
            flows.variant_of_scenario,
        )
        got = discount(alone, on.of(np.array([i])), **tables)
        assert (got.pv[0] == whole.pv[i]).all() and (got.key_rate_dv01[0] == whole.key_rate_dv01[i]).all()
    last = {
        "discount_factors": tables["discount_factors"][:, :, -1:],
        "gradient_of_scenario": tables["gradient_of_scenario"][-1:],
    }
    flows_last = Flows(
        flows.offsets, flows.day, flows.period, flows.interest, flows.principal, flows.variant_of_scenario[-1:]
    )
    assert (discount(flows_last, on.under(slice(S - 1, S)), **{**tables, **last}).pv[:, 0] == whole.pv[:, -1]).all()


def test_key_rates_add_up_to_dv01_and_spread_and_rates_move_alike() -> None:
    flows, on, tables = discounted_book(variants=S)
    got = discount(flows, on, **tables)
    np.testing.assert_allclose(got.key_rate_dv01.sum(axis=2), got.cs01, rtol=1e-11, atol=1e-12)


def test_cs01_is_the_central_difference_of_the_spread() -> None:
    flows, on, tables = discounted_book()
    flows.interest[:], flows.principal[:] = np.abs(flows.interest), np.abs(flows.principal)
    down, up = (_value(flows, replace(on, spread=on.spread + size), tables) for size in (-1e-4, 1e-4))
    np.testing.assert_allclose(discount(flows, on, **tables).cs01, (down - up) / 2, rtol=1e-6)


def test_a_day_beyond_the_table_is_a_bug() -> None:
    flows, on, tables = discounted_book()
    flows.day[-1] = DAYS
    with pytest.raises(AssertionError):
        discount(flows, on, **tables)


def test_quantlibs_key_rate_durations_of_an_eight_year_bond() -> None:
    """Golden case bond.krdv01.golden: 1 bp central on each zero pillar; first-order values differ by (t bp)^2 / 6."""
    case = next(each for each in GOLDEN if each["id"] == "bond.krdv01.golden")
    today, target = ql.Date(15, 6, 2026), ql.TARGET()
    dates = [target.adjust(ql.Date(10, month, year)) for year in range(2026, 2035) for month in (3, 9)]
    days = np.array([date - today for date in dates if 0 < date - today < 2840], np.int32)
    principal = np.zeros((len(days), 1))
    principal[-1] = 100.0
    nodes, zeros = np.array(case["inputs"]["curve_days"], np.int32), np.array(case["inputs"]["zero_cont_act365"])
    bumps = np.hstack([-1e-4 * np.eye(len(nodes)), 1e-4 * np.eye(len(nodes)), np.zeros((len(nodes), 1))])
    logs = log_discount_factors("LOG_LINEAR_DF", nodes, zeros[:, None] + bumps, days[-1] + 1)
    scenarios = logs.shape[1]
    flows = Flows(
        np.array([0, len(days)]),
        days,
        np.arange(len(days), dtype=np.int32),
        np.full((len(days), 1), 4.25 / 2),
        principal,
        np.zeros(scenarios, np.int32),
    )
    row, flat = np.zeros(1, np.int32), np.ones((1, len(logs)))
    gradients = (
        np.exp(logs[None]),
        log_discount_factors("LOG_LINEAR_DF", nodes, np.eye(len(nodes)), len(logs))[None, None],
    )
    got = discount(
        flows,
        DiscountTerms(curve_row=row, spread_row=row, spread=np.zeros((1, scenarios))),
        discount_factors=gradients[0],
        key_gradients=gradients[1],
        gradient_of_scenario=np.zeros(scenarios, np.int32),
        spread_factors=flat,
    )
    bumped = (got.pv[0, : len(nodes)] - got.pv[0, len(nodes) : -1]) / 2
    np.testing.assert_allclose(bumped, case["expected"]["kr"], atol=case["tolerance"])
    np.testing.assert_allclose(got.key_rate_dv01[0, -1], case["expected"]["kr"], rtol=2e-7, atol=1e-12)
