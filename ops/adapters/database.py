"""Connections to Postgres, and its migrations."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import Identifier
from psycopg_pool import ConnectionPool

from domain.refusals import Unavailable
from ops.adapters.database_rights import missing_rights

MINIMUM_MAJOR = 15
APPLICATION_ROLE = "tenor_app"
HEAD = "0025"
MIGRATION_LOCK = 7_305_016_842_117

SET_ROLE = "SET ROLE tenor_app"
SELECT_REVISION = "SELECT version_num FROM alembic_version"


POOL_SECONDS = 10.0
"""The longest wait for a connection of ours to be free, or to be made."""

RECONNECT_SECONDS = POOL_SECONDS
"""A pool that cannot connect gives up after this, and tries anew when it is asked: no pauses that grow to minutes."""

PATIENCE: dict[str, int] = {
    "connect_timeout": 2,
    "tcp_user_timeout": 5_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""Of libpq, where the URL says nothing of its own: a network that swallows is noticed in seconds, not in minutes."""


class DatabaseProblem(Unavailable):
    """Something about the database that the user can mend; `fix` says how."""


def in_one_line(error: BaseException) -> str:
    """What the driver says first; hints and further attempts follow in lines of their own."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].strip()


def as_application(connection: psycopg.Connection[Any]) -> None:
    """Applications append and read; they never own the log, whoever has logged in."""
    connection.execute(SET_ROLE)


def patient(url: str) -> dict[str, Any]:
    return {name: value for name, value in PATIENCE.items() if name not in conninfo_to_dict(url)}


class Database:
    """A small pool of application connections to one database."""

    def __init__(self, url: str, size: int = 8) -> None:
        self.url = url
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            url,
            kwargs={"autocommit": True} | patient(url),
            configure=as_application,
            min_size=0,
            max_size=size,
            open=False,
            timeout=POOL_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
        )

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection in autocommit; open a transaction where one is wanted."""
        self._pool.open()
        with self._pool.connection() as connection:
            try:
                yield connection
            except psycopg.OperationalError:
                if connection.broken:  # the server is gone, and with it every connection that waits in the pool
                    self._pool.drain()
                raise

    def close(self) -> None:
        self._pool.close()


def is_there(url: str) -> bool:
    """Whether the database answers within moments."""
    try:
        with psycopg.connect(url, autocommit=True, **patient(url)) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def check_version(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            major = connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        raise DatabaseProblem(
            "DATABASE_UNREACHABLE",
            f"no Postgres answers: {in_one_line(error)}",
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
        return revision_of(connection)


def revision_of(connection: psycopg.Connection[Any]) -> str | None:
    if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return None
    row = connection.execute(SELECT_REVISION).fetchone()
    return row[0] if row else None


def at_another_revision(at: str | None) -> DatabaseProblem:
    """One before ours is mended by `tenor migrate`; one that we do not know is a later release's."""
    if at is None or at in known_revisions():
        message = f"the database is at {f'migration {at}' if at else 'no migration'}, {HEAD} is needed"
        return DatabaseProblem("MIGRATIONS_MISSING", message, "run `tenor migrate`")
    return DatabaseProblem(
        "DATABASE_NEWER",
        f"the database is at migration {at}, and this release of Tenor knows none after {HEAD}",
        "install the release that migrated it, or a later one, here too; nothing was changed",
    )


def known_revisions() -> set[str]:
    folder = files("migrations").joinpath("versions")
    return {entry.name.partition("_")[0] for entry in folder.iterdir() if entry.name.endswith(".py")}


def migrate(url: str, to: str = HEAD) -> str:
    """Bring the database up to date; several at once wait for one another. Returns the revision.

    What would stop it half way is found before anything is changed."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with psycopg.connect(url, autocommit=True) as guard, engine.connect() as connection:
        guard.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        at = revision_of(guard)
        if at is not None and at not in known_revisions():
            raise at_another_revision(at)
        if at != to and (problem := without_rights(guard)):
            raise problem
        config = Config()
        config.set_main_option("script_location", str(files("migrations")))
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    return to


def without_rights(connection: psycopg.Connection[Any]) -> DatabaseProblem | None:
    """What keeps the account from migrating, with the statements that mend it."""
    statements = missing_rights(connection)
    if not statements:
        return None
    return DatabaseProblem(
        "DATABASE_RIGHTS_MISSING",
        f"the account {connection.info.user} may not do all that a migration does; nothing was changed",
        f"let an administrator say, in this database: {' '.join(f'{each};' for each in statements)} "
        "then run `tenor migrate`",
    )


def ensure_migrated(url: str) -> None:
    with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
        try:
            if revision_of(connection) == HEAD:
                as_application(connection)
                return
        except (errors.InsufficientPrivilege, errors.InvalidParameterValue) as error:
            raise may_not_use(connection) from error
    migrate(url)


def may_not_use(connection: psycopg.Connection[Any]) -> DatabaseProblem:
    """Of an account that did not migrate the database itself."""
    account = Identifier(connection.info.user).as_string(connection)
    return DatabaseProblem(
        "DATABASE_RIGHTS_MISSING",
        f"the account {connection.info.user} may not use Tenor's tables",
        f"let the owner of the database say, in it: GRANT {APPLICATION_ROLE} TO {account}; "
        f"GRANT SELECT ON alembic_version TO {account};",
    )
