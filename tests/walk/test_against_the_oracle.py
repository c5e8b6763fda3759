"""Every number of the real path against a second implementation, written apart from it: slow, one flow at a time.

The oracle revalues everything (bumped zero rates, yields by bisection), so an analytic sensitivity agrees with it
to the error of a central difference and the rest to rounding. How both read the contract where it is silent is in
docs/conventions.md. The loan of `funds/open_questions` rounds to the cent what its rates move: a difference of two
such values is rounding, so it is not read here.
"""

import math
from datetime import date
from functools import cache

import pytest

from tests.walk.oracle.dates import add_months, adjusted, thirty_360
from tests.walk.through_both import EXACT, FUNDS, OF_NOTIONAL, Priced, differences, price_through_both

ALSO_WALKED = ("prepayment_models",)
"""By tests of their own, with PV and DV01 under every scenario; here with every measure, which takes long."""
NAMES = sorted(folder.name for folder in FUNDS.iterdir() if folder.name != "open_questions")


@cache
def priced(name: str) -> Priced:
    return price_through_both(FUNDS / name)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name in ALSO_WALKED else ()) for name in NAMES]
)
def test_every_number_is_the_oracles(name: str) -> None:
    assert list(differences(priced(name))) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_blank_has_the_reason_that_the_terms_and_the_market_give(name: str) -> None:
    fund = priced(name)
    wrong = [
        cell
        for cell in fund.cells
        for result in [fund.oracle[cell.position_id, cell.scenario_id]]
        if cell.reason != (result.why_blank() if math.isnan(cell.value) else "NONE")
    ]
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_base_amounts_use_the_scenarios_spot(name: str) -> None:
    fund = priced(name)
    rates = {
        (result.currency, scenario): result.values["fx_to_base"]
        for (_, scenario), result in fund.oracle.items()
        if "fx_to_base" in result.values
    }
    used = {
        (currency, scenario): rate
        for currency, by_scenario in fund.fx_to_base.items()
        for scenario, rate in zip(fund.scenario_ids, by_scenario, strict=True)
        if (currency, scenario) in rates
    }
    assert used == pytest.approx(rates, rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_key_rates_add_up_to_dv01(name: str) -> None:
    fund = priced(name)
    dv01 = {(c.position_id, c.scenario_id): c.value for c in fund.cells if c.column == "dv01"}
    parts = dict.fromkeys(dv01, 0.0)
    for cell in fund.cells:
        if cell.column.startswith("key_rate_dv01_"):
            parts[cell.position_id, cell.scenario_id] += cell.value
    wrong = {
        key: (total, parts[key])
        for key, total in dv01.items()
        if abs(parts[key] - total) > EXACT * abs(total) + OF_NOTIONAL * abs(fund.notionals[key[0]])
    }
    assert wrong == {}


def test_the_oracle_itself_stands_on_worked_dates() -> None:
    """ISDA 2006 4.16(f) by hand; a month's end is clipped; Good Friday and Easter Monday are TARGET holidays."""
    assert thirty_360(date(2026, 1, 31), date(2026, 2, 28), european=False) == 28 / 360
    assert thirty_360(date(2026, 2, 28), date(2026, 3, 31), european=False) == 33 / 360
    assert thirty_360(date(2026, 2, 28), date(2026, 3, 31), european=True) == 32 / 360
    assert add_months(date(2024, 2, 29), -12) == date(2023, 2, 28)
    assert adjusted("TARGET", "FOLLOWING", date(2026, 4, 3)) == date(2026, 4, 7)
    assert adjusted("TARGET", "PRECEDING", date(2026, 4, 5)) == date(2026, 4, 2)
