"""A real Postgres for the tests that need one: one server a test process, one fresh database a test that asks.

And the engine of the workers: the same arithmetic, and the same compiled kernels.
"""

import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from psycopg.conninfo import make_conninfo

from compute.engine_version import pin_arithmetic
from ops.adapters.database import migrate
from ops.embedded_postgres.server import EmbeddedServer
from ops.processes.kernel_cache import use_numba_cache
from ops.settings import read_settings
from tests import sharing

pin_arithmetic()  # before numpy is there
use_numba_cache(read_settings())

settings.register_profile("tenor", deadline=None)  # a busy machine takes longer than 200 ms for anything
settings.load_profile("tenor")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also the tests marked long; see docs/operations.md")
    parser.addoption("--browser", action="store_true", help="also the tests marked browser: `make browser`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: sharing.rank(item.nodeid))
    for option in ("long", "browser"):
        if config.getoption(f"--{option}"):
            continue
        left = [item for item in items if item.get_closest_marker(option)]
        if left:
            config.hook.pytest_deselected(items=left)
            items[:] = [item for item in items if item not in left]


def pytest_collection_finish() -> None:
    """What is there by now stays to the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> sharing.InParcels:
    """Whatever --dist says."""
    config.option.loadscopereorder = False  # sharing.rank is the order
    return sharing.InParcels(config, log)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """An embedded server of this test process's own, never a user's; not under pytest's own folder, which another
    session of the same account may close to the account that the server runs as."""
    home = Path(tempfile.mkdtemp(prefix="tenor-test-"))
    home.chmod(0o755)
    server = EmbeddedServer(home, settings={"fsync": "off"})  # a test that crashes a server has one of its own
    server.start()
    yield server
    server.stop("immediate")
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(postgres: EmbeddedServer) -> str:
    """A migrated database, copied for each test that wants its own."""
    name = f"template_{os.getpid()}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    migrate(make_conninfo(postgres.dsn(), dbname=name))
    return name


@pytest.fixture
def database_url(postgres: EmbeddedServer, template_database: str) -> Iterator[str]:
    """The superuser's URL of a fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    yield make_conninfo(postgres.dsn(), dbname=name)
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
