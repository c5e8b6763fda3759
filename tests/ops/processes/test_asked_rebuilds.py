"""A rebuild asked for over HTTP: taken up by the process that keeps the read models, once, and seen while it goes."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from compute.at_work import AtWork
from domain.scenarios.versions import Scenario, define
from ops.asked_rebuilds import Stopped, Teller, do_what_is_asked, take_up
from ops.processes.loops import beat
from ops.read_models import build_projections
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor
from projections.engine.runner import catch_up
from tests.builders.sample_run import ASKED

PROJECTIONS = "/api/v1/orchestrator/projections"


@pytest.fixture
def tenor(database_url: str) -> Iterator[Tenor]:
    tenor = Tenor(Settings(Path(), database_url), database_url)
    tenor.store.append(define(Scenario(), ASKED, "up100", {"scenario_id": "up100", "shocks": []}))
    for read_model in build_projections(tenor.storage):
        catch_up(read_model, tenor.store, tenor.database.connect)
    yield tenor
    tenor.close()


@pytest.fixture
def client(tenor: Tenor) -> TestClient:
    return TestClient(build_app(tenor))


def ask(client: TestClient, name: str, action: str = "rebuild", key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{PROJECTIONS}/{name}/{action}", headers=headers)


def do_all(tenor: Tenor) -> None:
    stop = threading.Event()
    with tenor.database.connect() as connection:
        waiting = connection.execute("SELECT request_id FROM rebuild_request WHERE ended_at IS NULL").fetchall()
    for (request_id,) in waiting:
        take_up(tenor.storage, request_id, stop)


def state(client: TestClient, name: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{PROJECTIONS}/{name}").json()
    return found


def test_a_rebuild_is_asked_for_done_and_gone_back_from(tenor: Tenor, client: TestClient) -> None:
    assert state(client, "scenario")["asked"] is None
    answer = ask(client, "scenario")
    assert (answer.status_code, answer.headers["Location"]) == (202, f"{PROJECTIONS}/scenario")
    assert state(client, "scenario")["asked"]["status"] == "REQUESTED"
    do_all(tenor)
    now = state(client, "scenario")
    assert (now["version"], now["previous_version"], now["building_version"]) == (2, 1, None)
    told = now["asked"]
    assert (told["status"], told["action"], told["actor"]) == ("DONE", "REBUILD", "local")
    assert told["outcome"]["tables"]["scenario"]["rows"] == 1 and told["outcome"]["verified"]
    assert ask(client, "scenario", "rollback").status_code == 202
    do_all(tenor)
    assert (state(client, "scenario")["version"], state(client, "scenario")["previous_version"]) == (1, 2)


def test_it_cannot_be_started_twice(tenor: Tenor, client: TestClient) -> None:
    assert ask(client, "run").status_code == 202
    second = ask(client, "run")
    assert (second.status_code, second.json()["code"]) == (409, "REBUILD_RUNNING")
    assert ask(client, "run", "rollback").json()["code"] == "REBUILD_RUNNING"
    assert ask(client, "scenario").status_code == 202  # another read model is another matter
    do_all(tenor)
    assert ask(client, "run").status_code == 202


def test_the_same_key_is_the_same_request(tenor: Tenor, client: TestClient) -> None:
    first, again = ask(client, "run", key="k"), ask(client, "run", key="k")
    assert (again.status_code, again.json()) == (202, first.json())
    do_all(tenor)
    assert ask(client, "run", key="k").json() == first.json()
    assert state(client, "run")["version"] == 2
    other = ask(client, "run", "rollback", key="k")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_one_that_the_command_line_is_doing_is_refused(tenor: Tenor, client: TestClient) -> None:
    with tenor.database.connect() as connection:
        lock = "SELECT pg_advisory_lock(hashtextextended('tenor.rebuild.run', 0))"
        connection.execute(lock)
        assert ask(client, "run").json()["code"] == "REBUILD_RUNNING"
        connection.execute(lock.replace("_lock", "_unlock"))


def test_what_cannot_be_is_refused_with_what_can(client: TestClient) -> None:
    unknown = ask(client, "results")
    assert (unknown.status_code, unknown.json()["fix"]) == (404, "the nearest: result")
    assert ask(client, "scenario", "rollback").json()["code"] == "NO_VERSION_BEFORE"
    assert client.get(f"{PROJECTIONS}/nothing").status_code == 404


def test_one_that_was_stopped_stays_open_and_goes_on(tenor: Tenor, client: TestClient) -> None:
    request_id = ask(client, "scenario").json()["request_id"]
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        take_up(tenor.storage, request_id, stop)
    assert state(client, "scenario")["asked"]["status"] == "RUNNING"
    stop.clear()
    take_up(tenor.storage, request_id, stop)
    assert state(client, "scenario")["asked"]["status"] == "DONE"


def test_the_loop_takes_up_what_is_asked(tenor: Tenor, client: TestClient) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=do_what_is_asked, args=(tenor.storage, stop))
    thread.start()
    ask(client, "scenario")
    for _ in range(300):
        if state(client, "scenario")["asked"]["status"] == "DONE":
            break
        stop.wait(0.1)
    stop.set()
    thread.join(10)
    assert state(client, "scenario")["version"] == 2


def test_progress_is_told(tenor: Tenor, client: TestClient) -> None:
    request_id = ask(client, "scenario").json()["request_id"]
    Teller(tenor.database.connect, request_id, threading.Event()).tell("half of it")
    assert state(client, "scenario")["asked"]["told"] == "half of it"


def test_letters_are_told_again(tenor: Tenor, client: TestClient) -> None:
    with tenor.database.connect() as connection:
        connection.execute(
            "INSERT INTO dead_letter (reader, position, topic, error) "
            "VALUES ('scenario_v1', 1, 'scenario.defined', 'x')"
        )
    now = state(client, "scenario")
    assert (now["dead_letters"], now["letters"][0]["error"]) == (1, "x")
    assert ask(client, "scenario", "replay").status_code == 202
    do_all(tenor)
    now = state(client, "scenario")
    assert (now["dead_letters"], now["asked"]["outcome"]) == (0, {"replayed": [1]})


def test_workers_say_what_they_do_and_the_queue_how_long_it_is(tenor: Tenor, client: TestClient) -> None:
    run_id, stop = uuid4(), threading.Event()
    with tenor.database.connect() as connection, connection.transaction():
        jobs = [(f"{run_id}:1:{slot}", b'{"chunks": [0, 1, 2]}') for slot in range(2)]
        tenor.queue.enqueue(connection, jobs)
    assert client.get("/api/v1/orchestrator/queue").json()["backlog_s"] is None
    doing = AtWork("0.1.0+abc", run_id, 7, 30, 12)
    beating = threading.Thread(target=beat, args=(tenor.database.connect, "worker", stop, uuid4(), lambda: doing))
    beating.start()
    try:
        workers: list[dict[str, Any]] = []
        while not workers:
            workers = client.get("/api/v1/orchestrator/workers").json()
        (worker,) = workers
        assert (worker["engine"], worker["run_id"], worker["chunk_no"]) == ("0.1.0+abc", str(run_id), 7)
        assert (worker["chunks_done"], worker["chunks_a_minute"], worker["alive"]) == (30, 12, True)
        queue = client.get("/api/v1/orchestrator/queue").json()
    finally:
        stop.set()
        beating.join()
    assert (queue["waiting"], queue["running"], queue["chunks_waiting"]) == (2, 0, 6)
    assert queue["backlog_s"] == 30.0  # six chunks at twelve a minute
    assert queue["runs"][0]["run_id"] == str(run_id)
