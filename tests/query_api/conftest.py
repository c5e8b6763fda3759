"""One database with one hand-made run for all read-only tests; a test that changes rows asks for its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from psycopg.conninfo import make_conninfo

from domain.market.document import MarketDocument
from ops.embedded_postgres.server import EmbeddedServer
from query_api.http.app import create_app
from query_api.results.chosen.fields import NamedPortfolio
from query_api.services import ingestion, marketdata, orchestrator, portfolio, results, risk, scenario, tail_risk
from query_api.web import page
from tests.builders import hand_made_run

Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]


class Blobs:
    """A store that holds one market."""

    def put(self, sha256: str, data: bytes) -> None:
        raise AssertionError(f"a query writes nothing, and this one wrote {len(data)} bytes as {sha256}")

    def get(self, _sha256: str) -> bytes:
        return b'{"as_of":"2026-01-23"}'


def no_market(sha256: str) -> MarketDocument:
    raise LookupError(sha256)


def connect_to(url: str) -> Connect:
    @contextmanager
    def connect() -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET ROLE tenor_app")
            yield connection

    return connect


def client_over(connect: Connect) -> TestClient:
    routers = [
        orchestrator.build_router(connect),
        results.build_router(connect, lambda _sha256: NamedPortfolio(hand_made_run.portfolio())),
        risk.build_router(connect),
        tail_risk.build_router(connect, lambda _sha256: hand_made_run.portfolio(), no_market),
        portfolio.build_router(connect),
        scenario.build_router(connect),
        marketdata.build_router(connect, Blobs()),
        ingestion.build_router(connect),
        page.build_router(),
    ]
    app = create_app(
        routers, "Tenor", list, CollectorRegistry(), is_allowed_host=lambda host: host in ("testserver", "::1")
    )
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture(scope="session")
def connect(postgres: EmbeddedServer, template_database: str) -> Connect:
    name = "hand_made_run"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    connect = connect_to(make_conninfo(postgres.dsn(), dbname=name))
    with connect() as connection:
        hand_made_run.fill(connection)
    return connect


@pytest.fixture(scope="session")
def client(connect: Connect) -> TestClient:
    return client_over(connect)


@pytest.fixture
def own_connect(database_url: str) -> Connect:
    """The same run in a database that the test may change."""
    connect = connect_to(database_url)
    with connect() as connection:
        hand_made_run.fill(connection)
    return connect
