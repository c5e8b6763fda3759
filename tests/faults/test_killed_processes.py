"""kill -9 of whatever works on a run: nothing is lost, nothing is doubled, and the run still completes."""

import os
import random
import signal
import time

import pytest

from tests.faults.stage import (
    CHUNKS,
    POSITIONS,
    Stage,
    assert_as_undisturbed,
    kill_one_at_work,
    run_id_of,
    scalar,
    until,
    until_chunks,
    workers_of,
)
from tests.walk.command_line import finish, stop

COUNT_ATTACHING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
    "AND position('ATTACH PARTITION' IN query) > 0"
)
COUNT_LEAVES = "SELECT count(*) FROM pg_class WHERE relname ~ '^result_chunk_v1_run_[0-9]+$'"


@pytest.mark.parametrize("seed", [20260123])
def test_workers_killed_in_the_middle_of_a_chunk(stage: Stage, seed: int) -> None:
    rng, dead = random.Random(seed), set[int]()
    submit = stage.submit("killed", workers=2)
    with stage.connect() as connection:
        for progress in sorted(rng.sample(range(1, CHUNKS // 2), 2)):
            until_chunks(connection, "killed", progress)
            kill_one_at_work(connection, "killed", dead, rng)
            killed_at = time.monotonic()
        answer = finish(submit)
        print(f"seed {seed}: killed {sorted(dead)}, complete {time.monotonic() - killed_at:.1f} s after the last kill")
        assert (answer.code, answer.document["status"]) == (0, "COMPLETED"), answer.err
        assert (answer.document["priced"], answer.document["failed"]) == (POSITIONS, 0)
        assert answer.err.count("worker.died") == len(dead) and len(dead) in (1, 2)
        assert_as_undisturbed(connection, "killed")


@pytest.mark.long
def test_workers_killed_as_soon_as_they_start_are_started_again(stage: Stage) -> None:
    """Six in a row: somebody's doing, and no sign that workers cannot work here."""
    dead = set[int]()
    submit = stage.submit("killed", workers=2)
    with stage.connect() as connection:
        while len(dead) < 6:
            until(connection, lambda: bool(workers_of(connection, dead)))
            for pid in workers_of(connection, dead):
                os.kill(pid, signal.SIGKILL)
                dead.add(pid)
        answer = finish(submit)
        assert (answer.code, answer.document["status"]) == (0, "COMPLETED"), answer.err
        assert_as_undisturbed(connection, "killed")


@pytest.mark.long
def test_the_number_of_workers_changes_no_bit(stage: Stage) -> None:
    """Five here; every push has two where they are killed, one in the undisturbed run, and five in test_points.py."""
    answer = finish(stage.submit("many", workers=5))
    assert (answer.code, answer.document["status"]) == (0, "COMPLETED"), answer.err
    with stage.connect() as connection:
        assert_as_undisturbed(connection, "many")


@pytest.mark.long
def test_the_process_manager_and_the_projections_killed_and_started_again(stage: Stage) -> None:
    """Every push kills them where it hurts most, below; `make faults` kills them at any time."""
    worker, first = stage.tenor.start("worker", "--workers", "2"), stage.tenor.start("projections", "run")
    stage.tenor.within.json(*stage.submit_words("killed"))
    with stage.connect() as connection:
        until_chunks(connection, "killed", 8)
        first.kill()
        finish(first)
        second = stage.tenor.start("projections", "run")
        watched = stage.tenor.json("run", "watch", str(run_id_of("killed")))
        assert (watched["status"], watched["priced"]) == ("COMPLETED", POSITIONS)
        assert_as_undisturbed(connection, "killed")
    assert [stop(process).code for process in (worker, second)] == [0, 0]


def test_the_projections_killed_between_the_copy_and_the_attach(stage: Stage) -> None:
    """Everything of the run is in its tables, and none of them is attached yet."""
    worker, first = stage.tenor.start("worker", "--workers", "2"), stage.tenor.start("projections", "run")
    with stage.connect() as connection, stage.connect() as holder, holder.transaction():
        holder.execute("LOCK TABLE projection.result_chunk_v1 IN SHARE UPDATE EXCLUSIVE MODE")
        stage.tenor.within.json(*stage.submit_words("killed"))
        until(connection, lambda: scalar(connection, COUNT_ATTACHING) == 1)
        first.kill()
        finish(first)
    second = stage.tenor.start("projections", "run")
    with stage.connect() as connection:
        watched = stage.tenor.json("run", "watch", str(run_id_of("killed")))
        assert (watched["status"], watched["priced"]) == ("COMPLETED", POSITIONS)
        assert_as_undisturbed(connection, "killed")
        assert scalar(connection, COUNT_LEAVES) == 2
    assert [stop(process).code for process in (worker, second)] == [0, 0]


def test_a_command_killed_while_it_waits_leaves_a_run_that_another_sees_through(stage: Stage) -> None:
    submit = stage.submit("killed", workers=2)
    with stage.connect() as connection:
        until_chunks(connection, "killed", 6)
        submit.kill()
        submit.wait()
        watched = stage.tenor.json("run", "watch", str(run_id_of("killed")))
        assert (watched["status"], watched["priced"]) == ("COMPLETED", POSITIONS)
        assert_as_undisturbed(connection, "killed")


@pytest.mark.long
def test_workers_that_end_meanwhile_are_replaced_by_whoever_waits(stage: Stage) -> None:
    """`--wait` promises to need no other process, also when those that were there at first go away."""
    worker = stage.tenor.start("worker", "--workers", "2")
    stage.tenor.within.json(*stage.submit_words("left"))
    watch = stage.tenor.start("run", "watch", str(run_id_of("left")), "--json")
    with stage.connect() as connection:
        until_chunks(connection, "left", 5)
        worker.send_signal(signal.SIGTERM)
        answer = finish(watch)
        assert (answer.code, answer.document["status"]) == (0, "COMPLETED"), answer.err
        assert finish(worker).code == 0
        assert_as_undisturbed(connection, "left")
