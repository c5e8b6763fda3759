"""Marts of requests and of every published run: exactly once, whatever is killed, and not before figures are there."""

import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient

from commands.change_run import approve_run, publish_run
from domain.ports import Connection
from domain.runs.marts import MartPublished, MartRequested, mart_stream
from ops.marts import following, publishing
from ops.marts.following import EVERY, REQUESTS, MartFollower, published, requested
from ops.marts.publishing import drop
from ops.services import build_app
from ops.wiring import Tenor
from tests.builders.read_models import catch_up_all
from tests.builders.sample_run import ASKED, SampleRun


def every(tenor: Tenor) -> MartFollower:
    return MartFollower(tenor.storage, tenor.envelope, EVERY, published)


def to_the_head(follower: MartFollower) -> None:
    while follower.step():
        pass


def events(tenor: Tenor, run: SampleRun) -> list[Any]:
    return [type(event) for event in tenor.store.stream(mart_stream(run.run_id))]


def counted(tenor: Tenor) -> int:
    with tenor.database.connect() as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM mart.position_result").fetchall()
    return int(count)


def test_every_published_run_is_written_once(tenor: Tenor, published: SampleRun) -> None:
    for _ in range(2):
        to_the_head(every(tenor))
        assert events(tenor, published) == [MartPublished]
        assert counted(tenor) == 270


def test_a_run_whose_figures_are_not_there_yet_is_waited_for(tenor: Tenor) -> None:
    run = SampleRun().whole(tenor)  # type: ignore[arg-type]
    approve_run(tenor.store, ASKED, str(run.run_id), "checked")
    publish_run(tenor.store, ASKED, str(run.run_id), "month end")
    to_the_head(every(tenor))
    assert events(tenor, run) == []
    catch_up_all(tenor.storage)
    to_the_head(every(tenor))
    assert events(tenor, run) == [MartPublished]


def test_what_was_dropped_by_hand_stays_out(tenor: Tenor, published: SampleRun) -> None:
    to_the_head(every(tenor))
    drop(tenor.storage, ASKED, published.run_id, "")
    with tenor.database.connect() as connection:
        connection.execute("UPDATE reader_position SET position = 0 WHERE reader = %s", (EVERY,))
    to_the_head(every(tenor))
    assert counted(tenor) == 0


def test_killed_before_its_commit_nothing_is_there_and_the_next_one_writes_it(
    tenor: Tenor, published: SampleRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last statement of the transaction, and then the process is gone: the server undoes it."""
    write = publishing.publish

    def killed(storage: Any, envelope: Any, run_id: Any, before: Any) -> Any:
        def then_dies(connection: Connection) -> None:
            before(connection)
            connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        return write(storage, envelope, run_id, then_dies)

    monkeypatch.setattr(following, "publish", killed)
    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        to_the_head(every(tenor))
    monkeypatch.undo()
    assert (events(tenor, published), counted(tenor)) == ([], 0)
    to_the_head(every(tenor))
    assert (events(tenor, published), counted(tenor)) == ([MartPublished], 270)


def test_two_at_once_write_it_once(tenor: Tenor, published: SampleRun) -> None:
    rivals = [threading.Thread(target=to_the_head, args=(every(tenor),)) for _ in range(3)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    assert (events(tenor, published), counted(tenor)) == ([MartPublished], 270)


def test_by_http_it_is_asked_for_followed_and_dropped(tenor: Tenor, published: SampleRun) -> None:
    client = TestClient(build_app(tenor, ("orchestrator",)))
    address = "/api/v1/orchestrator/marts"
    run_id = str(published.run_id)
    missing = client.get(f"{address}/{run_id}")
    assert (missing.status_code, missing.json()["code"]) == (404, "MART_NOT_PUBLISHED")
    for _ in range(2):
        asked = client.post(address, json={"run": "latest"})
        assert (asked.status_code, asked.json()["status"]) == (202, "REQUESTED"), asked.text
        assert asked.headers["Location"] == f"{address}/{run_id}"
    assert client.get(f"{address}/{run_id}").json() == {"run_id": run_id, "status": "REQUESTED"}
    to_the_head(MartFollower(tenor.storage, tenor.envelope, REQUESTS, requested))
    assert events(tenor, published) == [MartRequested, MartPublished]
    shown = client.get(f"{address}/{run_id}").json()
    assert shown["rows"] == {"position_result": 270, "total": 27, "total_detail": 27}
    assert client.get(address).json() == [shown]
    assert client.post(address, json={"run": run_id}).json()["status"] == "PUBLISHED"
    assert client.delete(f"{address}/{run_id}").status_code == 202
    assert client.get(address).json() == []
    assert client.delete(f"{address}/{run_id}").status_code == 404
    assert client.post(address, json={"run": "00000000-0000-0000-0000-000000000009"}).status_code == 404
