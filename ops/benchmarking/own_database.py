"""A database that a measurement has to itself, made for it and removed afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ops.adapters.database import DatabaseProblem, check_version, migrate
from ops.embedded_postgres.server import EmbeddedServer
from ops.settings import Settings

CREATE = "CREATE DATABASE {}"
DROP = "DROP DATABASE {} WITH (FORCE)"


@dataclass(frozen=True)
class OwnDatabase:
    settings: Settings
    postmaster_pid: int | None
    """None where the server is not ours to look into"""


@contextmanager
def own_database(settings: Settings) -> Iterator[OwnDatabase]:
    """An empty database in a TENOR_HOME of its own: nothing of a user's is touched.

    An embedded server by default; where the settings name a server, a database beside the one that they name.
    """
    with _own_home() as home:
        if settings.database_url:
            with _database_beside(settings.database_url) as url:
                yield OwnDatabase(Settings(home, url), None)
        else:
            with _own_server(home) as server:
                yield OwnDatabase(Settings(home, None), int(server.pid_file.read_text().split()[0]))


@contextmanager
def _own_home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="tenor-bench-"))
    home.chmod(0o755)  # as root, the account that the server drops to has to pass
    try:
        yield home
    finally:
        shutil.rmtree(home)


@contextmanager
def _own_server(home: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(home)
    try:
        server.start()
        yield server
    finally:
        place = server.data_directory.parent
        if server.running():
            server.stop("immediate")  # nothing in it is to be kept
        shutil.rmtree(place, ignore_errors=True)  # not always under the home: see ops/embedded_postgres/places.py


@contextmanager
def _database_beside(url: str) -> Iterator[str]:
    check_version(url)
    name = f"tenor_bench_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            connection.execute(sql.SQL(CREATE).format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as refused:
            raise DatabaseProblem(
                "CANNOT_CREATE_DATABASE",
                f"a measurement wants a database of its own ({str(refused).strip()})",
                "log in as a role with CREATEDB, or leave --database-url out to measure an embedded server",
            ) from refused
    own = make_conninfo(url, dbname=name)
    try:
        migrate(own)
        yield own
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL(DROP).format(sql.Identifier(name)))
