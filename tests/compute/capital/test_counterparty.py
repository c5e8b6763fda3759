"""Netting sets: each test fails for the wrong reading of SA-CCR."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.capital.comparison import comparison_table, known_of
from compute.capital.counterparty.explanation import netting_set_document
from compute.capital.reports import exposures_table
from tests.builders.derivatives import BANK, CDS, EXTERNAL, SWAP, SWAPTION, Said, netted, one_set
from tests.builders.exposures import TERMS

FX = {**EXTERNAL, "ccr_class": "FX", "ccr_reference": "EURUSD", "maturity_date": "2027-01-23", "market_value": 0}
OIL = {**EXTERNAL, "ccr_class": "COMMODITY_ENERGY", "ccr_reference": "OIL", "market_value": 0}


# --- time and direction ---------------------------------------------------------------------------------------------


def test_whole_months_and_left_over_days_are_counted(tmp_path: Path) -> None:
    """273 days of 365 would give a factor of 0.8648."""
    found = netted(tmp_path, [{**OIL, "maturity_date": "2026-10-23"}])
    assert found.rows("trades")["T0"]["maturity_factor"] == pytest.approx(0.75**0.5, rel=1e-15)


@pytest.mark.parametrize(
    ("said", "delta"),
    [
        ({**SWAP, "maturity_date": "2030-01-23"}, 1.0),
        ({**SWAP, "maturity_date": "2030-01-23", "pay_receive": "RECEIVE"}, -1.0),
        ({**SWAP, "maturity_date": "2030-01-23", "pay_receive": "RECEIVE", "notional": -1000.0}, 1.0),
        ({**CDS, "maturity_date": "2030-01-23", "option_type": "SELL", "credit_curve": "F", "ccr_quality": "A"}, -1.0),
        ({**FX, "notional": -5.0}, -1.0),
        ({**FX, "ccr_delta": 0.4, "notional": -5.0}, 0.4),
        ({**SWAPTION, "expiry_date": "2027-01-23", "maturity_date": "2037-01-23", "ccr_underlying": 0.06}, -0.269395),
        (
            {
                **SWAPTION,
                "option_type": "PAYER",
                "notional": -1.0,
                "ccr_underlying": 0.06,
                "expiry_date": "2027-01-23",
                "maturity_date": "2037-01-23",
            },
            -0.730605,
        ),
    ],
)
def test_the_direction_of_a_trade(tmp_path: Path, said: Said, delta: float) -> None:
    found = netted(tmp_path, [{"market_value": 0, **said}])
    assert found.rows("trades")["T0"]["supervisory_delta"] == pytest.approx(delta, abs=5e-6)


EQUITY_OPTION = {
    "product_type": "EXTERNAL",
    "ccr_class": "EQUITY_SINGLE",
    "ccr_reference": "ACME",
    "market_value": 0,
    "currency": "USD",
    "strike": 95,
    "ccr_underlying": 100,
    "expiry_date": "2027-01-23",
}


@pytest.mark.parametrize(
    ("said", "delta"),
    [
        ({"option_type": "PUT"}, -0.260195),
        ({"option_type": "PUT", "notional": -1.0}, 0.260195),
        ({"option_type": "CALL"}, 0.739805),
        ({"option_type": "CALL", "ccr_delta": 0.5}, 0.5),
        ({}, 1.0),
    ],
)
def test_a_trade_that_is_brought_is_an_option_by_its_option_type(tmp_path: Path, said: Said, delta: float) -> None:
    """N(d) with the 120 % of a single equity: d = (ln(100 / 95) + 0.5 x 1.44) / 1.2 = 0.642744."""
    found = netted(tmp_path, [{**EQUITY_OPTION, **said}])
    assert found.rows("trades")["T0"]["supervisory_delta"] == pytest.approx(delta, abs=5e-6)


def test_an_option_without_a_price_of_its_underlying_is_on_the_forward(tmp_path: Path) -> None:
    """Of a flat curve of 3 % continuously compounded the forward rate of annual payments is 3.05 %."""
    terms = {**SWAPTION, "expiry_date": "2027-01-23", "maturity_date": "2037-01-23", "market_value": 0}
    own = netted(tmp_path / "own", [{**terms, "ccr_underlying": 0.03045}]).rows("trades")["T0"]
    forward = netted(tmp_path / "forward", [terms]).rows("trades")["T0"]
    assert forward["supervisory_delta"] == pytest.approx(own["supervisory_delta"], abs=2e-3)
    assert forward["supervisory_delta"] != own["supervisory_delta"]


def test_a_rate_that_is_not_above_nil_is_lifted(tmp_path: Path) -> None:
    terms = {**SWAPTION, "expiry_date": "2027-01-23", "maturity_date": "2037-01-23", "market_value": 0}
    found = netted(tmp_path, [{**terms, "ccr_underlying": -0.002, "strike": "0.01"}]).rows("trades")["T0"]
    assert -1.0 < found["supervisory_delta"] < -0.9


def test_a_swap_that_begins_later_counts_from_then_and_its_bucket_ends_where_it_does(tmp_path: Path) -> None:
    trades = [
        {**SWAP, "issue_date": "2027-01-23", "maturity_date": "2031-01-23", "market_value": 0},
        {**SWAP, "maturity_date": "2027-01-23", "market_value": 0},
        {**SWAP, "maturity_date": "2027-01-22", "market_value": 0},
        {**SWAP, "maturity_date": "2031-01-24", "market_value": 0},
    ]
    rows = netted(tmp_path, trades).rows("trades")
    assert rows["T0"]["adjusted_notional"] == pytest.approx(1000 * (np.exp(-0.05) - np.exp(-0.25)) / 0.05)
    assert [rows[f"T{number}"]["maturity_bucket"] for number in range(4)] == [2, 2, 1, 3]


# --- hedging sets ---------------------------------------------------------------------------------------------------


def test_commodity_hedging_sets_add_and_never_net(tmp_path: Path) -> None:
    """Long energy, short metals of the same size: an open implementation that nets them finds next to nothing."""
    metals = {**OIL, "ccr_class": "COMMODITY_METALS", "ccr_reference": "SILVER", "netting_set_id": "NS"}
    trades = [
        {**OIL, "netting_set_id": "NS", "maturity_date": "2030-01-23"},
        {**metals, "notional": -1000.0, "maturity_date": "2030-01-23"},
    ]
    row = netted(tmp_path, trades, one_set()).rows("netting_sets")["NS"]
    assert row["addon_commodity"] == pytest.approx(360.0)


def test_electricity_is_an_energy_and_power_does_not_offset_oil_in_full(tmp_path: Path) -> None:
    power = {**OIL, "ccr_class": "COMMODITY_ELECTRICITY", "ccr_reference": "OIL", "notional": -1000.0}
    trades = [{**each, "netting_set_id": "NS", "maturity_date": "2030-01-23"} for each in (OIL, power)]
    rows = netted(tmp_path, trades, one_set()).rows("hedging_sets")
    common, own = 0.4 * (180 - 400), (1 - 0.16) * (180**2 + 400**2)
    assert {name: row["addon"] for name, row in rows.items()} == {
        "COMMODITY_ENERGY": pytest.approx((common**2 + own) ** 0.5)
    }


def test_maturities_of_rates_offset_in_part_alone(tmp_path: Path) -> None:
    """In full, example 1 of BCBS 279 has an exposure of 452 in place of 569."""
    trades = [
        {**SWAP, "maturity_date": "2036-01-23", "netting_set_id": "NS", "market_value": 0},
        {**SWAP, "maturity_date": "2030-01-23", "pay_receive": "RECEIVE", "netting_set_id": "NS", "market_value": 0},
    ]
    found = netted(tmp_path, trades, one_set())
    long, short = (row["effective_notional"] for row in found.rows("trades").values())
    expected = (long**2 + short**2 + 1.4 * long * short) ** 0.5
    row = found.rows("hedging_sets")["IR:USD"]
    assert (row["effective_notional"], row["addon"]) == (pytest.approx(expected), pytest.approx(0.005 * expected))
    assert expected > long + short


def test_a_pair_named_both_ways_is_one_hedging_set(tmp_path: Path) -> None:
    """Long euro against dollar and short dollar against euro are the same side."""
    trades = [
        {**FX, "netting_set_id": "NS", "notional": 1000.0},
        {**FX, "netting_set_id": "NS", "ccr_reference": "USDEUR", "notional": -1100.0},
    ]
    found = netted(tmp_path, trades, one_set())
    assert list(found.rows("hedging_sets")) == ["FX:EURUSD"]
    assert found.rows("hedging_sets")["FX:EURUSD"]["addon"] == pytest.approx(0.04 * 2200.0)


# --- collateral and margin ------------------------------------------------------------------------------------------


def test_a_margined_exposure_is_at_most_the_one_without_margin(tmp_path: Path) -> None:
    """A threshold that is never reached."""
    trades = [{**FX, "netting_set_id": "NS"}]
    loose = netted(tmp_path, trades, one_set(margined=True, threshold=1e9)).rows("netting_sets")["NS"]
    assert loose["rc"] == 1e9
    assert loose["ead"] == pytest.approx(1.4 * 0.04 * 1100.0)


def test_margin_counts_the_days_between_calls(tmp_path: Path) -> None:
    trades = [{**FX, "netting_set_id": "NS"}]
    weekly = netted(tmp_path, trades, one_set(margined=True, remargin_days=5)).rows("trades")["T0"]
    assert weekly["maturity_factor"] == pytest.approx(1.5 * (14 / 250) ** 0.5)


def test_collateral_in_another_currency_is_turned_into_base(tmp_path: Path) -> None:
    trades = [{**FX, "netting_set_id": "NS", "market_value": 500.0}]
    row = netted(tmp_path, trades, one_set(currency="EUR", collateral=100.0)).rows("netting_sets")["NS"]
    assert (row["c"], row["rc"]) == (pytest.approx(110.0), pytest.approx(390.0))


def test_a_set_without_trades_still_counts_what_is_posted(tmp_path: Path) -> None:
    found = netted(tmp_path, [FX], one_set(collateral=-50.0, book_id="OTHER"))
    row = found.rows("netting_sets")["NS"]
    assert (row["trades"], row["rc"], row["multiplier"], row["ead"]) == (0, 50.0, 1.0, pytest.approx(70.0))
    assert found.totals()["OTHER"]["ead"] == pytest.approx(70.0)


# --- weights, totals ------------------------------------------------------------------------------------------------


def test_a_netting_set_weighs_what_its_counterparty_does_unsecured(tmp_path: Path) -> None:
    firm = {"issuer_id": "FIRM", "asset_class": "CORPORATE", "rating": "BBB", "country": "US"}
    sets = [*one_set(), {"netting_set_id": "NF", "counterparty_id": "FIRM"}]
    trades = [{**FX, "netting_set_id": "NS"}, {**FX, "netting_set_id": "NF"}, {**FX, "counterparty_id": "FIRM"}, FX]
    found = netted(tmp_path, trades, sets, [BANK, firm])
    weights = {name: row["risk_weight_sa"] for name, row in found.rows("netting_sets").items()}
    assert weights == {"NS": 0.3, "NF": 0.75, "T2": 0.75, "T3": None}
    exposures = found.rows("exposures")
    us = {name: exposures[name]["risk_weight_us"] for name in ("NS", "NF")}
    assert us == {"NS": 0.2, "NF": 1.0}
    assert exposures["NS"]["kind"] == "NETTING_SET" and exposures["NS"]["rwa_irb"] == exposures["NS"]["rwa_sa"]
    alone = [each for each in exposures_table(found.worked).to_pylist() if each["exposure_id"] == "T3"]
    assert [(each["kind"], each["reason"]) for each in alone] == [
        ("POSITION", "RWA_SA:NOT_APPLICABLE;RWA_IRB:NOT_APPLICABLE;RWA_US_SA:NOT_APPLICABLE"),
        ("NETTING_SET", "RWA_SA:UNSUPPORTED;RWA_IRB:UNSUPPORTED;RWA_US_SA:UNSUPPORTED"),
    ]


def test_totals_add_netting_sets_at_their_book_and_by_what_their_counterparty_is(tmp_path: Path) -> None:
    trades = [{**FX, "netting_set_id": "NS", "book_id": "OTHER"}, {**FX, "netting_set_id": "NS"}]
    found = netted(tmp_path, trades, one_set(), policy={"capital": {"cet1": 1e6}})
    ead, rwa = (found.rows("netting_sets")["NS"][name] for name in ("ead", "rwa_sa"))
    totals = found.totals()
    held = {name: totals[name]["ead"] for name in ("BANK", "DESK", "BOOK", "OTHER")}
    assert held == {"BANK": ead, "DESK": ead, "BOOK": ead, "OTHER": 0.0}
    assert totals["BANK"]["rwa_sa"] == totals["BANK"]["rwa_irb"] == rwa
    assert found.totals("asset_class")["BANK"]["rwa_sa"] == rwa
    assert found.totals("netting_set_id")["NS"]["ead"] == ead


def test_a_trade_that_cannot_be_read_leaves_its_set_blank_and_says_so(tmp_path: Path) -> None:
    credit = {**EXTERNAL, "ccr_class": "CREDIT_SINGLE", "ccr_reference": "F", "maturity_date": "2030-01-23"}
    trades = [
        {**credit, "netting_set_id": "NS", "market_value": 5.0, "ccr_quality": "GOOD"},
        {**FX, "netting_set_id": "NV", "market_value": ""},
        {**FX, "netting_set_id": "NX", "ccr_reference": "XAUUSD"},
    ]
    sets = [{"netting_set_id": name, "counterparty_id": "CP"} for name in ("NS", "NV", "NX")]
    found = netted(tmp_path, trades, sets)
    reasons = {name: row["reason"] for name, row in found.rows("exposures").items() if name in ("NS", "NV", "NX")}
    assert {name: text.split(";")[0] for name, text in reasons.items()} == {
        "NS": "RWA_SA:INVALID_TERMS",
        "NV": "RWA_SA:MISSING_MARKET_DATA",
        "NX": "RWA_SA:MISSING_MARKET_DATA",
    }
    assert found.rows("netting_sets")["NS"]["ead"] is None
    assert found.totals()["BANK"]["ead"] == 0.0


def test_rules_without_sa_ccr_net_nothing(tmp_path: Path) -> None:
    found = netted(tmp_path, [FX], rules=("basel-2006", "us-2015"))
    assert found.worked.netting is None and found.rows("netting_sets") == {}


def test_an_explanation_goes_from_values_to_exposure(tmp_path: Path) -> None:
    found = netted(tmp_path, [{**FX, "netting_set_id": "NS", "market_value": 20.0}], one_set(collateral=5.0))
    document: Any = netting_set_document(found.worked.netting, found.worked.setting.rules, "NS")
    assert [each["measure"] for each in document["measures"]] == ["RWA_SA", "RWA_IRB", "RWA_US_SA"]
    steps = {step["name"]: step["value"] for step in document["measures"][0]["steps"]}
    assert list(steps) == ["V", "C", "RC", "ADDON", "MULTIPLIER", "PFE", "EAD", "RISK_WEIGHT"]
    assert steps["EAD"] == pytest.approx(1.4 * (15.0 + 44.0)) and document["measures"][0]["rule"] == "BANK_ECRA"
    assert netting_set_document(found.worked.netting, found.worked.setting.rules, "NOBODY") is None


def test_a_comparison_knows_netting_sets(tmp_path: Path) -> None:
    small = netted(tmp_path / "a", [{**FX, "netting_set_id": "NS"}], one_set())
    large = netted(tmp_path / "b", [{**FX, "netting_set_id": "NS", "notional": 3000.0}], one_set())
    row = comparison_table(known_of(small.worked), known_of(large.worked)).to_pylist()[0]
    assert row["change"] == row["exposure"] == pytest.approx(2 * row["value_from"])


def test_a_loan_is_no_part_of_a_netting_set(tmp_path: Path) -> None:
    found = netted(tmp_path, [{**TERMS, "asset_class": "CORPORATE"}])
    assert found.worked.netting is None
