"""Ladders and gaps of loans whose terms change: the flows that are priced, in parts that keep the balance."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from compute.cash_flows.families import FamilyFlows, family_flows, left_at_reset
from compute.inputs.run_inputs import RunInputs
from compute.kernels.flows.flows import OF_DEFAULTED, OF_PREPAID, OF_SCHEDULED
from compute.product_families import check
from tests.builders.schedules import AS_OF, Row, arm, brought, flat, loan, run_of, schedule


def family_of(folder: Path, terms: Row, **tables: list[Row]) -> tuple[RunInputs, FamilyFlows]:
    run = run_of(brought(folder, [terms], **tables), flat(0.06)).with_parts()
    (family,) = family_flows(run, run.chunk(0), check(run, run.chunk(0)))
    return run, family


CHANGING: list[tuple[Row, dict[str, list[Row]]]] = [
    (arm(payment_cap=0.05, margin=0.05, recast_months=60, maturity_date=date(2056, 1, 1), prepayment="CPR 6"), {}),
    (loan(default="CDR 5", severity=0.4, servicer_advances="true", recovery_lag_months=3),
     {"draws": [{"instrument_id": "L", "date": "2026-04-01", "amount": 4000}]}),
    (loan(prepayment="PSA 200"),
     {"payment_holidays": [
         {"instrument_id": "L", "from_date": "2026-04-01", "to_date": "2026-06-01", "kind": "FULL"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "tables"), CHANGING)
def test_parts_lead_from_each_balance_to_the_next(tmp_path: Path, terms: Row, tables: dict[str, list[Row]]) -> None:
    run, family = family_of(tmp_path, terms, **tables)
    rows, parts = schedule(run), family.flows.parts
    assert parts is not None
    fall = parts[OF_SCHEDULED, :, 0] + parts[OF_PREPAID, :, 0] + parts[OF_DEFAULTED, :, 0]
    closing = 10_000 - np.cumsum(fall)
    np.testing.assert_allclose(closing[:-1], [row["closing_balance"] for row in rows[:-1]], rtol=1e-11, atol=1e-8)


def test_an_arm_reprices_at_its_next_reset_what_is_left_then(tmp_path: Path) -> None:
    run, family = family_of(tmp_path, arm(first_reset_date=date(2027, 4, 15)))
    assert family.reset_day.tolist() == [(date(2027, 4, 15) - AS_OF).days]
    rows = schedule(run)
    assert left_at_reset(run, family)[0, 0] == pytest.approx(rows[14]["closing_balance"])  # of 1 April


def test_a_reset_after_the_last_payment_reprices_nothing(tmp_path: Path) -> None:
    run, family = family_of(tmp_path, arm(first_reset_date=date(2040, 1, 1)))
    assert family.reset_day.tolist() == [(date(2036, 1, 1) - AS_OF).days]
    assert left_at_reset(run, family)[0, 0] == 0.0
