"""Queries over a run as the projections publish it: two ways to a total, and single positions against the table."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from domain.portfolio.columns import Portfolio
from query_api.reading import Connection
from query_api.results.asked_groups import parse_by
from query_api.results.chosen.fields import NamedPortfolio
from query_api.results.chosen.selection import ALL
from query_api.results.columns import columns_of_run
from query_api.results.position import position_results_of
from query_api.results.table import position_results
from query_api.results.total import Total
from query_api.results.totals import groupings, read_totals, sum_by, totals
from query_api.runs import queryable_run
from tests.builders.result_tables import publish
from tests.builders.sample_run import RUN_ID, SampleRun, tenor_over

RELATIVE = 1e-12
"""Ninety signed doubles added in another order: 1e-14, and two digits for cancellation."""


@contextmanager
def published(database_url: str) -> Iterator[tuple[Connection, Portfolio]]:
    with tenor_over(database_url) as tenor:
        sample = SampleRun().whole(tenor)
        publish(tenor)
        with tenor.database.connect() as connection:
            yield connection, sample.portfolio


def test_rollups_and_chunks_give_the_same_totals(database_url: str) -> None:
    with published(database_url) as (connection, portfolio):
        run = queryable_run(connection, RUN_ID)
        columns, scenarios = columns_of_run(run), list(range(len(run.scenarios)))
        assert {"fico", "opened", "vintage", "green", "tag:strategy", "sector", "issuer"} <= set(
            groupings(connection, run)
        )
        for by in ("fico", "opened", "vintage", "green", "tag:strategy", "sector", "issuer", "currency", "rating"):
            kept = {(t.key, t.scenario_no): t for t in read_totals(connection, run, by, columns, scenarios)}
            summed = sum_by(
                connection, run, parse_by(by), columns, scenarios, ALL, lambda _sha256: NamedPortfolio(portfolio)
            )
            assert {(t.key, t.scenario_no) for t in summed} == set(kept)
            for total in summed:
                same(total, kept[total.key, total.scenario_no])


def same(total: Total, other: Total) -> None:
    assert (total.positions, total.left_out, total.reasons) == (other.positions, other.left_out, other.reasons)
    assert total.currency == other.currency
    for number, value in total.values.items():
        assert value == (None if other.values[number] is None else pytest.approx(other.values[number], rel=RELATIVE))
    for number, native in total.natives.items():
        assert native == (None if other.natives[number] is None else pytest.approx(other.natives[number], rel=RELATIVE))


def test_a_position_alone_is_its_rows_of_the_table(database_url: str) -> None:
    with published(database_url) as (connection, _):
        rows = [row for batch in position_results(connection, RUN_ID).batches for row in batch.to_pylist()]
        assert [row["scenario_id"] for row in rows] == ["BASE"] * 90 + ["up100"] * 90 + ["fx"] * 90
        for position_id in (rows[0]["position_id"], rows[41]["position_id"], rows[89]["position_id"]):
            alone = position_results_of(connection, RUN_ID, position_id)
            assert alone == [row for row in rows if row["position_id"] == position_id]


def test_a_total_is_the_sum_of_the_rows(database_url: str) -> None:
    with published(database_url) as (connection, _):
        rows = [
            row for batch in position_results(connection, RUN_ID, scenario="fx").batches for row in batch.to_pylist()
        ]
        (total,) = totals(connection, RUN_ID, "total", scenario="fx").to_pylist()
        assert total["positions"] == 90
        for name in ("pv_base", "dv01_base", "cs01_base", "fx_delta"):
            there: list[Any] = [row[name] for row in rows if row[name] is not None]
            assert total[name] == pytest.approx(math.fsum(there), rel=RELATIVE)
        assert total["left_out"] == max(sum(row[n] is None for row in rows) for n in ("pv", "dv01", "convexity"))
