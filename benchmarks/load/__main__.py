"""Many readers at once, on this machine: how fast they are answered, when the server has had enough, what it holds.

    python -m benchmarks.load                                       3 runs of 1,000,000 x 10, 200 readers, 10 minutes
    python -m benchmarks.load --positions 20000 --seconds 60        smaller
    python -m benchmarks.load --redis redis://127.0.0.1:6379/0      with answers kept

A server of its own under TMPDIR is filled by the client, read by locust, and removed. Needs locust:
`.venv/bin/pip install -e ".[load]"`.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tenor

from benchmarks.serving import own_folder, server
from ops.samples.fund import write_sample_fund

READERS = Path(__file__).with_name("readers.py")
MEASURES = ("PV", "DV01", "CS01", "YIELD", "CLEAN_PRICE", "ACCRUED_INTEREST")
LOOK_SECONDS = 0.5
STEPS = (400, 800, 1_600, 3_200)
"""Readers beyond those that are promised an answer in time."""
STEP_SECONDS = 20
QUESTIONS = {
    "totals by desk": "/api/v1/results/runs/{run}/totals?by=desk&scenario=BASE",
    "totals by attribute": "/api/v1/results/runs/{run}/totals?by=fico:620,680,740&scenario=BASE",
    "capital": "/api/v1/regulatory/runs/{run}/capital",
    "ladder": "/api/v1/cashflow/runs/{run}/ladder?by=book&scenario=BASE",
}


@dataclass
class Memory:
    """Of a process and its children, looked at while a block runs; in megabytes."""

    pid: int
    seen: list[float] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[None]:
        over = threading.Event()

        def look() -> None:
            while not over.wait(LOOK_SECONDS):
                self.seen.append(resident_mb(self.pid))

        watcher = threading.Thread(target=look)
        self.seen.append(resident_mb(self.pid))
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
            self.seen.append(resident_mb(self.pid))

    @property
    def figures(self) -> dict[str, int]:
        return {"first": round(self.seen[0]), "most": round(max(self.seen)), "last": round(self.seen[-1])}


def resident_mb(pid: int) -> float:
    """Of the process that answers; workers and Postgres are others."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def filled(client: tenor.Client, folder: Path, positions: int, runs: int) -> dict[str, Any]:
    """Runs of a sample fund under its ten scenarios, and what a reader needs to know of them."""
    write_sample_fund(folder, positions)
    portfolio = client.portfolios.ingest(folder)
    market = client.markets.load(folder / "market.json")
    client.scenarios.define(folder / "scenarios.json")
    client.scenarios.define_set(folder / "scenario_set.json")
    set_id = json.loads((folder / "scenario_set.json").read_text())["scenario_set_id"]
    asked: dict[str, Any] = {"scenarios": [f"@{set_id}"], "measures": list(MEASURES), "cashflows": "BASE"}
    waited = [client.runs.submit(portfolio, market, **asked).wait(progress=True) for _ in range(runs)]
    rows = page(client, waited[0].run_id)
    return {
        "runs": [run.run_id for run in waited],
        "scenarios": sorted({row["scenario_id"] for row in waited[0].totals("fund").to_pylist()}),
        "positions": [row["position_id"] for row in rows],
        "books": sorted({row["book_id"] for row in rows}),
    }


def page(client: tenor.Client, run_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.document(
        f"/api/v1/results/runs/{run_id}/positions", scenario="BASE", columns="pv", limit=5_000
    )
    return rows


def read_by(readers: int, seconds: int, url: str, asked: Path, folder: Path) -> dict[str, Any]:
    """locust's own counts, by what was asked."""
    words = ["-m", "locust", "-f", str(READERS), "--headless", "-u", str(readers), "-r", str(max(10, readers // 10))]
    words += ["-t", f"{seconds}s", "--host", url, "--csv", str(folder / "load"), "--only-summary"]
    environment = os.environ | {"TENOR_LOAD": str(asked)}
    ended = subprocess.run([sys.executable, *words], env=environment, check=False, capture_output=True, text=True)
    counts = folder / "load_stats.csv"
    if not counts.exists():
        raise SystemExit(f"locust counted nothing: {ended.stderr[-2_000:]}")
    with counts.open(newline="") as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    return {name: figures_of(row) for name, row in rows.items()}


def figures_of(row: dict[str, str]) -> dict[str, float]:
    return {
        "requests": int(row["Request Count"]),
        "failures": int(row["Failure Count"]),
        "per_s": round(float(row["Requests/s"]), 1),
        "p50_ms": float(row["50%"]),
        "p99_ms": float(row["99%"]),
    }


def exported(client: tenor.Client, run_id: str, folder: Path, pid: int) -> dict[str, Any]:
    """Every position under BASE, with six measures, to a file: seconds, bytes, and what the server held meanwhile."""
    run, found = client.runs.get(run_id), {}
    for ending in ("arrow", "csv"):
        memory, started = Memory(pid), time.perf_counter()
        with memory.watched():
            file = run.results(scenario="BASE", measures=list(MEASURES)).save(folder / f"export.{ending}")
        seconds = round(time.perf_counter() - started, 2)
        found[ending] = {"seconds": seconds, "mb": round(file.stat().st_size / 1e6, 1), "memory_mb": memory.figures}
        file.unlink()
    return found


def asked_again(url: str, run_id: str) -> dict[str, dict[str, float]]:
    """Milliseconds of the first asking, and of the next ones at the median: what a cache buys, or an answer kept."""
    found: dict[str, dict[str, float]] = {}
    for name, path in QUESTIONS.items():
        took = []
        for _ in range(10):
            started = time.perf_counter()
            try:
                with urllib.request.urlopen(url + path.format(run=run_id), timeout=300) as answer:
                    answer.read()
            except urllib.error.HTTPError as refused:
                raise SystemExit(f"{name}: {refused.read().decode()}") from refused
            took.append((time.perf_counter() - started) * 1e3)
        found[name] = {"first_ms": round(took[0], 1), "again_ms": round(sorted(took[1:])[len(took) // 2], 1)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.load")
    parser.add_argument("--positions", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--port", type=int, default=8799)
    parser.add_argument("--redis", help="a Redis that keeps answers")
    parser.add_argument("--steps", type=int, default=len(STEPS), help="how many times the readers are doubled")
    told = parser.parse_args()
    url = f"http://127.0.0.1:{told.port}"
    with (
        own_folder("tenor-load-") as folder,
        server(folder / "home", told.port, told.redis) as pid,
        tenor.connect(url, timeout=600) as client,
    ):
        print(json.dumps(measured(client, url, pid, folder, told), indent=1))


def measured(client: tenor.Client, url: str, pid: int, folder: Path, told: argparse.Namespace) -> dict[str, Any]:
    asked = filled(client, folder / "fund", told.positions, told.runs)
    (folder / "asked.json").write_text(json.dumps(asked))
    report: dict[str, Any] = {"positions": told.positions, "runs": told.runs, "redis": bool(told.redis)}
    report["asked_again"] = asked_again(url, asked["runs"][0])
    report["export"] = exported(client, asked["runs"][0], folder, pid)
    memory = Memory(pid)
    with memory.watched():
        report["readers"] = {str(told.readers): read_by(told.readers, told.seconds, url, folder / "asked.json", folder)}
    report["memory_mb"] = memory.figures
    for readers in STEPS[: told.steps]:
        report["readers"][str(readers)] = read_by(readers, STEP_SECONDS, url, folder / "asked.json", folder)
    return report


if __name__ == "__main__":
    main()
