"""Keys, trees and dates between tables."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.ingestion.prepare import Prepared
from commands.ingestion.references import circles_of, first_rows

Tables = dict[str, list[dict[str, Any]]]
Bring = Callable[..., Prepared]


def tree(*nodes: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [{"node_id": node, "parent_id": parent, "name": node, "kind": kind} for node, parent, kind in nodes]


def test_a_repeated_id_names_the_first_row(sound: Tables, bring: Bring) -> None:
    sound["instruments"].append(dict(sound["instruments"][0]))
    (error,) = bring(sound).errors
    assert (error.table, error.row, error.code) == ("instruments", 5, "DUPLICATE_ID")
    assert error.message == "The same instrument_id is in row 2."


def test_a_key_of_several_columns(sound: Tables, bring: Bring) -> None:
    sound["instruments"][0]["product_type"] = "CALLABLE_BOND"
    sound["exercises"] = [
        {"instrument_id": "L1", "date": day, "price_per_100": price, "kind": kind}
        for day, price, kind in [
            ("2027-01-15", "101", "CALL"),
            ("2027-01-15", "99", "PUT"),
            ("2028-01-15", "100", "CALL"),
            ("2027-01-15", "102", "CALL"),
        ]
    ]
    assert [(error.row, error.code) for error in bring(sound).errors] == [(5, "DUPLICATE_ID")]


def test_a_circle_of_nodes_is_named(sound: Tables, bring: Bring) -> None:
    sound["portfolio"] = tree(("A", "C", "DESK"), ("B", "A", "DESK"), ("C", "B", "DESK"), ("BOOK", "A", "BOOK"))
    sound["positions"] = [each | {"book_id": "BOOK"} for each in sound["positions"]]
    errors = bring(sound).errors
    assert [(error.row, error.code) for error in errors] == [(2, "CYCLE"), (3, "CYCLE"), (4, "CYCLE")]
    assert "A > C > B > A" in errors[0].message


def test_a_node_that_is_its_own_parent(sound: Tables, bring: Bring) -> None:
    sound["portfolio"][0]["parent_id"] = "FUND"
    assert [(error.row, error.code) for error in bring(sound).errors] == [(2, "CYCLE")]


NESTING = [
    (("FUND", "SUB_FUND", "DESK", "BOOK"), []),
    (("FUND", "BOOK"), []),
    (("BOOK",), []),
    (("DESK", "DESK", "BOOK"), []),
    (("DESK", "FUND", "BOOK"), [3]),
    (("BOOK", "DESK", "BOOK"), [3]),
    (("SUB_FUND", "FUND", "DESK", "FUND", "BOOK"), [3, 5]),
]


@pytest.mark.parametrize(("kinds", "rows"), NESTING)
def test_kinds_stand_in_their_order(sound: Tables, bring: Bring, kinds: tuple[str, ...], rows: list[int]) -> None:
    """A chain of nodes from the top."""
    names = [f"N{place}" for place in range(len(kinds))]
    sound["portfolio"] = tree(*zip(names, ["", *names], kinds, strict=False))
    sound["positions"] = [each | {"book_id": names[-1]} for each in sound["positions"]]
    errors = bring(sound).errors
    assert [(error.row, error.code) for error in errors] == [(row, "WRONG_NESTING") for row in rows]


def test_dates_of_flows_and_exercises_stand_after_the_issue(sound: Tables, bring: Bring) -> None:
    sound["instruments"][0]["amortization"] = "CUSTOM"
    sound["cashflows"] = [{"instrument_id": "L1", "pay_date": "2023-06-30", "principal": "1", "interest": "1"}]
    sound["exercises"] = [{"instrument_id": "F1", "date": "2023-06-30", "price_per_100": "100", "kind": "CALL"}]
    assert [(error.table, error.column, error.code) for error in bring(sound).errors] == [
        ("exercises", "date", "DATE_ORDER"),
        ("cashflows", "pay_date", "DATE_ORDER"),
    ]


@given(st.lists(st.integers(0, 6), max_size=30))
def test_first_rows_against_the_obvious(numbers: list[int]) -> None:
    found = first_rows(np.array(numbers, dtype=np.int64))
    assert found.tolist() == [numbers.index(number) for number in numbers]


@given(st.lists(st.integers(-1, 11), min_size=12, max_size=12))
def test_circles_against_walking_from_every_node(parent: list[int]) -> None:
    on_circle = set()
    for start in range(len(parent)):
        node = parent[start]
        for _ in parent:
            if node in (-1, start):
                break
            node = parent[node]
        if node == start:
            on_circle.add(start)
    circles = circles_of(np.array(parent))
    assert {node for circle in circles for node in circle} == on_circle
    assert sum(map(len, circles)) == len(on_circle)
    assert all(parent[node] == after for c in circles for node, after in zip(c, [*c[1:], c[0]], strict=True))


def test_a_wrong_kind_is_told_once_with_what_it_does(sound: Tables, bring: Bring) -> None:
    held = sound["positions"][0]
    sound["positions"] = [held | {"position_id": f"P{n}"} for n in range(109)]
    sound["portfolio"][2]["kind"] = "BOKO"
    prepared = bring(sound)
    assert prepared.errors_total == 2
    kind, books = prepared.errors
    assert (kind.table, kind.row, kind.column, kind.code) == ("portfolio", 4, "kind", "NOT_IN_LIST")
    assert (books.table, books.row, books.code) == ("positions", 2, "NOT_A_BOOK")
    assert "108 more rows" in books.message and books.fix == "Correct row 4 of portfolio."
    assert prepared.rejected == 110


def test_nodes_below_a_wrong_kind_are_told_once(sound: Tables, bring: Bring) -> None:
    sound["portfolio"] += [{"node_id": f"B{n}", "parent_id": "DESK", "name": "", "kind": "DESK"} for n in range(7)]
    sound["portfolio"][1]["kind"] = "BOOK"
    errors = [each for each in bring(sound).errors if each.code == "WRONG_NESTING"]
    assert len(errors) == 1 and "6 more nodes" in errors[0].message
