"""Adjustable-rate loans: Regulation Z's sample, and each rule of a reset and of a payment by hand."""

import math
from datetime import date
from pathlib import Path

import pytest

from tests.builders.schedules import AS_OF, arm, brought, flat, measures, run_of, schedule, why_blank

INDEX_YR = (0.1441, 0.0978, 0.1217, 0.0766, 0.0636)
"""1982 to 1986; with 3 points 17.41 % at first (12 CFR 1026, Appendix H, sample H-14)."""


def level(balance: float, rate: float, left: int) -> float:
    r = rate / 12
    return balance * r / (1 - (1 + r) ** -left)


def forwards(*rates: float) -> dict[str, object]:
    """A curve on which the years from `AS_OF` have these simple rates."""
    market, growth, nodes = flat(), 1.0, []
    for year, rate in enumerate(rates, 1):
        growth *= 1.0 + rate
        day = date(AS_OF.year + year, 1, 1)
        nodes.append({"date": day.isoformat(), "rate": math.log(growth) / ((day - AS_OF).days / 365)})
    market["curves"][0]["nodes"] = nodes
    return market


def test_regulation_z_sample_h_14(tmp_path: Path) -> None:
    """Rates, payments and balances as the sample prints them: caps of 2 and 5 points, 30 years, 10,000."""
    terms = arm(
        maturity_date=date(2056, 1, 1), coupon=0.1741, margin=0.03, periodic_cap=0.02, life_cap=0.05, floor=0.1241,
        rounding="CENT",
    )  # fmt: skip
    market = forwards(*INDEX_YR, *([0.06] * 25))
    rows = schedule(run_of(brought(tmp_path, [terms]), market))
    payments = [rows[12 * year]["cash_flow"] for year in range(5)]
    assert payments == pytest.approx([145.90, 129.81, 127.91, 112.43, 106.73], abs=0.011)
    assert [rows[12 * year]["rate"] for year in range(5)] == pytest.approx([0.1741, 0.1541, 0.1517, 0.1317, 0.1241])
    balances = [rows[12 * year + 11]["closing_balance"] for year in (0, 1, 4, 14)]
    assert balances == pytest.approx([9989.37, 9969.66, 9848.94, 8700.37], abs=0.011)
    assert rows[-1]["closing_balance"] == 0.0


RESETS = [
    ("no cap", {}, (0.09, 0.01), (0.11, 0.03)),
    ("up by the periodic cap", {"periodic_cap": 0.01}, (0.09, 0.09), (0.06, 0.07)),
    ("down by it too", {"periodic_cap": 0.01}, (0.0, 0.0), (0.04, 0.03)),
    ("the first cap at the first reset alone", {"periodic_cap": 0.01, "first_cap": 0.03}, (0.09, 0.09), (0.08, 0.09)),
    ("life cap from the initial rate", {"life_cap": 0.02, "initial_rate": 0.04}, (0.09, 0.09), (0.06, 0.06)),
    ("life cap from the coupon without one", {"life_cap": 0.02}, (0.09, 0.09), (0.07, 0.07)),
    ("the lower of cap and life cap", {"life_cap": 0.04, "cap": 0.08}, (0.09, 0.09), (0.08, 0.08)),
    ("the floor after all", {"periodic_cap": 0.01, "floor": 0.055}, (0.0, 0.0), (0.055, 0.055)),
    (
        "the next step starts from the floor",
        {"periodic_cap": 0.01, "floor": 0.06},
        (0.0, 0.09),
        (0.06, 0.07),
    ),
]


@pytest.mark.parametrize(("what", "terms", "index", "expected"), RESETS, ids=[row[0] for row in RESETS])
def test_a_reset(
    tmp_path: Path, what: str, terms: dict[str, float], index: tuple[float, float], expected: tuple[float, float]
) -> None:
    del what
    rows = schedule(run_of(brought(tmp_path, [arm(**terms)]), forwards(0.03, *index, *([0.03] * 9))))
    assert [rows[n]["rate"] for n in (0, 11, 12, 23, 24)] == pytest.approx(
        [0.05, 0.05, expected[0], expected[0], expected[1]]
    )


def test_the_payment_is_levelled_at_each_reset_and_held_between(tmp_path: Path) -> None:
    rows = schedule(run_of(brought(tmp_path, [arm()]), forwards(*([0.06] * 11))))
    paid = [row["cash_flow"] for row in rows]
    assert paid[:12] == pytest.approx([level(10_000, 0.05, 120)] * 12)
    assert paid[12:24] == pytest.approx([level(rows[12]["opening_balance"], 0.08, 108)] * 12)


def test_resets_run_from_the_first_one_and_those_that_are_past_are_not_used(tmp_path: Path) -> None:
    """Halfway between two resets the coupon is in force, and the next reset takes no first cap."""
    terms = arm(issue_date=date(2023, 7, 1), first_reset_date=date(2024, 7, 1), first_cap=0.05, periodic_cap=0.002)
    rows = schedule(run_of(brought(tmp_path, [terms]), flat(0.09)))
    assert [row["rate"] for row in rows[:7]] == pytest.approx([0.05] * 6 + [0.052])


def test_a_reset_between_payments_counts_from_the_next_period_on(tmp_path: Path) -> None:
    rows = schedule(run_of(brought(tmp_path, [arm(first_reset_date=date(2026, 3, 10))]), flat(0.06)))
    assert [row["rate"] == 0.05 for row in rows[:5]] == [True, True, True, False, False]


CAPPED = {"payment_cap": 0.075, "margin": 0.05, "recast_months": 60}


def test_a_capped_payment_leaves_interest_unpaid_and_the_balance_grows(tmp_path: Path) -> None:
    rows = schedule(run_of(brought(tmp_path, [arm(**CAPPED, maturity_date=date(2056, 1, 1))]), flat(0.06)))
    first, capped = rows[0]["cash_flow"], rows[12]
    assert capped["cash_flow"] == pytest.approx(first * 1.075)
    due = capped["opening_balance"] * capped["rate"] / 12
    assert due > capped["cash_flow"]
    assert capped["capitalised"] == pytest.approx(due - capped["cash_flow"])
    assert (capped["scheduled_principal"], capped["principal"]) == (0.0, 0.0)
    assert capped["closing_balance"] == pytest.approx(capped["opening_balance"] + capped["capitalised"])


def test_a_payment_falls_by_no_more_than_the_cap_either_and_then_ends_early(tmp_path: Path) -> None:
    rows = schedule(run_of(brought(tmp_path, [arm(payment_cap=0.01, recast_months=600)]), flat(0.0001)))
    assert rows[12]["cash_flow"] == pytest.approx(rows[0]["cash_flow"] * 0.99)
    assert [row["cash_flow"] for row in rows[-3:]] == [0.0, 0.0, 0.0]
    assert sum(row["scheduled_principal"] for row in rows) == pytest.approx(10_000)


def test_a_recast_levels_the_payment_whatever_the_cap(tmp_path: Path) -> None:
    """Multiples count from issue: 60 months from there is the fifth reset, not five years after the first."""
    rows = schedule(run_of(brought(tmp_path, [arm(**CAPPED, maturity_date=date(2056, 1, 1))]), flat(0.06)))
    at_recast = rows[60]
    assert at_recast["cash_flow"] == pytest.approx(level(at_recast["opening_balance"], at_recast["rate"], 300))
    assert at_recast["cash_flow"] > rows[59]["cash_flow"] * 1.3
    assert rows[48]["cash_flow"] == pytest.approx(rows[47]["cash_flow"] * 1.075)


def test_a_balance_that_would_pass_its_bound_gets_the_level_payment_to_the_next_reset(tmp_path: Path) -> None:
    bounds = {"neg_am_cap": 1.01, "original_balance": 10_100}
    terms = arm(payment_cap=0.075, margin=0.05, maturity_date=date(2056, 1, 1), **bounds)
    rows = schedule(run_of(brought(tmp_path, [terms]), flat(0.06)))
    bound = 1.01 * 10_100
    turn = next(n for n, row in enumerate(rows) if n > 12 and row["cash_flow"] > rows[n - 1]["cash_flow"] * 1.2)
    would_be = rows[turn]["opening_balance"] * (1 + rows[turn]["rate"] / 12) - rows[turn - 1]["cash_flow"]
    assert would_be > bound >= rows[turn]["opening_balance"]
    expected = level(rows[turn]["opening_balance"], rows[turn]["rate"], 360 - turn)
    reset = 12 * (turn // 12 + 1)
    assert [row["cash_flow"] for row in rows[turn:reset]] == pytest.approx([expected] * (reset - turn))
    assert max(row["closing_balance"] for row in rows) <= bound


def test_what_is_capitalised_is_a_negative_share_under_speeds(tmp_path: Path) -> None:
    terms = arm(**CAPPED, maturity_date=date(2056, 1, 1))
    agreed = schedule(run_of(brought(tmp_path / "agreed", [terms]), flat(0.06)))
    prepaying = schedule(run_of(brought(tmp_path / "prepaying", [terms | {"prepayment": "SMM 1"}]), flat(0.06)))
    for contract, row in zip(agreed[:100], prepaying[:100], strict=True):
        share = (contract["opening_balance"] - contract["closing_balance"]) / contract["opening_balance"]
        scheduled = row["scheduled_principal"] - row["capitalised"]
        assert scheduled == pytest.approx(share * row["opening_balance"], rel=1e-12, abs=1e-9)
        assert row["prepaid_principal"] == pytest.approx(0.01 * (1 - share) * row["opening_balance"], rel=1e-12)


def test_a_given_payment_is_in_force_to_the_next_reset(tmp_path: Path) -> None:
    """What the borrower pays today is what the cap counts from."""
    terms = arm(payment_amount=90, payment_cap=0.05, recast_months=600)
    rows = schedule(run_of(brought(tmp_path, [terms]), flat(0.06)))
    assert [rows[n]["cash_flow"] for n in (0, 11, 12)] == pytest.approx([90, 90, 94.5])


def test_without_a_bound_a_capped_payment_below_its_interest_has_no_value(tmp_path: Path) -> None:
    """Only where it does fall below: the scenario of low rates has a value."""
    prepared = brought(tmp_path, [arm(payment_cap=0.02, margin=0.05, maturity_date=date(2056, 1, 1))])
    assert [each.code for each in prepared.warnings] == ["NEVER_AMORTISES"]
    low = {"scenario_id": "low", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": -590}]}
    (base, sentence), (down, _) = why_blank(run_of(prepared, flat(0.06), low))
    assert (base, down) == ("INVALID_TERMS", "NONE")
    assert "payment_cap" in sentence and "neg_am_cap" in sentence


def test_dv01_is_the_difference_of_two_whole_projections(tmp_path: Path) -> None:
    """Rates, payments and balances move with the curve, and so do caps that bind or stop binding."""
    bumps = [
        {"scenario_id": name, "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": bp}]}
        for name, bp in (("up", 1), ("down", -1))
    ]
    terms = arm(**CAPPED, periodic_cap=0.02, life_cap=0.06, prepayment="CPR 5")
    run = run_of(brought(tmp_path, [terms]), flat(0.045), *bumps)
    base, up, down = (measures(run, scenario=s) for s in range(3))
    assert base["dv01"] == pytest.approx((down["pv"] - up["pv"]) / 2, rel=1e-9)
    keys = sum(value for name, value in base.items() if name.startswith("key_rate_dv01"))
    assert keys == pytest.approx(base["dv01"], rel=1e-12)
    held = 10_000 * 1e-4  # a loan that reset at once would have next to no duration, a fixed one of ten years far more
    assert 0.2 * held < base["dv01"] < 3 * held


def test_an_arm_needs_no_fixing(tmp_path: Path) -> None:
    terms = arm(issue_date=date(2024, 5, 1), first_reset_date=date(2025, 5, 1))
    assert why_blank(run_of(brought(tmp_path, [terms])))[0][0] == "NONE"


def test_a_number_depends_on_no_other_loan_and_no_other_scenario(tmp_path: Path) -> None:
    """Where scenarios leave the rates alone, and where a key rate moves the resets of some loans only."""
    scenarios = [
        {"scenario_id": "wider", "shocks": [{"kind": "SPREAD", "match": {"currency": "USD"}, "bp": 50}]},
        {"scenario_id": "up", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": 100}]},
        {"scenario_id": "faster", "shocks": [{"kind": "PREPAYMENT", "match": {"currency": "USD"}, "multiplier": 2}]},
        {"scenario_id": "dearer", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": 100}]},
    ]
    short = {"maturity_date": date(2029, 1, 1), "first_reset_date": date(2028, 1, 1)}
    loans = [
        arm(instrument_id="L1", prepayment="CPR 5"),
        arm(instrument_id="L2", **short),
        arm(instrument_id="L3", first_reset_date=date(2035, 1, 1), **CAPPED),
    ]
    together = run_of(brought(tmp_path / "all", loans), flat(0.045), *scenarios)
    for place, each in enumerate(loans):
        alone = brought(tmp_path / str(place), [each])
        for number, scenario in enumerate([None, *scenarios]):
            run = run_of(alone, flat(0.045), *([] if scenario is None else [scenario]))
            own = measures(run, scenario=0 if scenario is None else 1)
            assert repr(measures(together, place, number)) == repr(own), (place, number)
