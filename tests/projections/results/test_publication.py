"""A published run: every number is the block's, every blank has its reason, and it is all there or not at all."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest

from domain.measures.failures import Reason, reason_text, status_of
from domain.measures.measures import DEFAULT_MEASURES, columns_of
from domain.runs.facts import BlockColumns
from domain.runs.run import RunCompleted
from projections.engine.runner import catch_up, transactions
from projections.results.blocks import BlockDamaged
from projections.results.reasons import KnownReasons
from query_api.frames import unpacked
from query_api.reading import unpacked_numbers, unpacked_texts
from tests.builders.result_tables import TABLES, publish, read
from tests.builders.sample_run import RATES, SampleRun, Tenor, portfolio


def amounts(tenor: Tenor, run_no: int) -> np.ndarray[Any, Any]:
    """[columns, scenarios, positions]"""
    names = "column_no, chunk_no, part_no, scenario_no, packed"
    query = f"SELECT {names} FROM read.result_chunk WHERE run_no = %s ORDER BY 1, 2, 3, 4"  # noqa: S608 - our own names
    frames: dict[int, dict[int, dict[int, dict[int, bytes]]]] = {}
    for column, chunk_no, part_no, scenario, frame in tenor.rows(query, run_no):
        frames.setdefault(column, {}).setdefault(chunk_no, {}).setdefault(part_no, {})[scenario] = frame
    columns = [[unpacked(parts, slice(0, 4096)) for parts in chunks.values()] for chunks in frames.values()]
    return np.array([[np.concatenate([part[s] for part in parts]) for s in parts[0]] for parts in columns])


def expected(run: SampleRun) -> list[BlockColumns]:
    """Both kinds of each chunk side by side; a failed chunk is blank."""
    blocks = []
    for chunk_no in range(run.chunks):
        parts = [run.block(kind, chunk_no) for kind in run.kinds]
        whole = BlockColumns(
            sum((part.columns for part in parts), ()),
            np.concatenate([part.values for part in parts]),
            sum((part.measures for part in parts), ()),
            np.concatenate([part.reasons for part in parts]),
            parts[0].details,
            parts[0].detail,
        )
        if chunk_no in run.failing:
            whole = replace(
                whole,
                values=np.full_like(whole.values, np.nan),
                reasons=np.full_like(whole.reasons, Reason.DID_NOT_CONVERGE),
                details=(f"chunk {chunk_no} ran out of memory",),
                detail=np.zeros_like(whole.detail),
            )
        blocks.append(whole)
    return blocks


def statuses(tenor: Tenor, run_no: int) -> list[tuple[str, str]]:
    """(status, reason) by scenario and position."""
    query = "SELECT reason_no, status, reason FROM read.result_reason WHERE run_no = %s"
    words = {number: (status, reason) for number, status, reason in tenor.rows(query, run_no)}
    query = "SELECT reason_no FROM read.result_status WHERE run_no = %s ORDER BY scenario_no, chunk_no"
    return [words[number] for (packed,) in tenor.rows(query, run_no) for number in unpacked_numbers(packed, "<i2")]


@pytest.mark.parametrize("failing", [(), (1,), (0, 1, 2)])
def test_every_number_and_every_reason_is_the_blocks(tenor: Tenor, failing: tuple[int, ...]) -> None:
    run = SampleRun(failing=failing).whole(tenor)
    publish(tenor)
    ((run_no, priced, failed, counts),) = tenor.rows("SELECT run_no, priced, failed, failure_counts FROM read.run")
    blocks = expected(run)
    assert blocks[0].columns == columns_of(DEFAULT_MEASURES)
    values = np.concatenate([block.values for block in blocks], axis=2)
    np.testing.assert_array_equal(amounts(tenor, run_no).view(np.uint64), values.view(np.uint64))
    told = []
    for scenario in range(3):
        for codes in (column for block in blocks for column in block.reasons[:, scenario].T):
            failures = {name: Reason(code) for name, code in zip(DEFAULT_MEASURES, codes.tolist(), strict=True)}
            told.append((status_of(failures, len(failures)).name, reason_text(failures)))
    assert statuses(tenor, run_no) == told
    bad = sum(any(told[s * 90 + row][0] == "FAILED" for s in range(3)) for row in range(90))
    assert (priced, failed) == (90 - bad, bad)
    assert counts == failure_counts(told)


def failure_counts(told: list[tuple[str, str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in range(90):
        labels = {label for scenario in range(3) for label in told[scenario * 90 + row][1].split(";")}
        for label in labels:
            if label and not label.endswith("NOT_APPLICABLE"):
                counts[label] = counts.get(label, 0) + 1
    return counts


def test_who_the_positions_are_and_where_they_stand(tenor: Tenor) -> None:
    run = SampleRun(failing=(2,)).whole(tenor)
    publish(tenor)
    query = (
        "SELECT position_id, instrument_id, book_id, product_type, currency, detail "
        "FROM read.result_position ORDER BY chunk_no"
    )
    fund = run.portfolio
    details = [block.details[place] if place >= 0 else "" for block in expected(run) for place in block.detail.tolist()]
    identities = []
    for row in range(90):
        instrument, node = fund.instrument_row[row], fund.book_row[row]
        position = fund.tables["positions"].columns["position_id"]
        terms = [
            name(fund, "instruments", column, instrument) for column in ("instrument_id", "product_type", "currency")
        ]
        position_id = position.categories[position.values[row]]
        identities.append((position_id, terms[0], name(fund, "portfolio", "node_id", node), *terms[1:], details[row]))
    chunks = [([unpacked_texts(each).to_pylist() for each in who], detail) for *who, detail in tenor.rows(query)]
    assert [row for who, said in chunks for row in zip(*who, said or [""] * len(who[0]), strict=True)] == identities
    lookups = tenor.rows("SELECT first_position_id, position_id, row_no FROM read.result_row ORDER BY 1")
    found = [(unpacked_texts(ids).to_pylist(), np.frombuffer(rows, "<i4").tolist()) for _, ids, rows in lookups]
    assert [first for first, *_ in lookups] == [ids[0] for ids, _ in found]
    assert [pair for ids, rows in found for pair in zip(ids, rows, strict=True)] == sorted(
        (identity[0], row) for row, identity in enumerate(identities)
    )
    rates = tenor.rows(
        "SELECT currency, array_agg(rate ORDER BY scenario_no) FROM read.result_fx GROUP BY 1 ORDER BY 1"
    )
    assert dict(rates) == RATES


def name(fund: Any, table: str, column: str, row: int) -> str:
    held = fund.tables[table].columns[column]
    return str(held.categories[held.values[row]])


def test_told_twice_it_does_not_notice(tenor: Tenor) -> None:
    SampleRun().whole(tenor)
    publish(tenor)
    before = read(tenor, clock=True)
    with tenor.database.connect() as connection, connection.transaction():
        tenor.results().handle(connection, tenor.store.log(0, 1000))
    assert read(tenor, clock=True) == before


@pytest.mark.parametrize("failing", [(), (1,)])
def test_published_again_over_itself_it_ends_the_same(tenor: Tenor, failing: tuple[int, ...]) -> None:
    """As a rebuild does whose tables were not emptied."""
    SampleRun(failing=failing).whole(tenor)
    publish(tenor)
    before = read(tenor)
    with tenor.database.connect() as connection:
        connection.execute("DELETE FROM projection.result_run_v1")
        connection.execute("DELETE FROM reader_position")
    publish(tenor)
    assert read(tenor) == before


def test_a_crash_before_the_commit_leaves_nothing_and_the_next_try_publishes(tenor: Tenor) -> None:
    SampleRun().whole(tenor)
    entries = tenor.store.log(0, 1000)

    with tenor.database.connect() as connection, connection.transaction(force_rollback=True):
        tenor.results().handle(connection, entries)
    assert not any(read(tenor).values())
    publish(tenor)
    assert all(read(tenor).values())


def test_a_retry_replaces_what_had_failed_and_nothing_reads_half_of_it(tenor: Tenor, database_url: str) -> None:
    run = SampleRun(failing=(0, 2)).whole(tenor)
    publish(tenor)
    assert tenor.rows("SELECT failed, queryable_at IS NOT NULL FROM read.run")[0][1]
    with psycopg.connect(database_url) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        every = "SELECT array_agg(packed ORDER BY chunk_no, part_no, scenario_no, column_no) FROM read.result_chunk"
        before = reader.execute(every).fetchone()
        run.retry(tenor)
        run.end(tenor)
        publish(tenor)
        assert reader.execute(every).fetchone() == before
    np.testing.assert_array_equal(
        amounts(tenor, tenor.rows("SELECT run_no FROM read.run")[0][0]),
        np.concatenate([block.values for block in expected(run)], axis=2),
    )
    clean = read(tenor)
    with tenor.database.connect() as connection:
        for table in TABLES:
            connection.execute(f"TRUNCATE projection.{table}")
        connection.execute("DELETE FROM reader_position")
    publish(tenor)
    assert read(tenor) == clean


def test_a_run_that_is_being_retried_keeps_its_figures_until_the_next_completion(tenor: Tenor) -> None:
    run = SampleRun(failing=(1,)).whole(tenor)
    publish(tenor)
    is_queryable = "SELECT status, queryable_at IS NOT NULL FROM read.run"
    run.retry(tenor)
    publish(tenor)
    assert tenor.rows(is_queryable) == [("RUNNING", True)]
    run.end(tenor)
    catalogue = [each for each in tenor.projections() if each.name == "run_v1"]
    catch_up(catalogue[0], tenor.store, tenor.database.connect)
    assert tenor.rows(is_queryable) == [("COMPLETED", False)]
    publish(tenor)
    assert tenor.rows(is_queryable) == [("COMPLETED", True)]


def test_runs_stand_side_by_side_and_one_measure_is_enough(tenor: Tenor) -> None:
    SampleRun().whole(tenor)
    publish(tenor)
    before = read(tenor)
    small = SampleRun(run_id=UUID(int=99), measures=("PV",), scenarios=["BASE"], blanks=False)
    small.whole(tenor)
    publish(tenor)
    after = read(tenor)
    assert all(set(before[table]) <= set(after[table]) for table in TABLES)
    run_no = tenor.rows("SELECT run_no FROM read.run WHERE run_id = %s", small.run_id)[0][0]
    assert amounts(tenor, run_no).shape == (1, 1, 90)
    assert tenor.rows("SELECT status, reason FROM read.result_reason WHERE run_no = %s", run_no) == [("PRICED", "")]
    assert tenor.rows("SELECT count(*) FROM read.rollup_reason WHERE run_no = %s", run_no) == [(0,)]


def test_an_empty_portfolio_is_a_run_without_rows(tenor: Tenor) -> None:
    SampleRun(portfolio=portfolio(0)).whole(tenor)
    publish(tenor)
    assert tenor.rows("SELECT priced, failed, queryable_at IS NOT NULL FROM read.run") == [(0, 0, True)]


def test_readers_of_other_runs_wait_for_nothing(tenor: Tenor, database_url: str) -> None:
    """A reader inside a transaction of its own holds locks on every parent; publishing goes through all the same."""
    SampleRun().whole(tenor)
    publish(tenor)
    SampleRun(run_id=UUID(int=98)).whole(tenor)
    with psycopg.connect(database_url) as reader:
        for view in (
            "result_chunk",
            "result_position",
            "result_row",
            "result_status",
            "rollup",
            "rollup_reason",
            "top",
        ):
            reader.execute(f"SELECT count(*) FROM read.{view}")  # noqa: S608 - our own names
        with tenor.database.connect() as connection, connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '5s'")
            tenor.results().handle(connection, tenor.store.log(0, 1000))
            reader.execute("SET LOCAL lock_timeout = '5s'")
            assert reader.execute("SELECT count(DISTINCT run_no) FROM read.result_chunk").fetchone() == (1,)


def test_bytes_that_are_not_those_of_the_log_halt_the_publication(tenor: Tenor) -> None:
    run = SampleRun()
    run.begin(tenor)
    for chunk_no in range(run.chunks):
        run.append_facts(tenor, chunk_no, forged=chunk_no == 1)
    run.end(tenor)
    with pytest.raises(BlockDamaged, match="chunk 1 of run"):
        publish(tenor)
    assert tenor.rows("SELECT status, queryable_at FROM read.run") == [("COMPLETED", None)]


def test_a_nan_that_nobody_explained_did_not_converge(tenor: Tenor) -> None:
    run = SampleRun(blanks=False)
    honest = run.block

    def with_a_hole(kind: Any, chunk_no: int) -> BlockColumns:
        block = honest(kind, chunk_no)
        block.values[0, 1, 3] = np.nan
        return block

    run.block = with_a_hole  # type: ignore[method-assign]
    run.whole(tenor)
    publish(tenor)
    told = {reason for _, reason in statuses(tenor, tenor.rows("SELECT run_no FROM read.run")[0][0])}
    assert told == {"", "PV:DID_NOT_CONVERGE;DV01:DID_NOT_CONVERGE;PD_12M:DID_NOT_CONVERGE"}


@pytest.mark.parametrize("measures", [1, 16, 25, 60])
def test_reason_numbers_stand_for_patterns_however_many_measures(measures: int) -> None:
    random = np.random.default_rng(measures)
    names = (*(f"M{m}" for m in range(measures - 1)), "PV")
    reasons = random.integers(0, 6, (measures, 3, 200)).astype(np.uint8) * (random.random((measures, 3, 200)) < 0.4)
    reasons[:, 1] = reasons[:, 0]
    reasons[:, 2, ::2] = 0
    book = KnownReasons(names)
    numbers = book.number(reasons.astype(np.uint8))
    for scenario in range(3):
        for position in range(200):
            pattern = tuple(reasons[:, scenario, position].tolist())
            number = numbers[scenario, position]
            assert book.patterns[number] == pattern
            failures = {each: Reason(code) for each, code in zip(names, pattern, strict=True)}
            assert book.reason[number] == reason_text(failures)
            assert book.status[number] == status_of(failures, measures)
    assert book.patterns[0] == (0,) * measures and len(set(book.patterns)) == len(book.patterns)


def test_a_completion_is_published_by_itself(tenor: Tenor) -> None:
    """Publishing is long work: a transaction of its own, so that nothing else waits for it or is undone with it."""
    for run_id in (UUID(int=97), UUID(int=98)):
        SampleRun(run_id=run_id).whole(tenor)
    entries = tenor.store.log(0, 1000)
    parts = list(transactions(entries, tenor.results().alone))
    completions = [part for part in parts if any(isinstance(entry.event, RunCompleted) for entry in part)]
    assert [len(part) for part in completions] == [1, 1]
    assert max(len(part) for part in parts) > 1
    assert [entry for part in parts for entry in part] == list(entries)
