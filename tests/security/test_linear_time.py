"""Three times as much takes about three times as long, for every route that takes a document or a table."""

import gc
import io
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from commands.ingestion.prepare import prepare_portfolio
from domain.documents import MAX_DEPTH, MAX_VALUES, read_json
from tests.commands.ingestion.conftest import SOUND, write_csv
from tests.security.conftest import FUND, Service

N, TIMES = 2_000, 3
MAX_RATIO = 5.5
"""Nine is what a quadratic check takes."""
FREE_SECONDS = 0.3
"""What is done within it is fast enough, whatever the ratio says of so short a time."""
TRIES = 3

Shape = Callable[[int], bytes]
RUN = "orchestrator/runs/00000000-0000-0000-0000-000000000001"


def written(content: Any) -> bytes:
    return json.dumps(content).encode()


def in_list(name: str, entry: Callable[[int], Any], **more: Any) -> Shape:
    return lambda n: written(more | {name: [entry(i) for i in range(n)]})


SHAPES: dict[str, Shape] = {
    "keys": lambda n: written({f"k{i}": i for i in range(n)}),
    "the same key": lambda n: b"{" + b",".join([b'"k":0'] * n) + b"}",
    "pairs of keys": lambda n: b"{" + b",".join(b'"k%d":0,"k%d":1' % (i, i) for i in range(n // 2)) + b"}",
    "empty objects": lambda n: b"[" + b",".join([b"{}"] * n) + b"]",
    "not a number": lambda n: b"[" + b",".join([b"NaN"] * n) + b"]",
    "control characters": lambda n: written({"reason": ["\x00"] * n}),
    "a long key": lambda n: written({"k" * n * 20: ["\x00"] * n}),
    "a deep list": lambda n: b"[" * n,
}
JSON_ROUTES = [
    "orchestrator/runs",
    f"{RUN}/reject",
    "risk/models/swaps/approve",
    "marketdata/markets",
    "scenario/scenarios",
    "scenario/sets",
]
MARKET = json.loads((FUND / "market.json").read_bytes())


def with_part(name: str, entry: Callable[[int], Any]) -> Shape:
    return lambda n: written(MARKET | {name: [entry(i) for i in range(n)]})


def node(i: int) -> dict[str, Any]:
    return {"tenor": f"{i % 90 + 1}Y", "rate": 0.01}


def curve(i: int) -> dict[str, Any]:
    return {"curve_id": f"C{i}", "currency": "USD", "nodes": [node(0), node(1)]}


def fixing(i: int) -> dict[str, Any]:
    return {"index": f"I{i}", "date": "2026-01-02", "rate": 2}


def with_nodes(n: int) -> bytes:
    return written(MARKET | {"curves": [curve(0) | {"nodes": [node(i) for i in range(n)]}]})


def with_projections(n: int) -> bytes:
    return written(MARKET | {"projection": {f"I{i}": f"C{i}" for i in range(n)}})


def shock(i: int) -> dict[str, Any]:
    return {"kind": "PARALLEL", "curves": f"C{i}", "bp": 1}


def history(line: Callable[[int], str]) -> Shape:
    return lambda n: ("date,kind,name,tenor,move\n" + "".join(line(i) for i in range(n))).encode()


def columns(known: bytes) -> Shape:
    return lambda n: known + b"".join(b",c%d" % i for i in range(n))


def day(i: int) -> str:
    return f"{1901 + i // 336}-{i // 28 % 12 + 1:02d}-{i % 28 + 1:02d}"


SPECIFIC: list[tuple[str, str, Shape]] = [
    ("names of one scenario", "scenario/sets", in_list("scenarios", lambda _: "up", scenario_set_id="s")),
    ("names of many", "scenario/sets", in_list("scenarios", lambda i: f"s{i}@1", scenario_set_id="s")),
    ("versions of one", "scenario/sets", in_list("scenarios", lambda i: f"up@{i + 1}", scenario_set_id="s")),
    ("shocks", "scenario/scenarios", in_list("shocks", shock, scenario_id="BASE")),
    ("wrong shocks", "scenario/scenarios", in_list("shocks", lambda i: {"kind": str(i)}, scenario_id="s")),
    ("scenarios", "scenario/scenarios", lambda n: written([{"scenario_id": "s", "shocks": []}] * n)),
    ("curves", "marketdata/markets", with_part("curves", curve)),
    ("one curve again", "marketdata/markets", with_part("curves", lambda _: curve(0))),
    ("nodes", "marketdata/markets", with_nodes),
    ("spots", "marketdata/markets", with_part("fx_spots", lambda _: {"pair": "EURUSD", "spot": 1.1})),
    ("fixings", "marketdata/markets", with_part("fixings", fixing)),
    ("discounts", "marketdata/markets", with_projections),
    ("words", "orchestrator/runs", lambda n: written({"portfolio": "p", "market": "m", "scenarios": ["up"] * n})),
    ("dates", "scenario/histories?set=s", history(lambda i: f"{day(i)},FX,EURUSD,,2000\n")),
    ("series of one date each", "scenario/histories?set=s", history(lambda i: f"{day(i)},SPREAD,a={i},,1\n")),
    ("columns of a history", "scenario/histories?set=s", columns(b"date,kind,name,move")),
    ("columns of a backtest", "risk/backtest", columns(b"date,pnl,var")),
    ("days", "risk/backtest", lambda n: ("date,pnl,var\n" + "".join(f"{day(i)},-2,1\n" for i in range(n))).encode()),
    ("one day", "risk/backtest", lambda n: b"date,pnl,var\n" + b"2026-01-02,x,y\n" * n),
]  # fmt: skip


def seconds_of(work: Callable[[], Any]) -> float:
    """Without the collector of garbage, whose turn comes when it comes."""
    gc.disable()
    try:
        started = time.process_time()
        work()
        return time.process_time() - started
    finally:
        gc.enable()


def is_linear(work: Callable[[int], Any]) -> tuple[bool, list[float]]:
    """By processor time of this process, the least of a few tries: what else the machine does is not counted."""
    times: list[float] = []
    for _ in range(TRIES):
        once, thrice = seconds_of(lambda: work(N)), seconds_of(lambda: work(TIMES * N))
        times += [once, thrice]
        if thrice < FREE_SECONDS or thrice < MAX_RATIO * once:
            return True, times
    return min(times[1::2]) < MAX_RATIO * min(times[::2]), times


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("address", JSON_ROUTES)
def test_every_route_that_takes_a_document(service: Service, address: str, shape: Shape) -> None:
    def post(n: int) -> None:
        assert 400 <= service.post(address, content=shape(n)).status_code < 500

    linear, times = is_linear(post)
    assert linear, times


@pytest.mark.parametrize(("address", "shape"), [each[1:] for each in SPECIFIC], ids=[each[0] for each in SPECIFIC])
def test_what_a_route_looks_at_itself(service: Service, address: str, shape: Shape) -> None:
    linear, times = is_linear(lambda n: service.post(address, content=shape(n)).status_code < 500 or 1 / 0)
    assert linear, times


def test_sixty_thousand_keys_and_fifty_thousand_names(service: Service) -> None:
    """42 and 22 seconds of processor once."""
    keys = b"{" + b",".join(b'"k%d":0,"k%d":0' % (i, i) for i in range(30_000)) + b"}"
    names = written({"scenario_set_id": "s", "scenarios": [f"s{i}" for i in range(50_000)]})
    for address, content in (("marketdata/markets", keys), ("scenario/sets", names)):
        assert seconds_of(partial(refused_at, service, address, content)) < 5


def refused_at(service: Service, address: str, content: bytes) -> object:
    return service.refusal(service.post(address, content=content), 404, 422)


def test_limits_on_documents() -> None:
    assert read_json(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))[0] is None
    assert read_json(b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH)[1] == []
    for deep in (b"[" * 100_000, b"[" * 90 + b"]" * 90, b'{"a":' * 90 + b"1" + b"}" * 90):
        (problem,) = read_json(deep)[1]
        assert problem.code == "NOT_JSON"
    (problem,) = read_json(b"[" + b"0," * MAX_VALUES + b"0]")[1]
    assert problem.code == "LIMIT_EXCEEDED" and f"{MAX_VALUES:,}" in problem.message


# --- tables ---------------------------------------------------------------------------------------------------------


def chain(n: int) -> list[dict[str, Any]]:
    return [
        {"node_id": f"N{i}", "parent_id": f"N{i - 1}" if i else "", "name": "x", "kind": "SUB_FUND"} for i in range(n)
    ]


def circle(n: int) -> list[dict[str, Any]]:
    return [{"node_id": f"N{i}", "parent_id": f"N{(i + 1) % n}", "name": "x", "kind": "SUB_FUND"} for i in range(n)]


TABLES: dict[str, Callable[[int], dict[str, list[dict[str, Any]]]]] = {
    "a chain of nodes": lambda n: {"portfolio": [*SOUND["portfolio"], *chain(n)]},
    "a circle of nodes": lambda n: {"portfolio": [*SOUND["portfolio"], *circle(n)]},
    "positions once": lambda n: {"positions": [SOUND["positions"][0] | {"position_id": f"P{i}"} for i in range(n)]},
    "positions again": lambda n: {"positions": [SOUND["positions"][0]] * n},
    "issuers": lambda n: {"issuers": [*SOUND["issuers"], *({"issuer_id": f"I{i}", "name": "x"} for i in range(n))]},
    "wrong cells": lambda n: {"positions": [SOUND["positions"][0] | {"notional": f"x{i}"} for i in range(n)]},
}


@pytest.mark.parametrize("tables", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("accept_valid", [False, True])
def test_ingestion(tmp_path: Path, tables: Any, accept_valid: bool) -> None:
    folders = {n: write_csv(tmp_path / str(n), SOUND | tables(n)) for n in (N, TIMES * N)}
    linear, times = is_linear(lambda n: prepare_portfolio(folders[n], accept_valid=accept_valid).report())
    assert linear, times


def test_a_header_of_many_names(tmp_path: Path) -> None:
    def prepare(n: int) -> None:
        folder = write_csv(tmp_path / str(n), SOUND)
        (folder / "positions.csv").write_text(",".join(f"c{i}" for i in range(n)) + "\n")
        assert "LIMIT_EXCEEDED" in prepare_portfolio(folder).errors_by_code

    linear, times = is_linear(prepare)
    assert linear, times


def test_a_deep_tree_is_refused_with_its_rows(tmp_path: Path) -> None:
    report = prepare_portfolio(write_csv(tmp_path, SOUND | {"portfolio": [*SOUND["portfolio"], *chain(70)]})).report()
    found = [(one["code"], one["row"]) for one in report["errors"]]
    assert found == [("LIMIT_EXCEEDED", row) for row in range(6 + 64 + 1, 6 + 70)]


def test_reports_do_not_grow_with_the_product_of_what_is_wrong(tmp_path: Path) -> None:
    """A circle of thousands is told of at each of its nodes, and named once in short."""
    report = prepare_portfolio(
        write_csv(tmp_path, SOUND | {"portfolio": [*SOUND["portfolio"], *circle(5_000)]})
    ).report()
    assert len(io.StringIO(json.dumps(report)).getvalue()) < 500 * 5_000 * 2
