"""Random loans whose terms change on agreed dates, against a second implementation: every measure, every payment."""

import math
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from commands.ingestion.prepare import prepare_portfolio
from compute.cash_flows.schedules import schedule_table
from compute.inputs.run_inputs import resolve
from domain.market.document import parse_market
from domain.scenarios.shocks import parse_scenarios
from tests.walk.eventful_fund import write_fund
from tests.walk.oracle.flows import payments
from tests.walk.oracle.market import read_market, read_scenarios
from tests.walk.oracle.terms import read_positions
from tests.walk.through_both import BASE, differences, price_through_both

SEEDS = (11, *(pytest.param(seed, marks=pytest.mark.long) for seed in (12, 13)))
CLOSE = 1e-9


@cache
def fund(seed: int) -> Path:
    folder = Path(mkdtemp(prefix="eventful-")) / str(seed)
    write_fund(folder, seed, each=3)
    return folder


@pytest.mark.parametrize("seed", SEEDS)
def test_every_measure_is_the_oracles(seed: int) -> None:
    priced = price_through_both(fund(seed))
    for result in priced.oracle.values():
        share_what_is_left(result.values)
    assert list(differences(priced)) == []


def share_what_is_left(values: dict[str, float]) -> None:
    """Key rates add up to DV01, which wins where a cap is within a basis point of binding: by their sizes."""
    keys = [name for name in values if name.startswith("key_rate_dv01_")]
    left = values.get("dv01", 0.0) - sum(values[name] for name in keys)
    size = sum(abs(values[name]) for name in keys)
    for name in keys:
        values[name] += left * abs(values[name]) / size if size else 0.0


@pytest.mark.parametrize("seed", SEEDS)
def test_every_payment_of_the_schedule_is_the_oracles(seed: int) -> None:
    folder = fund(seed)
    told = schedules(folder)
    under = read_scenarios(folder, read_market(folder))
    wrong = []
    for terms in read_positions(folder):
        for scenario_id, market in under.items():
            expected = [row_of(each) for each in payments(terms, market)]
            rows = told[terms.position_id, scenario_id]
            wrong += [f"{terms.position_id} {scenario_id}: {len(rows)} payments, expected {len(expected)}"] * (
                len(rows) != len(expected)
            )
            for number, (row, wanted) in enumerate(zip(rows, expected, strict=False), 1):
                size = CLOSE * (1.0 + abs(terms.notional) * 1e-3)
                wrong += [
                    f"{terms.position_id} {scenario_id} {number} {name}: {row[name]!r}, expected {value!r}"
                    for name, value in wanted.items()
                    if row[name] is not None
                    and (row[name] != value if isinstance(value, str) else not near(row[name], value, size))
                ]
    assert wrong == []


def near(told: float, expected: float, size: float) -> bool:
    return math.isclose(told, expected, rel_tol=CLOSE, abs_tol=size)


def row_of(each: Any) -> dict[str, Any]:
    """As the columns of a schedule say it: what is capitalised is no principal, and was not paid as interest."""
    added = -each.scheduled if each.scheduled * each.opening < 0 else 0.0
    paid = each.scheduled + added
    interest = each.interest - added
    principal = paid + each.prepaid + each.advanced + each.recovered
    return {
        "rate": each.rate,
        "opening_balance": each.opening,
        "interest": interest,
        "scheduled_principal": paid,
        "prepaid_principal": each.prepaid,
        "advanced_principal": each.advanced,
        "recovered_principal": each.recovered,
        "principal": principal,
        "drawn": each.drawn,
        "capitalised": added,
        "defaulted": each.defaulted,
        "loss": each.loss,
        "cash_flow": interest + principal - each.drawn,
    }


def schedules(folder: Path) -> dict[tuple[str, str], list[dict[str, Any]]]:
    portfolio = prepare_portfolio(folder).portfolio
    assert portfolio is not None
    scenarios = [BASE, *parse_scenarios((folder / "scenarios.json").read_bytes())]
    market = parse_market((folder / "market.json").read_bytes())
    run = resolve(portfolio, market, scenarios, base_currency="USD", measures=("PV", "WAL"), chunk_size=4096)
    ids = [each.scenario_id for each in scenarios]
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for position in range(portfolio.position_count):
        table = schedule_table(run, position, ids)
        for values in zip(*table.values(), strict=True):
            row = dict(zip(table, values, strict=True))
            found.setdefault((row["position_id"], row["scenario_id"]), []).append(row)
    return found
