"""Economic capital: the loss of a portfolio under one factor, against sums and integrals taken another way."""

from collections.abc import Sequence
from math import comb, exp, sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from compute.capital.economic.losses import node_losses
from compute.capital.economic.obligors import books_below, obligors_of
from compute.capital.economic.table import economic_capital_table, seed_of, tail_size, years_of_funding
from compute.funding_rates import funding_rates
from compute.kernels.capital.vasicek import conditional_pds, factor_nodes, simulated_losses, stratified_factors
from tests.builders.exposures import Book, Said

NORMAL = NormalDist()
CERTAIN = 0.999
LOAN = {"asset_class": "CORPORATE", "pd_12m": 0.02, "lgd": 0.5, "notional": 1000.0}
RHO = 0.12 * (1 - exp(-1.0)) / (1 - exp(-50)) + 0.24 * (1 - (1 - exp(-1.0)) / (1 - exp(-50)))
"""Of a corporate with a PD of 2 %: CRE31.5."""


def table(folder: Path, exposures: Sequence[Said], **setting: Any) -> dict[str, dict[str, Any]]:
    book = Book(folder, exposures, **setting)
    worked = book.worked
    currencies = worked.basics.exposures.own_texts("currency")
    funding = funding_rates(worked.columns.portfolio, book.market, currencies, years_of_funding(worked))
    rows = economic_capital_table(worked, book.requested, funding).to_pylist()
    return {row["node_id"]: row for row in rows}


def chance_given(factor: float, pd: float = 0.02, rho: float = RHO) -> float:
    return NORMAL.cdf((NORMAL.inv_cdf(pd) - sqrt(rho) * factor) / sqrt(1 - rho))


def chances_of_defaults(count: int) -> list[float]:
    """Of 0, 1, … defaults among equals: the binomial law, integrated over the factor by a fine sum."""
    step = 0.005
    factors = [-8 + step * place for place in range(int(16 / step) + 1)]
    found = [0.0] * (count + 1)
    for factor in factors:
        weight, p = NORMAL.pdf(factor) * step, chance_given(factor)
        for k in range(count + 1):
            found[k] += weight * comb(count, k) * p**k * (1 - p) ** (count - k)
    return found


def test_few_obligors_lose_what_the_binomial_law_says(tmp_path: Path) -> None:
    """Each loses 500; the quantile is a whole number of defaults."""
    count = 12
    row = table(tmp_path, [{"id": f"L{i:02}", **LOAN} for i in range(count)])["BANK"]
    chances = chances_of_defaults(count)
    below = np.cumsum(chances)
    quantile = int(np.argmax(below >= CERTAIN))
    assert row["var"] == 500.0 * quantile
    assert row["el"] == pytest.approx(count * 0.02 * 500.0, rel=1e-9)
    mean = sum(k * chance for k, chance in enumerate(chances))
    square = sum(k * k * chance for k, chance in enumerate(chances))
    assert row["loss_deviation"] == pytest.approx(500.0 * sqrt(square - mean**2), rel=1e-6)
    beyond = sum(chance for k, chance in enumerate(chances) if k > quantile)
    tail = sum(k * chance for k, chance in enumerate(chances) if k > quantile) + quantile * (1 - CERTAIN - beyond)
    assert row["es"] == pytest.approx(500.0 * tail / (1 - CERTAIN), rel=0.04)
    assert row["economic_capital"] == pytest.approx(row["var"] - row["el"], rel=1e-12)


def test_many_obligors_lose_the_asymptotic_quantile_and_its_adjustment(tmp_path: Path) -> None:
    """1,000 equals: the adjustment is a few percent, and what it leaves is the noise of 20 outcomes in the tail."""
    row = table(tmp_path, [{"id": f"L{i:04}", **LOAN} for i in range(1000)])["BANK"]
    asymptotic = 500_000.0 * chance_given(NORMAL.inv_cdf(1 - CERTAIN))
    assert row["var_asymptotic"] == pytest.approx(asymptotic, rel=1e-9)
    assert 0.0 < row["granularity"] < 0.05 * asymptotic
    assert row["var"] == pytest.approx(row["var_asymptotic"] + row["granularity"], rel=0.03)


def test_granularity_falls_as_one_over_the_number_of_obligors(tmp_path: Path) -> None:
    few, many = (
        table(tmp_path / str(count), [{"id": f"L{i:04}", **LOAN} for i in range(count)])["BANK"] for count in (50, 200)
    )
    share = [row["granularity"] / row["var_asymptotic"] for row in (few, many)]
    assert share[0] == pytest.approx(4.0 * share[1], rel=1e-6)


def test_loans_of_one_group_default_as_one(tmp_path: Path) -> None:
    apart = table(tmp_path / "apart", [{"id": f"L{i}", **LOAN} for i in range(4)])["BANK"]
    group = {"issuer_group": "G"}
    together = table(tmp_path / "group", [{"id": f"L{i}", **LOAN, **group} for i in range(4)])["BANK"]
    assert (apart["obligors"], together["obligors"]) == (4, 1)
    assert together["el"] == pytest.approx(apart["el"], rel=1e-12)
    assert together["var"] == 2000.0 > apart["var"]
    assert together["loss_deviation"] == pytest.approx(2000.0 * sqrt(0.02 * 0.98), rel=1e-9)


def test_contributions_add_up_to_the_capital_of_the_root(tmp_path: Path) -> None:
    loans = [
        {"id": f"L{i:02}", **LOAN, "book_id": "BOOK" if i % 3 else "OTHER", "notional": 500.0 * i} for i in range(30)
    ]
    rows = table(tmp_path, loans)
    assert rows["BOOK"]["contribution"] + rows["OTHER"]["contribution"] == pytest.approx(
        rows["BANK"]["economic_capital"], rel=1e-12
    )
    alone = rows["BOOK"]["economic_capital"] + rows["OTHER"]["economic_capital"]
    assert alone > rows["BANK"]["economic_capital"]


def test_what_is_in_default_is_lost_and_needs_no_capital(tmp_path: Path) -> None:
    row = table(tmp_path, [{"id": "D", **LOAN, "defaulted": True}, {"id": "N", **LOAN, "pd_12m": ""}])["BANK"]
    assert (row["obligors"], row["left_out"], row["el"], row["var"]) == (0, 1, 500.0, 500.0)
    assert row["economic_capital"] == 0.0 and row["raroc"] is None


def test_income_is_what_a_rate_earns_above_its_funding(tmp_path: Path) -> None:
    """5 % against five years of a flat curve at 3 %, continuously compounded."""
    row = table(tmp_path, [{"id": "L", **LOAN, "notional": 1e6}])["BANK"]
    assert row["income"] == pytest.approx(1e6 * (0.05 - (exp(0.03) - 1.0)), rel=1e-9)
    assert row["raroc"] == pytest.approx((row["income"] - row["el"]) / row["economic_capital"], rel=1e-12)
    effective = table(tmp_path / "eir", [{"id": "L", **LOAN, "notional": 1e6, "effective_interest_rate": 0.06}])["BANK"]
    assert effective["income"] - row["income"] == pytest.approx(1e4, rel=1e-9)


def test_the_same_snapshots_are_drawn_in_the_same_way(tmp_path: Path) -> None:
    loans = [{"id": f"L{i}", **LOAN, "notional": 1000.0 * (i + 1)} for i in range(12)]
    first, second = (table(tmp_path / name, loans) for name in ("a", "b"))
    assert first == second
    request = Book(tmp_path / "c", loans[:1]).requested
    assert seed_of(request) != seed_of(request.model_copy(update={"market_sha256": "other"}))


def test_large_books_draw_the_largest_obligors_and_expect_the_rest(tmp_path: Path) -> None:
    """With all of 400 drawn, and with the largest 200 alone, whose losses are 19 in 20 of the whole. Other draws: a
    quantile that 21 of 20,000 outcomes reach moves by some percent."""
    loans = [{"id": f"L{i:03}", **LOAN, "notional": 2000.0 if i < 200 else 100.0} for i in range(400)]
    worked = Book(tmp_path, loans).worked
    obligors, under = obligors_of(worked, worked.setting.rules["basel"]), books_below(worked)
    whole, part = (np.sort(node_losses(obligors, under, 1, most)[:, 0])[-21] for most in (400, 200))
    assert part == pytest.approx(whole, rel=0.06) and part != whole


# --- kernels --------------------------------------------------------------------------------------------------------


def test_conditional_chances_average_to_the_chance_itself() -> None:
    nodes, weights = factor_nodes(64)
    pd, rho = np.array([0.001, 0.02, 0.3]), np.array([0.24, 0.15, 0.04])
    mean = sum(weight * conditional_pds(pd, rho, node) for node, weight in zip(nodes, weights, strict=True))
    assert mean == pytest.approx(pd, rel=1e-8)


def test_strata_and_tails() -> None:
    factors = stratified_factors(20_000)
    assert factors.mean() == pytest.approx(0.0, abs=1e-12) and factors.std() == pytest.approx(1.0, abs=1e-3)
    assert [tail_size(20_000, CERTAIN), tail_size(1000, CERTAIN), tail_size(10, CERTAIN)] == [21, 2, 1]


def test_an_obligor_with_loans_in_two_books_loses_in_both_at_once() -> None:
    one = np.array([0.2]), np.array([0.1])
    cells = np.array([1.0, 2.0]), np.zeros(2, np.int64), np.array([0, 1])
    losses = simulated_losses(*one, *cells, 2, stratified_factors(1000), 7)
    assert np.array_equal(losses[:, 1], 2.0 * losses[:, 0])
    assert losses[:, 0].mean() == pytest.approx(0.2, abs=0.03)
