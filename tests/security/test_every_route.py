"""Odd requests to every route of every service: each is answered or refused, none breaks anything."""

import json
import random
from typing import Any
from urllib.parse import quote

import pytest

from ops.adapters.snapshot_codec import SnapshotCodec
from tests.builders import hand_made_run
from tests.security.conftest import FUND, Service

REQUESTS = 300
SEED = 20261129

TEXTS = [
    "",
    "a",
    "BASE",
    "@",
    "@x",
    "up100@²",
    "up100@٣",
    "up100@" + "9" * 30,
    "-1",
    "1e400",
    "NaN",
    "9" * 25,
    "٣",
    "\ufffd",
    "a\x00b",
    "a\x85b",
    "a\nb",
    "%",
    "*" * 300,
    "../../etc/passwd",
    "'; DROP TABLE x; --",
    "00000000-0000-0000-0000-000000000000",
    "x" * 5_000,
    "💥",
]
ASKED = ["book", "desk", "total", "children", "PV", "DV01", "PV,FX_DELTA", "up100", "csv", "xlsx", "0.99", "5", "2"]
VALUES: list[Any] = [*TEXTS, None, True, 0, -1, 2**63, 2**64, 10**400, 1e308, [], {}, [[]], {"a": {"b": []}}]
BODIES = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"[{}]",
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b'{"reason": "\\ud800"}',
    b'{"reason": "a\\u0000b"}',
    b'{"\\ud800": 1}',
    b'{"portfolio": "\\udfff", "market": 1e999}',
    b"date,pnl,var\n2026-01-01,1,1\n" + b'"' + b"x" * 140_000,
    b"date,kind,name,tenor,move\n2026-01-01,FX,EURUSD,," + b"9" * 5_000 + b"\n",
    b"PAR1garbagePAR1",
    b"PK\x03\x04garbage",
    b"\xef\xbb\xbf{}",
    b"1" * 5_000,
]
HEADERS = ["Accept", "If-None-Match", "Last-Event-ID", "Idempotency-Key", "Tenor-Actor", "Content-Type", "Range"]
HEADER_VALUES = [b"", b"*/*", b"\xb2", b"a\x80", b"\xff", b"text/*;q=nan", b"9" * 30, b"application/json", b"x" * 3_000]


def document_of(dice: random.Random, depth: int = 0) -> Any:
    """A document with names that routes know and values that they do not expect."""
    names = ["scenario_id", "shocks", "kind", "bp", "curves", "match", "as_of", "base_currency", "nodes", "reason"]
    names += ["portfolio", "market", "scenarios", "measures", "scenario_set_id", "until", "conditions", "curve_id"]
    if depth > 2:
        return dice.choice(VALUES)
    chosen = dice.sample(names, dice.randint(0, 6))
    content: Any = {name: dice.choice([dice.choice(VALUES), document_of(dice, depth + 1)]) for name in chosen}
    return [content] if dice.random() < 0.2 else content


def filled_in(path: str, known: list[str], dice: random.Random) -> str:
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        text = dice.choice([*TEXTS, *known])
        path = path[:start] + quote(text or "x", safe="") + path[end + 1 :]
    return path


@pytest.fixture
def known(fresh: Service) -> list[str]:
    """Ids and names that routes find something under, a run with results among them."""
    with fresh.tenor.database.connect() as connection:
        hand_made_run.fill(connection)
        stored = connection.execute("SELECT kind, sha256 FROM read.snapshot").fetchall()
    held = {
        "PORTFOLIO": SnapshotCodec().encode(hand_made_run.portfolio()),
        "MARKET": (FUND / "market.json").read_bytes(),
    }
    for kind, sha256 in stored:
        fresh.tenor.blobs.put(sha256, held[kind])
    market = fresh.post("marketdata/markets", content=(FUND / "market.json").read_bytes()).json()["snapshot_id"]
    fresh.post("scenario/scenarios", json={"scenario_id": "up", "shocks": []})
    fresh.catch_up()
    run = str(hand_made_run.RUN_ID)
    return [market, "up", "up@1", "pool_floater@1", "P1", str(hand_made_run.PORTFOLIO_ID), *[run] * 12]


def test_no_request_breaks_a_service(fresh: Service, known: list[str]) -> None:
    dice = random.Random(SEED)
    paths = fresh.client.get("/openapi.json").json()["paths"]
    routes = [(method, path, what) for path, methods in paths.items() for method, what in methods.items()]
    for turn in range(REQUESTS):
        method, template, what = routes[turn % len(routes)]
        asked = [one["name"] for one in what.get("parameters", []) if one["in"] == "query"]
        query = {name: str(dice.choice([*VALUES, *ASKED])) for name in asked if dice.random() < 0.4}
        headers: dict[str, Any] = {"Content-Type": b"application/json"} if method == "post" else {}
        if dice.random() < 0.4:
            headers[dice.choice(HEADERS)] = dice.choice(HEADER_VALUES)
        body = dice.choice(BODIES) if dice.random() < 0.4 else json.dumps(document_of(dice)).encode()
        address = filled_in(template, known, dice)
        how: dict[str, Any] = {"content": body} if method == "post" else {}
        answer = fresh.client.request(method, address, params=query, headers=headers, **how)
        told = (SEED, turn, method, address[:200], query, headers, body[:200], answer.text[:500])
        waits_in_vain = answer.status_code == 503 and "min_position" in query and "retry-after" in answer.headers
        assert answer.status_code < 500 or waits_in_vain, told
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json", told
            assert answer.json()["code"], told
