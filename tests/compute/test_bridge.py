"""The bridge of durations against a second implementation, against figures by hand, and its sum as a property."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.ingestion.prepare import prepare_portfolio
from compute.cash_flows.bridge import BRIDGE, Side, bridge_table
from domain.market.document import parse_market
from domain.market.steps import at_another_day
from ops.cash_flows.bridge import groups_of
from query_api.errors import BadQuery
from tests.builders.two_days import FIRST, HELD, SECOND, market, write_day
from tests.walk.oracle.bridge import STEPS, bridge
from tests.walk.oracle.terms import Terms

Row = dict[str, Any]
GROUPS: dict[str | None, Callable[[Terms], str]] = {
    None: lambda _: "ALL",
    "book": lambda terms: terms.position["book_id"],
    "currency": lambda terms: terms.currency,
    "team": lambda terms: terms.position.get("team", ""),
}


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    first, second = (tmp_path_factory.mktemp(f"day{number}") for number in (1, 2))
    return write_day(first, FIRST), write_day(second, SECOND)


def rows_of(first: Path, second: Path, by: str | None = None) -> list[Row]:
    portfolios = []
    for folder in (first, second):
        prepared = prepare_portfolio(folder)
        assert prepared.portfolio is not None, prepared.errors
        portfolios.append(prepared.portfolio)
    files = [(folder / "market.json").read_text() for folder in (first, second)]
    markets = [parse_market(text, rates_are_decimals=True) for text in files]
    sides = [
        Side(portfolio, document, cells, made_of, 4096)
        for portfolio, document, (cells, made_of) in zip(portfolios, markets, groups_of(portfolios, by), strict=True)
    ]
    columns = bridge_table(sides[0], sides[1], "USD")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def adds_up(rows: list[Row]) -> bool:
    durations = {row["step"]: row["duration_yr"] for row in rows}
    effects = sum(row["effect_yr"] for row in rows)
    return bool(effects == pytest.approx(durations["TO"] - durations["FROM"], rel=0, abs=1e-12))


@pytest.mark.parametrize("by", GROUPS)
def test_every_step_is_the_second_implementations(days: tuple[Path, Path], tmp_path: Path, by: str | None) -> None:
    """A central difference of 1 bp is off by (1 bp x t)^2 / 6 of the value."""
    plain, rows = bridge(*days, tmp_path, GROUPS[by]), rows_of(*days, by)
    assert list(rows[0]) == list(BRIDGE)
    assert [row["step"] for row in rows] == [*STEPS] * len({group for group, _ in plain})
    for row in rows:
        duration_yr, pv_base = plain[row["group"], row["step"]]
        assert row["pv_base"] == pytest.approx(pv_base, rel=1e-9, abs=1e-9), row
        assert row["duration_yr"] == pytest.approx(duration_yr, rel=1e-6, abs=1e-9), row
    for group in {row["group"] for row in rows}:
        mine = [row for row in rows if row["group"] == group]
        assert adds_up(mine)
        assert len({row["duration_yr"] for row in mine}) > 1


def test_figures_by_hand(tmp_path: Path) -> None:
    """Bonds that pay once: the duration of each is the time to its end, 730 and 695 days of 365, at any rates.

    Both end on one day, so that their weights do not matter and time alone moves the duration. Rates are 3 %, then 4 %.
    """
    for day in (FIRST, SECOND):
        (tmp_path / day).mkdir()
    held = {"Z2": ("ONE", 1000, ""), "Z2B": ("ONE", 500, "")}
    document = market(FIRST) | {"curves": [flat(0.03)], "discount": {"USD": "USD"}, "fx_spots": []}
    later = document | {"as_of": SECOND, "curves": [flat(0.04)], "fixings": market(SECOND)["fixings"]}
    first = write_two_zeros(tmp_path / FIRST, FIRST, document, held)
    second = write_two_zeros(tmp_path / SECOND, SECOND, later, held | {"Z2": ("ONE", 3000, "")})
    told = {row["step"]: row for row in rows_of(first, second)}
    # 23 January 2026 to 2028 are 730 days, from 27 February 695: 35 days less.
    assert told["FROM"]["duration_yr"] == pytest.approx(2.0, rel=1e-12)
    assert told["TIME"]["effect_yr"] == pytest.approx(-35 / 365, rel=1e-9)
    assert told["TO"]["duration_yr"] == pytest.approx(695 / 365, rel=1e-12)
    for step in ("RATES", "SPREADS", "OTHER_MARKET", "TERMS", "NOTIONAL", "GONE", "NEW"):
        assert told[step]["effect_yr"] == pytest.approx(0.0, abs=1e-12)
    # 1,500 of face, then 3,500.
    assert told["FROM"]["pv_base"] == pytest.approx(1500 * math.exp(-0.03 * 730 / 365))
    assert told["TIME"]["pv_base"] == pytest.approx(1500 * math.exp(-0.03 * 695 / 365))
    assert told["RATES"]["pv_base"] == pytest.approx(1500 * math.exp(-0.04 * 695 / 365))
    assert told["NOTIONAL"]["pv_base"] == pytest.approx(3500 * math.exp(-0.04 * 695 / 365))


def test_weights_by_hand(tmp_path: Path) -> None:
    """At a rate of nil bonds without coupons weigh their faces: what is held alone moves durations.

    2028-01-23 is 2 years away, 2031-06-15 1,969 days: (1,000 x 730 + 3,000 x 1,969) / 4,000 / 365, and so on.
    """
    for day in (FIRST, SECOND):
        (tmp_path / day).mkdir()
    document = market(FIRST) | {"curves": [flat(0.0)], "discount": {"USD": "USD"}, "fx_spots": []}
    held = {"Z2": ("ONE", 1000, ""), "B5": ("ONE", 3000, "")}
    first = without_coupons(write_day(tmp_path / FIRST, FIRST, document, held))
    second = without_coupons(write_day(tmp_path / SECOND, SECOND, document, {"Z2": ("ONE", 2000, "")}))
    told = {row["step"]: row["duration_yr"] for row in rows_of(first, second)}
    assert told["OTHER_MARKET"] == pytest.approx((1000 * 730 + 3000 * 1969) / 4000 / 365)
    assert told["NOTIONAL"] == pytest.approx((2000 * 730 + 3000 * 1969) / 5000 / 365)
    assert told["GONE"] == told["TO"] == pytest.approx(2.0)


def without_coupons(folder: Path) -> Path:
    file = folder / "instruments.csv"
    file.write_text(file.read_text().replace("FIXED,0.04,,,30/360,2,,,BBB", "ZERO,,,,30/360,2,,,"))
    return folder


def flat(rate: float) -> dict[str, Any]:
    nodes = [{"tenor": "1Y", "rate": rate}, {"tenor": "30Y", "rate": rate}]
    return {"curve_id": "USD", "currency": "USD", "kind": "ZERO", "nodes": nodes}


def write_two_zeros(folder: Path, day: str, document: dict[str, Any], held: dict[str, Any]) -> Path:
    """Both positions in one bond."""
    write_day(folder, day, document, {"Z2": held["Z2"]})
    with (folder / "positions.csv").open("a") as file:
        file.write(f"Z2B,ZERO-2,ONE,{held['Z2B'][1]},\n")
    return folder


NOTIONALS = st.fixed_dictionaries(
    {}, optional={name: st.integers(-3000, 3000).filter(bool) for name in ("Z2", "B5", "E7", "FL", "LO")}
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=NOTIONALS, after=NOTIONALS)
def test_effects_add_up_whatever_is_held(before: dict[str, int], after: dict[str, int]) -> None:
    with TemporaryDirectory() as name:
        folders = []
        for day, amounts in ((FIRST, before), (SECOND, after)):
            folder = Path(name) / day
            folder.mkdir()
            held = {"S1": ("TWO", 4000, "")} | {each: ("ONE", amount, "") for each, amount in amounts.items()}
            folders.append(write_day(folder, day, held=held))
        rows = rows_of(folders[0], folders[1], "book")
    for group in {row["group"] for row in rows}:
        mine = [row for row in rows if row["group"] == group]
        largest = max(1.0, *(abs(row["duration_yr"]) for row in mine))
        total = sum(row["effect_yr"] for row in mine)
        assert total == pytest.approx(mine[-1]["duration_yr"] - mine[0]["duration_yr"], rel=0, abs=1e-12 * largest)


def test_the_same_day_and_market_move_nothing(days: tuple[Path, Path]) -> None:
    rows = rows_of(days[0], days[0])
    assert {row["effect_yr"] for row in rows} == {0.0}
    assert len({row["pv_base"] for row in rows}) == 1


def test_an_old_market_on_another_day_keeps_its_tenors() -> None:
    """35 days on: the node on a date too; the turn that has passed is left out, the one to come stays where it is."""
    document = market(FIRST)
    document["curves"][0]["jumps"] = [{"date": "2026-02-01", "rate": 0.01}, {"date": "2026-12-31", "rate": 0.02}]
    first, second = (parse_market(json.dumps(each), rates_are_decimals=True) for each in (document, market(SECOND)))
    moved = at_another_day(first, second)
    assert [str(node.date or node.tenor) for node in moved.curves[0].nodes] == ["6M", "2027-05-05", "5Y"]
    assert [str(jump.date) for jump in moved.curves[0].jumps] == ["2026-12-31"]
    assert [str(each.date) for each in moved.fixings] == ["2025-11-15", "2026-02-15"]
    assert at_another_day(first, first) is first


def test_an_attribute_of_one_day_alone_is_empty_on_the_other(days: tuple[Path, Path], tmp_path: Path) -> None:
    held = {name: (book, notional, "") for name, (book, notional, _) in HELD[FIRST].items()}
    rows = rows_of(write_day(tmp_path, FIRST, held=held), days[1], "team")
    assert {row["group"] for row in rows} == {"", "a", "b", "c"}
    assert next(row for row in rows if row["group"] == "a" and row["step"] == "FROM")["duration_yr"] == 0.0
    with pytest.raises(BadQuery, match="cannot be grouped by 'teem'"):
        rows_of(*days, "teem")
