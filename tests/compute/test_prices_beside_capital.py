"""What a run asks of credit and capital costs no sensitivity: pricers say PV, to the bit as they say it beside all."""

import numpy as np
import pytest

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import RunInputs, are_prices_only, resolve
from compute.product_families import price_chunk
from domain.market.document import parse_market
from domain.measures.measures import DEFAULT_MEASURES, Fact
from domain.measures.measures import resolve as with_their_own
from domain.scenarios.shocks import BASE_SCENARIO
from tests.builders.small_fund import FOLDER

OF_CAPITAL = ("PV", "EAD", "RWA_SA", "ECL_LIFETIME", "ALLOWANCE")


def run_of(measures: tuple[str, ...]) -> RunInputs:
    portfolio = prepare_portfolio(FOLDER).portfolio
    assert portfolio is not None
    market = parse_market((FOLDER / "market.json").read_text())
    names = with_their_own(measures)
    return resolve(portfolio, market, [BASE_SCENARIO], base_currency="USD", measures=names, chunk_size=4096)


@pytest.mark.parametrize(
    ("measures", "are"), [(("PV",), True), (OF_CAPITAL, True), ((*OF_CAPITAL, "DV01"), False), (("YIELD",), False)]
)
def test_which_runs_ask_for_prices_alone(measures: tuple[str, ...], are: bool) -> None:
    assert are_prices_only(with_their_own(measures)) is are


def test_prices_are_those_of_a_run_of_all_measures_and_nothing_is_moved_for_them() -> None:
    of_capital, of_all = run_of(OF_CAPITAL), run_of(DEFAULT_MEASURES)
    assert of_capital.tables.discount_factors_up is of_capital.tables.discount_factors
    assert of_all.tables.discount_factors_up is not of_all.tables.discount_factors
    blocks = [price_chunk(run, 0).blocks[Fact.PRICED] for run in (of_capital, of_all)]
    alone, beside = (block.values[block.columns.index("pv")] for block in blocks)
    assert np.isfinite(alone).any()
    assert alone.tobytes() == beside.tobytes()
