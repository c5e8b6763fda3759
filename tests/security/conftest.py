"""The whole application as `tenor up` serves it, attacked from outside, over databases that many tests share."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg.conninfo import make_conninfo

from commands.ingestion.limits import Budget
from ops.embedded_postgres.server import EmbeddedServer
from ops.read_models import catch_up_catalogues
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor

FUND = Path(__file__).parents[2] / "examples" / "small_fund"
MEGABYTE = 1024 * 1024


@dataclass
class Service:
    tenor: Tenor
    client: TestClient

    def post(self, address: str, **how: Any) -> Any:
        """Bytes as the JSON that commands take; uploads take any type."""
        headers = {"Content-Type": "application/json"} | how.pop("headers", {})
        return self.client.post(f"/api/v1/{address}", headers=headers, **how)

    def get(self, address: str, **how: Any) -> Any:
        return self.client.get(f"/api/v1/{address}", **how)

    def refusal(self, answer: Any, *statuses: int) -> dict[str, Any]:
        """The problem document of an answer that refuses."""
        assert answer.status_code in statuses, answer.text[:2000]
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        return problem

    def head(self) -> int:
        """Of what was stored: the log says too that a portfolio was rejected, by the codes of its errors alone."""
        stored = "SELECT max(notification_id) FROM ledger_events WHERE topic <> 'portfolio.rejected'"
        with self.tenor.database.connect() as connection:
            ((position,),) = connection.execute(stored).fetchall()
        return int(position or 0)

    def catch_up(self) -> None:
        catch_up_catalogues(self.tenor.storage)


# Small budgets: what passes them is small too.
BUDGET = Budget(rows=200_000, cells=2_000_000, bytes=64 * MEGABYTE, seconds=60, memory_bytes=700 * MEGABYTE)


def database_of_its_own(postgres: EmbeddedServer, template_database: str) -> str:
    name = f"security_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    return make_conninfo(postgres.dsn(), dbname=name)


def service_over(database_url: str, home: Path) -> Iterator[Service]:
    tenor = Tenor(Settings(home, database_url, BUDGET), database_url)
    yield Service(tenor, TestClient(build_app(tenor), raise_server_exceptions=False))
    tenor.close()


@pytest.fixture(scope="session")
def service(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """One for all attacks that are to leave nothing behind."""
    yield from service_over(database_of_its_own(postgres, template_database), tmp_path_factory.mktemp("attacked"))


@pytest.fixture
def fresh(database_url: str, tmp_path: Path) -> Iterator[Service]:
    """One whose log the test writes to."""
    yield from service_over(database_url, tmp_path)


@pytest.fixture(scope="module")
def tenor(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tenor]:
    url = database_of_its_own(postgres, template_database)
    made = Tenor(Settings(Path(tmp_path_factory.mktemp("home")), url), url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(tenor: Tenor) -> TestClient:
    return TestClient(build_app(tenor), raise_server_exceptions=False)
