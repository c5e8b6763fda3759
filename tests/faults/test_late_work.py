"""Work that is done twice: the queue is a hint, and the key of a fact decides."""

from tests.faults.stage import CHUNKS, Stage, assert_as_undisturbed, run_id_of, scalar, until
from tests.walk.command_line import stop

COUNT_QUEUED = "SELECT count(*) FROM pgqueuer WHERE status = 'queued'"
QUEUE_TWICE = """
INSERT INTO pgqueuer (priority, status, entrypoint, payload, dedupe_key)
SELECT priority, status, entrypoint, payload, dedupe_key || ' again' FROM pgqueuer
"""
LAST_ONE_LAST = "UPDATE pgqueuer SET priority = -1 WHERE id = (SELECT min(id) FROM pgqueuer)"
"""While one chunk is missing, the run is not complete, and the others are worked on again."""


def test_a_queue_that_hands_out_every_job_twice(stage: Stage) -> None:
    manager = stage.tenor.start("projections", "run")
    stage.tenor.within.json(*stage.submit_words("twice"))
    with stage.connect() as connection:
        until(connection, lambda: scalar(connection, COUNT_QUEUED) == CHUNKS)
        with connection.transaction():
            connection.execute(QUEUE_TWICE)
            connection.execute(LAST_ONE_LAST)
        watched = stage.tenor.json("run", "watch", str(run_id_of("twice")))
        assert watched["status"] == "COMPLETED"
        assert_as_undisturbed(connection, "twice")
    assert stop(manager).code == 0
