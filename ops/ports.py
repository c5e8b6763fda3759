"""What the parts of ops are handed, a handful of ports at a time. ops/wiring.py makes them; nobody takes all."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from commands.processes.run import RunProcess
from domain.access.asking import nodes_asked
from domain.event import Envelope
from domain.market.document import MarketDocument, stored_market
from domain.portfolio.columns import Portfolio
from domain.ports import BlobStore, BlockCodec, EventStore, PortfolioCodec, WorkQueue
from ops.settings import Settings
from query_api.portfolio_in_scope import within
from query_api.scope import Kept

Connect = Callable[[], AbstractContextManager[Any]]
"""A connection of the application's, in autocommit."""
Now = Callable[[], datetime]


class MakeEnvelope(Protocol):
    """Who does it and when, for events that are about to be appended; by default `local`."""

    def __call__(self, actor: str | None = None) -> Envelope: ...


@dataclass(frozen=True)
class Storage:
    """The log, the blobs and tables beside it, and the codecs of what they hold."""

    store: EventStore
    blobs: BlobStore
    connect: Connect
    portfolio_codec: PortfolioCodec
    block_codec: BlockCodec

    def portfolio(self, sha256: str, tables: Collection[str] | None = None) -> Portfolio:
        """What of it is in the scope of whoever asks; whole for everything that is nobody's request."""
        whole, nodes = self.portfolio_codec.decode(self.blobs.get(sha256), tables), nodes_asked()
        return whole if nodes is None else within(whole, nodes)

    def market(self, sha256: str) -> MarketDocument:
        return stored_market(self.blobs.get(sha256))


KEPT_PORTFOLIOS = 4
"""The whole and its parts in scope are several."""


@dataclass(frozen=True)
class KeepingStorage(Storage):
    """Of a process that answers questions: portfolios that were asked for last are decoded once, for all who ask."""

    _portfolios: Kept[Portfolio] = field(default_factory=lambda: Kept(KEPT_PORTFOLIOS))

    @classmethod
    def over(cls, storage: Storage) -> "KeepingStorage":
        return cls(**vars(storage))

    def portfolio(self, sha256: str, tables: Collection[str] | None = None) -> Portfolio:
        if tables is not None:
            return Storage.portfolio(self, sha256, tables)
        whole = self._portfolios.get((sha256, None), lambda: self.portfolio_codec.decode(self.blobs.get(sha256)))
        nodes = nodes_asked()
        return whole if nodes is None else self._portfolios.get((sha256, nodes), lambda: within(whole, nodes))


@dataclass(frozen=True)
class Sealing:
    """The log and what seals it: private keys and exported seals are files under `home`."""

    store: EventStore
    connect: Connect
    envelope: MakeEnvelope
    home: Path


@dataclass(frozen=True)
class Archiving:
    """Runs leave the storage when no job is at work on them, and come back."""

    storage: Storage
    queue: WorkQueue
    envelope: MakeEnvelope


@dataclass(frozen=True)
class Processes:
    """What the processes of one database need: `manager` plans and completes runs, `close` lets go of connections."""

    storage: Storage
    sealing: Sealing
    manager: RunProcess
    settings: Settings
    database_url: str
    close: Callable[[], None]
