"""Unfinished runs are worked on ahead: whatever happens meanwhile, what is published is what one go would publish."""

from typing import Any
from uuid import UUID

import pytest

from domain.runs import run as runs
from domain.runs.facts import BlockColumns
from ops.adapters.block_codec import ZstdBlockCodec
from ops.adapters.snapshot_codec import SnapshotCodec
from projections.engine.runner import catch_up
from projections.results import ahead as result_ahead
from projections.results.blocks import BlockDamaged
from projections.results.publication import ResultsProjection
from tests.builders.result_tables import read
from tests.builders.sample_run import ASKED, SampleRun, Tenor, portfolio

KINDS = len(SampleRun().kinds)
"""Blocks of a chunk."""


class CountingCodec(ZstdBlockCodec):
    def __init__(self) -> None:
        self.decoded = 0

    def decode(self, payload: bytes | memoryview) -> BlockColumns:
        self.decoded += 1
        return super().decode(payload)


def tell(tenor: Tenor, *projections: Any) -> None:
    for projection in projections:
        catch_up(projection, tenor.store, tenor.database.connect)


def results_of(tenor: Tenor) -> tuple[ResultsProjection, CountingCodec]:
    codec = CountingCodec()
    return ResultsProjection(tenor.store, tenor.blobs, SnapshotCodec(), codec, lambda: ASKED.now), codec


def in_one_go(tenor: Tenor) -> dict[str, list[str]]:
    """The same log, told to a projection of its own after everything that there is has been forgotten."""
    before = read(tenor)
    with tenor.database.connect() as connection:
        for table in before:
            connection.execute(f"TRUNCATE projection.{table}")
        connection.execute("DELETE FROM reader_position WHERE reader = 'result_v1'")
    tell(tenor, tenor.results())
    return read(tenor)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_whatever_order_facts_come_in_the_bits_are_the_same(tenor: Tenor, order: tuple[int, ...]) -> None:
    run, (results, codec) = SampleRun(), results_of(tenor)
    run.begin(tenor)
    tell(tenor, results)
    for chunk_no in order:
        run.append_facts(tenor, chunk_no)
        tell(tenor, results)
        assert codec.decoded == KINDS * next(n for n in range(4) if n not in order[: order.index(chunk_no) + 1])
        assert not any(read(tenor).values())
    run.end(tenor)
    tell(tenor, results)
    assert codec.decoded == KINDS * 3
    published = read(tenor)
    assert all(published.values()) and published == in_one_go(tenor)


def test_killed_between_the_work_ahead_and_the_publication(tenor: Tenor) -> None:
    run = SampleRun()
    run.begin(tenor)
    run.work(tenor)
    tell(tenor, tenor.results())
    run.end(tenor)
    tell(tenor, tenor.results())
    published = read(tenor)
    assert all(published.values()) and published == in_one_go(tenor)


def test_started_again_in_the_middle_it_catches_up(tenor: Tenor) -> None:
    run, (second, codec) = SampleRun(), results_of(tenor)
    run.begin(tenor)
    run.append_facts(tenor, 0)
    run.append_facts(tenor, 1)
    tell(tenor, tenor.results())
    run.append_facts(tenor, 2)
    tell(tenor, second)
    assert codec.decoded == KINDS * 3
    run.end(tenor)
    tell(tenor, second)
    assert read(tenor) == in_one_go(tenor)


def test_a_publication_that_is_undone_is_begun_anew(tenor: Tenor) -> None:
    run, (results, _) = SampleRun(), results_of(tenor)
    run.begin(tenor)
    run.work(tenor)
    tell(tenor, results)
    run.end(tenor)
    with tenor.database.connect() as connection, connection.transaction(force_rollback=True):
        results.handle(connection, tenor.store.log(0, 1000))
    assert not any(read(tenor).values())
    tell(tenor, results)
    published = read(tenor)
    assert all(published.values()) and published == in_one_go(tenor)


@pytest.mark.parametrize("ended", ["cancelled", "failed"])
def test_a_run_that_ends_without_figures_leaves_nothing(tenor: Tenor, ended: str) -> None:
    run, (results, codec) = SampleRun(), results_of(tenor)
    run.begin(tenor)
    run.append_facts(tenor, 0)
    tell(tenor, results)
    assert codec.decoded == KINDS
    if ended == "cancelled":
        run.change(tenor, runs.cancel(run.run, ASKED, run.run_id, "enough"))
    else:
        run.change(tenor, [runs.RunFailed(**ASKED.at(run.run_id, run.run.version + 1), reason="no market")])
    run.append_facts(tenor, 1)
    tell(tenor, results)
    assert codec.decoded == KINDS
    assert not any(read(tenor).values())
    assert tenor.rows("SELECT 1 FROM pg_class WHERE relname ~ '_v[0-9]+_run_[0-9]+$'") == []


def test_facts_that_come_after_their_chunk_was_given_up_do_not_count(tenor: Tenor) -> None:
    run, (results, codec) = SampleRun(failing=(1,)), results_of(tenor)
    run.begin(tenor)
    run.work(tenor)
    tell(tenor, results)
    assert codec.decoded == KINDS
    run.append_facts(tenor, 1)
    tell(tenor, results)
    assert codec.decoded == KINDS * 3
    run.end(tenor)
    tell(tenor, results)
    published = read(tenor)
    assert all(published.values()) and published == in_one_go(tenor)


def test_rivals_share_the_log_and_one_publishes(tenor: Tenor) -> None:
    run, (one, _), (other, _) = SampleRun(), results_of(tenor), results_of(tenor)
    run.begin(tenor)
    for chunk_no, projection in enumerate((one, other, one)):
        run.append_facts(tenor, chunk_no)
        tell(tenor, projection)
    run.end(tenor)
    tell(tenor, other, one)
    published = read(tenor)
    assert all(published.values()) and published == in_one_go(tenor)


def test_a_damaged_block_halts_a_publication_and_nothing_before(tenor: Tenor) -> None:
    run, (results, _) = SampleRun(), results_of(tenor)
    run.begin(tenor)
    run.append_facts(tenor, 0, forged=True)
    tell(tenor, results)
    run.append_facts(tenor, 1)
    run.append_facts(tenor, 2)
    tell(tenor, results)
    run.end(tenor)
    with pytest.raises(BlockDamaged, match="chunk 0 of run"):
        tell(tenor, results)


def test_no_more_runs_than_memory_is_meant_for(tenor: Tenor) -> None:
    (results, codec), fund = results_of(tenor), portfolio()
    many = [SampleRun(fund, run_id=UUID(int=50 + n)) for n in range(result_ahead.MAX_RUNS + 1)]
    for run in many:
        run.begin(tenor)
        run.append_facts(tenor, 0)
        tell(tenor, results)
    assert codec.decoded == KINDS * result_ahead.MAX_RUNS
    for run in many:
        run.append_facts(tenor, 1)
        run.append_facts(tenor, 2)
        run.end(tenor)
        tell(tenor, results)
    published = read(tenor)
    assert len(published["result_run_v1"]) == len(many) and published == in_one_go(tenor)


def test_a_run_that_has_ended_is_not_looked_into_before_its_completion_is_told(tenor: Tenor) -> None:
    """As in a rebuild: the blocks of what was cancelled or archived since are not wanted, and may be gone."""
    SampleRun().whole(tenor)
    results, codec = results_of(tenor)
    with tenor.database.connect() as connection, connection.transaction():
        results.handle(
            connection, [entry for entry in tenor.store.log(0, 1000) if entry.event.TOPIC != "run.completed"]
        )
    assert codec.decoded == 0
