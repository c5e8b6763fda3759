"""The API killed in the middle of POST /runs: the client asks again with the same key, and there is one run."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from commands.ingest_portfolio import ingest_portfolio
from commands.load_market import load_market
from domain.event import actors_own_id, stream_id
from ops.adapters.event_store import ORDERING_LOCK_KEY
from ops.market_checks import find_unsolved
from ops.settings import Settings
from ops.wiring import Tenor as Parts
from tests.faults.checker import check_log
from tests.faults.patience import until
from tests.walk.command_line import SMALL_FUND, Tenor

RUNS = "/api/v1/orchestrator/runs"
WAIT_AT_COMMIT = """
CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
$$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON ledger_events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.topic = 'run.requested') EXECUTE FUNCTION wait_at_commit();
"""
COUNT_WAITING = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
COUNT_REQUESTED = "SELECT count(*) FROM ledger_events WHERE originator_id = %s AND topic = 'run.requested'"
COUNT_JOBS = "SELECT count(*) FROM pgqueuer WHERE starts_with(dedupe_key, %s)"


@dataclass
class Service:
    """`tenor serve orchestrator`, started again after each kill."""

    tenor: Tenor
    port: int
    process: Any = None

    def start(self) -> None:
        self.process = self.tenor.start("serve", "orchestrator", "--port", str(self.port))

        def answers() -> bool:
            with suppress(OSError):
                return self.ask("GET", "/healthz")[0] == 200
            return False

        until(answers)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        connection.request(method, path, json.dumps(body) if body else None, headers if key else {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def kill_while_it_answers(self, body: Any, key: str, in_the_middle: Callable[[], bool]) -> None:
        lost: list[BaseException] = []

        def post() -> None:
            try:
                self.ask("POST", RUNS, body, key)
            except (OSError, http.client.HTTPException) as error:
                lost.append(error)

        posting = threading.Thread(target=post)
        posting.start()
        until(in_the_middle)
        self.kill()
        posting.join()
        assert lost, "the client was answered"


@pytest.fixture
def parts(database_url: str, tmp_path: Path) -> Iterator[Parts]:
    parts = Parts(Settings(tmp_path / "home", database_url), database_url)
    yield parts
    parts.close()


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = Service(Tenor(database_url, tmp_path / "home", tmp_path / "kernels"), port)
    service.start()
    yield service
    service.kill()


@pytest.fixture
def body(parts: Parts) -> dict[str, Any]:
    envelope = parts.envelope("ada")
    portfolio = ingest_portfolio(parts.store, parts.blobs, parts.portfolio_codec, envelope, SMALL_FUND)
    market = load_market(parts.store, parts.blobs, envelope, (SMALL_FUND / "market.json").read_bytes(), find_unsolved)
    return {"portfolio": portfolio["snapshot_id"], "market": market["snapshot_id"], "measures": "PV,DV01"}


def test_a_request_that_lost_its_answer_is_made_again_and_is_one_run(
    parts: Parts, service: Service, body: dict[str, Any]
) -> None:
    """Killed as it waits to append: nothing has happened. Killed in the commit: it has, and nobody was told."""
    url = parts.database_url
    with psycopg.connect(url, autocommit=True) as connection, psycopg.connect(url, autocommit=True) as holder:

        def count(query: str, *parameters: Any) -> int:
            return int((connection.execute(query, parameters).fetchone() or (0,))[0])

        def is_counted(query: str, parameter: Any, expected: int) -> bool:
            return count(query, parameter) == expected

        def is_waiting() -> bool:
            return count(COUNT_WAITING) > 0

        for key, lock, happened in (("before", ORDERING_LOCK_KEY, 0), ("commit", 42, 1)):
            if key == "commit":
                connection.execute(WAIT_AT_COMMIT)
            holder.execute("SELECT pg_advisory_lock(%s)", (lock,))
            service.kill_while_it_answers(body, key, is_waiting)
            holder.execute("SELECT pg_advisory_unlock(%s)", (lock,))
            until(lambda: not is_waiting())
            run_id = stream_id("run", actors_own_id("idempotency", "local", key))
            until(partial(is_counted, COUNT_REQUESTED, run_id, happened))
            assert count(COUNT_JOBS, str(run_id)) == 0
            service.start()
            assert_one_run(service, body, key, run_id)
            while parts.run_process.step():
                pass
            assert (count(COUNT_REQUESTED, run_id), count(COUNT_JOBS, str(run_id))) == (1, 1)
        check_log(connection)


def assert_one_run(service: Service, body: dict[str, Any], key: str, run_id: UUID) -> None:
    """As often as it is asked, and never another under the same key."""
    answers = [service.ask("POST", RUNS, body, key) for _ in range(2)]
    assert [status for status, _ in answers] == [202, 202]
    assert {body["run_id"] for _, body in answers} == {str(run_id)}
    other = service.ask("POST", RUNS, body | {"measures": "PV"}, key)
    assert (other[0], other[1]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
