"""A chunk as a whole: the small fund under scenarios, bits that depend on nothing but position and market, reasons."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import RunInputs, resolve
from compute.product_families import ChunkFacts, price_chunk
from domain.market.document import parse_market
from domain.measures.failures import Reason
from domain.measures.measures import BY_NAME, DEFAULT_MEASURES, Fact
from domain.portfolio.columns import Portfolio
from domain.scenarios.shocks import ScenarioDocument, parse_scenarios
from tests.builders.small_fund import FOLDER as FUND
from tests.builders.small_fund import UNPRICED

BASE = ScenarioDocument(scenario_id="BASE", name="Base", shocks=())


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    prepared = prepare_portfolio(FUND)
    assert prepared.portfolio is not None
    return prepared.portfolio


def market(**changes: Any) -> bytes:
    document = json.loads((FUND / "market.json").read_text()) | changes
    return json.dumps(document).encode()


def run_of(
    portfolio: Portfolio,
    raw_market: bytes | None = None,
    scenarios: Sequence[ScenarioDocument] = (),
    measures: tuple[str, ...] = DEFAULT_MEASURES,
    chunk_size: int = 4096,
) -> RunInputs:
    document = parse_market(raw_market or market())
    return resolve(
        portfolio, document, [BASE, *scenarios], base_currency="USD", measures=measures, chunk_size=chunk_size
    )


def column(facts: ChunkFacts, name: str) -> np.ndarray[Any, Any]:
    """[S, n]"""
    for block in facts.blocks.values():
        if name in block.columns:
            values: np.ndarray[Any, Any] = block.values[block.columns.index(name)]
            return values
    raise LookupError(name)


def position_ids(portfolio: Portfolio) -> list[str]:
    ids = portfolio.tables["positions"].columns["position_id"]
    return [ids.categories[code] for code in ids.values]


def test_every_position_of_the_small_fund_has_a_value_under_every_scenario(portfolio: Portfolio) -> None:
    scenarios = parse_scenarios((FUND / "scenarios.json").read_bytes())
    facts = price_chunk(run_of(portfolio, scenarios=scenarios), 0)
    assert facts.failed == len(UNPRICED)
    has_value = np.isfinite(column(facts, "pv"))
    unpriced = np.isin(position_ids(portfolio), UNPRICED)
    assert has_value[:, ~unpriced].all() and not has_value[:, unpriced].any()
    assert column(facts, "pv").shape == (len(scenarios) + 1, facts.positions)


def test_a_blank_always_has_a_reason_and_a_number_never_has_one(portfolio: Portfolio) -> None:
    facts = price_chunk(run_of(portfolio), 0)
    for block in facts.blocks.values():
        number = 0
        for place, name in enumerate(block.measures):
            width = len(BY_NAME[name].result_columns)
            blank = np.isnan(block.values[number : number + width]).any(axis=0)
            assert (blank == (block.reasons[place] != Reason.NONE)).all(), name
            number += width


def test_key_rates_add_up_to_dv01(portfolio: Portfolio) -> None:
    facts = price_chunk(run_of(portfolio), 0)
    block = facts.blocks[Fact.RISK]
    keys = [i for i, name in enumerate(block.columns) if name.startswith("key_rate_dv01")]
    np.testing.assert_allclose(block.values[keys].sum(axis=0), column(facts, "dv01"), rtol=1e-12, atol=1e-12)


NAMES_TO_COMPARE = ("PV", "DV01", "THETA", "Z_SPREAD", "DISCOUNT_MARGIN", "PAR_SPREAD", "WAL")


def test_bits_do_not_depend_on_the_chunk_or_on_other_scenarios_and_measures(portfolio: Portfolio) -> None:
    """Chunks of seven positions, fewer scenarios and fewer measures give the same bits as one chunk of all."""
    scenarios = parse_scenarios((FUND / "scenarios.json").read_bytes())
    whole = price_chunk(run_of(portfolio, scenarios=scenarios), 0)
    small = run_of(portfolio, scenarios=scenarios[:2], measures=NAMES_TO_COMPARE, chunk_size=7)
    chunks = [price_chunk(small, number) for number in range(-(-whole.positions // 7))]
    for name in (name.lower() for name in NAMES_TO_COMPARE):
        together = np.concatenate([column(facts, name) for facts in chunks], axis=1)
        assert together.tobytes() == np.ascontiguousarray(column(whole, name)[:3]).tobytes(), name


def test_prices_alone_have_the_bits_that_they_have_beside_sensitivities(portfolio: Portfolio) -> None:
    """Fifty past days, each with spreads of its own: what a VaR run asks for, and what it spares itself."""
    documents = [
        {"kind": "SPREAD", "match": {"rating": rating}, "bp": bp + day}
        for day in range(50)
        for rating, bp in (("BBB", 1.5), ("B*", -0.25))
    ]
    days = [
        ScenarioDocument.model_validate({"scenario_id": f"d{day}", "shocks": documents[2 * day : 2 * day + 2]})
        for day in range(50)
    ]
    alone = price_chunk(run_of(portfolio, scenarios=days, measures=("PV",)), 0)
    beside = price_chunk(run_of(portfolio, scenarios=days, measures=("PV", "DV01", "CS01")), 0)
    each = [price_chunk(run_of(portfolio, scenarios=[day], measures=("PV",)), 0) for day in days[::10]]
    assert list(alone.blocks) == [Fact.PRICED]
    assert column(alone, "pv").tobytes() == column(beside, "pv").tobytes()
    assert column(alone, "pv")[1::10].tobytes() == np.stack([column(one, "pv")[1] for one in each]).tobytes()


def test_a_mirrored_position_is_worth_the_opposite(portfolio: Portfolio) -> None:
    positions = portfolio.tables["positions"]
    notional = positions.columns["notional"]
    turned = replace(notional, values=-notional.values)
    tables = dict(portfolio.tables) | {
        "positions": replace(positions, columns=dict(positions.columns) | {"notional": turned})
    }
    here = price_chunk(run_of(portfolio), 0)
    there = price_chunk(run_of(replace(portfolio, tables=tables)), 0)
    for name in ("pv", "dv01", "cs01", "accrued_interest", "fx_delta"):
        np.testing.assert_array_equal(column(here, name), -column(there, name) + 0.0)
    for name in ("dirty_price", "yield", "convexity", "wal"):
        np.testing.assert_array_equal(column(here, name), column(there, name))


EURUSD = [spot for spot in json.loads(market())["fx_spots"] if spot["pair"] == "EURUSD"]
MISSING = [
    ("discount", {"USD": "USD-SOFR", "GBP": "GBP-SONIA"}, "the discount curve of EUR is not in the market"),
    ("spread_curves", [], "is not in the market"),
    ("fixings", [], "the market has no fixing of"),
    ("projection", {}, "the market has no projection curve for index"),
    ("fx_spots", EURUSD, "the market has no spot for GBPUSD"),
]


@pytest.mark.parametrize(("key", "value", "sentence"), MISSING, ids=[key for key, _, _ in MISSING])
def test_what_the_market_lacks_fails_those_positions_only(
    portfolio: Portfolio, key: str, value: Any, sentence: str
) -> None:
    facts = price_chunk(run_of(portfolio, market(**{key: value})), 0)
    block = facts.blocks[Fact.PRICED]
    failed = np.flatnonzero((block.reasons[0, 0] != Reason.NONE) & ~np.isin(position_ids(portfolio), UNPRICED))
    assert 0 < len(failed) < facts.positions
    assert facts.failed == len(failed) + len(UNPRICED)
    assert set(block.reasons[0, 0, failed].tolist()) == {Reason.MISSING_MARKET_DATA}
    assert all(sentence in block.details[block.detail[row]] for row in failed)
    fine = np.setdiff1d(np.arange(facts.positions), failed)
    whole = price_chunk(run_of(portfolio), 0)
    np.testing.assert_array_equal(column(facts, "pv")[:, fine], column(whole, "pv")[:, fine])


def test_amounts_in_base_use_the_rate_of_the_scenario(portfolio: Portfolio) -> None:
    weaker = ScenarioDocument.model_validate(
        {"scenario_id": "eur", "name": "", "shocks": [{"kind": "FX", "pair": "EURUSD", "pct": -10}]}
    )
    facts = price_chunk(run_of(portfolio, scenarios=[weaker]), 0)
    before, after = facts.fx_to_base["EUR"]
    assert after == pytest.approx(0.9 * before, rel=1e-15)
    assert facts.fx_to_base["USD"] == [1.0, 1.0]
