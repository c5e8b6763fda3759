"""What most implementations of allowances get wrong: each test fails for the wrong reading."""

from pathlib import Path
from typing import Any

import pytest

from compute.allowance.reports import Shown, past_due_table, paths_table, positions_table, segments_table, vintage_table
from tests.builders.exposures import write_book, write_table
from tests.builders.lent_book import allowances, inputs_of, portfolio_in

LOAN = {"pd_12m": 0.02, "lgd": 0.4, "maturity_date": "2029-01-23"}
UNEMPLOYMENT = {"unemployment_rate": 0.5}


def policy_of(segment: dict[str, Any], **horizon: Any) -> dict[str, Any]:
    return {"cecl": {"segments": [{"segment": "S", "match": {}, **segment}], **horizon}}


def macro(*rates: float) -> list[dict[str, Any]]:
    path = {"unemployment_rate": list(rates)}
    return [{"kind": "MACRO", "start": {"unemployment_rate": 4.0}, "path": path}]


def shown(
    folder: Path,
    said: dict[str, Any] | list[dict[str, Any]],
    policy: dict[str, Any],
    scenarios: dict[str, list[dict[str, Any]]] | None = None,
) -> Shown:
    several = said if isinstance(said, list) else [{"id": "X", **said}]
    inputs = inputs_of(portfolio_in(write_book(folder, several)), policy, scenarios)
    return Shown(inputs.book, allowances(inputs))


def one(
    folder: Path,
    said: dict[str, Any],
    policy: dict[str, Any],
    scenarios: dict[str, list[dict[str, Any]]] | None = None,
) -> dict[str, Any]:
    row: dict[str, Any] = positions_table(shown(folder, said, policy, scenarios)).to_pylist()[0]
    return row


def with_cashflows(folder: Path, said: dict[str, Any], rows: list[tuple[str, float, float]]) -> Path:
    write_book(folder, [{"id": "X", **said, "amortization": "CUSTOM"}])
    names = ("pay_date", "principal", "interest")
    write_table(
        folder / "cashflows.csv", [{"instrument_id": "I-X", **dict(zip(names, row, strict=True))} for row in rows]
    )
    return folder


# --- published and printed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("segment", "said", "figure"),
    [
        # ASC 326-20-55, Example 1: 1.5 % of the past, 0.10 % and 0.05 % for what is different now
        (
            {"method": "LOSS_RATE", "historical_rate": 0.015, "adjustments": [{"rate": 0.001}, {"rate": 0.0005}]},
            {"notional": 3_000_000.0},
            49_500.0,
        ),
        # SCALE: what peers hold against what they lend
        (
            {"method": "LOSS_RATE", "peer_allowance": 126.0, "peer_amortised_cost": 10_000.0},
            {"notional": 2_000_000.0},
            25_200.0,
        ),
    ],
)
def test_loss_rates(tmp_path: Path, segment: dict[str, Any], said: dict[str, Any], figure: float) -> None:
    assert one(tmp_path, said, policy_of(segment))["allowance"] == pytest.approx(figure, rel=1e-14)


def test_an_aging_schedule(tmp_path: Path) -> None:
    """ASC 326-20-55, Example 5: rates of the past by days past due, each 10 % more for what is expected."""
    buckets: list[dict[str, Any]] = [
        {"max_days": 0, "rate": 0.003},
        {"max_days": 30, "rate": 0.08},
        {"max_days": 60, "rate": 0.26},
    ]
    buckets += [{"max_days": 90, "rate": 0.58}, {"max_days": None, "rate": 0.82}]
    balances = {0: 5_984_698.0, 20: 8_272.0, 45: 2_882.0, 75: 842.0, 120: 1_100.0}
    book = [{"id": f"D{days}", "notional": balance, "days_past_due": days} for days, balance in balances.items()]
    policy = policy_of({"method": "AGING", "buckets": buckets, "factor": 1.1})
    rows = {row["position_id"]: row["allowance"] for row in positions_table(shown(tmp_path, book, policy)).to_pylist()}
    expected = {"D0": 19_750, "D20": 728, "D45": 824, "D75": 537, "D120": 992}
    assert {name: round(value) for name, value in rows.items()} == expected
    assert sum(expected.values()) == 22_831


def test_vintages(tmp_path: Path) -> None:
    """ASC 326-20-55, Example 3: what each year is still to lose, 70 + 280 + 440 = 790; shared by cost within a year."""
    losses = {"2023": [70.0], "2024": [160.0, 120.0], "2025": [200.0, 140.0, 100.0]}
    years = {"A": "2023-03-01", "B": "2024-06-30", "C": "2025-01-02", "D": "2025-11-30"}
    book = [
        {"id": name, "origination_date": day, "notional": 3_000.0 if name == "D" else 1_000.0, "currency": "EUR"}
        for name, day in years.items()
    ]
    policy = policy_of({"method": "VINTAGE", "remaining_losses": losses})
    rows = {row["position_id"]: row for row in positions_table(shown(tmp_path, book, policy)).to_pylist()}
    base = {name: row["allowance_base"] for name, row in rows.items()}
    assert base == pytest.approx({"A": 70.0, "B": 280.0, "C": 110.0, "D": 330.0})
    assert sum(base.values()) == pytest.approx(790.0)
    assert rows["A"]["allowance"] == pytest.approx(70.0 / 1.1)


def test_discounted_cash_flow_loses_the_coupon_of_the_period_of_default(tmp_path: Path) -> None:
    """Sum of survival x PD x (LGD x balance + coupon) / 1.05^t, by algebra; PD x LGD x EAD undiscounted is 23,523."""
    row = one(tmp_path, LOAN, policy_of({"method": "DCF"}))
    by_algebra = sum(0.98 ** (t - 1) * 0.02 * (0.4 * 1e6 + 0.05 * 1e6) / 1.05**t for t in (1, 2, 3))
    assert row["allowance"] == pytest.approx(by_algebra, rel=1e-12) == pytest.approx(24_038.10, abs=0.01)


def test_without_default_nothing_is_short_at_the_rate_of_the_coupon(tmp_path: Path) -> None:
    terms = {"amortization": "LEVEL_PAY", "frequency": 12, "maturity_date": "2031-03-23", "prepayment": "CPR 9"}
    assert abs(one(tmp_path, LOAN | terms | {"pd_12m": 0}, policy_of({"method": "DCF"}))["allowance"]) < 1e-7


def test_the_annual_rate_hits_what_is_left_every_year(tmp_path: Path) -> None:
    """2.75 years of balance at 0.36 %, and an overlay on today's; once on the average life would be as much as 2.75 x
    more or less than each year's own."""
    flows = [("2027-01-23", 2e5, 0.0), ("2028-01-23", 2.5e5, 0.0), ("2029-01-23", 2.5e5, 0.0)]
    flows += [("2030-01-23", 2e5, 0.0), ("2031-01-23", 1e5, 0.0)]
    folder = with_cashflows(tmp_path / "book", {}, flows)
    overlay = {"match": {}, "rate": 0.0025, "reason": "outlook"}
    inputs = inputs_of(portfolio_in(folder), policy_of({"method": "WARM", "annual_rate": 0.0036}, overlays=[overlay]))
    found = Shown(inputs.book, allowances(inputs))
    row, segment = positions_table(found).to_pylist()[0], segments_table(found).to_pylist()[-1]
    assert (row["model_allowance"], row["overlay"]) == (pytest.approx(9_900.0), pytest.approx(2_500.0))
    assert (segment["scenario"], segment["warm_years"]) == ("WEIGHTED", pytest.approx(2.75, rel=1e-14))


def test_pd_and_lgd_on_a_balance_that_falls(tmp_path: Path) -> None:
    flows = [("2027-01-23", 3e5, 6e4), ("2028-01-23", 3e5, 4.2e4), ("2029-01-23", 4e5, 2.4e4)]
    said = {"pd_12m": 0.01, "lgd": 0.45, "coupon": 0.06, "effective_interest_rate": 0.06}
    inputs = inputs_of(
        portfolio_in(with_cashflows(tmp_path / "book", said, flows)),
        policy_of({"method": "PD_LGD", "pd_term": [0.01, 0.015, 0.02]}),
    )
    row = positions_table(Shown(inputs.book, allowances(inputs))).to_pylist()[0]
    marginal = (0.01, 0.99 * 0.015, 0.99 * 0.985 * 0.02)
    by_hand = sum(
        pd * 0.45 * ead / 1.06**t for t, (pd, ead) in enumerate(zip(marginal, (1e6, 7e5, 4e5), strict=True), 1)
    )
    assert row["allowance"] == pytest.approx(by_hand, rel=1e-12) == pytest.approx(11_355.98, abs=0.06)


# --- readings -------------------------------------------------------------------------------------------------------


def test_scenarios_are_weighted_over_losses_and_not_over_drivers(tmp_path: Path) -> None:
    """Two scenarios as far up as down: the mean of the PDs is not the PD of the mean."""
    policy = policy_of({"method": "PD_LGD"}, scenario_weights={"up": 0.5, "down": 0.5}) | {
        "satellites": [{"segment": "S", "match": {}, "pd": UNEMPLOYMENT}]
    }
    scenarios = {"BASE": [], "up": macro(*[7.0] * 12), "down": macro(*[1.0] * 12)}
    both = one(tmp_path / "both", LOAN, policy, scenarios)["allowance"]
    flat = policy_of({"method": "PD_LGD"})
    assert both > 1.3 * one(tmp_path / "mean", LOAN, flat)["allowance"]
    rows = segments_table(shown(tmp_path / "segments", LOAN, policy, scenarios)).to_pylist()
    of = {row["scenario"].split("@")[0]: row for row in rows}
    assert of["WEIGHTED"]["allowance"] == pytest.approx(0.5 * of["up"]["allowance"] + 0.5 * of["down"]["allowance"])
    assert "BASE" not in of


def test_the_way_back_is_straight_and_ends_at_the_long_run(tmp_path: Path) -> None:
    """ASC 326-20-30-9; 0.050 to 0.024 over four quarters."""
    segment = {"method": "PD_LGD", "pd_forecast": [0.04, 0.048, 0.052, 0.05], "pd_long_run": 0.024}
    found = shown(tmp_path, LOAN, policy_of(segment, reversion_quarters=4))
    rows = paths_table(found.book, inputs_of(found.book.columns.portfolio, None).run).to_pylist()
    assert [row["pd_annual"] for row in rows[4:9]] == pytest.approx([0.0435, 0.037, 0.0305, 0.024, 0.024], abs=1e-15)
    assert [row["phase"] for row in rows[:9]] == ["FORECAST"] * 4 + ["REVERSION"] * 4 + ["LONG_RUN"]


def test_the_last_day_of_a_quarter_is_in_it(tmp_path: Path) -> None:
    """A loan that is paid at the end of the first quarter never sees the second."""
    segment = {"method": "PD_LGD", "pd_forecast": [0.04, 0.9]}
    said = LOAN | {"maturity_date": "2026-04-23", "frequency": 4}
    loss = one(tmp_path, said, policy_of(segment))["allowance"]
    assert loss == pytest.approx((1 - 0.96**0.25) * 0.4 * 1e6 / (1 + 0.05 / 4), rel=1e-12)


@pytest.mark.parametrize("given", [{"days_past_due": 91}, {"defaulted": True}, {"asset_class": "DEFAULTED"}])
@pytest.mark.parametrize("method", ["PD_LGD", "DCF"])
def test_in_default_the_loss_is_at_once(tmp_path: Path, given: dict[str, Any], method: str) -> None:
    said = LOAN | {"undrawn": 1e5, "ccf": 0.5} | given
    policy = policy_of({"method": method, "pd_term": [0.01]})
    assert one(tmp_path / "in", said, policy)["allowance"] == pytest.approx(0.4 * (1e6 + 5e4), rel=1e-14)
    assert one(tmp_path / "not", said | {"days_past_due": 90, "defaulted": False, "asset_class": ""}, policy)[
        "allowance"
    ] < 0.1 * 0.4 * (1e6 + 5e4)


def test_what_can_be_cancelled_at_will_is_not_expected_to_be_drawn(tmp_path: Path) -> None:
    policy, drawn = policy_of({"method": "PD_LGD"}), {"undrawn": 5e5, "ccf": 0.4}
    plain = one(tmp_path / "plain", LOAN, policy)["allowance"]
    cancellable = one(tmp_path / "a", LOAN | drawn | {"commitment_type": "UNCONDITIONALLY_CANCELLABLE"}, policy)
    committed = one(tmp_path / "b", LOAN | drawn, policy)
    assert cancellable["allowance"] == plain
    assert committed["allowance"] == pytest.approx(1.2 * plain, rel=1e-12)


def test_available_for_sale_loses_no_more_than_its_sale_would(tmp_path: Path) -> None:
    """ASC 326-30-35; the fair value that is not brought is the present value."""
    said, policy = LOAN | {"accounting_class": "AFS"}, policy_of({"method": "LOSS_RATE", "historical_rate": 0.5})
    fair = {
        value: one(tmp_path / f"{value:g}", said | {"market_value": value}, policy) for value in (9e5, 9.9e5, 1.1e6)
    }
    assert {row["method"] for row in fair.values()} == {"AFS"}
    losses = [row["allowance"] for row in fair.values()]
    assert losses == [pytest.approx(24_038.10, abs=0.01), pytest.approx(1e4), 0.0]
    assert one(tmp_path / "priced", said, policy)["allowance"] == 0.0  # a curve of 3 % below the coupon


@pytest.mark.parametrize("given", ["HFS", "FVO", "TRADING"])
def test_what_is_carried_at_a_price_has_no_allowance(tmp_path: Path, given: str) -> None:
    row = one(tmp_path, LOAN | {"accounting_class": given}, policy_of({"method": "PD_LGD"}))
    assert (row["reason"], row["allowance"]) == ("NOT_APPLICABLE", None)


@pytest.mark.parametrize(
    ("given", "stage"),
    [
        ({}, 1),
        ({"days_past_due": 30}, 1),
        ({"days_past_due": 31}, 2),
        ({"watchlist": True}, 2),
        ({"pd_at_origination": 0.01}, 2),
        ({"pd_at_origination": 0.0101}, 1),
        ({"pd_12m": 0.004, "pd_at_origination": 0.001}, 1),
        ({"days_past_due": 91}, 3),
        ({"days_past_due": 91, "stage": 1}, 1),
    ],
)
def test_stages(tmp_path: Path, given: dict[str, Any], stage: int) -> None:
    """Twice the first PD, and half a point above it: both."""
    row = one(tmp_path, LOAN | given, {"ifrs9": {}})
    assert row["stage"] == stage
    assert row["method"] == ("ECL_12M" if stage == 1 else "ECL_LIFETIME")


def test_an_overlay_of_an_amount_is_shared_by_cost_among_those_that_have_an_allowance(tmp_path: Path) -> None:
    book = [
        {"id": "A", **LOAN, "notional": 1e6},
        {"id": "B", **LOAN, "notional": 2e6, "currency": "EUR"},
        {"id": "C", **LOAN, "notional": 9e6, "accounting_class": "HFS"},
    ]
    overlay = {"match": {}, "amount": 6_400.0, "reason": "flood"}
    rows = positions_table(shown(tmp_path, book, policy_of({"method": "PD_LGD"}, overlays=[overlay]))).to_pylist()
    assert [row["overlay"] for row in rows] == [pytest.approx(2_000.0), pytest.approx(4_000.0), None]


# --- disclosures ----------------------------------------------------------------------------------------------------


def test_disclosures(tmp_path: Path) -> None:
    book = [
        {"id": "A", "origination_date": "2026-01-02", "days_past_due": 29, "rating": "A"},
        {"id": "B", "origination_date": "2022-12-31", "days_past_due": 30, "rating": "NR"},
        {"id": "C", "origination_date": "2021-12-31", "days_past_due": 89, "nonaccrual": True},
        {"id": "D", "revolving": True, "days_past_due": 90, "notional": 5e5},
        {"id": "E", "days_past_due": 200, "nonaccrual": True, "historic": True, "currency": "EUR"},
    ]
    folder = write_book(tmp_path, book)
    events = [
        ("A", "2026-01-05", 70.0),
        ("A", "2025-12-31", 9_000.0),
        ("E", "2026-01-23", 10.0),
        ("Z", "2026-01-23", 5.0),
    ]
    names = ("position_id", "date", "amount")
    write_table(
        folder / "credit_events.csv",
        [{**dict(zip(names, each, strict=True)), "kind": "CHARGE_OFF"} for each in events],
    )
    segments = [
        {"segment": "NONE", "match": {"historic": "true"}, "method": "LOSS_RATE", "historical_rate": 0.0},
        {"segment": "S", "match": {}, "method": "LOSS_RATE", "historical_rate": 0.01},
    ]
    inputs = inputs_of(portfolio_in(folder), {"cecl": {"segments": segments}})
    found = Shown(inputs.book, allowances(inputs))
    vintages = {
        (row["segment"], row["grade"], row["vintage"]): (row["amortised_cost"], row["gross_charge_offs"])
        for row in vintage_table(found).to_pylist()
    }
    assert vintages == {
        ("NONE", "NR", "2025"): (1.1e6, 11.0),
        ("S", "A", "2026"): (1e6, 70.0),
        ("S", "NR", "2022"): (1e6, 0.0),
        ("S", "NR", "PRIOR"): (1e6, 0.0),
        ("S", "NR", "REVOLVING"): (5e5, 0.0),
    }
    late = {row.pop("segment"): row for row in past_due_table(found).to_pylist()}
    assert late["S"] == {
        "current": 1e6,
        "days_30_59": 1e6,
        "days_60_89": 1e6,
        "days_90_plus": 5e5,
        "total": 3.5e6,
        "nonaccrual": 1e6,
        "nonaccrual_without_allowance": 0.0,
        "days_90_plus_accruing": 5e5,
    }
    assert late["NONE"]["nonaccrual_without_allowance"] == pytest.approx(1.1e6)
    assert late["NONE"]["days_90_plus_accruing"] == 0.0
