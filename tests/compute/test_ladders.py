"""A ladder is the sum of the schedules it is made of, worth what the run says; a gap adds up to balances."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from commands.ingestion.prepare import prepare_portfolio
from compute.cash_flows.deals import NoCashFlows
from compute.cash_flows.ladders import LadderCells, ladder_of_run
from compute.cash_flows.repricing import gap_of_run
from compute.cash_flows.schedules import schedule_table
from compute.inputs.run_inputs import EPOCH, PRICES_ONLY, RunInputs, resolve
from compute.kernels.valuing.ladders import AMOUNTS, NOWHERE, PV
from compute.kernels.valuing.repricing import FIXED, FLOATING, SWAPS
from compute.product_families import price_chunk
from domain.buckets import Buckets, buckets_of
from domain.market.document import parse_market
from domain.measures.measures import Fact
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument
from tests.builders.cash_flow_fund import BOND, CONTRACT, LOSING, SHOCKS, SWAP
from tests.builders.deal_fund import ALL, FLOATING_LOAN, LOAN, POOL, TRANCHE, write, write_deal
from tests.builders.derivative_fund import INDEX, market

NAMES = ["BASE", "fast@1"]
PARTS = ("scheduled_principal", "prepaid_principal", "recovered_principal")
CALLABLE = BOND | {"product_type": "CALLABLE_BOND", "redemption_per_100": 100}
PAST = {
    **CONTRACT,
    "issue_date": "2020-01-01",
    "maturity_date": "2025-12-01",
    "severity": 0.4,
    "recovery_lag_months": 6,
}
RATE_SWAP = {
    "product_type": "IRS", "currency": "USD", "issue_date": "2025-06-23", "maturity_date": "2029-06-23",
    "coupon": 0.04, "index": INDEX, "pay_receive": "PAY", "fixed_frequency": 2, "fixed_day_count": "30/360",
    "float_frequency": 4, "float_day_count": "ACT/360",
}  # fmt: skip
UNPAID = {**FLOATING_LOAN, "payment_amount": 1000, "amortization": "LEVEL_PAY", "prepayment": "", "default": ""}
ARM = {
    **FLOATING_LOAN, "first_reset_date": "2026-12-23", "coupon": 0.05, "frequency": 12, "margin": 0.02,
    "prepayment": "", "default": "",
}  # fmt: skip
DRAWING = {**LOAN, "draw_rate": 0.4, "commitment_end_date": "2027-06-23"}
HELD: list[dict[str, Any]] = [
    *[TRANCHE] * 4, POOL | LOSING, POOL, LOAN | LOSING, FLOATING_LOAN | LOSING, CONTRACT, UNPAID, UNPAID | LOSING,
    CONTRACT | {"payment_amount": 3000, "rounding": "CENT"}, LOAN | LOSING | {"frequency": 4, "amortization": "LINEAR"},
    BOND, BOND | {"rate_type": "FLOATING", "coupon": "", "index": INDEX, "frequency": 4}, CALLABLE, PAST,
    RATE_SWAP, RATE_SWAP | {"pay_receive": "RECEIVE", "maturity_date": "2027-06-23"}, SWAP,
    CONTRACT | {"discount_curve": "NONE-SUCH"}, ARM, ARM | LOSING, DRAWING,
]  # fmt: skip
SHORT = (5, 7, 9)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunInputs:
    """Small chunks, so that sums are over several of them; some positions are short."""
    folder = write_deal(tmp_path_factory.mktemp("fund"), ALL)
    names = [f"I{row:05d}" for row in range(len(HELD))]
    write(folder / "instruments.csv", [{"instrument_id": n, **each} for n, each in zip(names, HELD, strict=True)])
    amounts = [-2e6 if number in SHORT else 1e6 for number in range(len(HELD))]
    held = [
        {
            "position_id": name,
            "instrument_id": name,
            "book_id": "BOOK",
            "notional": amount,
            "undrawn": 4e5 if name == names[-1] else "",
        }
        for name, amount in zip(names, amounts, strict=True)
    ]
    write(folder / "positions.csv", held)
    tree: list[dict[str, Any]] = [{"node_id": "FUND", "parent_id": "", "name": "Fund", "kind": "FUND"}]
    write(folder / "portfolio.csv", [*tree, {"node_id": "BOOK", "parent_id": "FUND", "name": "Book", "kind": "BOOK"}])
    prepared = prepare_portfolio(Path(folder))
    assert prepared.portfolio is not None, prepared.errors
    scenarios = [BASE_SCENARIO, ScenarioDocument.model_validate({"scenario_id": "fast", "shocks": SHOCKS})]
    given = parse_market(json.dumps(market()), rates_are_decimals=True)
    return resolve(prepared.portfolio, given, scenarios, base_currency="USD", measures=PRICES_ONLY, chunk_size=7)


def each_apart(run: RunInputs) -> LadderCells:
    count = run.portfolio.position_count
    return LadderCells(np.arange(count), count)


def buckets(run: RunInputs) -> Buckets:
    return buckets_of("1M,3M,1Y,5Y", EPOCH + timedelta(days=run.as_of_day))


def product_of(run: RunInputs, position: int) -> str:
    column = run.portfolio.tables["instruments"].columns["product_type"]
    return str(column.categories[column.values[run.portfolio.instrument_row[position]]])


RESET = (date(2026, 12, 23) - date(1970, 1, 1)).days


def is_arm(run: RunInputs, position: int) -> bool:
    resets = run.portfolio.tables["instruments"].columns["first_reset_date"].values
    return bool(resets[run.portfolio.instrument_row[position]] == RESET)


def in_bucket(rows: dict[str, np.ndarray[Any, Any]], name: str, asked: Buckets, scenario: str) -> list[float]:
    """One column of a schedule by bucket, one payment at a time."""
    sums = [0.0] * len(asked)
    for day, value, said in zip(rows["pay_date"], rows[name], rows["scenario_id"], strict=True):
        paid = date(1970, 1, 1) + timedelta(days=int(day))
        if said == scenario and value is not None:
            sums[next(n for n, end in enumerate(asked.end) if end is None or paid <= end)] += value
    return sums


@pytest.mark.parametrize("is_contractual", [False, True])
def test_a_ladder_is_the_sum_of_its_schedules(run: RunInputs, is_contractual: bool) -> None:
    run, asked = replace(run, is_contractual=is_contractual), buckets(run)
    sums, seen = ladder_of_run(run, each_apart(run), asked), 0
    for position in range(run.portfolio.position_count):
        try:
            told = {name: np.array(cells) for name, cells in schedule_table(run, position, NAMES).items()}
        except NoCashFlows:
            continue
        seen += 1
        for number, scenario in enumerate(NAMES):
            assert sums.positions[number, position] == 1
            for name in (*PARTS, "principal", "interest", "pv"):
                mine = sums.amounts_ccy[number, position, :, AMOUNTS.index(name)]
                expected = np.array(in_bucket(told, name, asked, scenario))
                if name == "principal":
                    expected -= in_bucket(told, "drawn", asked, scenario)
                assert_allclose(mine, expected, rtol=1e-11, atol=1e-6, err_msg=name)
    assert seen == len(HELD) - 5  # past maturity, two swaps, a forward, one without its curve


def test_values_of_buckets_add_up_to_the_runs(run: RunInputs) -> None:
    sums, shown = ladder_of_run(run, each_apart(run), buckets(run)), set()
    values = [price_chunk(run, no).blocks[Fact.PRICED].values[0] for no in range(-(-len(HELD) // run.chunk_size))]
    pv = np.concatenate(values, axis=1)
    for position in range(len(HELD)):
        if sums.positions[0, position]:
            shown.add(product_of(run, position))
            assert_allclose(sums.amounts_ccy[:, position, :, PV].sum(axis=1), pv[:, position], rtol=1e-11)
    assert shown == {"LOAN", "BOND", "CALLABLE_BOND", "ABS_MBS"}


def test_what_has_no_flows_or_no_value_is_left_out_and_counted(run: RunInputs) -> None:
    everything = LadderCells(np.zeros(len(HELD), np.int64), 1)
    sums = ladder_of_run(run, everything, buckets(run))
    assert sums.left_out.tolist() == [[4], [4]] and sums.positions.tolist() == [[len(HELD) - 4]] * 2
    by_contract = ladder_of_run(replace(run, is_contractual=True), everything, buckets(run))
    assert by_contract.left_out.tolist() == [[5], [5]], "a loan past its maturity owes nothing by contract"
    nobody = ladder_of_run(run, LadderCells(np.full(len(HELD), NOWHERE), 1), buckets(run))
    assert not nobody.amounts_ccy.any() and not nobody.left_out.any()


def test_the_same_to_the_bit_again(run: RunInputs) -> None:
    cells = LadderCells(np.arange(len(HELD)) % 2, 2)
    first, second = (ladder_of_run(run, cells, buckets(run)) for _ in range(2))
    assert_array_equal(first.amounts_ccy, second.amounts_ccy)


def test_a_gap_adds_up_to_what_is_owed(run: RunInputs) -> None:
    """By contract: all that is fixed is repaid some day, all that floats is set anew by the next payment."""
    run = replace(run, is_contractual=True)
    gap, notional = (
        gap_of_run(run, each_apart(run), buckets(run)),
        run.portfolio.tables["positions"].columns["notional"],
    )
    rate_type = run.portfolio.tables["instruments"].columns["rate_type"]
    sums, seen = ladder_of_run(run, each_apart(run), buckets(run)), 0
    for position in range(len(HELD)):
        product, held = product_of(run, position), notional.values[position]
        code = rate_type.values[run.portfolio.instrument_row[position]]
        floats = code >= 0 and rate_type.categories[code] == "FLOATING"
        if product not in ("LOAN", "BOND") or not sums.positions[0, position]:
            continue
        owed, seen = gap[0, position].sum(axis=0), seen + 1
        assert owed[FIXED if floats else FLOATING] == 0.0 and owed[SWAPS] == 0.0
        if is_arm(run, position):
            assert owed[FLOATING] == pytest.approx(held)
        elif floats:
            assert_allclose(gap[0, position, 1, FLOATING], owed[FLOATING])  # within three months
            unpaid = sums.amounts_ccy[0, position, :, AMOUNTS.index("principal")].sum() - held
            assert owed[FLOATING] == pytest.approx(held, abs=abs(unpaid) + 1e-6)
        elif product == "LOAN":
            assert owed[FIXED] == pytest.approx(sums.amounts_ccy[0, position, :, AMOUNTS.index("principal")].sum())
    assert seen >= 7


def test_floating_balances_are_those_after_the_payment(run: RunInputs) -> None:
    """Under speeds, on the next payment: what is paid then, and the balance that the schedule closes with."""
    gap = gap_of_run(run, each_apart(run), buckets(run))
    rate_type, seen = run.portfolio.tables["instruments"].columns["rate_type"], 0
    for position in range(len(HELD)):
        code = rate_type.values[run.portfolio.instrument_row[position]]
        if code < 0 or rate_type.categories[code] != "FLOATING":
            continue
        told, seen = schedule_table(run, position, NAMES), seen + 1
        for number, scenario in enumerate(NAMES):
            mine = [row for row, name in enumerate(told["scenario_id"]) if name == scenario]
            if is_arm(run, position):
                mine = [row for row in mine if told["pay_date"][row] <= RESET]
                assert len(mine) > 1
            expected = sum(
                told["principal"][row] - told["drawn"][row] for row in mine[: None if is_arm(run, position) else 1]
            )
            expected += told["closing_balance"][mine[-1] if is_arm(run, position) else mine[0]]
            assert gap[number, position, :, FLOATING].sum() == pytest.approx(expected, rel=1e-12)
    assert seen == 6


def test_tranches_reprice_by_their_kind(run: RunInputs) -> None:
    """A fixed note by its payments, a floater at the next distribution; strips and residuals owe no principal."""
    gap = gap_of_run(run, each_apart(run), buckets(run))[0]
    ids = run.portfolio.tables["positions"].columns["position_id"]
    by_name = {ids.categories[code]: gap[row] for row, code in enumerate(ids.values)}
    assert by_name["I00000"][:, FIXED].sum() == pytest.approx(1e6) and not by_name["I00000"][:, FLOATING].any()
    assert by_name["I00001"][:, FLOATING].sum() == pytest.approx(1e6) and not by_name["I00001"][:, FIXED].any()
    assert not by_name["I00002"].any() and not by_name["I00003"].any()


def test_swaps_turn_floating_into_fixed(run: RunInputs) -> None:
    gap, asked = gap_of_run(run, each_apart(run), buckets(run))[0], buckets(run)
    ids = run.portfolio.tables["positions"].columns["position_id"]
    by_name = {ids.categories[code]: gap[row, :, SWAPS] for row, code in enumerate(ids.values)}
    pays, receives = (f"I{HELD.index(each):05d}" for each in (HELD[17], HELD[18]))
    assert by_name[pays].tolist() == [0.0, 1e6, 0.0, -1e6, 0.0], asked.names
    assert by_name[receives].tolist() == [0.0, -1e6, 0.0, 1e6, 0.0]
