"""Change the tree of a portfolio: the change is applied when files of that name come next."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from typing import cast

from commands.once import once
from domain.answered_commands import Key
from domain.documents import JsonObject
from domain.event import Envelope
from domain.portfolio import hierarchy as book
from domain.ports import EventStore
from domain.snapshot import portfolio_name

NewestTree = Callable[[str], Iterable[book.Node]]
"""The nodes of a portfolio's newest snapshot; handed down, since read models know it."""


def change_hierarchy(
    store: EventStore,
    envelope: Envelope,
    portfolio: str,
    change: book.Change,
    newest: NewestTree,
    *,
    key: Key | None = None,
) -> tuple[JsonObject, int]:
    """The node as it stands then, and where the log has it."""
    name = portfolio_name(portfolio)
    nodes = list(newest(name))
    return once(store, envelope, key, partial(_decide, store, envelope, name, change, nodes))


def _decide(
    store: EventStore, envelope: Envelope, name: str, change: book.Change, nodes: list[book.Node]
) -> tuple[list[book.HierarchyEvent], JsonObject]:
    before = hierarchy_of(store, name)
    events = book.decide(before, envelope, name, change, nodes)
    after = book.Hierarchy((*before.events, *events)).applied(nodes)
    return events, {"portfolio": name, **node_document(after[change.node_id])}


def hierarchy_of(store: EventStore, name: str) -> book.Hierarchy:
    return book.Hierarchy(tuple(cast(list[book.HierarchyEvent], store.stream(book.hierarchy_stream(name)))))


def node_document(node: book.Node) -> JsonObject:
    said = asdict(node)
    return {"closed": said.pop("is_closed"), "changed_by": said.pop("changed_by") or None} | said
