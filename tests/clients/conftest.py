"""A server with everything that `tenor up` has, on a real socket, asked by clients; in threads of the test's process.

That `tenor up` in a process of its own stands and ends, tests/ops/test_standing_up.py has.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import psycopg
import pytest
import tenor
from psycopg.conninfo import make_conninfo

from ops.embedded_postgres.server import EmbeddedServer
from ops.processes.loops import background
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import connected
from tests.security.serving import served as on_a_socket
from tests.walk import inside
from tests.walk.command_line import SMALL_FUND, Tenor

if TYPE_CHECKING:
    from tests.clients.both_ways import Laptop

SECONDS = 900
"""The first run of an engine compiles its kernels."""


@dataclass(frozen=True)
class Served:
    """Where it is asked, and the same database by the command line of its own machine."""

    url: str
    local: Tenor
    run_id: str = ""


@contextmanager
def standing(postgres: EmbeddedServer, template_database: str, home: Path) -> Iterator[Served]:
    """A server over a database of its own."""
    name = f"served_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    url = make_conninfo(postgres.dsn(), dbname=name)
    local = Tenor(url, home, Path(os.environ["NUMBA_CACHE_DIR"]), inside=True)
    with ExitStack() as stack:
        stack.enter_context(patch("ops.parsing.pool.ParserPool", inside.kept_pool))
        parts = stack.enter_context(connected(Settings(home, url), url))
        stack.enter_context(background(parts.processes))
        stack.enter_context(inside.worker_thread(parts.processes, 1))
        port = stack.enter_context(on_a_socket(build_app(parts)))
        yield Served(f"http://127.0.0.1:{port}", local)


@pytest.fixture(scope="session")
def served(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with standing(postgres, template_database, tmp_path_factory.mktemp("served-home")) as serving:
        yield with_small_fund(serving)


@pytest.fixture(scope="session")
def laptop(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Laptop"]:
    from tests.clients.both_ways import Laptop  # which needs this module

    home = tmp_path_factory.mktemp("laptop")
    yield Laptop(None, home, served.local.kernels, inside=True, server=served.url)
    assert not (home / "postgres").exists()


@pytest.fixture(scope="module")
def apart(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One of its own: for whoever writes what others must not find, or needs to find nothing of others."""
    with standing(postgres, template_database, tmp_path_factory.mktemp("apart-home")) as serving:
        yield with_small_fund(serving)


def with_small_fund(serving: Served) -> Served:
    """With its market and scenarios, and a run of all of them: brought by the client."""
    with tenor.connect(serving.url) as client:
        portfolio = client.portfolios.ingest(SMALL_FUND, as_of="2026-01-15")
        market = client.markets.load(SMALL_FUND / "market.json")
        client.scenarios.define(SMALL_FUND / "scenarios.json")
        client.scenarios.define_set(SMALL_FUND / "scenario_set.json")
        run = client.runs.submit(portfolio, market, scenarios="@nightly").wait(timeout=SECONDS)
    return Served(serving.url, serving.local, run.run_id)
