"""What a key costs a question, and what row security costs it, one question after another.

    python -m benchmarks.load.scopes                       a run of 1,000,000 x 10, 100 questions of each kind
    python -m benchmarks.load.scopes --positions 100000

The same questions without keys; with a key of everything; with a key of all funds by name, which sees the same rows by
row security; and with a key of the fund that is asked about. A server of its own, as `python -m benchmarks.load` has.
"""

import argparse
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tenor

from benchmarks.load.__main__ import filled
from benchmarks.serving import PROGRAM, environment_of, own_folder, server

SEED = 7
PAGE = 100
NOT_LIMITED = {"TENOR_AUTH": "keys", "TENOR_RATE_LIMIT": "1000000"}


def questions(asked: dict[str, Any], fund: str, many: int) -> Iterator[tuple[str, str]]:
    """Of one fund and what is in it, so that every key may ask all of them; the same each time."""
    chance, run = random.Random(SEED), f"/api/v1/results/runs/{asked['runs'][0]}"
    for _ in range(many):
        scenario = chance.choice(asked["scenarios"])
        yield "totals", f"{run}/totals?by=desk&scenario={scenario}"
        yield "totals of a fund, summed", f"{run}/totals?by=desk&node={fund}&scenario={scenario}"
        yield "page", f"{run}/positions?node={fund}&scenario={scenario}&limit={PAGE}"
        yield "position", f"{run}/positions/{chance.choice(asked['positions'])}"


def times_ms(url: str, key: str | None, asked: dict[str, Any], fund: str, many: int) -> dict[str, dict[str, float]]:
    found: dict[str, list[float]] = {}
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    for round_no in range(2):  # the first for connections, kernels and what is kept
        found.clear()
        for name, path in questions(asked, fund, many if round_no else max(5, many // 10)):
            started = time.perf_counter()
            with urllib.request.urlopen(urllib.request.Request(url + path, headers=headers), timeout=120) as answer:
                answer.read()
            found.setdefault(name, []).append((time.perf_counter() - started) * 1e3)
    return {name: percentiles(each) for name, each in found.items()}


def percentiles(times: list[float]) -> dict[str, float]:
    ranked = sorted(times)
    return {"p50_ms": round(ranked[len(ranked) // 2], 2), "p99_ms": round(ranked[int(len(ranked) * 0.99)], 2)}


def made_key(home: Path, name: str, nodes: list[str]) -> str:
    words = ["key", "create", "--name", name, "--role", "viewer", "--json"]
    words += [word for node in nodes for word in ("--node", node)]
    done = subprocess.run([PROGRAM, *words], env=environment_of(home), check=True, capture_output=True, text=True)
    return str(json.loads(done.stdout)["key"])


def measured(home: Path, folder: Path, port: int, positions: int, many: int) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}"
    report: dict[str, Any] = {"positions": positions, "questions_of_each": many}
    with server(home, port, None), tenor.connect(url, timeout=600) as client:
        asked = filled(client, folder / "fund", positions, 1)
        funds, fund, own = of_a_fund(client, asked["runs"][0])
        asked["positions"] = own
        report["without keys"] = told("without keys", times_ms(url, None, asked, fund, many))
    scopes = {"a key of everything": [], "a key of all funds": funds, "a key of one fund": [fund]}
    with server(home, port, None, NOT_LIMITED):
        for name, nodes in scopes.items():
            report[name] = told(name, times_ms(url, made_key(home, name, nodes), asked, fund, many))
    return report


def told(name: str, figures: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """As each is known: a million positions take a while."""
    print(name, json.dumps(figures), file=sys.stderr, flush=True)
    return figures


def of_a_fund(client: tenor.Client, run_id: str) -> tuple[list[str], str, list[str]]:
    """All funds, the first of them, and some of its positions."""
    tree = client.document(f"/api/v1/portfolio/runs/{run_id}/tree")
    funds = sorted(one["node_id"] for one in tree if one["kind"] == "FUND")
    address = f"/api/v1/results/runs/{run_id}/positions"
    rows = client.document(address, scenario="BASE", node=funds[0], columns="pv", limit=2_000)
    return funds, funds[0], [row["position_id"] for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.load.scopes")
    parser.add_argument("--positions", type=int, default=1_000_000)
    parser.add_argument("--many", type=int, default=100)
    parser.add_argument("--port", type=int, default=8796)
    given = parser.parse_args()
    with own_folder("tenor-scopes-") as folder:
        print(json.dumps(measured(folder / "home", folder, given.port, given.positions, given.many), indent=1))


if __name__ == "__main__":
    main()
