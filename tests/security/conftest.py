"""The whole application as `tenor up` serves it, over a database that the tests of one module share."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg.conninfo import make_conninfo

from ops.embedded_postgres.server import EmbeddedServer
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor


@pytest.fixture(scope="module")
def tenor(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tenor]:
    name = f"security_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    url = make_conninfo(postgres.dsn(), dbname=name)
    made = Tenor(Settings(Path(tmp_path_factory.mktemp("home")), url), url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(tenor: Tenor) -> TestClient:
    return TestClient(build_app(tenor), raise_server_exceptions=False)
