"""The filter that people type: what it means, and what is said where it means nothing."""

import pytest

from query_api.errors import BadFilter
from query_api.results.chosen.where import (
    GRAMMAR,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Empty,
    Not,
    OneOf,
    names_in,
    parse_filter,
)

A, B, C = Comparison("a", "=", "1"), Comparison("b", "<", "-2.5"), OneOf("c", ("x", "y z"))

READ: list[tuple[str, Condition]] = [
    ("a=1", A),
    ("a == 1", A),
    ("fico>=700", Comparison("fico", ">=", "700")),
    ("opened < 2026-01-31", Comparison("opened", "<", "2026-01-31")),
    ("state<>CA", Comparison("state", "!=", "CA")),
    ("tag:CHANNEL='a ''b'", Comparison("tag:CHANNEL", "=", "a 'b")),
    ('"my column" = 1', Comparison("my column", "=", "1")),
    ("c in (x, 'y z')", C),
    ("c NOT IN (x,'y z')", Not(C)),
    ("c is empty", Empty("c")),
    ("c is not empty", Not(Empty("c"))),
    ("a=1 and b<-2.5", AllOf((A, B))),
    ("a=1 or b<-2.5 AND c in (x,'y z')", AnyOf((A, AllOf((B, C))))),
    ("(a=1 or b<-2.5) and not c in (x,'y z')", AllOf((AnyOf((A, B)), Not(C)))),
    ("not not a=1", A),
    ("state='and'", Comparison("state", "=", "and")),
]

UNREADABLE = [
    "",
    "   ",
    "fico",
    "fico>",
    "fico>=",
    ">=700",
    "fico=>700",
    "fico>=700 and",
    "fico>=700 state=CA",
    "fico 700",
    "(fico>=700",
    "fico>=700)",
    "state in CA",
    "state in ()",
    "state in (CA",
    "state not CA",
    "state is CA",
    "state='CA",
    "and=1",
    "a=and",
    "fico>=700; drop table x",
    "(" * 60 + "a=1" + ")" * 60,
    "a=1 or " * 1_000 + "a=1",
]


@pytest.mark.parametrize(("text", "condition"), READ)
def test_what_can_be_read(text: str, condition: Condition) -> None:
    assert parse_filter(text) == condition


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_cannot_be_read_shows_the_grammar_in_one_line(text: str) -> None:
    with pytest.raises(BadFilter) as refused:
        parse_filter(text)
    assert GRAMMAR in refused.value.fix
    assert "\n" not in refused.value.fix


def test_names_come_in_their_order_and_once() -> None:
    assert names_in(parse_filter("b=1 or not (a=2 and b in (1)) or c is empty")) == ["b", "a", "c"]
