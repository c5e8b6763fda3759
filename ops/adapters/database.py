"""Connections to Postgres, and its migrations."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

MINIMUM_MAJOR = 15
APPLICATION_ROLE = "tenor_app"
HEAD = "0013"
MIGRATION_LOCK = 7_305_016_842_117

SET_ROLE = "SET ROLE tenor_app"
SELECT_REVISION = "SELECT version_num FROM alembic_version"


class DatabaseProblem(Exception):
    """Something about the database that the user can mend; `fix` says how."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.fix = code, fix


def as_application(connection: psycopg.Connection[Any]) -> None:
    """Applications append and read; they never own the log, whoever has logged in."""
    connection.execute(SET_ROLE)


class Database:
    """A small pool of application connections to one database."""

    def __init__(self, url: str, size: int = 8) -> None:
        self.url = url
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            url, kwargs={"autocommit": True}, configure=as_application, min_size=0, max_size=size, open=False
        )

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection in autocommit; open a transaction where one is wanted."""
        self._pool.open()
        with self._pool.connection() as connection:
            yield connection

    def close(self) -> None:
        self._pool.close()


def check_version(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            major = connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        raise DatabaseProblem(
            "DATABASE_UNREACHABLE",
            f"no Postgres answers: {str(error).strip().splitlines()[-1]}",
            "check --database-url or TENOR_DATABASE_URL, or leave both out to use the embedded server",
        ) from error
    except psycopg.ProgrammingError:  # what it says quotes the URL, which may hold a password
        raise DatabaseProblem(
            "DATABASE_URL_INVALID",
            "the database URL cannot be read",
            "write it as postgresql://user:password@host:port/database, with %-escapes for special characters",
        ) from None
    if major < MINIMUM_MAJOR:
        raise DatabaseProblem(
            "DATABASE_TOO_OLD", f"the server is Postgres {major}", f"use Postgres {MINIMUM_MAJOR} or newer"
        )


def revision(url: str) -> str | None:
    """The migration that the database is at; None where there is none yet."""
    with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute(SELECT_REVISION).fetchone()
        return row[0] if row else None


def migrate(url: str, to: str = HEAD) -> str:
    """Bring the database up to date; several at once wait for one another. Returns the revision."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with psycopg.connect(url, autocommit=True) as guard, engine.connect() as connection:
        guard.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        config = Config()
        config.set_main_option("script_location", str(files("migrations")))
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    return to


def ensure_migrated(url: str) -> None:
    """For the embedded server, that nobody else looks after; an external one is migrated by `tenor migrate`."""
    if revision(url) != HEAD:
        migrate(url)
