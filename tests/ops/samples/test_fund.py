"""The sample fund and the small example are sound input, and the same every time."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands.ingestion.prepare import Prepared, prepare_portfolio
from domain.market.document import parse_market
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import PRODUCT_TYPES
from domain.scenarios.shocks import parse_scenario_set, parse_scenarios
from ops.samples.deals import AUTO, CMO
from ops.samples.files import laid_out
from ops.samples.fund import sizes_of, write_sample_fund
from ops.samples.market import AS_OF, market_document, scenario_documents, scenario_set_document
from tests.builders.small_fund import FOLDER as SMALL_FUND
from tests.builders.small_fund import PRODUCT_OF, ROWS

PRICED = set(PRODUCT_TYPES) - {"EXTERNAL"}
"""What is EXTERNAL is brought with its value."""

OPTIONS = ("SWAPTION", "FX_OPTION")
PAYOFF_KINDS = {"CAPPED_FLOATER", "INVERSE_FLOATER", "RANGE_ACCRUAL", "CMS", "CMS_SPREAD", "DIGITAL"}
"""Contract, section 2."""


def texts(prepared: Prepared, table: str, column: str) -> list[str | None]:
    assert prepared.portfolio is not None
    data = prepared.portfolio.tables[table].columns[column]
    return [data.categories[code] if code >= 0 else None for code in data.values]


def test_a_fund_of_a_hundred_positions_holds_every_product(tmp_path: Path) -> None:
    write_sample_fund(tmp_path, 100)
    assert set(texts(prepare_portfolio(tmp_path), "instruments", "product_type")) == set(PRODUCT_TYPES)
    assert set(PRODUCT_OF.values()) == PRICED


def test_structured_notes_are_few_whatever_the_fund_and_of_every_kind(tmp_path: Path) -> None:
    """Each costs a Monte Carlo."""
    assert sizes_of(1_000_000)["structured"] == sizes_of(10_000)["structured"] == 20
    write_sample_fund(tmp_path, 3000)
    payoffs = [json.loads(text) for text in texts(prepare_portfolio(tmp_path), "instruments", "payoff") if text]
    assert {each["kind"] for each in payoffs} == PAYOFF_KINDS


@pytest.mark.parametrize("positions", [1, 2, 50, 99, 100, 101, 4_321, 1_000_000])
def test_the_families_add_up_to_the_fund(positions: int) -> None:
    sizes = sizes_of(positions)
    assert min(sizes.values()) >= 0 and sum(sizes.values()) == positions


@pytest.mark.parametrize("positions", [1, 2, 7, 99, 500])
def test_a_fund_of_any_size_ingests_without_errors(tmp_path: Path, positions: int) -> None:
    write_sample_fund(tmp_path, positions)
    prepared = prepare_portfolio(tmp_path)
    assert prepared.errors == [] and prepared.warnings == []
    assert prepared.rows["positions"] == positions


def test_the_same_seed_is_the_same_content_in_either_format(tmp_path: Path) -> None:
    write_sample_fund(tmp_path / "a", 2000)
    write_sample_fund(tmp_path / "b", 2000, format="csv")
    write_sample_fund(tmp_path / "c", 2000, seed=7)
    first, again, other = (prepare_portfolio(tmp_path / name).sha256 for name in "abc")
    assert first is not None and first == again != other


def test_the_mix_of_products(tmp_path: Path) -> None:
    write_sample_fund(tmp_path, 2000)
    prepared = prepare_portfolio(tmp_path)
    assert prepared.portfolio is not None
    product = np.array(texts(prepared, "instruments", "product_type"))[prepared.portfolio.instrument_row]
    counts = {name: int((product == name).sum()) for name in set(product)}
    hedges = {"FX_FWD": 100, "IRS": 44, "CAP_FLOOR": 12, "SWAPTION": 8, "CDS": 20, "FX_OPTION": 10}
    others = {"ABS_MBS": 68, "CALLABLE_BOND": 20, "STRUCTURED": 4, "EXTERNAL": 4}
    assert counts == {"LOAN": 1360, "BOND": 350, **others, **hedges}
    assert set(prepared.control_totals) == {"USD", "EUR", "GBP"}
    assert {"fico", "state", "loan_program", "tag:STRATEGY"} <= set(prepared.portfolio.tables["positions"].columns)


def test_a_fund_has_deals_adjustable_rates_and_swaps_that_amortise(tmp_path: Path) -> None:
    write_sample_fund(tmp_path, 2000)
    prepared = prepare_portfolio(tmp_path)
    assert prepared.portfolio is not None
    assert set(texts(prepared, "tranches", "kind")) == {"SEQUENTIAL", "RESIDUAL", "PAC", "SUPPORT", "Z", "NOTIONAL"}
    assert set(texts(prepared, "deals", "deal_id")) == {AUTO, CMO}
    instruments, rows = prepared.portfolio.tables["instruments"].columns, prepared.portfolio.instrument_row
    assert int((instruments["first_reset_date"].values[rows] != ABSENT_DATE).sum()) == 20
    stepping = set(texts(prepared, "steps", "instrument_id"))
    assert len(stepping) == 4 and prepared.portfolio.tables["steps"].rows == 16


def fund(tmp_path: Path, name: str) -> Path:
    if name == "small":
        return SMALL_FUND
    write_sample_fund(tmp_path, 3000)
    return tmp_path


@pytest.mark.parametrize("name", ["small", "sample"])
def test_the_market_has_all_that_the_positions_ask_of_it(tmp_path: Path, name: str) -> None:
    folder = fund(tmp_path, name)
    prepared = prepare_portfolio(folder)
    assert prepared.portfolio is not None
    market = json.loads((folder / "market.json").read_text())
    assert set(texts(prepared, "instruments", "currency")) <= set(market["discount"])
    assert set(texts(prepared, "instruments", "index")) <= {*market["projection"], None}
    spread_curves = {curve["curve_id"] for curve in market["spread_curves"]}
    assert set(texts(prepared, "instruments", "spread_curve")) <= {*spread_curves, None}
    credit_curves = {curve["curve_id"] for curve in market["credit_curves"]}
    assert set(texts(prepared, "instruments", "credit_curve")) <= {*credit_curves, None}
    surfaces = {(each["product"], each.get("index", each.get("pair"))) for each in market["volatilities"]}
    assert {("CAP_FLOOR", index) for index in market["projection"]} <= surfaces
    assert {("SWAPTION", index) for index in market["projection"]} <= surfaces
    product = np.array(texts(prepared, "instruments", "product_type"))
    pairs = np.array(texts(prepared, "instruments", "pair"), object)
    assert {("FX", pair) for pair in pairs[product == "FX_OPTION"]} <= surfaces
    assert set(np.array(texts(prepared, "instruments", "currency"))[product == "CALLABLE_BOND"]) <= set(
        market["hull_white"]
    )


@pytest.mark.parametrize("name", ["small", "sample"])
def test_nothing_has_matured_or_expired(tmp_path: Path, name: str) -> None:
    prepared = prepare_portfolio(fund(tmp_path, name))
    assert prepared.portfolio is not None
    instruments = prepared.portfolio.tables["instruments"].columns
    product = np.array(texts(prepared, "instruments", "product_type"))
    dated = {
        "maturity_date": ~np.isin(product, ["ABS_MBS", "FX_OPTION", "EXTERNAL"]),
        "expiry_date": np.isin(product, OPTIONS),
    }
    for column, held in dated.items():
        assert (instruments[column].values[held].astype("datetime64[D]") > np.datetime64(AS_OF)).all()


@pytest.mark.parametrize("name", ["small", "sample"])
def test_a_callable_bond_is_exercised_on_its_coupon_dates_before_maturity(tmp_path: Path, name: str) -> None:
    prepared = prepare_portfolio(fund(tmp_path, name))
    assert prepared.portfolio is not None
    instruments = prepared.portfolio.tables["instruments"].columns
    ids, products = texts(prepared, "instruments", "instrument_id"), texts(prepared, "instruments", "product_type")
    maturity = dict(zip(ids, instruments["maturity_date"].values.astype("datetime64[D]"), strict=True))
    exercises = prepared.portfolio.tables["exercises"].columns
    exercised = texts(prepared, "exercises", "instrument_id")
    assert set(exercised) == {one for one, product in zip(ids, products, strict=True) if product == "CALLABLE_BOND"}
    for instrument, day in zip(exercised, exercises["date"].values.astype("datetime64[D]"), strict=True):
        assert day < maturity[instrument] and str(day)[5:] == str(maturity[instrument])[5:]
    assert (exercises["price_per_100"].values >= 100).all()


@pytest.mark.parametrize("name", ["small", "sample"])
def test_every_floater_finds_the_fixing_of_its_last_reset(tmp_path: Path, name: str) -> None:
    """Resets counted back from maturity, month by month, as the contract dates them."""
    folder = fund(tmp_path, name)
    prepared = prepare_portfolio(folder)
    assert prepared.portfolio is not None
    fixings = {(each["index"], each["date"]) for each in market_document()["fixings"]}
    columns = prepared.portfolio.tables["instruments"].columns
    rate_types, products = (texts(prepared, "instruments", name) for name in ("rate_type", "product_type"))
    index = texts(prepared, "instruments", "index")
    resets = columns.get("first_reset_date")
    holds_its_rate = np.zeros(len(index), np.bool_) if resets is None else resets.values != ABSENT_DATE
    floaters = [
        row
        for row, rate in enumerate(rate_types)
        if (rate == "FLOATING" and not holds_its_rate[row]) or products[row] in ("IRS", "CAP_FLOOR")
    ]
    assert len(floaters) >= 3
    for row in floaters:
        maturity = columns["maturity_date"].values[row].astype("datetime64[D]")
        frequency = "frequency" if rate_types[row] else "float_frequency"
        step = 12 // int(columns[frequency].values[row])
        reset = _last_reset(maturity, step, bool(columns["end_of_month"].values[row] == 1))
        assert (index[row], str(reset)) in fixings


def _last_reset(maturity: np.datetime64, step_mo: int, month_end: bool) -> np.datetime64:
    month = maturity.astype("datetime64[M]")
    day = int((maturity - month.astype("datetime64[D]")).astype(int))
    back: Any = maturity
    while back > np.datetime64(AS_OF):
        month = month - step_mo
        last = int(((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int)) - 1
        back = month.astype("datetime64[D]") + (last if month_end else min(day, last))
    return np.datetime64(back)


def test_the_small_example_is_sound() -> None:
    prepared = prepare_portfolio(SMALL_FUND)
    assert prepared.errors == [] and prepared.warnings == []
    assert prepared.rows == ROWS


def test_the_example_s_documents_are_those_of_the_generator() -> None:
    for name, document in {
        "market.json": market_document(),
        "scenarios.json": scenario_documents(),
        "scenario_set.json": scenario_set_document(),
    }.items():
        assert (SMALL_FUND / name).read_text() == laid_out(document) + "\n"


def test_market_and_scenarios_are_documents_that_tenor_accepts() -> None:
    market = parse_market((SMALL_FUND / "market.json").read_bytes())
    assert len(market.curves) == 4
    scenarios = parse_scenarios((SMALL_FUND / "scenarios.json").read_bytes())
    nightly = parse_scenario_set((SMALL_FUND / "scenario_set.json").read_bytes())
    assert [scenario.scenario_id for scenario in scenarios] == list(nightly.scenarios)
