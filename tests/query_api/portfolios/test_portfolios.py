"""Segments, comparison and cells of a portfolio, worked out by hand."""

from pathlib import Path
from typing import Any

import pytest

from commands.ingestion.prepare import prepare_portfolio
from domain.portfolio.columns import Portfolio
from query_api.errors import BadQuery, NotFound
from query_api.portfolios.comparison import compared
from query_api.portfolios.segments import Asked, bands, segments

NODES = "node_id,parent_id,name,kind\nF,,Fund,FUND\nA,F,,BOOK\nB,F,,BOOK\n"
TERMS = (
    "instrument_id,product_type,currency,issue_date,maturity_date,rate_type,coupon,frequency,day_count,amortization\n"
)
LOAN = "{},LOAN,{},2024-01-15,2029-01-15,FIXED,{},12,30/360,LEVEL_PAY\n"
HELD = (
    "position_id,instrument_id,book_id,notional,fico,state,origination_date\n"
    "P1,L1,A,100,700,NJ,2024-01-10\nP2,L2,A,300,650,NJ,2024-03-31\nP3,L3,B,400,,NY,2024-04-01\nP4,L4,B,-200,720,NY,\n"
)
COUPONS = {"L1": ("USD", 0.05), "L2": ("USD", 0.03), "L3": ("USD", 0.04), "L4": ("EUR", 0.02)}


def portfolio(folder: Path, held: str = HELD, coupons: Any = COUPONS) -> Portfolio:
    folder.mkdir()
    loans = TERMS + "".join(LOAN.format(name, *said) for name, said in coupons.items())
    for name, text in (("portfolio", NODES), ("instruments", loans), ("positions", held)):
        (folder / f"{name}.csv").write_text(text)
    prepared = prepare_portfolio(folder)
    assert prepared.portfolio is not None, prepared.errors
    return prepared.portfolio


def by_name(rows: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["segment"], row["currency"]): row for row in rows}


def test_sums_and_averages_weigh_by_size_and_say_what_they_cover(tmp_path: Path) -> None:
    found = by_name(segments(portfolio(tmp_path / "a"), Asked("state", weighted=("coupon", "fico"))))
    jersey = found["NJ", "USD"]
    assert (jersey["positions"], jersey["sum_notional"]) == (2, 400.0)
    assert jersey["weighted_coupon"] == pytest.approx((100 * 0.05 + 300 * 0.03) / 400)
    assert jersey["weighted_fico"] == pytest.approx((100 * 700 + 300 * 650) / 400)
    assert (found["NY", "USD"]["weighted_fico"], found["NY", "USD"]["covered_fico"]) == (None, 0.0)
    assert found["NY", "EUR"]["sum_notional"] == -200.0 and found["NY", "EUR"]["weighted_fico"] == 720.0


def test_bands_are_data_and_periods_are_of_dates(tmp_path: Path) -> None:
    whole = portfolio(tmp_path / "a")
    found = by_name(segments(whole, Asked("fico:@fico")))
    assert set(found) == {
        ("620 to <660", "USD"), ("700 to <740", "USD"), ("700 to <740", "EUR"), ("", "USD")}  # fmt: skip
    assert by_name(segments(whole, Asked("fico:690")))["<690", "USD"]["sum_notional"] == 300.0
    vintages = by_name(segments(whole, Asked("origination_date:quarter")))
    assert set(vintages) == {("2024Q1", "USD"), ("2024Q2", "USD"), ("", "EUR")}
    both = by_name(segments(whole, Asked("state,fico:@fico")))
    assert both["NJ | 700 to <740", "USD"]["sum_notional"] == 100.0
    assert set(bands()) >= {"fico", "ltv"} and all(each["edges"] for each in bands().values())


def test_concentration_is_of_shares(tmp_path: Path) -> None:
    (row,) = segments(portfolio(tmp_path / "a"), Asked("currency", node="A", concentration="instrument_id", top=1))
    assert row["hhi"] == pytest.approx(0.25**2 + 0.75**2)
    assert row["effective_number"] == pytest.approx(1 / 0.625)
    assert row["top"] == [{"name": "L2", "share": 0.75}] and row["top_share"] == 0.75


def test_a_node_has_what_hangs_below_it(tmp_path: Path) -> None:
    whole = portfolio(tmp_path / "a")
    assert sum(row["positions"] for row in segments(whole, Asked("total", node="F"))) == 4
    assert sum(row["positions"] for row in segments(whole, Asked("total", node="B"))) == 2


REFUSED = [
    (Asked("stat"), BadQuery),
    (Asked("fico:@fic"), BadQuery),
    (Asked("state:quarter"), BadQuery),
    (Asked("state", weighted=("state",)), BadQuery),
    (Asked("state", concentration="nobody"), BadQuery),
    (Asked("state", node="X"), NotFound),
]


@pytest.mark.parametrize(("asked", "error"), REFUSED)
def test_what_there_is_not_is_refused(asked: Asked, error: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(error):
        segments(portfolio(tmp_path / "a"), asked)


def test_two_snapshots_differ_by_rows_and_columns(tmp_path: Path) -> None:
    held = HELD.replace("P1,L1,A,100,700", "P1,L1,B,90,700").replace("P4,L4,B,-200,720,NY,\n", "P5,L4,B,1,,,\n")
    later = portfolio(tmp_path / "b", held, {**COUPONS, "L2": ("USD", 0.035)})
    tables = {row["table"]: row for row in compared(portfolio(tmp_path / "a"), later)}
    positions = tables["positions"]
    assert (positions["new"], positions["gone"], positions["changed_total"]) == (["P5"], ["P4"], 1)
    assert positions["changed"] == [
        {"key": "P1", "columns": {"book_id": {"from": "A", "to": "B"}, "notional": {"from": "100", "to": "90"}}}
    ]
    assert tables["instruments"]["changed_by_column"] == {"coupon": 1}
    assert tables["portfolio"]["changed_total"] == 0 and tables["portfolio"]["new_total"] == 0
