"""The tree of a portfolio as people change it: nodes created, moved, renamed and closed, by the portfolio's name.

What files say holds for their snapshot. Changes are applied to the files that come next under that name, and win over
them: they were decided later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID

from domain.documents import nearest
from domain.event import Envelope, Event, stream_id
from domain.portfolio.tables import NODE_KINDS
from domain.refusals import Conflict, Refused, Unknown

MAX_ID = 200


class NodeCreated(Event):
    TOPIC: ClassVar[str] = "portfolio.node_created"

    portfolio: str
    node_id: str
    parent_id: str | None
    name: str | None
    kind: str


class NodeMoved(Event):
    """Below another node, or, without one, to the top."""

    TOPIC: ClassVar[str] = "portfolio.node_moved"

    portfolio: str
    node_id: str
    parent_id: str | None


class NodeRenamed(Event):
    TOPIC: ClassVar[str] = "portfolio.node_renamed"

    portfolio: str
    node_id: str
    name: str


class NodeClosed(Event):
    """Nothing may hang on it any more."""

    TOPIC: ClassVar[str] = "portfolio.node_closed"

    portfolio: str
    node_id: str
    reason: str = ""


HierarchyEvent = NodeCreated | NodeMoved | NodeRenamed | NodeClosed


@dataclass(frozen=True)
class Node:
    """`changed_by` says who changed it last, if anybody did."""

    node_id: str
    parent_id: str | None
    name: str | None
    kind: str
    is_closed: bool = False
    changed_by: str = ""


Tree = Mapping[str, Node]


@dataclass(frozen=True)
class Hierarchy:
    """What was decided about a portfolio's tree, in order."""

    events: tuple[HierarchyEvent, ...] = ()

    @property
    def length(self) -> int:
        return len(self.events)

    def applied(self, tree: Iterable[Node]) -> dict[str, Node]:
        """The tree with every change; one about a node that is not there has nothing to change."""
        nodes = {node.node_id: node for node in tree}
        for event in self.events:
            by = f"{event.actor} at {event.timestamp.isoformat()}"
            known = nodes.get(event.node_id)
            match event:
                case NodeCreated() if known is None or known.is_closed:
                    made = Node(event.node_id, event.parent_id, event.name, event.kind)
                    nodes[event.node_id] = replace(made, changed_by=by)
                case NodeMoved() if known is not None:
                    nodes[event.node_id] = replace(known, parent_id=event.parent_id, changed_by=by)
                case NodeRenamed() if known is not None:
                    nodes[event.node_id] = replace(known, name=event.name, changed_by=by)
                case NodeClosed() if known is not None:
                    nodes[event.node_id] = replace(known, is_closed=True, changed_by=by)
        return nodes


def hierarchy_stream(portfolio: str) -> UUID:
    return stream_id("hierarchy", portfolio)


@dataclass(frozen=True)
class Change:
    """What is asked: one of create, move, rename and close."""

    kind: str
    node_id: str
    parent_id: str | None = None
    name: str | None = None
    node_kind: str = "BOOK"
    reason: str = ""


def decide(
    hierarchy: Hierarchy, envelope: Envelope, portfolio: str, change: Change, newest: Iterable[Node]
) -> list[HierarchyEvent]:
    """`newest` is the tree of the portfolio's newest snapshot. Asking for what is so already changes nothing."""
    tree = hierarchy.applied(newest)
    place = envelope.at(hierarchy_stream(portfolio), hierarchy.length + 1)
    said = {**place, "portfolio": portfolio, "node_id": change.node_id}
    match change.kind:
        case "create":
            return _create(tree, said, change)
        case "move":
            node = _open(tree, change.node_id)
            if node.parent_id == change.parent_id:
                return []
            _refuse_circle(tree, node.node_id, change.parent_id)
            _refuse_nesting(tree, node.kind, change.parent_id)
            return [NodeMoved(**said, parent_id=change.parent_id)]
        case "rename":
            node, name = _open(tree, change.node_id), _named(change.name)
            return [] if node.name == name else [NodeRenamed(**said, name=name)]
        case _:
            if (known := tree.get(change.node_id)) is not None and known.is_closed:
                return []
            _refuse_children(tree, _open(tree, change.node_id).node_id)
            return [NodeClosed(**said, reason=change.reason)]


def _create(tree: Tree, said: dict[str, object], change: Change) -> list[HierarchyEvent]:
    known = tree.get(change.node_id)
    if change.node_kind not in NODE_KINDS:
        message = f"there is no kind {change.node_kind!r} of node"
        raise Refused("UNKNOWN_KIND", message, f"use one of {', '.join(NODE_KINDS)}")
    if not change.node_id.strip() or len(change.node_id) > MAX_ID or not change.node_id.isprintable():
        raise Refused("BAD_NODE", f"a node's id has 1 to {MAX_ID} characters that can be seen", "choose another")
    if known is not None and not known.is_closed:
        if (known.parent_id, known.kind) == (change.parent_id, change.node_kind) and change.name in (None, known.name):
            return []
        raise Conflict("NODE_EXISTS", f"{change.node_id} is there already", "move or rename it, or choose another id")
    _refuse_nesting(tree, change.node_kind, change.parent_id)
    name = None if change.name is None else _named(change.name)
    made = {"parent_id": change.parent_id, "name": name, "kind": change.node_kind}
    return [NodeCreated.model_validate({**said, **made})]


def _named(name: str | None) -> str:
    if not name or not name.strip() or len(name) > MAX_ID or not name.isprintable():
        raise Refused("BAD_NODE", f"a name has 1 to {MAX_ID} characters that can be seen", "choose another")
    return name.strip()


def _open(tree: Tree, node_id: str) -> Node:
    node = tree.get(node_id)
    if node is None:
        near = nearest(node_id, tree)
        fix = f"did you mean {near}?" if near else "create it first, or see `tenor portfolio tree`"
        raise Unknown("UNKNOWN_NODE", f"the portfolio has no node {node_id!r}", fix)
    if node.is_closed:
        raise Conflict("NODE_CLOSED", f"{node_id} is closed", "create it again, or choose another node")
    return node


def _refuse_circle(tree: Tree, node_id: str, parent_id: str | None) -> None:
    above, seen = parent_id, set[str]()
    while above is not None and above not in seen:
        if above == node_id:
            message = f"{parent_id} stands below {node_id}"
            raise Conflict("CYCLE", message, "a node cannot stand below itself; move the other one first")
        seen.add(above)
        above = tree[above].parent_id if above in tree else None


def _refuse_nesting(tree: Tree, kind: str, parent_id: str | None) -> None:
    if parent_id is None:
        return
    parent = _open(tree, parent_id)
    if parent.kind == "BOOK" or NODE_KINDS.index(parent.kind) > NODE_KINDS.index(kind):
        message = f"a {kind} cannot stand below {parent_id}, which is a {parent.kind}"
        raise Conflict("WRONG_NESTING", message, f"from the top: {', '.join(NODE_KINDS)}")


def _refuse_children(tree: Tree, node_id: str) -> None:
    below = sorted(node.node_id for node in tree.values() if node.parent_id == node_id and not node.is_closed)
    if below:
        message = f"{', '.join(below[:5])} stand below {node_id}"
        raise Conflict("NODE_IN_USE", message, "move or close them first")
