"""A server as people have it: `tenor up` in a process of its own, over a database of its own, asked over its port."""

import socket
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import tenor
from psycopg.conninfo import make_conninfo

from ops.embedded_postgres.server import EmbeddedServer
from tests.walk.command_line import SMALL_FUND, Tenor, stop

SECONDS_TO_START = 120


@dataclass(frozen=True)
class Served:
    """Where it is asked, and the same database by the command line of its own machine."""

    url: str
    local: Tenor
    run_id: str = ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def until_ready(url: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            assert time.monotonic() < deadline, f"{url} has not come up"
            time.sleep(0.1)


@pytest.fixture(scope="session")
def serving(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    import os

    name = f"served_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    home = tmp_path_factory.mktemp("served-home")
    local = Tenor(make_conninfo(postgres.dsn(), dbname=name), home, Path(os.environ["NUMBA_CACHE_DIR"]), inside=True)
    port = free_port()
    process = local.start("up", "--workers", "1", "--port", str(port))
    try:
        until_ready(f"http://127.0.0.1:{port}")
        yield Served(f"http://127.0.0.1:{port}", local)
    finally:
        answer = stop(process)
    assert answer.code == 0, answer.err


@pytest.fixture(scope="session")
def served(serving: Served) -> Served:
    """With the small fund, its market and scenarios, and a run of all of them: brought by the client."""
    with tenor.connect(serving.url) as client:
        portfolio = client.portfolios.ingest(SMALL_FUND, as_of="2026-01-15")
        market = client.markets.load(SMALL_FUND / "market.json")
        client.scenarios.define(SMALL_FUND / "scenarios.json")
        client.scenarios.define_set(SMALL_FUND / "scenario_set.json")
        run = client.runs.submit(portfolio, market, scenarios="@nightly").wait(timeout=300)
    return Served(serving.url, serving.local, run.run_id)
