"""The allowance of a random book by every method and stage, beside the second implementation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.allowance.allowances import Allowances
from compute.allowance.measures import AllowanceInputs, allowance_measures
from compute.allowance.reports import Shown, paths_table, positions_table
from domain.measures.failures import Reason
from tests.builders.exposures import market_of
from tests.builders.lent_book import (
    CLASSES,
    POLICIES,
    SCENARIOS,
    allowances,
    inputs_of,
    portfolio_in,
    write_lent_book,
)
from tests.walk.oracle import allowance as oracle
from tests.walk.oracle.capital import Blank
from tests.walk.oracle.market import read_market, shocked
from tests.walk.oracle.terms import Terms, read_positions

EACH, SEED = 22, 4
RATES = {"USD": 1.0, "EUR": 1.1, "GBP": 1.3}


class Both:
    """The program's figures of a policy, and what the oracle works out from the same files."""

    def __init__(self, folder: Path, policy: dict[str, Any]) -> None:
        self.inputs: AllowanceInputs = inputs_of(portfolio_in(folder), policy, SCENARIOS, chunk_size=64)
        self.found: Allowances = allowances(self.inputs)
        self.rows = {
            row["position_id"]: row for row in positions_table(Shown(self.inputs.book, self.found)).to_pylist()
        }
        self.terms: list[Terms] = read_positions(folder)
        (folder.parent / "market.json").write_text(json.dumps(market_of()), encoding="utf-8")
        markets = {name: read_market(folder.parent) for name in SCENARIOS}
        for name, shocks in SCENARIOS.items():
            for shock in (each for each in shocks if each["kind"] == "PREPAYMENT"):
                markets[name] = shocked(markets[name], shock)
        self.run = oracle.Run(policy, SCENARIOS, markets, RATES)
        everyone = np.arange(len(self.terms))
        self.fair = dict(zip(self.rows, self.inputs.fair_values(everyone).tolist(), strict=True))


@pytest.fixture(scope="module", params=POLICIES)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = write_lent_book(tmp_path_factory.mktemp("lent") / "book", EACH, SEED)
    return Both(folder, POLICIES[request.param])


def known(of: Callable[[], float]) -> float | str:
    try:
        return of()
    except Blank as blank:
        return str(blank)


def test_every_allowance_is_what_the_second_implementation_says(both: Both) -> None:
    expected = {
        one.position_id: known(lambda one=one: oracle.model(one, both.run, both.fair[one.position_id], both.terms))  # type: ignore[misc]
        for one in both.terms
    }
    models = {name: each for name, each in expected.items() if isinstance(each, float)}
    reasons = set()
    for one in both.terms:
        row, figure = both.rows[one.position_id], expected[one.position_id]
        if isinstance(figure, str):
            assert (row["reason"], row["model_allowance"], row["allowance"]) == (figure, None, None), one.position_id
            reasons.add(figure)
            continue
        assert row["reason"] is None, (one.position_id, row, figure)
        scale = oracle.cost(oracle.said_of(one))
        assert row["model_allowance"] == pytest.approx(figure, rel=1e-10, abs=1e-12 * scale), (one.position_id, row)
        added = oracle.overlay(one, both.run, models, both.terms)
        assert row["overlay"] == pytest.approx(added, rel=1e-10, abs=1e-12 * scale), one.position_id
        assert row["allowance"] == row["model_allowance"] + row["overlay"]
        assert row["allowance_base"] == pytest.approx(row["allowance"] * RATES[one.currency], rel=1e-15)
    assert len(models) > 0.45 * len(expected)
    assert {"NOT_APPLICABLE", "MISSING_MARKET_DATA"} <= reasons
    if "cecl" in both.run.policy:
        used = {row["method"] for row in both.rows.values() if row["reason"] is None}
        assert used == {*(each["method"] for each in POLICIES["cecl"]["cecl"]["segments"]), "AFS"}
        assert {"UNSUPPORTED", "INVALID_TERMS"} <= reasons
        assert {row["reason"] for name, row in both.rows.items() if name.startswith("ALONE")} <= {
            *("UNSUPPORTED", "NOT_APPLICABLE")
        }
        return
    stages = {one.position_id: oracle.stage(oracle.said_of(one), both.run.policy["ifrs9"]) for one in both.terms}
    told = {name: row["stage"] for name, row in both.rows.items() if row["stage"] is not None}
    assert told == {name: stages[name] for name in told} and set(told.values()) == {1, 2, 3}


def test_expected_losses_under_every_scenario(both: Both) -> None:
    measures = allowance_measures(both.inputs, np.arange(len(both.terms)), both.inputs.fair_values)
    compared, held = 0, {one.position_id: one for one in both.terms}
    for place, name in enumerate(SCENARIOS):
        for row, one in enumerate(held[name] for name in both.rows):
            if one.notional < 0:
                assert measures["ECL_12M"].reason[place, row] == Reason.NOT_APPLICABLE
                continue
            for measure, cut in (("ECL_12M", 1.0), ("ECL_LIFETIME", 1e9)):
                figure = known(lambda o=one, n=name, c=cut: cut_at(oracle.loan_of(o, both.run, n), c))  # type: ignore[misc]
                value, reason = measures[measure].values[place, row], Reason(int(measures[measure].reason[place, row]))
                if isinstance(figure, str):
                    assert np.isnan(value) and reason.name == figure, (one.position_id, name, measure)
                    continue
                scale = oracle.cost(oracle.said_of(one))
                assert value == pytest.approx(figure, rel=1e-10, abs=1e-12 * scale), (
                    one.position_id,
                    name,
                    measure,
                    reason,
                )
                compared += 1
    assert compared > 3 * len(CLASSES) * EACH
    told = np.array([np.nan if row["allowance"] is None else row["allowance"] for row in both.rows.values()])
    np.testing.assert_array_equal(measures["ALLOWANCE"].values[0], told)
    assert (measures["ALLOWANCE"].reason[1:] == Reason.NOT_APPLICABLE).all()


def cut_at(loan: oracle.Loan, years: float) -> float:
    """What has no loss over its life has none of twelve months."""
    loan.expected()
    return loan.expected(years)


def test_paths_by_quarter(both: Both) -> None:
    by_id = {one.position_id: one for one in both.terms}
    table = paths_table(both.inputs.book, both.inputs.run).to_pylist()
    assert len(table) == 20 * 3 * sum(one.notional > 0 for one in both.terms)
    for row in table[::7]:
        loan = known_path(by_id[row["position_id"]], both, row["scenario"].split("@")[0])
        if loan is None:
            continue
        quarter, path = row["quarter"], loan
        assert row["phase"] == path.phase(quarter)
        assert row["lgd"] == pytest.approx(path.lgd(quarter), rel=1e-12)
        pd = known(lambda p=path, q=quarter: p.pd(q))  # type: ignore[misc]
        if isinstance(pd, str):
            assert row["pd_annual"] is None
            continue
        assert row["pd_annual"] == pytest.approx(pd, rel=1e-11)
        lost = known(lambda p=path, q=quarter: p.survival((q - 1) / 4) - p.survival(q / 4))  # type: ignore[misc]
        if isinstance(lost, str):
            assert row["marginal_pd"] is None
            continue
        assert row["marginal_pd"] == pytest.approx(lost, rel=1e-9, abs=1e-15)


def known_path(one: Terms, both: Both, scenario: str) -> oracle.Path | None:
    try:
        return oracle.loan_of(one, both.run, scenario).path
    except Blank:
        return None


def test_chunks_and_workers_change_no_digit(both: Both) -> None:
    whole = inputs_of(both.inputs.run.portfolio, both.run.policy, SCENARIOS)
    np.testing.assert_array_equal(allowances(whole).allowance_ccy, both.found.allowance_ccy)
