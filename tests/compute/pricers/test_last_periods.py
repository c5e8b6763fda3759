"""Last regular dates of swaps, caps and notes, by what they must be worth together; frequencies of every product."""

from pathlib import Path
from typing import Any

import pytest

from domain.measures.failures import Reason
from tests.compute.pricers.derivative_fund import INDEX, column, market, priced, reason

DATES = {
    "currency": "USD",
    "issue_date": "2026-02-10",
    "first_payment_date": "2026-05-20",
    "last_regular_payment_date": "2030-11-20",
    "maturity_date": "2031-01-05",
}
STUBLESS = {name: day for name, day in DATES.items() if name != "last_regular_payment_date"}
SURFACE = {
    "surface_id": "CAP",
    "product": "CAP_FLOOR",
    "index": INDEX,
    "kind": "NORMAL",
    "expiries_yr": [1, 5],
    "vols": [0.009, 0.008],
}
GIVEN = market(
    volatilities=[
        SURFACE,
        SURFACE | {"surface_id": "SWPT", "product": "SWAPTION", "tenors_yr": [1, 5], "vols": [[0.009, 0.008]] * 2},
    ],
    hull_white={"USD": {"mean_reversion": 0.03, "sigma": 0.01}},
)


def floater(**terms: Any) -> dict[str, Any]:
    rate = {"rate_type": "FLOATING", "index": INDEX, "frequency": 4, "day_count": "ACT/360"}
    return {"product_type": "BOND"} | DATES | rate | terms


def fixed(**terms: Any) -> dict[str, Any]:
    rate = {"rate_type": "FIXED", "coupon": 0.04, "frequency": 2, "day_count": "30E/360"}
    return {"product_type": "BOND"} | DATES | rate | terms


def swap(**terms: Any) -> dict[str, Any]:
    legs = {"fixed_frequency": 2, "fixed_day_count": "30E/360", "float_frequency": 4, "float_day_count": "ACT/360"}
    return {"product_type": "IRS", "coupon": 0.04, "index": INDEX, "pay_receive": "RECEIVE"} | DATES | legs | terms


def cap(option_type: str, **terms: Any) -> dict[str, Any]:
    leg = {"index": INDEX, "float_frequency": 4, "float_day_count": "ACT/360", "strike": 0.04}
    return {"product_type": "CAP_FLOOR", "option_type": option_type} | DATES | leg | terms


@pytest.mark.parametrize("often", [2, 4, 6, 12, 26, 52])
@pytest.mark.parametrize("given", [DATES, STUBLESS])
def test_a_swap_is_a_bond_less_a_floater_and_a_cap_less_a_floor_a_swap(
    tmp_path: Path, often: int, given: dict[str, Any]
) -> None:
    """Of the same dates: principals cancel, and so do the two options on every rate."""

    def dated(terms: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in terms.items() if name not in DATES} | given

    every = {"frequency": often}
    legs = {"fixed_frequency": often, "float_frequency": often, "fixed_day_count": "ACT/360"}
    held = [
        fixed(**every, day_count="ACT/360"),
        floater(**every),
        swap(**legs),
        cap("CAP", float_frequency=often),
        cap("FLOOR", float_frequency=often),
    ]
    facts = priced(tmp_path, [dated(each) for each in held], GIVEN)
    for name in ("pv", "dv01"):
        bond, floating, received, capped, floored = column(facts, name)[0]
        assert received == pytest.approx(bond - floating, abs=1e-6)
        assert capped - floored == pytest.approx(-received, abs=1e-3)


def test_the_last_period_changes_what_each_of_them_is_worth(tmp_path: Path) -> None:
    held = [fixed(), floater(margin=0.01), swap(), cap("CAP")]
    note = fixed(product_type="STRUCTURED", payoff='"{""kind"": ""CMS"", ""tenor_yr"": 5}"')
    stubless = [{k: v for k, v in each.items() if k != "last_regular_payment_date"} for each in [*held, note]]
    facts = priced(tmp_path, [*held, note, *stubless], GIVEN)
    worth = column(facts, "pv")[0]
    by_product = [(0, 2), (1, 3), (4, 5), (6, 7), (8, 9)]  # positions are in the order of their products
    for one, other in by_product:
        assert abs(worth[one] - worth[other]) > 0.05


@pytest.mark.parametrize("often", [0, 1, 2, 4, 6, 12, 26, 52])
@pytest.mark.parametrize("product", ["LOAN", "BOND", "CALLABLE_BOND", "STRUCTURED", "IRS", "CAP_FLOOR", "SWAPTION"])
def test_every_product_takes_every_frequency(tmp_path: Path, product: str, often: int) -> None:
    terms = {
        "LOAN": fixed(product_type="LOAN", frequency=often, amortization="LINEAR", prepayment="CPR 6"),
        "BOND": fixed(frequency=often),
        "CALLABLE_BOND": fixed(product_type="CALLABLE_BOND", frequency=often),
        "STRUCTURED": fixed(
            product_type="STRUCTURED", frequency=often, payoff='"{""kind"": ""CMS"", ""tenor_yr"": 5}"'
        ),
        "IRS": swap(fixed_frequency=often, float_frequency=often),
        "CAP_FLOOR": cap("CAP", float_frequency=often),
        "SWAPTION": swap(
            product_type="SWAPTION",
            option_type="PAYER",
            strike=0.04,
            expiry_date="2027-01-20",
            fixed_frequency=often,
            float_frequency=often,
            issue_date="",
            first_payment_date="",
            last_regular_payment_date="",
        ),
    }[product]
    dates = "2028-01-20,100,CALL\n"
    (tmp_path / "exercises.csv").write_text("instrument_id,date,price_per_100,kind\n" + f"I00000,{dates}")
    facts = priced(tmp_path, [terms], GIVEN)
    assert reason(facts, "PV").tolist() == [Reason.NONE]


@pytest.mark.parametrize("leg", ["fixed_frequency", "float_frequency"])
def test_a_notes_swap_rate_pays_in_months(tmp_path: Path, leg: str) -> None:
    note = fixed(product_type="STRUCTURED", payoff='"{""kind"": ""CMS"", ""tenor_yr"": 5}"') | {leg: 26}
    facts = priced(tmp_path, [note], GIVEN)
    assert reason(facts, "PV").tolist() == [Reason.INVALID_TERMS]
    assert leg in next(iter(facts.blocks.values())).details[0]
