"""Payment holidays, draws, balloons and steps by hand; each rule fails for the reading next to it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.builders.schedules import Row, brought, flat, loan, measures, run_of, schedule

A_MONTH = 0.01
"""12 % a year, twelve payments, 30/360."""


def level(balance: float, left: int, rate: float = A_MONTH) -> float:
    return balance * rate / (1 - (1 + rate) ** -left)


def rows_of(folder: Path, terms: Row, **tables: list[Row]) -> list[Row]:
    return schedule(run_of(brought(folder, [terms], **tables)))


def holiday(first: date, last: date, kind: str = "FULL", extends: str = "") -> dict[str, list[Row]]:
    row = {"instrument_id": "L", "from_date": first, "to_date": last, "kind": kind, "extends_maturity": extends}
    return {"payment_holidays": [row]}


APRIL, JUNE = date(2026, 4, 1), date(2026, 6, 1)


# --- holidays -------------------------------------------------------------------------------------------------------


def test_a_full_holiday_capitalises_and_levels_anew_over_what_remains(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, loan(), **holiday(APRIL, JUNE))
    assert [row["cash_flow"] for row in rows[2:5]] == [0.0, 0.0, 0.0]
    assert rows[2]["capitalised"] == pytest.approx(rows[2]["opening_balance"] * A_MONTH)
    assert rows[5]["opening_balance"] == pytest.approx(rows[2]["opening_balance"] * 1.01**3)
    assert rows[5]["cash_flow"] == pytest.approx(level(rows[5]["opening_balance"], 7))
    assert (len(rows), rows[-1]["closing_balance"]) == (12, 0.0)


def test_both_days_of_a_holiday_are_in_it(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, loan(), **holiday(APRIL, APRIL))
    assert [row["cash_flow"] == 0.0 for row in rows[1:4]] == [False, True, False]


def test_interest_only_repays_nothing(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, loan(), **holiday(APRIL, JUNE, "INTEREST_ONLY"))
    assert [row["principal"] for row in rows[2:5]] == [0.0, 0.0, 0.0]
    assert rows[2]["cash_flow"] == pytest.approx(rows[2]["opening_balance"] * A_MONTH)
    assert rows[5]["cash_flow"] == pytest.approx(level(rows[2]["opening_balance"], 7))


@pytest.mark.parametrize("kind", ["FULL", "INTEREST_ONLY"])
def test_as_many_dates_are_added_as_were_passed_over_and_count_only_after(tmp_path: Path, kind: str) -> None:
    rows = rows_of(tmp_path, loan(), **holiday(APRIL, JUNE, kind, "true"))
    assert [row["cash_flow"] for row in rows[:2]] == pytest.approx([level(10_000, 12)] * 2)
    assert len(rows) == 15 and rows[-1]["pay_date"] in (date(2027, 4, 1), 20909)
    assert rows[5]["cash_flow"] == pytest.approx(level(rows[5]["opening_balance"], 10))
    assert rows[-1]["cash_flow"] == pytest.approx(rows[5]["cash_flow"])


def test_added_dates_count_on_from_the_day_of_maturity(tmp_path: Path) -> None:
    """The 31st is clipped to the 28th and comes back."""
    terms = loan(issue_date=date(2025, 12, 31), maturity_date=date(2026, 12, 31))
    run = run_of(brought(tmp_path, [terms], **holiday(date(2026, 3, 1), date(2026, 5, 31), extends="true")))
    days = [date.fromordinal(row["pay_date"] + date(1970, 1, 1).toordinal()) for row in schedule(run)[-3:]]
    assert days == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]
    assert measures(run)["wam"] == pytest.approx(12 * (date(2027, 3, 31) - date(2026, 1, 1)).days / 365)


def test_dates_that_were_passed_over_before_today_still_lengthen_the_loan(tmp_path: Path) -> None:
    terms = loan(issue_date=date(2025, 7, 1), maturity_date=date(2026, 7, 1))
    rows = rows_of(tmp_path, terms, **holiday(date(2025, 9, 1), date(2025, 11, 1), extends="true"))
    assert len(rows) == 6 + 3
    assert [row["cash_flow"] for row in rows] == pytest.approx([level(10_000, 9)] * 9)


def test_the_last_date_clears_the_balance_all_the_same(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, loan(), **holiday(date(2026, 11, 1), date(2027, 5, 1)))
    assert len(rows) == 12
    assert rows[-1]["cash_flow"] == pytest.approx(rows[-2]["closing_balance"] * 1.01)


def test_linear_divides_over_what_remains(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, loan(amortization="LINEAR"), **holiday(APRIL, JUNE))
    grown = 10_000 * 10 / 12 * 1.01**3
    assert [row["scheduled_principal"] for row in rows[5:]] == pytest.approx([grown / 7] * 7)
    extended = rows_of(tmp_path / "longer", loan(amortization="LINEAR"), **holiday(APRIL, JUNE, extends="true"))
    assert [row["scheduled_principal"] for row in extended[5:]] == pytest.approx([grown / 10] * 10)


def test_a_holiday_under_speeds_is_a_negative_share_of_what_performs(tmp_path: Path) -> None:
    terms = loan(prepayment="SMM 2", default="CDR 6", severity=0.4)
    rows = rows_of(tmp_path, terms, **holiday(APRIL, JUNE))
    row, mdr = rows[2], 1 - 0.94 ** (1 / 12)
    performing = row["opening_balance"] * (1 - mdr)
    assert row["capitalised"] == pytest.approx(performing * A_MONTH)
    assert row["interest"] == pytest.approx(0.0, abs=1e-9)
    assert row["prepaid_principal"] == pytest.approx(0.02 * row["opening_balance"] * 1.01)
    closing = row["opening_balance"] + row["capitalised"] - row["prepaid_principal"] - row["defaulted"]
    assert row["closing_balance"] == pytest.approx(closing)
    assert rows[3]["opening_balance"] == pytest.approx(row["closing_balance"])


def test_lives_count_what_is_received(tmp_path: Path) -> None:
    run = run_of(brought(tmp_path, [loan()], **holiday(APRIL, JUNE)))
    rows = schedule(run)
    days = [row["pay_date"] - run.as_of_day for row in rows]
    weighted = sum(row["principal"] * day / 365 for row, day in zip(rows, days, strict=True))
    assert measures(run)["wal"] == pytest.approx(weighted / sum(row["principal"] for row in rows))
    assert sum(row["principal"] for row in rows) > 10_000


# --- draws ----------------------------------------------------------------------------------------------------------


def drawn(*rows: tuple[date, float]) -> dict[str, list[Row]]:
    return {"draws": [{"instrument_id": "L", "date": day, "amount": amount} for day, amount in rows]}


def test_a_draw_counts_at_the_first_payment_on_or_after_its_date(tmp_path: Path) -> None:
    """Those up to `as_of`, and with the last payment, do nothing."""
    agreed = [(date(2026, 1, 1), 500), (date(2026, 3, 2), 1000), (date(2026, 6, 1), 200), (date(2026, 12, 20), 900)]
    rows = rows_of(tmp_path, loan(), **drawn(*agreed))
    assert [row["drawn"] for row in rows] == [0, 0, 1000, 0, 200, 0, 0, 0, 0, 0, 0, 0]
    first = level(10_000, 12)
    assert rows[2]["cash_flow"] == pytest.approx(first - 1000)
    assert rows[3]["opening_balance"] == pytest.approx(rows[2]["opening_balance"] * 1.01 - first + 1000)
    assert rows[3]["cash_flow"] == pytest.approx(level(rows[3]["opening_balance"], 9))


@pytest.mark.parametrize(
    ("reference", "held", "expected"), [(None, 20_000, 1000), (40_000, 20_000, 500), (None, -5, -1000)]
)
def test_draws_are_of_a_holding_of_the_reference_notional(
    tmp_path: Path, reference: float | None, held: float, expected: float
) -> None:
    position = {"position_id": "P", "instrument_id": "L", "notional": held}
    terms = loan() if reference is None else loan(reference_notional=reference)
    prepared = brought(tmp_path, [terms], [position], **drawn((date(2026, 3, 1), 1000)))
    assert [each.code for each in prepared.warnings] == []
    assert schedule(run_of(prepared))[1]["drawn"] == pytest.approx(expected)


def committed(folder: Path, **terms: Any) -> list[Row]:
    position = {"position_id": "P", "instrument_id": "L", "notional": 10_000, "undrawn": 6000}
    return schedule(run_of(brought(folder, [loan(amortization="BULLET", **terms)], [position])))


def test_a_draw_rate_draws_a_share_of_what_is_undrawn_each_month(tmp_path: Path) -> None:
    rows = committed(tmp_path, draw_rate=0.5)
    monthly = 1 - 0.5 ** (1 / 12)
    assert [row["drawn"] for row in rows[:3]] == pytest.approx([6000 * monthly * (1 - monthly) ** k for k in range(3)])
    assert rows[-1]["drawn"] == 0.0
    assert rows[-1]["opening_balance"] == pytest.approx(10_000 + 6000 * (1 - 0.5 ** (11 / 12)))


def test_the_commitment_ends_with_its_date_counted_in(tmp_path: Path) -> None:
    rows = committed(tmp_path, draw_rate=0.5, commitment_end_date=date(2026, 4, 1))
    assert [row["drawn"] > 0 for row in rows[:5]] == [True, True, True, False, False]


def test_a_quarter_draws_three_months(tmp_path: Path) -> None:
    rows = committed(tmp_path, draw_rate=0.5, frequency=4)
    assert rows[0]["drawn"] == pytest.approx(6000 * (1 - 0.5 ** (3 / 12)))


def test_without_a_draw_rate_the_undrawn_stays_out(tmp_path: Path) -> None:
    assert [row["drawn"] for row in committed(tmp_path)] == [0.0] * 12


def test_what_is_drawn_is_lent_at_the_loans_rate(tmp_path: Path) -> None:
    """A loan that pays the curve's own rate is worth its balance, whatever is drawn."""
    rate = 12 * (1.04 ** (1 / 12) - 1)
    market = flat()
    market["curves"][0]["nodes"] = [{"tenor": f"{k}M", "rate": rate} for k in (1, 12)]
    terms = loan(coupon=rate, amortization="BULLET")
    plain = measures(run_of(brought(tmp_path / "a", [terms]), market))["pv"]
    run = run_of(brought(tmp_path / "b", [terms], **drawn((date(2026, 4, 1), 8000))), market)
    assert measures(run)["pv"] == pytest.approx(plain, rel=2e-4)


# --- balloons and steps ---------------------------------------------------------------------------------------------


def test_a_balloon_is_levelled_over_the_dates_to_its_months_from_issue(tmp_path: Path) -> None:
    """The 360 months from 15 January end before the first of February: 360 dates, not the 361 of 300 months more."""
    terms = loan(issue_date=date(2026, 1, 15), maturity_date=date(2031, 2, 1), amortization_months=360)
    rows = rows_of(tmp_path, terms)
    assert [row["cash_flow"] for row in rows[:60]] == pytest.approx([level(10_000, 360)] * 60)
    assert len(rows) == 61 and rows[-1]["cash_flow"] > 9000


def test_parts_of_a_payment_date_are_none(tmp_path: Path) -> None:
    """Quarterly, 25 months: 8 dates, as 24 months have."""
    paid = [
        rows_of(tmp_path / str(months), loan(frequency=4, amortization_months=months))[0]["cash_flow"]
        for months in (24, 25, 27)
    ]
    assert paid[0] == pytest.approx(level(10_000, 8, 0.03))
    assert paid[1] == paid[0] and paid[2] == pytest.approx(level(10_000, 9, 0.03))


def steps(*rows: tuple[date, str, float]) -> dict[str, list[Row]]:
    return {"steps": [{"instrument_id": "L", "date": day, column: value} for day, column, value in rows]}


def test_a_coupon_steps_for_the_periods_that_begin_from_its_date_on(tmp_path: Path) -> None:
    """A bond; a row without a coupon leaves it; a row before `as_of` is in force."""
    terms = loan(product_type="BOND", amortization="", frequency=2, maturity_date=date(2028, 1, 1))
    later = [(date(2026, 7, 1), "coupon", 0.04), (date(2027, 3, 1), "coupon", 0.05)]
    said = steps((date(2025, 1, 1), "coupon", 0.03), *later)
    rows = rows_of(tmp_path, terms, **said)
    assert [row["rate"] for row in rows] == [0.03, 0.04, 0.04, 0.05]
    assert [row["interest"] for row in rows] == pytest.approx([150, 200, 200, 250])


def test_a_loan_that_steps_is_levelled_anew(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, loan(), **steps((date(2026, 7, 1), "coupon", 0.06)))
    assert rows[5]["cash_flow"] == pytest.approx(level(10_000, 12))
    assert rows[6]["cash_flow"] == pytest.approx(level(rows[6]["opening_balance"], 6, 0.005))


def test_a_margin_steps(tmp_path: Path) -> None:
    floats = {"rate_type": "FLOATING", "index": "USD-SOFR-3M", "margin": 0.01, "coupon": "", "frequency": 4}
    terms = loan(**floats, issue_date=date(2026, 1, 15), first_payment_date=date(2026, 4, 1))
    flat_rows = rows_of(tmp_path / "flat", terms)
    rows = rows_of(tmp_path / "steps", terms, **steps((date(2026, 7, 1), "margin", 0.025)))
    assert [b["rate"] - a["rate"] for a, b in zip(flat_rows, rows, strict=True)] == pytest.approx([0, 0, 0.015, 0.015])


def test_a_loan_without_events_is_to_the_bit_what_it_is_beside_one_that_has_some(tmp_path: Path) -> None:
    plain, other = loan(prepayment="PSA 150"), loan(instrument_id="M")
    alone = measures(run_of(brought(tmp_path / "alone", [plain])))
    beside = brought(
        tmp_path / "beside", [plain, other],
        payment_holidays=[{"instrument_id": "M", "from_date": APRIL, "to_date": JUNE, "kind": "FULL"}],
    )  # fmt: skip
    assert {k: v for k, v in measures(run_of(beside)).items() if v == v} == {k: v for k, v in alone.items() if v == v}
