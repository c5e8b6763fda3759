"""`make faults`: kill after kill over runs that go on, until every run has ended as the undisturbed one did.

    make faults                                  200 kills, a seed of its own, at most 60 minutes
    make faults ARGS="--kills 30 --seed 7"       fewer, and the same victims and pauses again

Real workers, two rival projection processes, the API and Postgres; started again when dead, as an init system does,
and nothing else is done for them. The seed decides who is killed and when; what each was doing then is up to the
machine, so the history is written down when something is wrong.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from compute.engine_version import engine_version
from ops.embedded_postgres.server import EmbeddedServer
from ops.samples.fund import write_sample_fund
from tests.faults.checker import check_log
from tests.faults.fuzzing import TARGETS, in_a_process_of_its_own
from tests.faults.patience import until
from tests.faults.stage import (
    POSITIONS,
    SCENARIOS,
    SELECT_WORKERS,
    assert_as_undisturbed,
    scalar,
)
from tests.walk.command_line import PROGRAM, Tenor

RUNS = "/api/v1/orchestrator/runs"
WEIGHTS = {"worker": 60, "workers": 5, "projections": 15, "service": 10, "backends": 5, "postgres": 5}
QUICK_SECONDS, SLOW_SECONDS = 0.05, 1.5
PROGRESS_SECONDS = 600.0
END_SECONDS = 1_800.0
COUNT_BLOCKS = "SELECT count(*) FROM fact_block"
COUNT_QUERYABLE = "SELECT count(*) FROM read.run WHERE queryable_at IS NOT NULL"
COUNT_LAST_TRIES = "SELECT count(*) FROM chunk_attempt WHERE tries >= 3"
"""A chunk that three workers have died of is given up, which is another test (test_points.py): it is let be."""
TERMINATE_OTHERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass
class Site:
    """Processes by name, what they are started with, and everything that was done to them."""

    tenor: Tenor
    server: EmbeddedServer
    log: Path
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    started_at: float = field(default_factory=time.monotonic)

    def note(self, what: str, **facts: Any) -> None:
        self.history.append({"at": round(time.monotonic() - self.started_at, 3), "what": what, **facts})

    def keep(self) -> None:
        """What an init system does."""
        for name, words in {
            "workers": ("worker", "--workers", "2"),
            "projections": ("projections", "run"),
            "projections, rival": ("projections", "run"),
            "service": ("serve", "orchestrator", "--port", str(self.port)),
        }.items():
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                self.note("started", process=name, after=process.returncode if process else None)
                self.processes[name] = self.start(*words)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TENOR_")}
        environment |= {"TENOR_HOME": str(self.tenor.home), "NUMBA_CACHE_DIR": str(self.tenor.kernels)}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [PROGRAM, *words], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            yield connection

    def ask(self, query: str) -> int:
        with self.connect() as connection:
            return scalar(connection, query)

    def has_open_run(self) -> bool:
        """By what was asked, since a projection that is killed is late."""
        return self.ask(COUNT_QUERYABLE) < len(self.keys)

    def submit(self, request: dict[str, Any], key: str) -> None:
        """As a client does: until it is answered, with the same key."""

        def is_answered() -> bool:
            self.keep()
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                headers = {"Content-Type": "application/json", "Idempotency-Key": key}
                connection.request("POST", RUNS, json.dumps(request), headers)
                answer = connection.getresponse()
                body = json.loads(answer.read())
                self.note("asked", key=key, status=answer.status, body=body)
                if answer.status == 202:
                    self.acknowledged.append(body["event_position"])
                return answer.status == 202
            time.sleep(0.2)
            return False

        self.keys.append(key)
        until(is_answered)

    def kill(self, kind: str, rng: random.Random) -> None:
        victim: Any = None
        match kind:
            case "worker":
                with self.connect() as connection:
                    pids = [row[0] for row in connection.execute(SELECT_WORKERS) if is_alive(row[0])]
                victim = rng.choice(sorted(pids)) if pids else None
                if victim:
                    os.kill(victim, signal.SIGKILL)
            case "postgres":
                self.server.stop("immediate")
                self.server.start()
            case "backends":
                victim = self.ask(TERMINATE_OTHERS)
            case _:
                name = rng.choice(sorted(name for name in self.processes if name.startswith(kind)))
                victim = self.processes[name].pid
                self.processes[name].kill()
                self.processes[name].wait()
        self.note("killed", kind=kind, victim=victim)


def is_alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def storm(site: Site, body: dict[str, Any], kills: int, rng: random.Random, deadline: float) -> Counter[str]:
    """Each kill waits for progress since the one before, so that runs go on, and for a pause that the seed says."""
    killed: Counter[str] = Counter()
    while killed.total() < kills and time.monotonic() < deadline:
        if not site.has_open_run():
            site.submit(body, f"run {len(site.keys)}")
        before = site.ask(COUNT_BLOCKS)
        until(partial(has_moved, site, before), PROGRESS_SECONDS)
        time.sleep(rng.uniform(QUICK_SECONDS, SLOW_SECONDS))
        (kind,) = rng.choices([*WEIGHTS], [*WEIGHTS.values()])
        if kind.startswith("worker"):
            until(lambda: is_safe(site), PROGRESS_SECONDS)
        site.kill(kind, rng)
        killed[kind] += 1
        site.keep()
    return killed


def has_moved(site: Site, before: int) -> bool:
    site.keep()
    return site.ask(COUNT_BLOCKS) > before or not site.has_open_run()


def is_safe(site: Site) -> bool:
    site.keep()
    return site.ask(COUNT_LAST_TRIES) == 0


def see_through(site: Site) -> int:
    """The storm is over: every run ends by itself. Returns how many there were, the undisturbed one apart."""

    def all_ended() -> bool:
        site.keep()
        time.sleep(0.2)
        return not site.has_open_run()

    until(all_ended, END_SECONDS)
    keys = sorted(
        {entry["key"] for entry in site.history if entry["what"] == "asked" and entry["key"] != "undisturbed"}
    )
    with site.connect() as connection:
        for key in sorted(keys):
            assert_as_undisturbed(connection, key)
        check_log(connection, tuple(site.acknowledged))
    return len(keys)


def prepare(site: Site, fund: Path) -> dict[str, Any]:
    write_sample_fund(fund, POSITIONS)
    portfolio, market = site.tenor.bring(fund)
    site.tenor.json("scenario", "define", fund / "scenarios.json")
    body = {"portfolio": portfolio, "market": market, "scenarios": SCENARIOS, "measures": "PV,DV01"}
    site.keep()
    site.submit(body, "undisturbed")
    until(lambda: not site.has_open_run(), END_SECONDS)
    return body


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--minutes", type=float, default=60.0, help="of kills at most; then the runs are seen through")
    parser.add_argument("--fuzz-minutes", type=float, default=20.0, help="for all parsers together, after the kills")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing is left running
    print(f"seed {asked.seed}: {asked.kills} kills, at most {asked.minutes:g} minutes of them", flush=True)
    home = Path(tempfile.mkdtemp(prefix="tenor-faults-", dir="/tmp")).resolve()
    home.chmod(0o755)
    kernels = Path(sys.prefix) / "share" / "tenor" / f"numba-{engine_version()}"
    site = Site(Tenor(None, home, kernels), EmbeddedServer(home), home / "processes.log", free_port())
    try:
        return report(site, asked, home)
    except BaseException as error:
        kept = Path(f"faults-{asked.seed}").resolve()
        kept.mkdir(exist_ok=True)
        (kept / "history.jsonl").write_text("".join(json.dumps(one, default=str) + "\n" for one in site.history))
        shutil.copy(site.log, kept) if site.log.exists() else None
        print(f"FAILED after {len(site.history)} steps: {error!r}\nhistory and logs are in {kept}", flush=True)
        print(f'again: make faults ARGS="--kills {asked.kills} --seed {asked.seed}"', flush=True)
        raise
    finally:
        site.stop()
        site.server.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)


def report(site: Site, asked: argparse.Namespace, home: Path) -> int:
    body = prepare(site, home / "fund")
    site.started_at = began = time.monotonic()
    killed = storm(site, body, asked.kills, random.Random(asked.seed), began + asked.minutes * 60)
    stormed = time.monotonic()
    runs = see_through(site)
    verified = site.tenor.json("audit", "verify")
    print(f"killed       {killed.total()}: " + ", ".join(f"{kind} {n}" for kind, n in sorted(killed.items())))
    print(f"runs         {runs} of {POSITIONS:,} positions, all as undisturbed, the last of them queryable "
          f"{time.monotonic() - stormed:.1f} s after the last kill")  # fmt: skip
    print(f"acknowledged {len(site.acknowledged)} requests, all there; verify: {verified['events']:,} events, "
          f"{verified['blocks']:,} blocks, {verified['problems_total']} problems")  # fmt: skip
    print(f"seconds      {stormed - began:.0f} of kills", flush=True)
    is_done = killed.total() == asked.kills or time.monotonic() - began >= asked.minutes * 60
    return 0 if fuzzed(asked.fuzz_minutes * 60 / len(TARGETS), asked.seed) and is_done else 1


def fuzzed(seconds: float, seed: int) -> bool:
    """Every parser in turn, of inputs that chance has broken."""
    is_sound = True
    for name in sorted(TARGETS) if seconds else ():
        done = in_a_process_of_its_own(name, seconds, seed)
        is_sound &= done.returncode == 0
        print(f"fuzz         {done.stdout.strip() if done.returncode == 0 else done.stderr}", flush=True)
    return is_sound


if __name__ == "__main__":
    sys.exit(main())
