"""Homes in the temporary folder, each with a small server that is stopped in the end."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from ops.embedded_postgres.server import EmbeddedServer

SMALL = {"shared_buffers": "16MB", "max_wal_size": "64MB", "min_wal_size": "32MB"}

MakeServer = Callable[..., EmbeddedServer]


@pytest.fixture
def folder() -> Iterator[Path]:
    made = _public_folder()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def server_at(folder: Path) -> Iterator[MakeServer]:
    """Makes servers that the test starts itself."""
    made: list[EmbeddedServer] = []

    def make(home: Path, settings: dict[str, str] | None = None) -> EmbeddedServer:
        made.append(EmbeddedServer(home, settings=SMALL | (settings or {}), shelter=folder / "shelter"))
        return made[-1]

    yield make
    for server in made:
        server.stop("immediate")


@pytest.fixture(scope="session")
def shared() -> Iterator[EmbeddedServer]:
    home = _public_folder()
    server = EmbeddedServer(home, settings=SMALL)
    yield server
    server.stop("immediate")
    shutil.rmtree(home)


@pytest.fixture
def server(shared: EmbeddedServer) -> EmbeddedServer:
    """One that runs. Tests share it and may kill it: to get up again is what it is for."""
    shared.start()
    return shared


@pytest.fixture
def counted(server: EmbeddedServer) -> EmbeddedServer:
    """With a table `counted` of a thousand rows."""
    with psycopg.connect(server.dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS counted")
        connection.execute("CREATE TABLE counted AS SELECT n FROM generate_series(1, 1000) AS n")
    return server


def _public_folder() -> Path:
    """Not pytest's own temporary folder: root's is 0700, and the server's account could not enter it."""
    made = Path(tempfile.mkdtemp(prefix="tenor-test-", dir="/tmp")).resolve()
    made.chmod(0o755)
    return made
