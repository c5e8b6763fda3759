"""The outbox: each event that a webhook asks for becomes one message of it, in the transaction that moves the reader.

A webhook gets what happens after its definition. One that is bound to nodes is told of runs with positions there; of a
breach, which is of a whole run, only if every position of the run is; of rejected files, which are nobody's yet, never.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from commands.processes.messages import Message, message_of
from commands.processes.reading_log import Connect, move, position_of
from domain.event import stream_id
from domain.ports import EventStore, LogEntry
from domain.webhooks import book
from domain.webhooks.document import LIMIT_BREACHED

READER = "webhook-outbox"
BATCH = 500
TREES_KEPT = 8

PUT = """
INSERT INTO webhook_message (webhook_id, log_position, message_id, event_type, body, state, made_at, first_at, next_at)
VALUES (%s, %s, %s, %s, %s, 'WAITING', %s, %s, %s) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Node:
    """Of a portfolio's tree; `own` are positions that hang on the node itself."""

    path: tuple[str, ...]
    own: int


TreeOf = Callable[[str], Sequence[Node]]
"""By the portfolio's sha256; handed down, since only the wiring opens snapshots."""


class Outbox:
    def __init__(self, store: EventStore, connect: Connect, tree_of: TreeOf, now: Callable[[], datetime]) -> None:
        self._store, self._connect, self._now = store, connect, now
        self._tree_of = lru_cache(TREES_KEPT)(tree_of)

    def step(self) -> int:
        """How many entries it went past; 0 at the head of the log. Without webhooks it goes to the head at once."""
        position, head = position_of(self._connect, READER), self._store.head()
        webhooks = webhooks_of(self._store)
        if position >= head:
            return 0
        if not webhooks.active:
            return self._move(position, head, [])
        entries = self._store.log(position, BATCH)
        return self._move(position, entries[-1].position, list(self._messages(entries, webhooks))) if entries else 0

    def _move(self, position: int, to: int, messages: Sequence[tuple[Any, ...]]) -> int:
        with self._connect() as connection, connection.transaction():
            if move(connection, READER, position, to) and messages:
                with connection.cursor() as cursor:
                    cursor.executemany(PUT, messages)
        return to - position

    def _messages(self, entries: Iterable[LogEntry], webhooks: book.Webhooks) -> Iterable[tuple[Any, ...]]:
        since: dict[str, int] = {}
        for entry in entries:
            message = message_of(entry.event, self._store.stream)
            for name, webhook in webhooks.active.items() if message else ():
                if name not in since:
                    since[name] = self._store.position(book.webhooks_stream(), webhook.first_event)
                assert message is not None
                if since[name] < entry.position and self._is_for(webhook, message):
                    now = self._now()
                    identity = message_id(name, entry.position)
                    yield name, entry.position, identity, message.type, message.body, now, now, now

    def _is_for(self, webhook: book.Webhook, message: Message) -> bool:
        document = webhook.document
        if message.type not in document.events:
            return False
        if document.nodes is None:
            return True
        if message.requested is None:
            return False
        held = [node for node in self._tree_of(message.requested.portfolio_sha256) if node.own]
        in_scope = [bool(set(node.path) & set(document.nodes)) for node in held]
        return all(in_scope) if message.type == LIMIT_BREACHED else any(in_scope)


def webhooks_of(store: EventStore) -> book.Webhooks:
    return book.fold(store.stream(book.webhooks_stream()))


def message_id(webhook_id: str, log_position: int) -> str:
    """The same at every attempt: a receiver knows by it what it has had."""
    return f"msg_{stream_id('webhook_message', webhook_id, log_position).hex}"
