"""A run of which some positions are in scope: chunks are opened for these alone, however a page cuts them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from domain.access.asking import asked_by
from domain.access.principal import LOCAL, Principal
from domain.access.roles import Role
from query_api.errors import NotFound
from query_api.reading import Connection, reading
from query_api.results.amounts import chunk_amounts
from query_api.results.position import position_results_of
from query_api.results.table import ResultTable, pieces_between, position_results
from query_api.results.top import top_positions
from query_api.results.totals import groupings
from query_api.runs import find_run, newest_runs
from query_api.tree import tree_of_run
from tests.builders import hand_made_run
from tests.builders.hand_made_run import BOOKS, POSITIONS, RUN_ID
from tests.query_api.conftest import Connect

OWN = [place for place, book in enumerate(BOOKS) if book == "B2"]
"""The last of the first chunk of three, and all of the second."""


@pytest.fixture
def scoped(connect: Connect) -> Iterator[Connection]:
    with asked_by(Principal("vera", Role.VIEWER, ("B2",), "keys")), reading(connect) as connection:
        yield connection


@contextmanager
def everything(connect: Connect) -> Iterator[Connection]:
    with asked_by(LOCAL), reading(connect) as connection:
        yield connection


def rows_of(table: ResultTable) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pa.Table.from_batches(table.batches, table.schema).to_pylist()
    return found


def test_rows_are_those_of_the_whole(connect: Connect, scoped: Connection) -> None:
    with everything(connect) as connection:
        every = rows_of(position_results(connection, RUN_ID))
    own = [row for row in every if row["book_id"] == "B2"]
    assert str(rows_of(position_results(scoped, RUN_ID))) == str(own)
    for start in range(len(own)):
        for limit in range(1, len(own) - start + 2):
            page = rows_of(position_results(scoped, RUN_ID, start=start, limit=limit))
            assert str(page) == str(own[start : start + limit])


def test_pieces_hold_each_place_once(scoped: Connection) -> None:
    run = find_run(scoped, RUN_ID)
    assert run.rows is not None
    assert run.rows.tolist() == OWN
    pieces = list(pieces_between(run, [0, 1], 0, 2 * run.positions))
    told = [
        (piece.scenario_no, piece.chunk_no * run.chunk_size + piece.first + pick)
        for piece in pieces
        for pick in (piece.picks.tolist() if piece.picks is not None else [])
    ]
    assert told == [(scenario, place) for scenario in (0, 1) for place in OWN]
    assert [list(range(*piece.rows.indices(run.positions))) for piece in pieces[:2]] == [[0], [1, 2]]


def test_amounts_are_in_the_order_of_the_scope(connect: Connect, scoped: Connection) -> None:
    with everything(connect) as connection:
        whole = [
            chunk.amounts_ccy[0][0] for chunk in chunk_amounts(connection, find_run(connection, RUN_ID), [0], ["pv"])
        ]
    own = [chunk.amounts_ccy[0][0] for chunk in chunk_amounts(scoped, find_run(scoped, RUN_ID), [0], ["pv"])]
    np.testing.assert_array_equal(np.concatenate(own), np.concatenate(whole)[OWN])


def test_counts_and_failures_are_those_in_scope(scoped: Connection) -> None:
    run = find_run(scoped, RUN_ID)
    assert (run.positions, run.priced, run.failed, run.partial) == (3, 2, 1, 0)
    assert run.failure_counts["PV:MISSING_MARKET_DATA"] == 1
    (failure,) = run.failures
    assert (failure["first"], failure["positions"], failure["sentence"]) == ("P4", 1, hand_made_run.DETAILS[3])
    assert (run.chunks, run.chunks_done) == (None, 0)
    assert next(one for one in newest_runs(scoped, 10) if one.run_id == RUN_ID).priced == 2


def test_groupings_are_those_of_which_a_total_is_seen(scoped: Connection) -> None:
    run = find_run(scoped, RUN_ID)
    seen = scoped.execute("SELECT DISTINCT dimension FROM read.rollup WHERE run_no = %s ORDER BY 1", (run.run_no,))
    assert groupings(scoped, run) == [row[0] for row in seen] == ["book"]


def test_one_position_is_found_or_not(scoped: Connection) -> None:
    assert position_results_of(scoped, RUN_ID, "P/3")[0]["position_id"] == "P/3"
    for other in ("P1", "no-such"):
        with pytest.raises(NotFound):
            position_results_of(scoped, RUN_ID, other)


def test_the_largest_and_the_tree(connect: Connect, scoped: Connection) -> None:
    top = top_positions(scoped, RUN_ID)
    assert {row["position_id"] for row in top} <= {POSITIONS[place] for place in OWN}
    assert [row["rank"] for row in top] == list(range(1, len(top) + 1))
    (node,) = tree_of_run(scoped, RUN_ID)
    assert (node["node_id"], node["parent_id"], node["path"]) == ("B2", None, ["B2"])
    with everything(connect) as connection:
        (same,) = [each for each in tree_of_run(connection, RUN_ID) if each["node_id"] == "B2"]
    assert str({**same, "parent_id": None, "path": ["B2"]}) == str(node)
