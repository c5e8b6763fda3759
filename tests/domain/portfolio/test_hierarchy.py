"""The tree of a portfolio as people change it: what is decided, what is refused, what comes of it."""

import pytest

from domain.portfolio.hierarchy import Change, Hierarchy, HierarchyEvent, Node, decide
from domain.refusals import Refused
from tests.builders.run_events import ASKED

TREE = [
    Node("F", None, "Fund", "FUND"),
    Node("D", "F", "Desk", "DESK"),
    Node("B", "D", "Book", "BOOK"),
    Node("E", "F", None, "DESK"),
]


def decided(*changes: Change) -> Hierarchy:
    events: list[HierarchyEvent] = []
    for change in changes:
        events += decide(Hierarchy(tuple(events)), ASKED, "fund", change, TREE)
    return Hierarchy(tuple(events))


def test_changes_are_applied_in_their_order() -> None:
    found = decided(
        Change("create", "N", "E", "New", "BOOK"),
        Change("move", "B", "E"),
        Change("rename", "B", name="Loans"),
        Change("close", "D"),
    ).applied(TREE)
    assert (found["N"].parent_id, found["N"].kind) == ("E", "BOOK")
    assert (found["B"].parent_id, found["B"].name) == ("E", "Loans")
    assert found["D"].is_closed and not found["E"].is_closed
    assert found["B"].changed_by.startswith(ASKED.actor) and found["F"].changed_by == ""


def test_what_is_so_already_is_no_event() -> None:
    same = [Change("create", "B", "D", "Book", "BOOK"), Change("move", "B", "D"), Change("rename", "B", name="Book")]
    assert decided(*same).events == ()
    assert len(decided(Change("close", "E"), Change("close", "E")).events) == 1


def test_a_closed_node_can_be_created_again() -> None:
    found = decided(Change("close", "E"), Change("create", "E", "F", "Anew", "DESK")).applied(TREE)
    assert not found["E"].is_closed and found["E"].name == "Anew"


REFUSED = [
    ("no such node", Change("move", "X", "F"), "UNKNOWN_NODE"),
    ("no such parent", Change("move", "B", "X"), "UNKNOWN_NODE"),
    ("below itself", Change("move", "D", "D"), "CYCLE"),
    ("below what is below it", Change("move", "F", "D"), "CYCLE"),
    ("below a book", Change("create", "N", "B", None, "BOOK"), "WRONG_NESTING"),
    ("a fund below a desk", Change("create", "N", "D", None, "FUND"), "WRONG_NESTING"),
    ("there already", Change("create", "B", "E", None, "BOOK"), "NODE_EXISTS"),
    ("another kind", Change("create", "N", "D", None, "SHELF"), "UNKNOWN_KIND"),
    ("no id", Change("create", " ", "D", None, "BOOK"), "BAD_NODE"),
    ("a name that is none", Change("create", "N", "D", " ", "BOOK"), "BAD_NODE"),
    ("no name", Change("rename", "B", name=" "), "BAD_NODE"),
    ("with books on it", Change("close", "D"), "NODE_IN_USE"),
]


@pytest.mark.parametrize(("change", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_cannot_be_is_refused(change: Change, code: str) -> None:
    with pytest.raises(Refused) as refused:
        decided(change)
    assert refused.value.code == code and refused.value.fix


def test_a_closed_node_takes_no_changes() -> None:
    for change in (Change("rename", "E", name="x"), Change("create", "N", "E", None, "BOOK")):
        with pytest.raises(Refused) as refused:
            decided(Change("close", "E"), change)
        assert refused.value.code == "NODE_CLOSED"
