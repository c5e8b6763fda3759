"""`tenor up` stays up: its Postgres killed comes back; SIGTERM, SIGHUP and Ctrl-C leave nothing behind."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ops.embedded_postgres.keeper import kept_up
from ops.embedded_postgres.server import EmbeddedServer
from ops.settings import Settings
from tests.faults.patience import until
from tests.walk.command_line import SMALL_FUND, Tenor, finish
from tests.walk.conftest import kernels

__all__ = ["kernels"]


SCENARIOS = "/api/v1/scenario/scenarios"
UNSEALED = (
    "SELECT (SELECT count(*) FROM ledger_events) > 0, (SELECT coalesce(max(notification_id), 0) FROM ledger_events) - "
    "(SELECT coalesce(max(last_position), 0) FROM log_checkpoint)"
)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """A home of this module's own, since its server is killed."""
    home = Path(tempfile.mkdtemp(prefix="tenor-test-", dir="/tmp")).resolve()
    home.chmod(0o755)
    server = EmbeddedServer(home)
    server.start()
    yield server
    server.stop("immediate")
    shutil.rmtree(home)


@pytest.fixture
def tenor(server: EmbeddedServer, kernels: Path) -> Tenor:
    return Tenor(None, server.home, kernels)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, path: str, method: str = "GET", body: Any = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def answers(port: int, path: str = SCENARIOS) -> bool:
    try:
        return ask(port, path)[0] == 200
    except OSError:
        return False


def postmaster(server: EmbeddedServer) -> int:
    return int(server.pid_file.read_text().splitlines()[0])


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = {int(word) for word in listed}
    for task in Path(f"/proc/{pid}/task").iterdir():
        found |= {int(word) for word in (task / "children").read_text().split()}
    return sorted(found)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(autouse=True)
def hang_ups_are_heard() -> Iterator[None]:
    """What `nohup` starts inherits a deaf ear, and would pass it on to the processes that are tested."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def up(tenor: Tenor, port: int) -> subprocess.Popen[bytes]:
    process = tenor.start("up", "--port", str(port), "--workers", "1")
    until(lambda: answers(port, "/healthz"))
    return process


def is_back(server: EmbeddedServer, before: int) -> bool:
    return bool(server.running() and postmaster(server) != before)


def test_a_killed_postgres_is_brought_back_and_sigterm_ends_all_with_a_last_seal(
    server: EmbeddedServer, tenor: Tenor
) -> None:
    port = free_port()
    process = up(tenor, port)
    try:
        until(lambda: answers(port))
        for number in (
            signal.SIGKILL,
            signal.SIGTERM,
        ):  # to the postmaster: killed, and asked to end when all have left
            before = postmaster(server)
            os.kill(before, number)
            until(partial(is_back, server, before))
            until(lambda: answers(port))
        document = {"scenario_id": "late", "name": "late", "shocks": []}
        assert ask(port, SCENARIOS, "POST", document)[0] == 202
        workers = children(process.pid)
        assert workers
        process.send_signal(signal.SIGTERM)
        answer = finish(process)
        assert answer.code == 0, answer.err
        assert "Traceback" not in answer.err
        assert "postgres.brought_back" in answer.err
        assert not [pid for pid in workers if is_alive(pid)]
        with psycopg.connect(server.dsn()) as connection:
            assert connection.execute(UNSEALED).fetchone() == (True, 0)
    finally:
        process.kill()


SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PARTS = (("serve", "scenario"), ("worker",), ("projections", "run"))
ENDS = [
    *((("up", "--workers", "1"), number) for number in SIGNALS),
    *((part, signal.SIGTERM) for part in PARTS),
    *(pytest.param(part, number, marks=pytest.mark.long) for part in PARTS for number in SIGNALS[1:]),
]


@pytest.mark.parametrize(("words", "number"), ENDS)
def test_every_service_ends_clean(server: EmbeddedServer, tenor: Tenor, words: tuple[str, ...], number: int) -> None:
    server.start()
    port = free_port()
    takes_port = words[0] in ("up", "serve")
    process = tenor.start(*words, *(("--port", str(port)) if takes_port else ()))
    try:
        assert process.stderr is not None
        said = process.stderr.readline()  # that it is there
        while b"(Ctrl-C stops" not in said:
            assert process.poll() is None, said
            said = process.stderr.readline()
        if takes_port:
            until(lambda: answers(port, "/healthz"))
        workers = children(process.pid)
        process.send_signal(number)
        answer = finish(process)
        assert answer.code == 0, answer.err
        assert "Traceback" not in answer.err and "Aborted" not in answer.err
        assert not [pid for pid in workers if is_alive(pid)]
    finally:
        process.kill()


def test_a_command_that_waits_lets_go_when_it_is_killed(server: EmbeddedServer, tenor: Tenor) -> None:
    """Its workers end with it, exit code 128 + signal; the run stays in the log."""
    server.start()
    portfolio, market = tenor.within.bring(SMALL_FUND)
    process = tenor.start("run", "submit", "--portfolio", portfolio, "--market", market, "--wait", "--workers", "2")
    try:
        until(lambda: len(children(process.pid)) == 2 or process.poll() is not None)
        workers = children(process.pid) if process.poll() is None else []
        process.send_signal(signal.SIGTERM)
        assert finish(process).code == 128 + signal.SIGTERM
        until(lambda: not [pid for pid in workers if is_alive(pid)], 10)
    finally:
        process.kill()


def test_who_was_stopped_stays_stopped(server: EmbeddedServer) -> None:
    """`tenor stop` is obeyed, by processes that serve too; the next command starts it again."""
    server.start()
    with kept_up(Settings(server.home, None)):
        server.stop()
        time.sleep(1.5)
        assert not server.running()
        server.start()
        before = postmaster(server)
        os.kill(before, signal.SIGKILL)
        until(lambda: server.running() and postmaster(server) != before)
    server.start()
