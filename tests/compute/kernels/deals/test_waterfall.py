"""The waterfall against its plain second implementation, and what no deal may ever break."""

from datetime import date, timedelta

import numpy as np
import pytest
from numpy.testing import assert_allclose

from compute.inputs.deals import Deal, deals_of
from compute.kernels.deals import terms as rows
from compute.kernels.deals.terms import Distributed
from compute.pricers.securitised.deals import as_quoted, project_deal
from tests.compute.kernels.deals.random_deals import RandomDeal, portfolio_of, random_deal
from tests.walk.oracle import deals as oracle

TOLD = {
    "opening_balance": rows.OPENING,
    "interest_due": rows.DUE,
    "interest": rows.PAID_INTEREST,
    "interest_shortfall": rows.SHORTFALL,
    "principal": rows.PAID_PRINCIPAL,
    "capitalised": rows.CAPITALISED,
    "loss": rows.LOSS,
    "closing_balance": rows.CLOSING,
}
OF_POOL = {
    "opening_balance": rows.POOL_OPENING,
    "interest": rows.POOL_INTEREST,
    "principal": rows.POOL_PRINCIPAL,
    "defaulted": rows.POOL_DEFAULTED,
    "loss": rows.POOL_LOSS,
    "closing_balance": rows.POOL_CLOSING,
    "fees": rows.FEES,
    "interest_paid": rows.INTEREST_PAID,
    "principal_paid": rows.PRINCIPAL_PAID,
    "reserve_balance": rows.RESERVE,
    "residual": rows.RESIDUAL_PAID,
}


def resolved(given: RandomDeal) -> Deal:
    return deals_of(portfolio_of(given.tables))["D"]


def projected(given: RandomDeal) -> tuple[Deal, Distributed]:
    deal = resolved(given)
    _, told = project_deal(deal, as_quoted(deal), lambda _index, _fraction: np.zeros(deal.distributions))
    return deal, told


def by_hand(given: RandomDeal) -> oracle.Deal:
    plain = oracle.Deal(
        given.rows("deals")[0],
        given.rows("collateral"),
        given.rows("tranches"),
        given.rows("deal_triggers"),
        given.rows("tranche_schedules"),
        date(2026, 1, 15),
    )
    plain.project()
    return plain


@pytest.mark.parametrize("seed", range(120))
def test_every_distribution_is_that_of_the_plain_waterfall(seed: int) -> None:
    given = random_deal(seed)
    (deal, told), plain = projected(given), by_hand(given)
    assert told.distributions == len(plain.pool_rows)
    of_pool = {name: np.array([row[name] for row in plain.pool_rows], np.float64) for name in OF_POOL}
    for name, expected in of_pool.items():
        assert_allclose(told.pool[OF_POOL[name], : told.distributions], expected, rtol=1e-9, atol=1e-7, err_msg=name)
    for t, instrument in enumerate(deal.instrument_ids):
        mine = [row for row in plain.tranche_rows if row["instrument_id"] == instrument]
        for name, row in TOLD.items():
            expected = np.array([each[name] for each in mine], np.float64)
            assert_allclose(
                told.tranches[t, row, : told.distributions],
                expected,
                rtol=1e-9,
                atol=1e-7,
                err_msg=f"{instrument} {name}",
            )
        days = [row["pay_date"] for row in mine]
        assert [date(1970, 1, 1) + timedelta(int(day)) for day in deal.pay_day[: told.distributions]] == days
    triggers = [
        " ".join(["SEQUENTIAL"] * bool(s) + ["TURBO"] * bool(t)) for s, t in zip(*told.pool[11:13], strict=True)
    ]
    assert triggers[: told.distributions] == [row["triggers"] for row in plain.pool_rows]
    assert (told.pool[rows.CALLED, : told.distributions] == [row["called"] for row in plain.pool_rows]).all()


@pytest.mark.parametrize("seed", range(120, 220))
def test_cash_is_conserved_in_every_distribution(seed: int) -> None:
    """Collections + reserve released = fees + interest + principal + reserve filled + residual."""
    given = random_deal(seed)
    deal, told = projected(given)
    pool = told.pool[:, : told.distributions]
    before = np.concatenate(([deal.terms.reserve_ccy], pool[rows.RESERVE, :-1]))
    called = np.where(pool[rows.CALLED] > 0, performing_when_called(given, told), 0.0)
    came = pool[rows.POOL_INTEREST] + pool[rows.POOL_PRINCIPAL] + before + called
    went = pool[rows.FEES] + pool[rows.INTEREST_PAID] + pool[rows.PRINCIPAL_PAID] + pool[rows.RESIDUAL_PAID]
    assert_allclose(came, went + pool[rows.RESERVE], rtol=1e-12, atol=1e-9 * deal.terms.pool_ccy)


def performing_when_called(given: RandomDeal, told: Distributed) -> float:
    return oracle.Deal(**vars(by_hand(given))).collected(oracle.Shocks())[told.distributions - 1].performing


@pytest.mark.parametrize("seed", range(220, 260))
def test_notes_end_and_never_go_below_nil(seed: int) -> None:
    deal, told = projected(random_deal(seed))
    closing = told.tranches[:, rows.CLOSING, : told.distributions]
    assert (closing >= -1e-9).all()
    notes = [t for t, kind in enumerate(deal.tranches.kind) if rows.is_note(kind)]
    assert (closing[notes, -1] == 0.0).all()
