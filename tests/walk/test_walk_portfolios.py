"""Portfolios by name: what was decided about their trees holds for the files that come next, and the past stays."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.walk.command_line import Tenor

NODES = "node_id,parent_id,name,kind\nF,,Fund,FUND\nD,F,Desk,DESK\nB,D,Book,BOOK\n"
TERMS = (
    "instrument_id,product_type,currency,issue_date,maturity_date,rate_type,coupon,frequency,day_count,amortization\n"
)
LOAN = "L1,LOAN,USD,2024-01-15,2029-01-15,FIXED,{},12,30/360,LEVEL_PAY\n"
HELD = "position_id,instrument_id,book_id,notional\nP1,L1,{},100\n"


def files(folder: Path, coupon: str = "0.05", book: str = "B") -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in (
        ("portfolio", NODES),
        ("instruments", TERMS + LOAN.format(coupon)),
        ("positions", HELD.format(book)),
    ):
        (folder / f"{name}.csv").write_text(text)
    return folder


def bring(tenor: Tenor, folder: Path, as_of: str) -> str:
    return str(tenor.json("ingest", folder, "--portfolio", "Fund", "--as-of", as_of)["snapshot_id"])


def test_changes_of_the_tree_hold_for_the_next_files(tenor: Tenor, tmp_path: Path) -> None:
    first = bring(tenor, files(tmp_path / "f"), "2026-01-22")
    created = tenor.json("portfolio", "node", "create", "Fund", "D2", "--kind", "DESK", "--parent", "F")
    tenor.json("portfolio", "node", "move", "Fund", "B", "--parent", "D2")
    tenor.json("portfolio", "node", "rename", "Fund", "B", "Loans")
    tenor.json("portfolio", "node", "close", "Fund", "D", "--reason", "sold")
    tree = tenor.json("portfolio", "tree", "Fund")
    assert {node["node_id"]: (node["parent_id"], node["closed"]) for node in tree["nodes"]} == {
        "F": (None, False), "D": ("F", True), "B": ("D2", False), "D2": ("F", False)}  # fmt: skip
    assert [change["change"] for change in tree["changes"]] == ["created", "moved", "renamed", "closed"]
    then = tenor.json("portfolio", "tree", "Fund", "--as-of-event", str(created["event_position"]))
    assert [change["change"] for change in then["changes"]] == ["created"]
    second = bring(tenor, tmp_path / "f", "2026-01-23")
    assert second != first
    changes = {row["table"]: row for row in tenor.json("portfolio", "compare", first, second)}
    assert changes["portfolio"]["new"] == ["D2"] and changes["portfolio"]["gone"] == ["D"]
    assert changes["portfolio"]["changed"] == [
        {"key": "B", "columns": {"parent_id": {"from": "D", "to": "D2"}, "name": {"from": "Book", "to": "Loans"}}}
    ]
    assert bring(tenor, tmp_path / "f", "2026-01-22") == second


def test_a_closed_book_takes_no_positions(tenor: Tenor, tmp_path: Path) -> None:
    bring(tenor, files(tmp_path / "f"), "2026-01-22")
    tenor.json("portfolio", "node", "close", "Fund", "B")
    answer = tenor("ingest", tmp_path / "f", "--portfolio", "Fund", "--as-of", "2026-01-23")
    assert answer.code == 1 and "NOT_A_BOOK" in answer.err and "closed" in answer.err
    assert tenor.refusal("portfolio", "node", "move", "Fund", "X", "--parent", "F")["code"] == "UNKNOWN_NODE"
    assert tenor.json("ingest", tmp_path / "f", "--portfolio", "Other")["snapshot_id"]


def test_an_instrument_has_a_history(tenor: Tenor, tmp_path: Path) -> None:
    bring(tenor, files(tmp_path / "f"), "2026-01-21")
    bring(tenor, files(tmp_path / "f"), "2026-01-22")
    bring(tenor, files(tmp_path / "f", coupon="0.06"), "2026-01-23")
    lines = tenor.json("portfolio", "history", "Fund", "--instrument", "L1")
    assert [(line["as_of"], line["what"]) for line in lines] == [("2026-01-21", "new"), ("2026-01-23", "changed")]
    assert lines[1]["changed"] == {"coupon": {"from": "0.05", "to": "0.06"}}
    assert tenor.refusal("portfolio", "history", "Fund", "--issuer", "X")["code"] == "NOT_FOUND"


@pytest.fixture
def served(tenor: Tenor) -> Iterator[TestClient]:
    with (
        open_tenor(Settings(tenor.home, tenor.database_url)) as parts,
        TestClient(build_app(parts), raise_server_exceptions=False) as client,
    ):
        yield client


def test_by_http_too(served: TestClient, tenor: Tenor, tmp_path: Path) -> None:
    first = bring(tenor, files(tmp_path / "f"), "2026-01-22")
    tenor.json("portfolio", "tree", "Fund")
    at = "/api/v1/portfolio"
    made = served.post(f"{at}/hierarchies/Fund/nodes", json={"node_id": "B2", "kind": "BOOK", "parent_id": "D"})
    assert made.status_code == 202, made.text
    assert served.post(f"{at}/hierarchies/Fund/nodes/B/rename", json={"name": "Loans"}).status_code == 202
    assert served.post(f"{at}/hierarchies/Fund/nodes/B/move", json={"parent_id": "B2"}).status_code == 409
    assert served.post(f"{at}/hierarchies/Fund/nodes/X/close", json={}).status_code == 404
    found = served.get(f"{at}/hierarchies/Fund").json()
    assert {node["node_id"] for node in found["nodes"]} == {"F", "D", "B", "B2"}
    before = served.get(f"{at}/hierarchies/Fund", params={"as_of_event": made.json()["event_position"] - 1}).json()
    assert before["changes"] == []
    assert served.get(f"{at}/hierarchies/Nobody").status_code == 404
    second = bring(tenor, tmp_path / "f", "2026-01-23")
    tenor.json("portfolio", "tree", "Fund")
    changes = served.get(f"{at}/snapshots/{second}/changes", params={"since": first}).json()
    assert {row["table"]: row["new"] for row in changes}["portfolio"] == ["B2"]
    (segment,) = served.get(f"{at}/snapshots/{second}/segments", params={"by": "currency", "weighted": "coupon"}).json()
    assert (segment["sum_notional"], segment["weighted_coupon"]) == (100.0, 0.05)
    assert served.get(f"{at}/snapshots/{second}/segments", params={"by": "curency"}).status_code in (400, 422)
    assert served.get(f"{at}/bands").json()[0]["bands"] == "fico"
    history = served.get(f"{at}/instruments/L1/history", params={"portfolio": "Fund"}).json()
    assert [line["what"] for line in history] == ["new"]
    assert json.loads(served.get(f"{at}/snapshots").text)
