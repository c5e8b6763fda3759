"""The two ways of a floater agree: by the recursion over balances at CPR 0, and by the balances known today."""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.fixed_balance_floaters import steady_present_values
from compute.kernels.flows.floating import floating_flows, is_steady, resolve_steady
from compute.kernels.flows.prepaying_pool import Speeds, distinct_variants
from compute.kernels.flows.speeds import PREPAYMENT_KINDS, parse_speed
from compute.kernels.valuing.discounting import present_values
from tests.builders.floating_arrays import AS_OF, MULTIPLIERS, discounting_of, factors, terms_of
from tests.builders.loan_arrays import schedules_of
from tests.compute.kernels.flows.reference_loans import epoch_day, random_loan

NEVER = parse_speed("CPR 0", PREPAYMENT_KINDS)


@pytest.mark.parametrize(("cap", "floor"), [(np.nan, np.nan), (0.05, np.nan), (0.055, 0.04)])
@pytest.mark.parametrize("amortization", ["BULLET", "LINEAR"])
def test_both_ways_pay_and_move_alike(amortization: str, cap: float, floor: float) -> None:
    rng = Random(17)
    loans = [replace(random_loan(rng, AS_OF), amortization=amortization, io_months=0) for _ in range(40)]
    schedules, day, count = schedules_of(loans), epoch_day(AS_OF), len(loans)
    terms, none, table = terms_of(loans, schedules, cap=cap, floor=floor), Speeds.none(count), factors()
    slow = none._replace(prepayment_kind=np.full(count, NEVER.code, np.int8))
    assert is_steady(terms.typed(), none).all()
    assert not is_steady(terms.typed(), slow).any()
    found = {}
    for name, speeds in (("steady", none), ("recursion", slow)):
        variants = distinct_variants(speeds, *MULTIPLIERS)
        found[name] = floating_flows(day, schedules, terms, speeds, variants, table, discounting_of(count))
    steady, recursion = found["steady"], found["recursion"]
    np.testing.assert_allclose(steady.flows.interest, recursion.flows.interest, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(steady.flows.principal, recursion.flows.principal, rtol=1e-12, atol=1e-9)
    moved = recursion.projection_key_rate_dv01
    np.testing.assert_allclose(steady.projection_key_rate_dv01, moved, rtol=1e-11, atol=1e-12 * np.abs(moved).max())


def test_a_value_without_flows_is_the_value_of_the_flows() -> None:
    rng = Random(18)
    loans = [replace(random_loan(rng, AS_OF), amortization="BULLET") for _ in range(40)]
    schedules, day, none = schedules_of(loans), epoch_day(AS_OF), Speeds.none(40)
    terms, table, on = terms_of(loans, schedules), factors(), discounting_of(40)
    where = DiscountTerms(curve_row=on.curve_row, spread_row=on.spread_row, spread=on.spread)
    market: dict[str, Any] = {"factors": table, "spread_factors": on.spread_factors}
    flows = floating_flows(day, schedules, terms, none, distinct_variants(none, *MULTIPLIERS), table).flows
    floaters = resolve_steady(day, schedules, terms, none)
    found = steady_present_values(floaters, where, **market)
    np.testing.assert_allclose(found, present_values(flows, where, **market), rtol=1e-13)
