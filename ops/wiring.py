"""The only place that constructs anything: settings in, the parts of Tenor out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from domain.access.principal import LOCAL
from domain.event import Envelope
from ops.adapters.blob_store import PostgresBlobStore
from ops.adapters.database import Database, as_application, check_version, ensure_migrated
from ops.settings import Settings

if TYPE_CHECKING:
    from commands.processes.run import RunProcess
    from domain.portfolio.columns import Portfolio
    from domain.portfolio.hierarchy import Node
    from ops.access.access_log import AccessLog
    from ops.access.credentials import Credentials
    from ops.access.keyring import Keyring
    from ops.access.settings import Access
    from ops.adapters.event_store import PostgresEventStore
    from ops.adapters.work_queue import PgWorkQueue
    from ops.parsing.pool import ParserPool
    from ops.ports import Archiving, Processes, Sealing, Storage
    from ops.webhooks.sealed_secrets import SecretBox


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Tenor:
    """One database and what stands on it. Parts are made when first asked for."""

    settings: Settings
    database_url: str

    @cached_property
    def database(self) -> Database:
        return Database(self.database_url)

    @cached_property
    def store(self) -> "PostgresEventStore":
        from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore

        return PostgresEventStore(LedgerRecorder(LedgerDatastore(self.database_url, as_application, 8)))

    @cached_property
    def blobs(self) -> PostgresBlobStore:
        return PostgresBlobStore(self.database.connect)

    @cached_property
    def queue(self) -> "PgWorkQueue":
        """Half of what a plain query would load is the queue's."""
        from ops.adapters.work_queue import PgWorkQueue

        return PgWorkQueue()

    @cached_property
    def parsers(self) -> "ParserPool":
        from ops.parsing.pool import ParserPool

        return ParserPool(self.settings.budget)

    @cached_property
    def keyring(self) -> "Keyring":
        from ops.access.keyring import Keyring

        return Keyring(self.store, self.database.connect, utc_now)

    @cached_property
    def access_log(self) -> "AccessLog":
        from ops.access.access_log import AccessLog

        return AccessLog(self.database.connect)

    @cached_property
    def secrets(self) -> "SecretBox":
        from ops.webhooks.sealed_secrets import SecretBox

        return SecretBox(self.settings.home)

    def credentials(self, access: "Access") -> "Credentials | None":
        """None where whoever asks is `local`."""
        if access.auth is None:
            return None
        from ops.access.credentials import Credentials
        from ops.access.sessions import Sessions
        from ops.access.tokens import Tokens

        sessions = Sessions(self.database.connect, self.keyring, utc_now)
        return Credentials(self.keyring, sessions, Tokens(access.oidc) if access.oidc else None)

    @cached_property
    def portfolio_codec(self) -> Any:
        from ops.adapters.snapshot_codec import SnapshotCodec

        return SnapshotCodec()

    @cached_property
    def block_codec(self) -> Any:
        from ops.adapters.block_codec import ZstdBlockCodec

        return ZstdBlockCodec()

    @cached_property
    def storage(self) -> "Storage":
        from ops.ports import Storage

        return Storage(self.store, self.blobs, self.database.connect, self.portfolio_codec, self.block_codec)

    @cached_property
    def sealing(self) -> "Sealing":
        from ops.ports import Sealing

        return Sealing(self.store, self.database.connect, self.envelope, self.settings.home)

    @cached_property
    def archiving(self) -> "Archiving":
        from ops.ports import Archiving

        return Archiving(self.storage, self.queue, self.envelope)

    @cached_property
    def processes(self) -> "Processes":
        from ops.ports import Processes

        return Processes(self.storage, self.sealing, self.run_process, self.settings, self.database_url, self.close)

    @cached_property
    def run_process(self) -> "RunProcess":
        from commands.processes.run import RunProcess

        return RunProcess(self.store, self.queue, self.database.connect, utc_now)

    def envelope(self, actor: str | None = None) -> Envelope:
        return Envelope(actor or LOCAL.actor, utc_now(), uuid4())

    def newest_tree(self, portfolio: str) -> "list[Node]":
        from query_api.portfolios.hierarchies import newest_nodes

        with self.database.connect() as connection:
            return newest_nodes(connection, self.tree_of, portfolio)

    def tree_of(self, sha256: str) -> "Portfolio":
        """Of a portfolio's content its tree alone."""
        portfolio: Portfolio = self.portfolio_codec.decode(self.blobs.get(sha256), ("portfolio",))
        return portfolio

    def close(self) -> None:
        for part in ("parsers", "access_log", "store", "database"):
            if part in self.__dict__:
                self.__dict__[part].close()


@contextmanager
def open_tenor(settings: Settings, *, migrate: bool = True) -> Iterator[Tenor]:
    """Tenor over the database that the settings name; without one, over the embedded server, started if need be."""
    database_url = database_url_of(settings)
    if migrate:
        ensure_migrated(database_url)
    with connected(settings, database_url) as tenor:
        yield tenor


@contextmanager
def connected(settings: Settings, database_url: str) -> Iterator[Tenor]:
    """Tenor over a database that is known to be there."""
    tenor = Tenor(settings, database_url)
    try:
        yield tenor
    finally:
        tenor.close()


def database_url_of(settings: Settings) -> str:
    if settings.database_url:
        check_version(settings.database_url)
        return settings.database_url
    from ops.embedded_postgres.server import EmbeddedServer

    server = EmbeddedServer(settings.home)
    server.start()
    return server.dsn()
