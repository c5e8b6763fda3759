"""Totals and largest positions against the slow and obvious way: position by position, in plain Python."""

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from domain.measures.failures import Reason
from domain.measures.measures import BY_NAME, DEFAULT_MEASURES, Adds, Fact, Measure, Unit, columns_of
from domain.portfolio.columns import Portfolio
from projections.engine.runner import catch_up
from projections.results.blocks import ChunkResults
from projections.results.cell_sums import Totals
from projections.results.groups import build_groups
from projections.results.reasons import KnownReasons
from projections.results.rollups import Rollups
from projections.results.top import Top, offer
from tests.builders.sample_run import NODES, RATES, SampleRun, Tenor, portfolio

PV = BY_NAME["PV"]
COLUMNS = [BY_NAME[name] for name in DEFAULT_MEASURES for _ in BY_NAME[name].result_columns]
NAMES = columns_of(DEFAULT_MEASURES)
RELATIVE = 1e-12
"""Sums of 90 doubles in another order: 90 x 2^-53 is 1e-14, and cancellation of signed amounts takes two digits."""


ISSUERS = {
    "I1": ("ENERGY", "A", "US"),
    "I2": ("ENERGY", "BBB", "DE"),
    "I3": ("RETAIL", "BBB", "GB"),
    "I4": ("", "B", "US"),
}
ABOVE = {node: (parent, kind) for node, parent, kind in NODES}


def tree_groups(node: str | None) -> Iterator[tuple[str, str]]:
    nearest = {"FUND": "", "SUB_FUND": "", "DESK": "", "BOOK": ""}
    while node is not None:
        parent, kind = ABOVE[node]
        yield "node", node
        nearest[kind] = nearest[kind] or node
        node = parent
    yield from ((kind.lower(), value) for kind, value in nearest.items())


def position_groups(fund: Portfolio, row: int) -> set[tuple[str, str]]:
    """What a reader of the contract would say that a position belongs to; the sample fund's rules once more."""
    instrument = int(fund.instrument_row[row])
    issuer = ("", "I1", "I2", "I3", "I4", "I9")[instrument % 6]
    sector, rating, country = ISSUERS.get(issuer, ("", "", ""))
    return {
        ("total", ""),
        *tree_groups(NODES[fund.book_row[row]][0]),
        ("issuer", issuer),
        ("sector", sector),
        ("rating", rating),
        ("country", country),
        ("product_type", "BOND" if instrument < 20 else "LOAN"),
        ("currency", currency_of(fund, row)),
        ("rate_type", ("FIXED", "FLOATING", "")[instrument % 3]),
        ("green", ("true", "false", "")[instrument % 3]),
        ("vintage", str(2020 + instrument % 4)),
        ("fico", "" if row % 5 == 0 else f"{600.5 + row % 7}"),
        ("opened", "" if row % 4 == 0 else ("2024-10-04", "2024-10-05", "2024-10-06")[row % 3]),
        ("tag:strategy", ("carry", "", "rel value")[row % 3]),
    }


def currency_of(fund: Portfolio, row: int) -> str:
    return ("USD", "EUR", "GBP")[int(fund.instrument_row[row]) % 3]


class Slow:
    """The contract's sentence on totals, read aloud."""

    def __init__(self, run: SampleRun) -> None:
        self.fund = run.portfolio
        self.values: dict[tuple[int, int, int], float] = {}
        self.codes: dict[tuple[int, int, int], int] = {}
        columns = 0
        for kind in run.kinds:
            for chunk_no in range(run.chunks):
                block = run.block(kind, chunk_no)
                for (c, s, p), value in np.ndenumerate(block.values):
                    self.values[columns + c, s, chunk_no * 40 + p] = float(value)
                for (m, s, p), code in np.ndenumerate(block.reasons):
                    place = DEFAULT_MEASURES.index(block.measures[m])
                    self.codes[place, s, chunk_no * 40 + p] = int(code)
            columns += len(block.columns)
        self.notional = self.fund.tables["positions"].columns["notional"].values.tolist()
        self.members: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row in range(self.fund.position_count):
            for group in position_groups(self.fund, row):
                self.members[group].append(row)

    def rate(self, row: int, scenario: int) -> float:
        return RATES[currency_of(self.fund, row)][scenario]

    def total(self, rows: list[int], column: int, scenario: int) -> float | None:
        measure = COLUMNS[column]
        there = [row for row in rows if not math.isnan(self.values[column, scenario, row])]
        if not there:
            return None
        if measure.adds is Adds.SUM:
            in_base = measure.unit is Unit.BASE_CURRENCY
            return math.fsum(
                self.values[column, scenario, row] * (1 if in_base else self.rate(row, scenario)) for row in there
            )
        if measure.adds is Adds.ROOT_SUM_OF_SQUARES:
            return math.hypot(*(self.values[column, scenario, row] * self.rate(row, scenario) for row in there))
        weight = {row: self.weight(measure, row, scenario) for row in there}
        brought = {row: self.values[column, scenario, row] * weight[row] for row in there}
        if measure.adds is Adds.RWA_BY_EAD:
            rwa = measure.with_it[0].lower()
            brought = {row: self.named(rwa, scenario, row) * self.rate(row, scenario) for row in there}
        return math.fsum(brought.values()) / math.fsum(weight.values())

    def weight(self, measure: Measure, row: int, scenario: int) -> float:
        match measure.adds:
            case Adds.BY_PV:
                own = self.named("pv", scenario, row)
            case Adds.BY_EAD:
                own = self.named("ead", scenario, row)
            case Adds.BY_PD_EAD:
                own = self.named("pd_12m", scenario, row) * self.named("ead", scenario, row)
            case Adds.RWA_BY_EAD:
                own = self.named(measure.with_it[1].lower(), scenario, row)
            case _:
                own = abs(self.notional[row])
        return float(own * self.rate(row, scenario))

    def named(self, column: str, scenario: int, row: int) -> float:
        return self.values[NAMES.index(column), scenario, row]

    def native(self, rows: list[int], column: int, scenario: int) -> tuple[float | None, str | None]:
        currencies = {currency_of(self.fund, row) for row in rows}
        there = [self.values[column, scenario, row] for row in rows]
        there = [value for value in there if not math.isnan(value)]
        if len(currencies) != 1 or not COLUMNS[column].is_amount or not there:
            return None, None
        is_root = COLUMNS[column].adds is Adds.ROOT_SUM_OF_SQUARES
        return math.hypot(*there) if is_root else math.fsum(there), currencies.pop()

    def reasons(self, rows: list[int], scenario: int) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for row in rows:
            for place, measure in enumerate(DEFAULT_MEASURES):
                if code := self.codes[place, scenario, row]:
                    counts[f"{measure}:{Reason(code).name}"] += 1
        return dict(counts)


@pytest.fixture
def published(tenor: Tenor) -> tuple[Tenor, Slow]:
    run = SampleRun().whole(tenor)
    catch_up(tenor.results(), tenor.store, tenor.database.connect)
    return tenor, Slow(run)


def test_totals_are_what_adding_by_hand_gives(published: tuple[Tenor, Slow]) -> None:
    tenor, slow = published
    query = (
        "SELECT dimension, key, scenario_no, column_no, value, value_native, currency, positions, left_out "
        "FROM read.rollup"
    )
    seen = set()
    for dimension, key, scenario, column, value, native, currency, positions, left_out in tenor.rows(query):
        rows = slow.members.get((dimension, key), [])
        seen.add((dimension, key))
        assert positions == len(rows)
        same(value, slow.total(rows, column, scenario), (dimension, key, scenario, column))
        expected_native, expected_currency = slow.native(rows, column, scenario)
        same(native, expected_native, (dimension, key, scenario, column))
        assert currency == expected_currency
        place = DEFAULT_MEASURES.index(COLUMNS[column].name)
        codes = [slow.codes[place, scenario, row] for row in rows]
        assert left_out == sum(code not in (Reason.NONE, Reason.NOT_APPLICABLE) for code in codes)
    nobody = {("node", "BIRCH"), ("node", "SPARE"), ("fund", "BIRCH"), ("book", "SPARE")}
    assert seen == set(slow.members) | nobody


def same(found: float | None, expected: float | None, where: object) -> None:
    if expected is None or found is None:
        assert found is expected, where
    else:
        assert found == pytest.approx(expected, rel=RELATIVE, abs=1e-9), where


def test_a_total_says_how_many_it_leaves_out_and_why(published: tuple[Tenor, Slow]) -> None:
    tenor, slow = published
    found = {
        (dimension, key, scenario): reasons
        for dimension, key, scenario, reasons in tenor.rows(
            "SELECT dimension, key, scenario_no, reasons FROM read.rollup_reason"
        )
    }
    expected = {
        (*group, scenario): counts
        for group, rows in slow.members.items()
        for scenario in range(3)
        if (counts := slow.reasons(rows, scenario))
    }
    assert found == expected


def test_the_largest_positions(published: tuple[Tenor, Slow]) -> None:
    tenor, slow = published
    ids = slow.fund.tables["positions"].columns["position_id"]
    found: dict[tuple[int, int], list[tuple[str, float]]] = defaultdict(list)
    query = "SELECT column_no, scenario_no, rank, position_id, value FROM read.top ORDER BY 1, 2, 3"
    for column, scenario, rank, position_id, value in tenor.rows(query):
        found[column, scenario].append((position_id, value))
        assert rank == len(found[column, scenario])
    amounts = [c for c, measure in enumerate(COLUMNS) if measure.is_amount or measure.unit is Unit.BASE_CURRENCY]
    assert sorted(found) == [(column, scenario) for column in amounts for scenario in range(3)]
    for (column, scenario), rows in found.items():
        in_base = COLUMNS[column].unit is Unit.BASE_CURRENCY
        values = [
            (
                ids.categories[ids.values[row]],
                slow.values[column, scenario, row] * (1 if in_base else slow.rate(row, scenario)),
            )
            for row in range(90)
            if not math.isnan(slow.values[column, scenario, row])
        ]
        assert rows == sorted(values, key=lambda each: -abs(each[1]))


@pytest.mark.parametrize("most", [1, 5, 40])
def test_top_lists_equal_a_full_sort_with_ties_and_blanks(most: int) -> None:
    random = np.random.default_rng(most)
    values = random.integers(-20, 20, (3, 1000)).astype(float)
    values[:, ::17], values[2] = np.nan, np.nan
    tops = [Top(most) for _ in values]
    for first in range(0, 1000, 64):
        offer(tops, first, values[:, first : first + 64])
    for top, of_scenario in zip(tops, values.tolist(), strict=True):
        rows, sizes = top.ranked()
        there = [(-abs(value), row) for row, value in enumerate(of_scenario) if not math.isnan(value)]
        assert list(zip((-np.abs(sizes)).tolist(), rows.tolist(), strict=True)) == sorted(there)[:most]


def chunk_of(values: list[Any], reasons: Any) -> ChunkResults:
    shape = np.shape(values[0])
    return ChunkResults(
        0, 0, shape[1], [np.array(each, float) for each in values], (), reasons, [""], np.zeros(shape[1], np.int32), {}
    )


def rollups_of(measures: list[Measure], values: list[Any], rates: Any) -> tuple[Rollups, dict[tuple[str, str], int]]:
    """Positions of the sample fund, as many as there are values, under one scenario."""
    names = tuple(measure.name for measure in measures)
    fund = portfolio(len(values[0][0]))
    groups = build_groups(fund)
    book = KnownReasons(names)
    totals = Totals(groups, tuple(measures), 1, np.ones(fund.position_count))
    blank = np.isnan([values[place] for place in range(len(measures))])
    chunk = chunk_of(values, np.where(blank, Reason.MISSING_MARKET_DATA, 0).astype(np.uint8))
    totals.add(chunk, book.number(chunk.reasons), book)
    by_currency = np.array([[rates[currency]] for currency in groups.currencies], float)
    return Rollups(totals, names, by_currency), {key: place for place, key in enumerate(groups.keys)}


def test_weights_that_cancel_give_no_average() -> None:
    rollups, place = rollups_of([PV, BY_NAME["YIELD"]], [[[5.0, -5.0]], [[0.04, 0.06]]], dict.fromkeys(RATES, 1.0))
    totals = rollups.scenario(0)
    assert totals.value[place["total", ""], 0] == 0.0
    assert math.isnan(totals.value[place["total", ""], 1])


def test_standard_errors_add_as_the_root_of_the_sum_of_squares() -> None:
    error = Measure("STANDARD_ERROR", Unit.CURRENCY, Adds.ROOT_SUM_OF_SQUARES, Fact.PRICED, "of PV")
    errors = [float(row) for row in range(30)]
    rollups, place = rollups_of([PV, error], [[[1.0] * 30], [errors]], {"USD": 1.0, "EUR": 2.0, "GBP": 3.0})
    fund, rates = portfolio(30), {"USD": 1.0, "EUR": 2.0, "GBP": 3.0}
    in_base = [each * rates[currency_of(fund, row)] for row, each in enumerate(errors)]
    totals = rollups.scenario(0)
    assert totals.value[place["total", ""], 1] == pytest.approx(math.hypot(*in_base), rel=RELATIVE)
    in_eur = [each for row, each in enumerate(errors) if currency_of(fund, row) == "EUR"]
    assert totals.value_native[place["currency", "EUR"], 1] == pytest.approx(math.hypot(*in_eur), rel=RELATIVE)


def test_the_last_bit_of_a_total_does_not_depend_on_the_order_of_arrival(tenor: Tenor) -> None:
    first, second = SampleRun().whole(tenor), SampleRun(run_id=UUID(int=2))
    second.begin(tenor)
    for chunk_no in reversed(range(second.chunks)):
        second.append_facts(tenor, chunk_no)
    second.end(tenor)
    catch_up(tenor.results(), tenor.store, tenor.database.connect)
    query = (
        "SELECT dimension, key, scenario_no, value::text, value_native::text FROM projection.rollup_v1 "
        "WHERE run_no = (SELECT run_no FROM projection.result_run_v1 WHERE run_id = %s) ORDER BY 1, 2, 3"
    )
    assert tenor.rows(query, first.run_id) == tenor.rows(query, second.run_id)


def test_a_total_that_nobody_contributes_to_is_blank() -> None:
    rollups, place = rollups_of([PV], [[[math.nan, math.nan]]], dict.fromkeys(RATES, 1.0))
    totals = rollups.scenario(0)
    assert math.isnan(totals.value[place["total", ""], 0])
    assert totals.left_out[place["total", ""], 0] == 2


def test_a_currency_without_a_rate_never_counts_as_one() -> None:
    """Where amounts of it are there the total is blank; where they are blank the rest still adds up."""
    fund = portfolio(30)
    codes = [currency_of(fund, row) for row in range(30)]
    rates = {"USD": 1.0, "EUR": 1.09, "GBP": math.nan}
    everything = [[1.0] * 30]
    rollups, place = rollups_of([PV], [everything], rates)
    assert math.isnan(rollups.scenario(0).value[place["total", ""], 0])
    without_gbp = [[math.nan if code == "GBP" else 1.0 for code in codes]]
    rollups, place = rollups_of([PV], [without_gbp], rates)
    expected = sum(rates[code] for code in codes if code != "GBP")
    assert rollups.scenario(0).value[place["total", ""], 0] == pytest.approx(expected, rel=RELATIVE)


def test_attributes_of_many_values_have_no_totals_kept() -> None:
    fund = portfolio(1_500)
    kinds = {key for key, _ in build_groups(fund).keys}
    assert {"fico", "opened", "tag:strategy", "vintage"} <= kinds
    fund.tables["positions"].columns["ltv"] = fund.tables["positions"].columns["notional"]  # type: ignore[index]
    assert "ltv" not in {key for key, _ in build_groups(fund).keys}
