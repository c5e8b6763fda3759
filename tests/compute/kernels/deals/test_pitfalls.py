"""What most waterfalls get wrong, each by numbers that a wrong reading does not give."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from compute.inputs.deals import Deal, deals_of
from compute.kernels.deals import terms as rows
from compute.kernels.deals.collections import DEFAULTED, INTEREST, LOSS_AS_DEFAULTED, PERFORMING, PRINCIPAL, collect
from compute.kernels.deals.terms import Distributed
from compute.pricers.securitised.deals import as_quoted, line_rates, no_model, project_deal
from tests.compute.kernels.deals.random_deals import portfolio_of

Row = dict[str, str]
A: Row = {"instrument_id": "A", "rank": "1", "balance": "90", "coupon": "0.06", "kind": "SEQUENTIAL"}
B: Row = {"instrument_id": "B", "rank": "2", "balance": "10", "coupon": "0.06", "kind": "SEQUENTIAL"}
LINE: Row = {"line_id": "1", "balance": "100", "wac": "0.12", "wam": "10", "age": "0", "amortization": "LINEAR"}


def deal_of(lines: list[Row], tranches: list[Row], **deal: str) -> Deal:
    given = {
        "deals": [{"deal_id": "D", "currency": "USD", "first_payment_date": "2026-02-15", **deal}],
        "collateral": [{"deal_id": "D", **line} for line in lines],
        "tranches": [{"deal_id": "D", **tranche} for tranche in tranches],
    }
    return deals_of(portfolio_of(given))["D"]


def paid(deal: Deal) -> Distributed:
    return project_deal(deal, as_quoted(deal), lambda _index, _fraction: np.zeros(deal.distributions))[1]


def collected(deal: Deal) -> np.ndarray:
    rates = line_rates(deal, lambda _index, _fraction: np.zeros(deal.distributions))
    return collect(deal.lines, as_quoted(deal).shock, rates, no_model(deal))


def test_abs_ages_from_origination_and_a_line_that_is_used_up_pays_at_once() -> None:
    used_up = collected(deal_of([LINE | {"age": "52", "prepayment": "ABS 2"}], [A]))
    assert_allclose(used_up[PRINCIPAL, :2], [100.0, 0.0], atol=1e-12)
    young = collected(deal_of([LINE | {"age": "9", "prepayment": "ABS 2"}], [A]))
    assert young[PRINCIPAL, 0] == pytest.approx(10 + 90 * 0.02 / (1 - 0.02 * 9))


def test_two_months_of_the_first_distribution_pay_the_servicing_fee_twice() -> None:
    told = collected(deal_of([LINE | {"first_collection_months": "2", "servicing_fee": "0.01"}], [A]))
    assert told[PRINCIPAL, 0] == pytest.approx(20.0)
    assert told[INTEREST, 0] == pytest.approx((100.0 + 90.0) * 0.11 / 12)


def test_the_loss_is_of_the_defaulted_face_and_nothing_defaults_in_the_last_months() -> None:
    losing = {"default": "CDR 100", "severity": "0.4", "recovery_lag_months": "3", "servicer_advances": "true"}
    told = collected(deal_of([LINE | losing], [A]))
    assert told[DEFAULTED, 0] == pytest.approx(100.0) and told[LOSS_AS_DEFAULTED, 0] == pytest.approx(40.0)
    assert told[PRINCIPAL].sum() == pytest.approx(60.0)
    slow = collected(deal_of([LINE | losing | {"default": "CDR 10"}], [A]))
    assert (slow[DEFAULTED, :7] > 0.0).all() and not slow[DEFAULTED, 7:].any()


def test_prepayment_is_not_net_of_defaults() -> None:
    both = {"prepayment": "SMM 10", "default": "CDR 50", "severity": "1"}
    told = collected(deal_of([LINE | both], [A]))
    monthly = 1 - 0.5 ** (1 / 12)
    assert told[PRINCIPAL, 0] == pytest.approx(10 * (1 - monthly) + 0.1 * 90)


def test_the_target_is_of_the_pool_after_the_months_collections() -> None:
    """Pool 90, target 20 % of it: notes may be 72; they are 90, and 10 was collected."""
    deal = deal_of([LINE], [A], oc_target="0.2")
    told = paid(deal)
    assert told.tranches[0, rows.PAID_PRINCIPAL, 0] == pytest.approx(10.0 + 1.0 - 0.45)  # turbo: what interest leaves
    enough = paid(deal_of([LINE], [A | {"balance": "75"}], oc_target="0.2"))
    assert enough.tranches[0, rows.PAID_PRINCIPAL, 0] == pytest.approx(75.0 - 72.0)
    floored = paid(deal_of([LINE], [A | {"balance": "75"}], oc_target="0.2", oc_floor="0.21"))
    assert floored.tranches[0, rows.PAID_PRINCIPAL, 0] == pytest.approx(75.0 - 69.0)
    counted = paid(deal_of([LINE], [A | {"balance": "75"}], oc_target="0.2", oc_counts_reserve="true",
                           reserve_balance="2", reserve_floor="0.02"))  # fmt: skip
    assert counted.tranches[0, rows.PAID_PRINCIPAL, 0] == pytest.approx(75.0 - 74.0)


def test_the_call_looks_after_the_months_collections_and_pays_at_once() -> None:
    """A tenth is left after the ninth distribution, and the table stops there."""
    told = paid(deal_of([LINE], [A], clean_up_call="0.101", call_exercised="true", reserve_balance="5"))
    assert told.distributions == 9 and told.pool[rows.CALLED, 8] == 1.0
    assert told.tranches[0, rows.CLOSING, 8] == 0.0
    assert told.pool[rows.POOL_CLOSING, 8] == 0.0 and told.pool[rows.RESERVE, 8] == 0.0


def test_interest_of_a_z_pays_down_earlier_classes_in_the_same_month() -> None:
    told = paid(deal_of([LINE], [A, B | {"kind": "Z"}]))
    accreted = 10.0 * 0.06 / 12
    assert told.tranches[1, rows.CAPITALISED, 0] == pytest.approx(accreted)
    assert told.tranches[1, rows.CLOSING, 0] == pytest.approx(10.0 + accreted)
    assert told.tranches[0, rows.PAID_PRINCIPAL, 0] == pytest.approx(10.0 + accreted)


def test_a_missed_plan_is_caught_up() -> None:
    """Defaults delay what is planned by a month; balances are compared, not flows."""
    pac = A | {"kind": "PAC", "balance": "50", "pac_low": "CPR 0", "pac_high": "CPR 0"}
    delayed = LINE | {"default": "CDR 50", "severity": "0", "recovery_lag_months": "1"}
    told = paid(deal_of([delayed], [pac, B | {"kind": "SUPPORT", "balance": "50"}]))
    assert told.tranches[0, rows.PAID_PRINCIPAL, 0] == pytest.approx(10 * 0.5 ** (1 / 12))
    assert told.tranches[1, rows.PAID_PRINCIPAL, 0] == 0.0
    assert told.tranches[0, rows.CLOSING, 1] == pytest.approx(30.0)


def test_a_strip_earns_on_the_balance_before_the_distribution() -> None:
    strip = {
        "instrument_id": "X",
        "rank": "1",
        "balance": "90",
        "coupon": "0.02",
        "kind": "NOTIONAL",
        "notional_of": "A",
    }
    told = paid(deal_of([LINE], [A, strip]))
    assert told.tranches[1, rows.PAID_INTEREST, 0] == pytest.approx(90 * 0.02 / 12)
    assert told.tranches[1, rows.PAID_INTEREST, 1] == pytest.approx(80 * 0.02 / 12)


def test_coverage_payments_count_toward_the_months_principal() -> None:
    """Pool 90 after the month, a parity test on A of 1: A 95 pays 5 first, and of the pool's decline of 10 the rest."""
    above = A | {"balance": "95", "coverage_test": "1"}
    told = paid(deal_of([LINE], [above], principal_basis="POOL_DECLINE", undercollateralised="true"))
    assert told.tranches[0, rows.PAID_PRINCIPAL, 0] == pytest.approx(10.0)


def test_interest_of_equal_rank_is_shared_by_what_is_due_and_principal_by_balance() -> None:
    poor = LINE | {"wac": "0.0006", "amortization": "BULLET"}
    first, second = A | {"balance": "60", "coupon": "0.12"}, B | {"rank": "1", "balance": "40", "coupon": "0.06"}
    told = paid(deal_of([poor], [first, second]))
    assert told.tranches[0, rows.PAID_INTEREST, 0] / told.tranches[1, rows.PAID_INTEREST, 0] == pytest.approx(3.0)
    equal = paid(deal_of([LINE], [first | {"coupon": "0.01"}, second | {"coupon": "0.01"}]))
    assert equal.tranches[0, rows.PAID_PRINCIPAL, 0] / equal.tranches[1, rows.PAID_PRINCIPAL, 0] == pytest.approx(1.5)
    assert collected(deal_of([LINE], [A]))[PERFORMING, 0] == pytest.approx(90.0)


def test_the_original_pool_is_todays_where_the_deal_gives_none() -> None:
    """Lines that have paid down half say nothing of it."""
    half = LINE | {"original_balance": "200", "wam": "4"}
    assert deal_of([half], [A]).terms.original_balance_ccy == 100.0
    assert deal_of([half], [A], original_balance="150").terms.original_balance_ccy == 150.0


@pytest.mark.parametrize("coupon", ["0.13", "0.12345", "0.2"])
def test_funds_that_notes_use_up_leave_no_residual(coupon: str) -> None:
    """Notes are owed more interest than there is: what rounding leaves is not the residual's."""
    line = LINE | {"balance": "33.3", "wac": "0.0777", "amortization": "LEVEL_PAY"}
    residual = {"instrument_id": "R", "rank": "3", "balance": "1", "kind": "RESIDUAL"}
    thirds, notes = (
        [line | {"line_id": each} for each in "123"],
        [A | {"coupon": coupon}, B | {"coupon": coupon}, residual],
    )
    deal = deal_of(thirds, notes, fee_rate="0.0123", reserve_floor="0.01", undercollateralised="true")
    told = paid(deal)
    assert not told.pool[rows.RESIDUAL_PAID].any() and not told.pool[rows.RESERVE].any()
