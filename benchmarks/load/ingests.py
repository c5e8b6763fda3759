"""Small portfolios that come all the time: how fast each is taken, and whether every one that was taken is there.

    python -m benchmarks.load.ingests                               500 a minute for two minutes
    python -m benchmarks.load.ingests --per-minute 1000 --seconds 60

Each is another portfolio. They are sent when they are due, whether the ones before have been answered or not, so that a
server that falls behind is seen to. A server of its own, as `python -m benchmarks.load` has.
"""

import argparse
import asyncio
import json
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import tenor
import tenor.aio

from benchmarks.load.__main__ import Memory
from benchmarks.serving import own_folder, server

SECONDS_TO_BE_LISTED = 30
SMALL_FUND = Path(__file__).parents[2] / "examples" / "small_fund"


@dataclass
class Taken:
    ids: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def written(folder: Path, number: int) -> Path:
    """The small fund, with one position of another size."""
    own = folder / f"book-{number}"
    own.mkdir()
    for table in SMALL_FUND.glob("*.csv"):
        shutil.copy(table, own / table.name)
    head, first, *rest = (own / "positions.csv").read_text().splitlines()
    cells = first.split(",")
    cells[head.split(",").index("notional")] = str(1_000_000 + number)
    (own / "positions.csv").write_text("\n".join([head, ",".join(cells), *rest]) + "\n")
    return own


async def brought(client: tenor.aio.Client, folder: Path, number: int, taken: Taken) -> None:
    source = await asyncio.to_thread(written, folder, number)
    started = time.perf_counter()
    try:
        snapshot = await client.portfolios.ingest(source, as_of="2026-01-15")
    except tenor.TenorError as refused:
        taken.refused.append(refused.code)
    else:
        taken.seconds.append(time.perf_counter() - started)
        taken.ids.append(snapshot.snapshot_id)
    finally:
        shutil.rmtree(source)


async def sent(url: str, folder: Path, per_minute: int, seconds: int) -> tuple[Taken, float]:
    """What became of them, and how long it took until the last was answered."""
    taken, started, total = Taken(), time.perf_counter(), per_minute * seconds // 60
    async with tenor.aio.connect(url) as client:
        await client.portfolios.ingest(SMALL_FUND, as_of="2026-01-15")  # parsers start with the first
        started = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(total):
                await asyncio.sleep(max(0.0, started + number * 60 / per_minute - time.perf_counter()))
                tasks.create_task(brought(client, folder, number, taken))
    return taken, time.perf_counter() - started


def cpu_seconds(home: Path) -> float:
    """Of every process of this server so far, its parsers and its Postgres among them: on a busy machine the wall says
    little. They are told by the home in their environment or among their words."""
    found, mark = 0.0, str(home).encode()
    for each in Path("/proc").iterdir():
        try:
            if not each.name.isdigit() or not belongs(each, mark):
                continue
            words = (each / "stat").read_text().rpartition(")")[2].split()
            found += sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue
    return found


def belongs(process: Path, mark: bytes) -> bool:
    if mark in (process / "cmdline").read_bytes() or mark in (process / "environ").read_bytes():
        return True
    parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
    above = Path("/proc") / parent
    if parent in ("0", "1"):
        return False
    return mark in (above / "cmdline").read_bytes() or mark in (above / "environ").read_bytes()


def figures(taken: Taken, took: float, listed: set[str]) -> dict[str, object]:
    waits = sorted(taken.seconds)
    return {
        "taken": len(taken.ids),
        "refused": {code: taken.refused.count(code) for code in set(taken.refused)},
        "lost": len(set(taken.ids) - listed),
        "different": len(set(taken.ids)),
        "taken_a_minute": round(len(taken.ids) * 60 / took, 1),
        "p50_ms": round(waits[len(waits) // 2] * 1e3),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1e3),
    }


def listed_in_time(client: tenor.Client, taken: set[str]) -> set[str]:
    """What the read models show, once they have been told of everything."""
    until = time.monotonic() + SECONDS_TO_BE_LISTED
    while True:
        listed = {each["snapshot_id"] for each in client.portfolios.list()}
        if taken <= listed or time.monotonic() > until:
            return listed
        time.sleep(0.5)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.load.ingests")
    parser.add_argument("--per-minute", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--port", type=int, default=8798)
    told = parser.parse_args()
    url = f"http://127.0.0.1:{told.port}"
    with own_folder("tenor-ingests-") as folder:
        home = folder / "home"
        with server(home, told.port, None) as pid, tenor.connect(url) as client:
            memory = Memory(pid)
            before = cpu_seconds(home)
            with memory.watched():
                taken, took = asyncio.run(sent(url, folder, told.per_minute, told.seconds))
            listed = listed_in_time(client, set(taken.ids))
            used = cpu_seconds(home) - before
            found = figures(taken, took, listed) | {"memory_mb": memory.figures, "cpu_s": round(used, 1)}
            found["cpu_ms_each"] = round(used * 1e3 / max(1, len(taken.ids)))
            print(json.dumps({"per_minute": told.per_minute, "seconds": told.seconds, **found}, indent=1))


if __name__ == "__main__":
    main()
