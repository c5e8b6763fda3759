"""What a worker says of itself."""

from uuid import UUID

from compute.at_work import AtWork, WorkLog

RUN = UUID(int=1)


def test_the_last_minute_is_counted() -> None:
    now = [0.0]
    log = WorkLog("engine", lambda: now[0])
    assert log.now() == AtWork("engine", None, None, 0, 0)
    for second in (0.0, 10.0, 50.0):
        now[0] = second
        log.begin(RUN, int(second))
        assert (log.now().run_id, log.now().chunk_no) == (RUN, int(second))
        log.end(done=True)
    log.begin(RUN, 3)
    log.end(done=False)  # given up: no chunk is done
    assert log.now() == AtWork("engine", None, None, 3, 3)
    now[0] = 65.0
    assert (log.now().chunks_done, log.now().chunks_a_minute) == (3, 2)
