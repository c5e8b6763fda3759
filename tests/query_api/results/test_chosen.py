"""Rows by filter, node, beginning of an id and order; further columns; totals by several names and by bands."""

import io
import math
from typing import Any

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from tests.builders.hand_made_run import NOTIONALS, POSITIONS, RUN_ID, amounts, in_base

HOME = f"/api/v1/results/runs/{RUN_ID}"
Row = dict[str, Any]

FILTERS: list[tuple[str, list[str]]] = [
    ("fico>=700", ["P1", "=2+5", "P5"]),
    ("FICO >= 700 and currency=EUR", ["=2+5", "P5"]),
    ("fico is empty", ["P4"]),
    ("fico!=700", ["P/3", "P4"]),
    ("not fico<700", ["P1", "=2+5", "P4", "P5"]),
    ("fico in (650.5, 1)", ["P/3"]),
    ("fico not in (650.5)", ["P1", "=2+5", "P4", "P5"]),
    ("notional<0", ["P/3"]),
    ("book_id=B1", ["P1", "=2+5"]),
    ("book=B2 and product_type!=BOND", ["P5"]),
    ("desk='<D>' and fund=F and position_id in (P1, P4, P9)", ["P1", "P4"]),
    ("instrument_id=I3 or instrument_id=I4", ["P/3", "P4"]),
    ("status=FAILED", ["P4"]),
    ("status!=FAILED and reason is not empty", ["P5"]),
    ("pv<0", ["P/3"]),
    ("pv is empty", ["P4"]),
    ("dv01_base > 20", ["=2+5"]),
    ("sub_fund is empty", POSITIONS),
]

REFUSED: list[tuple[str, str, str]] = [
    # query, what is said, what would be right
    ("where=ficoo>=700", "'ficoo'", "fico"),
    ("where=pvv>1", "'pvv'", "pv"),
    ("where=fico>=many", "fico is a number", "fico>=700"),
    ("where=currency>USD", "currency is a text", "currency in (A, B)"),
    ("where=scenario_id=BASE", "scenarios", "`scenario`"),
    ("where=fico>>1", "cannot be read", "NAME in (A, B)"),
    ("node=B3", "'B3'", "B1"),
    ("sort=notionall", "'notionall'", "notional"),
    ("sort=-", "nothing to sort by", "-pv,fico"),
    ("with=notionl", "'notionl'", "notional"),
    ("columns=pv,dv1", "'dv1'", "dv01"),
    ("columns=notional", "'notional'", "`with`"),
    ("columns=pv&measures=PV", "both named", "one of them"),
]


def rows_of(client: TestClient, query: str) -> list[Row]:
    answer = client.get(f"{HOME}/positions?scenario=BASE&{query}")
    assert answer.status_code == 200, answer.text
    rows: list[Row] = answer.json()
    assert answer.headers["x-total-count"] == str(len(rows))
    return rows


@pytest.mark.parametrize(("where", "expected"), FILTERS)
def test_a_filter_chooses_rows_of_the_whole_table(client: TestClient, where: str, expected: list[str]) -> None:
    whole = client.get(f"{HOME}/positions?scenario=BASE").json()
    answer = client.get(f"{HOME}/positions", params={"scenario": "BASE", "where": where})
    assert answer.status_code == 200, answer.text
    assert answer.json() == [row for row in whole if row["position_id"] in expected]
    assert [row["position_id"] for row in answer.json()] == expected


@pytest.mark.parametrize(
    ("query", "found_by"),
    [
        ("", "index"),
        ("columns=pv", "index"),
        ("node=B1", "snapshot"),
        ("q=P", "snapshot"),
        ("with=fico", "snapshot"),
        ("where=fico>1", "snapshot"),
        ("sort=fico", "snapshot"),
        ("where=pv>1", "scan"),
        ("sort=-pv", "scan"),
    ],
)
def test_an_answer_says_how_its_rows_were_found(client: TestClient, query: str, found_by: str) -> None:
    assert client.get(f"{HOME}/positions?{query}").headers["x-found-by"] == found_by


def test_a_filter_on_results_is_of_each_scenario_by_itself(client: TestClient) -> None:
    rows = client.get(f"{HOME}/positions?where=dv01>=11").json()
    assert [(row["scenario_id"], row["position_id"]) for row in rows] == [
        ("BASE", "P1"),
        ("BASE", "=2+5"),
        ("up100", "=2+5"),
    ]


@pytest.mark.parametrize("node", ["F", "<D>", "B1", "B2"])
def test_positions_of_a_node_and_below(client: TestClient, node: str) -> None:
    rows = rows_of(client, f"node={node}")
    assert [row["position_id"] for row in rows if row["book_id"] == node or node in ("F", "<D>")] == [
        row["position_id"] for row in rows
    ]
    assert len(rows) == {"B1": 2, "B2": 3}.get(node, 5)


def test_ids_by_their_beginning(client: TestClient) -> None:
    assert [row["position_id"] for row in rows_of(client, "q=P")] == ["P1", "P/3", "P4", "P5"]
    assert [row["position_id"] for row in rows_of(client, "q=P/")] == ["P/3"]
    assert rows_of(client, "q=Q") == []


def test_sorted_by_a_number_the_blank_is_last_either_way(client: TestClient) -> None:
    assert [row["position_id"] for row in rows_of(client, "sort=pv_base")] == ["P/3", "P1", "P5", "=2+5", "P4"]
    assert [row["position_id"] for row in rows_of(client, "sort=-pv_base")] == ["=2+5", "P5", "P1", "P/3", "P4"]
    assert [row["position_id"] for row in rows_of(client, "sort=currency,-notional")] == [
        "=2+5",
        "P4",
        "P5",
        "P1",
        "P/3",
    ]


def test_columns_are_those_named_and_further_ones_stand_last(client: TestClient) -> None:
    first = ["position_id", "instrument_id", "book_id", "product_type", "currency", "scenario_id", "status", "reason"]
    rows = rows_of(client, "columns=dv01_base,pv&with=notional,desk,fico,currency")
    assert list(rows[0]) == [*first, "dv01_base", "pv", "notional", "desk", "fico", "with:currency"]
    assert [row["notional"] for row in rows] == NOTIONALS
    assert [row["fico"] for row in rows] == [700.0, 700.0, 650.5, None, 700.0]
    assert {row["desk"] for row in rows} == {"<D>"}
    wanted = [None if math.isnan(each) else each for each in in_base("BASE", "dv01")]
    assert [row["dv01_base"] for row in rows] == wanted
    assert list(rows_of(client, "columns=key_rate_dv01,detail")[0])[-1] == "detail"


def test_pages_of_a_sorted_filter_put_together_are_the_answer(client: TestClient) -> None:
    query = "where=fico>1 or fico is empty&sort=-notional&with=fico"
    whole = client.get(f"{HOME}/positions?{query}").json()
    address, rows = f"{HOME}/positions?{query}&limit=3", []
    while address:
        answer = client.get(address)
        assert answer.headers["x-total-count"] == "10"
        rows += answer.json()
        address = answer.links.get("next", {}).get("url", "")
    assert rows == whole
    assert len(rows) == 10


@pytest.mark.parametrize(("query", "said", "fix"), REFUSED)
def test_what_cannot_be_asked_is_said_with_what_is_near(client: TestClient, query: str, said: str, fix: str) -> None:
    answer = client.get(f"{HOME}/positions?{query}")
    assert answer.status_code in (404, 422), answer.text
    assert said in answer.json()["detail"]
    assert fix in answer.json()["fix"]


def by_key(client: TestClient, query: str, *names: str) -> dict[tuple[str, ...], Row]:
    answer = client.get(f"{HOME}/totals?scenario=BASE&{query}")
    assert answer.status_code == 200, answer.text
    return {tuple(row[name] for name in names): row for row in answer.json()}


def base_sum(places: list[int]) -> float:
    return math.fsum(in_base("BASE", "dv01")[place] for place in places)


def test_totals_by_several_names(client: TestClient) -> None:
    rows = by_key(client, "by=book,product_type", "book", "product_type")
    assert list(rows) == [("B1", "LOAN"), ("B2", "BOND"), ("B2", "FX_FWD")]
    assert rows["B1", "LOAN"]["dv01_base"] == pytest.approx(base_sum([0, 1]), rel=1e-15)
    assert (rows["B2", "BOND"]["positions"], rows["B2", "BOND"]["left_out"]) == (2, 1)
    assert rows["B2", "BOND"]["dv01_base"] == pytest.approx(base_sum([2]), rel=1e-15)


def test_totals_by_bands_of_a_number(client: TestClient) -> None:
    rows = by_key(client, "by=fico:620,650.5,700", "fico")
    assert list(rows) == [("650.5 to <700",), (">=700",), ("",)]
    assert rows[(">=700",)]["positions"] == 3
    both = by_key(client, "by=desk,fico:700,book", "desk", "fico", "book")
    assert list(both) == [("<D>", "<700", "B2"), ("<D>", ">=700", "B1"), ("<D>", ">=700", "B2"), ("<D>", "", "B2")]


def test_totals_of_a_filter_and_a_node(client: TestClient) -> None:
    rows = by_key(client, "by=currency&where=fico>=700&columns=dv01,dv01_base", "currency")
    assert list(rows) == [("EUR",), ("USD",)]
    assert rows[("EUR",)]["positions"] == 2
    assert rows[("EUR",)]["dv01"] == amounts("BASE", "dv01")[1]
    assert list(rows[("EUR",)])[-2:] == ["dv01", "dv01_base"]
    below = by_key(client, "by=total&node=B1", "total")
    assert below[("",)]["dv01_base"] == pytest.approx(base_sum([0, 1]), rel=1e-15)


@pytest.mark.parametrize(
    ("query", "found_by"),
    [("by=desk", "rollup"), ("by=desk&where=fico>1", "scan"), ("by=desk,book", "scan"), ("by=fico:1", "scan")],
)
def test_totals_say_how_they_were_found(client: TestClient, query: str, found_by: str) -> None:
    assert client.get(f"{HOME}/totals?{query}").headers["x-found-by"] == found_by


@pytest.mark.parametrize(
    ("by", "said", "fix"),
    [
        ("ficoo", "'ficoo'", "fico"),
        ("desk,sectr", "'sectr'", "there are"),
        ("desk,,book", "nothing to group by", "commas"),
        ("desk,desk", "named twice", "once"),
        ("fico:700,600", "do not rise", "smallest"),
        ("book:1,2", "is a text", "without edges"),
        ("pv:0", "is a result", "filter by results"),
        ("node,book", "several", "fund"),
    ],
)
def test_what_cannot_be_grouped_by(client: TestClient, by: str, said: str, fix: str) -> None:
    answer = client.get(f"{HOME}/totals?by={by}")
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]
    assert fix in answer.json()["fix"]


def test_kinds_and_units_travel_with_the_columns(client: TestClient) -> None:

    answer = client.get(f"{HOME}/positions?format=parquet&columns=pv_base&with=fico,product_type")
    schema = pq.read_schema(io.BytesIO(answer.content))
    assert schema.field("pv_base").metadata == {b"unit": b"currency", b"in": b"USD"}
    assert str(schema.field("fico").type) == "double"


@pytest.mark.parametrize("where", ["fico>=600", "pv<0", "currency=EUR", "position_id=P1"])
def test_nodes_of_what_a_filter_leaves_are_as_their_own_kind_has_them(client: TestClient, where: str) -> None:
    """A node's total by the tree is that of its kind alone, whose groups are not nested."""

    def by(name: str) -> dict[tuple[str, str], Row]:
        answer = client.get(f"{HOME}/totals", params={"by": name, "where": where})
        assert answer.status_code == 200, answer.text
        return {(row.pop(name), row["scenario_id"]): row for row in answer.json()}

    apart = {key: row for kind in ("fund", "desk", "book") for key, row in by(kind).items() if key[0]}
    assert apart
    assert by("node") == apart


def test_nodes_are_grouped_by_alone(client: TestClient) -> None:
    answer = client.get(f"{HOME}/totals?by=node,currency&where=fico>=600")
    assert answer.status_code == 422
    assert "nested" in answer.json()["detail"]
