"""Who asks for prices, and for credit and capital beside them, pays for no sensitivity; figures are the same bits."""

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

READ_OFF = ("DIRTY_PRICE", "CLEAN_PRICE", "ACCRUED_INTEREST", "YIELD", "WAL", "WAM")
OF_CAPITAL = ("PV", "EAD", "RWA_SA", "ECL_LIFETIME", "ALLOWANCE")


def run_of(measures: tuple[str, ...]) -> RunInputs:
    portfolio = prepare_portfolio(FOLDER).portfolio
    assert portfolio is not None
    market = parse_market((FOLDER / "market.json").read_text())
    names = with_their_own(measures)
    return resolve(portfolio, market, [BASE_SCENARIO], base_currency="USD", measures=names, chunk_size=4096)


@pytest.mark.parametrize(
    ("measures", "are"),
    [
        (("PV",), True),
        (OF_CAPITAL, True),
        (READ_OFF, True),
        ((*READ_OFF, *OF_CAPITAL), True),
        ((*OF_CAPITAL, "DV01"), False),
        ((*READ_OFF, "MODIFIED_DURATION"), False),
    ],
)
def test_which_runs_ask_for_prices_alone(measures: tuple[str, ...], are: bool) -> None:
    assert are_prices_only(with_their_own(measures)) is are


@pytest.mark.parametrize("measures", [OF_CAPITAL, READ_OFF])
def test_figures_are_those_of_a_run_of_all_measures_and_nothing_is_moved_for_them(measures: tuple[str, ...]) -> None:
    few, of_all = run_of(measures), run_of(DEFAULT_MEASURES)
    assert few.tables.discount_factors_up is few.tables.discount_factors
    assert of_all.tables.discount_factors_up is not of_all.tables.discount_factors
    alone, beside = price_chunk(few, 0).blocks, price_chunk(of_all, 0).blocks
    for kind in {Fact.PRICED, Fact.RISK} & alone.keys():
        some, every = alone[kind], beside[kind]
        for column, values in zip(some.columns, some.values, strict=True):
            assert np.isfinite(values).any()
            assert values.tobytes() == every.values[every.columns.index(column)].tobytes(), column
