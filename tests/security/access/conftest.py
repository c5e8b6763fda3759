"""A real run over a fund of two desks and more, and people who may see a part of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from commands.ingest_portfolio import ingest_portfolio
from commands.load_market import load_market
from commands.manage_keys import create_key
from commands.processes.run import OpenRun, payload
from commands.submit_run import SubmitRun, submit_run
from compute.worker import Ports, Worker
from domain.access.keys import KeyTerms
from ops.access.settings import Access, Auth
from ops.embedded_postgres.server import EmbeddedServer
from ops.market_checks import check_scenarios, find_unsolved
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor, utc_now
from tests.builders.read_models import catch_up_all
from tests.security.conftest import FUND, database_of_its_own

KEYS = Access(Auth.KEYS, requests_per_second=10_000)
MINE, OTHERS = "MERIDIAN-CREDIT", "HARBOUR-LENDING"
"""Desks of the fund: with the books below them they have no position in common."""


@dataclass(frozen=True)
class Opened:
    """A server that asks for keys, over a log with a run."""

    tenor: Tenor
    client: TestClient
    run_id: str
    portfolio: str
    market: str

    def key(self, role: str, *nodes: str, name: str = "") -> dict[str, str]:
        """Headers of somebody new."""
        terms = KeyTerms(name or f"{role} {' '.join(nodes)}".strip(), role, nodes)
        return {"Authorization": f"Bearer {create_key(self.tenor.store, self.tenor.envelope(), terms)[0]['key']}"}

    def get(self, address: str, who: dict[str, str], **how: Any) -> Any:
        return self.client.get(f"/api/v1/{address}", headers=who | how.pop("headers", {}), **how)


def completed_run(tenor: Tenor) -> tuple[str, str, str]:
    """Every step in this process."""
    asked = tenor.envelope("ada")
    portfolio = ingest_portfolio(tenor.store, tenor.blobs, tenor.portfolio_codec, asked, FUND)["snapshot_id"]
    raw = (FUND / "market.json").read_bytes()
    market = load_market(tenor.store, tenor.blobs, asked, raw, find_unsolved)["snapshot_id"]
    command = SubmitRun(portfolio, market, cashflows=("BASE",))
    run_id = submit_run(tenor.store, tenor.blobs, asked, command, check_scenarios).run_id
    while tenor.run_process.step():
        pass
    work(tenor)
    while tenor.run_process.step():
        pass
    catch_up_all(tenor.storage)
    return str(run_id), portfolio, market


def work(tenor: Tenor) -> None:
    with tenor.database.connect() as connection:
        rows = connection.execute("SELECT run_id, chunks, kinds, chunks_per_job, attempt FROM run_open").fetchall()
    worker = Worker(
        Ports(tenor.store, tenor.blobs, tenor.portfolio_codec, tenor.block_codec, tenor.database.connect, utc_now)
    )
    for run_id, chunks, kinds, at_once, attempt in rows:
        worker.handle(payload(OpenRun(run_id, chunks, kinds, at_once, attempt), list(range(chunks))))


def opened_over(url: str, home: Path) -> Iterator[Opened]:
    tenor = Tenor(Settings(home, url), url)
    found = completed_run(tenor)
    client = TestClient(build_app(tenor, access=KEYS), raise_server_exceptions=False)
    yield Opened(tenor, client, *found)
    tenor.close()


@pytest.fixture(scope="module")
def opened(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    """One for all that only read, or write what nobody else looks at."""
    yield from opened_over(database_of_its_own(postgres, template_database), tmp_path_factory.mktemp("opened"))
