"""While the database is away, everything answers within two seconds and says so; when it is back, so is everything."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ops.adapters.database import migrate
from ops.embedded_postgres.server import EmbeddedServer
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor
from tests.faults.patience import until
from tests.security.serving import ask, served

AT_MOST_SECONDS = 2.0
RUNS = "/api/v1/orchestrator/runs"
PATHS = (RUNS, "/api/v1/scenario/scenarios", "/api/v1/audit/status", "/api/v1/results/runs/1/totals?by=desk")


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    home = Path(tempfile.mkdtemp(prefix="tenor-test-", dir="/tmp")).resolve()
    home.chmod(0o755)
    server = EmbeddedServer(home)
    server.start()
    migrate(server.dsn())
    yield server
    server.stop("immediate")
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def port(server: EmbeddedServer) -> Iterator[int]:
    tenor = Tenor(Settings(server.home, server.dsn()), server.dsn())
    with served(build_app(tenor)) as port:
        yield port
    tenor.close()


def processes(server: EmbeddedServer) -> list[int]:
    """The postmaster and every backend."""
    pid = server.pid_file.read_text().split()[0]
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", pid], capture_output=True, text=True, check=True)
    return [int(pid), *map(int, listed.stdout.split())]


def assert_away(port: int) -> None:
    for path in PATHS:
        status, headers, body, seconds = ask(port, path)
        assert seconds < AT_MOST_SECONDS, path
        assert (status, body["code"]) == (503, "DATABASE_UNREACHABLE"), path
        assert headers["content-type"] == "application/problem+json"
        assert int(headers["retry-after"]) >= 1
    status, _, body, seconds = ask(port, "/readyz")
    assert (status, body["status"], bool(body["problems"])) == (503, "not ready", True)
    assert seconds < AT_MOST_SECONDS
    status, _, body, seconds = ask(port, "/healthz")
    assert (status, body) == (200, {"status": "alive", "database": "does not answer"})
    assert seconds < AT_MOST_SECONDS
    status, _, text, seconds = ask(port, "/metrics")
    assert status == 200 and "tenor_database_up 0.0" in text
    assert "tenor_projection_position" not in text and "tenor_http_requests_total" in text
    assert seconds < AT_MOST_SECONDS


def assert_back(port: int) -> None:
    until(lambda: ask(port, RUNS)[0] == 200)
    assert all(ask(port, RUNS)[0] == 200 for _ in range(12))
    assert ask(port, "/readyz")[0] == 200
    assert ask(port, "/healthz")[2]["database"] == "answers"
    text = ask(port, "/metrics")[2]
    assert "tenor_database_up 1.0" in text and "tenor_projection_position" in text


def test_a_database_that_is_stopped(server: EmbeddedServer, port: int) -> None:
    assert_back(port)
    server.stop("immediate")
    try:
        assert_away(port)
    finally:
        server.start()
    assert_back(port)


def test_a_database_that_is_frozen(server: EmbeddedServer, port: int) -> None:
    """It takes connections and says nothing. Questions that were under way are answered too."""
    assert_back(port)
    with psycopg.connect(server.dsn()) as holder:
        holder.execute("LOCK TABLE projection.run_v1")
        under_way: list[tuple[int, Any, Any, float]] = []
        threads = [threading.Thread(target=lambda: under_way.append(ask(port, RUNS))) for _ in range(60)]
        for thread in threads:
            thread.start()
        time.sleep(1.0)
        frozen, frozen_at = processes(server), time.monotonic()
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            for thread in threads:
                thread.join()
            assert time.monotonic() - frozen_at < 2 * AT_MOST_SECONDS  # of sixty at once, on a busy machine
            assert {status for status, *_ in under_way} == {503}
            assert_away(port)
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
    assert_back(port)


def test_a_network_that_swallows() -> None:
    """Connections are taken, and nothing ever comes back."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryDirectory() as home:
        url = f"postgresql://bob@127.0.0.1:{listener.getsockname()[1]}/x"
        tenor = Tenor(Settings(Path(home), url), url)
        tenor.__dict__["store"] = None  # of the log, which learns of its types from the database
        with served(build_app(tenor)) as port:
            assert_away(port)


def test_a_command_says_so_in_one_line(tmp_path: Path) -> None:
    from tests.walk.command_line import PROGRAM

    url = make_conninfo("", host="127.0.0.1", port="1", user="bob", dbname="x")
    for words in (["run", "list"], ["migrate"], ["serve", "risk"], ["worker"], ["projections", "list"]):
        done = subprocess.run(
            [PROGRAM, *words],
            env=os.environ | {"TENOR_HOME": str(tmp_path), "TENOR_DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 1
        problem, fix = done.stderr.strip().splitlines()
        assert problem.startswith("error: no Postgres answers") and fix.startswith("  fix: ")
