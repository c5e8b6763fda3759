"""A small fund in a database of its own, walked through by every test here; what a test adds, it adds for itself."""

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ops.embedded_postgres.server import EmbeddedServer
from tests.walk.command_line import SMALL_FUND, Tenor, one_at_a_time


@dataclass(frozen=True)
class Walked:
    """The small fund brought in, and a run of it under all scenarios; `answer` is what the submit said."""

    portfolio: str
    market: str
    answer: dict[str, Any]

    @property
    def run_id(self) -> str:
        return str(self.answer["run_id"])

    @property
    def submit(self) -> tuple[str, ...]:
        return ("run", "submit", "--portfolio", self.portfolio, "--market", self.market)


@pytest.fixture(scope="session")
def tenor_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tenor-settings")


@pytest.fixture(scope="session")
def kernels() -> Path:
    """Where this installation's workers keep compiled kernels: the root conftest has named it."""
    return Path(os.environ["NUMBA_CACHE_DIR"])


@pytest.fixture
def tenor(database_url: str, tenor_home: Path, kernels: Path) -> Tenor:
    """Over a fresh, migrated database."""
    return Tenor(database_url, tenor_home, kernels, inside=True)


@pytest.fixture(scope="session")
def walking(postgres: EmbeddedServer, template_database: str, tenor_home: Path, kernels: Path) -> Tenor:
    """Over the database that holds `walked`."""
    name = f"walked_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    return Tenor(make_conninfo(postgres.dsn(), dbname=name), tenor_home, kernels, inside=True)


@pytest.fixture(scope="session")
def walked(walking: Tenor) -> Walked:
    portfolio, market = walking.bring(SMALL_FUND)
    walking.json("scenario", "define", SMALL_FUND / "scenarios.json")
    walking.json("scenario", "set", SMALL_FUND / "scenario_set.json")
    submit = ("run", "submit", "--portfolio", portfolio, "--market", market)
    with one_at_a_time(walking.kernels):
        answer = walking.json(*submit, "--scenarios", "@nightly", "--wait", "--workers", "1")
    return Walked(portfolio, market, answer)
