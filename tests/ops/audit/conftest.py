"""A small fund, priced, completed and sealed once. A test that changes anything gets a copy of its database and of its
home; those that only read share one."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from commands.decide_model import approve_model
from commands.define_scenario import define_scenarios
from commands.ingest_portfolio import ingest_portfolio
from commands.load_market import load_market
from commands.processes.run import OpenRun, payload
from commands.submit_run import SubmitRun, submit_run
from compute.worker import Ports, Worker
from domain.answered_commands import Key
from domain.event import actors_own_id
from ops.audit.sealing.sealer import seal
from ops.embedded_postgres.server import EmbeddedServer
from ops.market_checks import check_scenarios, find_unsolved
from ops.settings import Settings
from ops.wiring import Tenor, utc_now
from tests.builders.read_models import catch_up_all

FUND = Path(__file__).parent.parent.parent.parent / "examples" / "small_fund"
UP100 = b'{"scenario_id": "up100", "name": "up", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": 100}]}'


@dataclass(frozen=True)
class Sealed:
    """A database with one completed run, and who may do anything to it."""

    tenor: Tenor
    run_id: str

    def as_superuser(self, *statements: str, **parameters: object) -> None:
        """With every guard switched off, as somebody with the owner's rights would."""
        tables = ("ledger_events", "fact_block", "blob", "log_checkpoint")
        with psycopg.connect(self.tenor.database_url) as connection:
            tables += tuple(row[0] for row in connection.execute("SELECT inhrelid::regclass::text FROM pg_inherits"))
            self._switch(connection, tables, "DISABLE")
            for statement in statements:
                assert connection.execute(statement, parameters or None).rowcount != 0
            self._switch(connection, tables, "ENABLE ALWAYS")

    @staticmethod
    def _switch(connection: psycopg.Connection[Any], tables: tuple[str, ...], how: str) -> None:
        for table in tables:
            if not table.endswith(("_pkey", "_idx")) and table.startswith(("ledger", "fact", "blob", "log")):
                trigger = "append_only" if table.startswith("fact_block_") else f"{table}_append_only"
                connection.execute(f"ALTER TABLE {table} {how} TRIGGER {trigger}")

    def one(self, query: str, *parameters: object) -> Any:
        with psycopg.connect(self.tenor.database_url) as connection:
            row = connection.execute(query, parameters).fetchone()
        assert row is not None
        return row[0]


@contextmanager
def tenor_at(url: str, home: Path) -> Iterator[Tenor]:
    tenor = Tenor(Settings(home, url), url)
    yield tenor
    tenor.close()


def complete_a_run(tenor: Tenor) -> str:
    """Every step in this process, so that this process's engine is the one that made the facts."""
    envelope = tenor.envelope("ada")
    portfolio = ingest_portfolio(tenor.store, tenor.blobs, tenor.portfolio_codec, envelope, FUND)["snapshot_id"]
    market = load_market(tenor.store, tenor.blobs, envelope, (FUND / "market.json").read_bytes(), find_unsolved)[
        "snapshot_id"
    ]
    key = Key(
        actors_own_id("idempotency", envelope.actor, "friday"), "/api/v1/scenario/scenarios", sha256(UP100).hexdigest()
    )
    define_scenarios(tenor.store, envelope, UP100, key=key)
    approve_model(tenor.store, tenor.envelope("grace"), "curves", "validated", conditions="liquid curves")
    seal(tenor.sealing)
    command = SubmitRun(portfolio, market, ("up100",), ("PV", "DV01"))
    run_id = submit_run(tenor.store, tenor.blobs, envelope, command, check_scenarios).run_id
    while tenor.run_process.step():
        pass
    seal(tenor.sealing)
    connect = tenor.database.connect
    worker = Worker(Ports(tenor.store, tenor.blobs, tenor.portfolio_codec, tenor.block_codec, connect, utc_now))
    worker.handle(payload(OpenRun(run_id, 1, ["PositionPriced", "RiskComputed"], 1, 1), [0]))
    while tenor.run_process.step():
        pass
    seal(tenor.sealing)
    return str(run_id)


@pytest.fixture(scope="session")
def sealed_original(
    postgres: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, str]:
    name, home = f"sealed_{uuid.uuid4().hex}", tmp_path_factory.mktemp("sealed-home")
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    with tenor_at(make_conninfo(postgres.dsn(), dbname=name), home) as tenor:
        run_id = complete_a_run(tenor)
    return name, home, run_id


@contextmanager
def copied(postgres: EmbeddedServer, sealed_original: tuple[str, Path, str], folder: Path) -> Iterator[Sealed]:
    original, home, run_id = sealed_original
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {original} STRATEGY FILE_COPY")
    with tenor_at(make_conninfo(postgres.dsn(), dbname=name), Path(shutil.copytree(home, folder / "home"))) as tenor:
        yield Sealed(tenor, run_id)
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sealed(postgres: EmbeddedServer, sealed_original: tuple[str, Path, str], tmp_path: Path) -> Iterator[Sealed]:
    """The test's own."""
    with copied(postgres, sealed_original, tmp_path) as sealed:
        yield sealed


@pytest.fixture(scope="session")
def sealed_to_read(
    postgres: EmbeddedServer, sealed_original: tuple[str, Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sealed]:
    """For tests that change nothing."""
    with copied(postgres, sealed_original, tmp_path_factory.mktemp("to-read")) as sealed:
        yield sealed


@pytest.fixture(scope="session")
def queryable(
    postgres: EmbeddedServer, sealed_original: tuple[str, Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sealed]:
    """For tests that change nothing: every read model has read the log, and what publishing records is sealed."""
    with copied(postgres, sealed_original, tmp_path_factory.mktemp("queryable")) as sealed:
        catch_up_all(sealed.tenor.storage)
        seal(sealed.tenor.sealing)
        yield sealed


@pytest.fixture
def fresh(database_url: str, tmp_path: Path) -> Iterator[Tenor]:
    """An empty log with a home of its own."""
    with tenor_at(database_url, tmp_path / "home") as tenor:
        yield tenor


@pytest.fixture
def say() -> Callable[[Tenor, str], None]:
    """Append one event: a scenario of this name."""

    def define(tenor: Tenor, name: str) -> None:
        document = '{"scenario_id": "%s", "name": "x", "shocks": []}' % name  # noqa: UP031 - braces
        define_scenarios(tenor.store, tenor.envelope("ada"), document.encode())

    return define
