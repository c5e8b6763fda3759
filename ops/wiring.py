"""The only place that constructs anything: settings in, the parts of Tenor out."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

from commands.processes.run import RunProcess
from domain.event import Envelope
from domain.market.document import MarketDocument, stored_market
from ops.adapters.blob_store import PostgresBlobStore
from ops.adapters.database import Database, as_application, check_version, ensure_migrated
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore
from ops.adapters.work_queue import PgWorkQueue
from ops.settings import Settings


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
    def store(self) -> PostgresEventStore:
        return PostgresEventStore(LedgerRecorder(LedgerDatastore(self.database_url, as_application, 8)))

    @cached_property
    def blobs(self) -> PostgresBlobStore:
        return PostgresBlobStore(self.database.connect)

    @cached_property
    def queue(self) -> PgWorkQueue:
        return PgWorkQueue()

    @cached_property
    def portfolio_codec(self) -> Any:
        from ops.adapters.snapshot_codec import SnapshotCodec

        return SnapshotCodec()

    @cached_property
    def block_codec(self) -> Any:
        from ops.adapters.block_codec import ZstdBlockCodec

        return ZstdBlockCodec()

    @cached_property
    def run_process(self) -> RunProcess:
        return RunProcess(self.store, self.queue, self.database.connect, utc_now)

    def load_portfolio(self, sha256: str) -> Any:
        return self.portfolio_codec.decode(self.blobs.get(sha256))

    def load_market(self, sha256: str) -> MarketDocument:
        return stored_market(self.blobs.get(sha256))

    def envelope(self, actor: str | None = None) -> Envelope:
        return Envelope(actor or login_name(), utc_now(), uuid4())

    def close(self) -> None:
        for part in ("store", "database"):
            if part in self.__dict__:
                self.__dict__[part].close()


@contextmanager
def open_tenor(settings: Settings, *, migrate: bool = True) -> Iterator[Tenor]:
    """Tenor over the database that the settings name; without one, over the embedded server, started if need be."""
    tenor = Tenor(settings, database_url_of(settings))
    if migrate:
        ensure_migrated(tenor.database_url)
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


def login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
