"""The whole path from files to figures that can be asked for, timed from outside.

own home, server, workers, compiled kernels, a small run | read in | submit ... queryable | queries | log | kernels
------------------- cold_start_s ----------------------- | -------- the figures ---------------------------------
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from commands.define_policy import define_policy
from commands.define_scenario import define_scenarios
from commands.ingest_portfolio import ingest_portfolio
from commands.load_market import load_market
from commands.submit_run import SubmitRun
from domain.refusals import Refused
from domain.runs.facts import CHUNK_SIZE
from domain.runs.run import RunRequested
from ops.benchmarking.log_size import log_bytes_and_values
from ops.benchmarking.machine import machine
from ops.benchmarking.own_database import OwnDatabase, own_database
from ops.benchmarking.processes import PeakMemory, cpu_seconds, ended_children_seconds, family
from ops.benchmarking.sample_input import FIRST_SCENARIOS, scenario_file, shocked_scenarios, write_fund
from ops.market_checks import find_unsolved
from ops.ports import MakeEnvelope, Processes
from ops.processes.kernel_cache import use_numba_cache
from ops.processes.loops import background, count_alive
from ops.processes.run_to_end import wait_until_queryable
from ops.processes.supervisor import WorkerPool, workers
from ops.run_requests import find_run, submit_request
from ops.settings import Settings
from ops.wiring import open_tenor, utc_now

FUND_SEED, WARM_UP_SEED = 20260123, 7
WARM_UP_CHUNKS_PER_WORKER = 2
"""Whole chunks, so that no worker is left to compile its kernels on the clock."""

WORKERS_COME_WITHIN_S = 60.0
POLL_SECONDS = 0.05
LATEST_RUN = "SELECT run_id FROM read.run ORDER BY requested_at DESC, run_no DESC LIMIT 1"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    positions: int
    scenarios: int
    """BASE among them"""
    workers: int
    measures: tuple[str, ...]
    runs: int = 1
    """one after another, over the same fund; all are kept while queries are timed"""
    full: bool = False
    """also what follows the runs: see ops/benchmarking/audit_and_rebuild.py"""

    @property
    def warm_up_positions(self) -> int:
        return WARM_UP_CHUNKS_PER_WORKER * self.workers * CHUNK_SIZE


@dataclass(frozen=True)
class Finished:
    """A run whose figures can be asked for."""

    row: dict[str, Any]
    submitted_at: datetime
    queryable_at: datetime
    """as seen by who waits: the transaction that makes it so has been committed"""
    cpu_s: dict[str, float]

    def whole_s(self) -> float:
        return self.seconds()["submit_to_queryable"]

    def seconds(self) -> dict[str, float]:
        """From the times of its events; plan, compute and publish add up to the whole."""
        marks = (self.submitted_at, self.row["planned_at"], self.row["completed_at"], self.queryable_at)
        plan, compute, publish = ((end - start).total_seconds() for start, end in pairwise(marks))
        return {"submit_to_queryable": plan + compute + publish, "plan": plan, "compute": compute, "publish": publish}


def measure(settings: Settings, plan: Plan, say: Say) -> dict[str, Any]:
    """The document of `tenor bench`."""
    load_before = round(os.getloadavg()[0], 2)
    with tempfile.TemporaryDirectory(prefix="tenor-bench-files-") as files:
        say(f"making the files of {plan.positions:,} positions")
        write_fund(Path(files, "warm-up"), plan.warm_up_positions, WARM_UP_SEED)
        write_fund(Path(files, "fund"), plan.positions, FUND_SEED)
        started = time.monotonic()
        with own_database(settings) as own, open_tenor(own.settings) as tenor:
            use_numba_cache(own.settings)
            compiled = any(Path(os.environ["NUMBA_CACHE_DIR"]).rglob("*.nbi"))
            with background(tenor.processes):
                with workers(tenor.processes, plan.workers) as pool:
                    path = WholePath(tenor.processes, tenor.envelope, own, pool, plan, say)
                    path.warm_up(Path(files, "warm-up"))
                    cold_start_s = round(time.monotonic() - started, 3)
                    say(f"{cold_start_s:.1f} s from nothing to the figures of a small first run")
                    document = path.figures(Path(files, "fund"))
                if plan.full:
                    document |= path.further(document["seconds"])
            if plan.full:
                document |= path.alternatives()
    cold = {"cold_start_s": cold_start_s, "kernels_were_compiled": compiled}
    return document | {"warm": True, "load_before": load_before} | cold


class WholePath:
    def __init__(
        self, processes: Processes, envelope: MakeEnvelope, own: OwnDatabase, pool: WorkerPool, plan: Plan, say: Say
    ) -> None:
        self._processes, self._storage, self._envelope = processes, processes.storage, envelope
        self._own, self._pool, self._plan, self._say = own, pool, plan, say
        self._memory = PeakMemory(lambda: family([os.getpid(), *self._postmaster()]))
        self._warm_up: tuple[str, str] = ("", "")
        self._fund: tuple[str, str] = ("", "")
        self._run_ids: list[UUID] = []

    def warm_up(self, folder: Path) -> None:
        scenarios = scenario_file(self._plan.scenarios - 1)
        if self._plan.scenarios > 1:
            define_scenarios(self._storage.store, self._envelope("bench"), scenarios)
        self._warm_up = self._read_in(folder)
        self._await_workers(self._plan.workers)
        self._run(*self._warm_up)

    def figures(self, folder: Path) -> dict[str, Any]:
        with self._memory.watching():
            started = time.monotonic()
            self._fund = self._read_in(folder)
            ingest_s = time.monotonic() - started
            self._say(f"read in after {ingest_s:.1f} s")
            runs = [self._run(*self._fund) for _ in range(self._plan.runs)]
        self._run_ids = [run.row["run_id"] for run in runs]
        finished = sorted(runs, key=Finished.whole_s)[(len(runs) - 1) // 2]
        seconds = {"ingest": ingest_s, **finished.seconds()}
        self._say(f"queryable after {seconds['submit_to_queryable']:.1f} s; now queries, the log's size, kernels")
        row = finished.row
        results = row["positions"] * len(row["scenarios"])
        return {
            "positions": row["positions"],
            "scenarios": len(row["scenarios"]),
            "workers": self._plan.workers,
            "measures": row["measures"],
            "priced": row["priced"],
            "failed": row["failed"],
            "results": results,
            "seconds": {name: round(value, 3) for name, value in seconds.items()},
            "each_submit_to_queryable": [round(run.whole_s(), 3) for run in runs],
            "results_per_s": round(results / seconds["submit_to_queryable"]),
            "rss_mb_peak": self._memory.peak_mb,
            "rss_includes_postgres": self._own.postmaster_pid is not None,
            "cpu_seconds": finished.cpu_s,
            **self._afterwards(row["run_id"]),
            **({} if self._plan.full else {"capital": self._capital()}),
        }

    def _afterwards(self, run_id: UUID) -> dict[str, Any]:
        """What is measured on the finished run."""
        from ops.benchmarking.cash_flows import cash_flow_speed
        from ops.benchmarking.kernels import values_per_second
        from ops.benchmarking.queries import percentile_ms, query_times_ms

        storage = self._storage
        times_ms = query_times_ms(storage.connect, self._run_ids)
        log_bytes, values = log_bytes_and_values(storage, run_id)
        requested = next(event for event in storage.store.stream(run_id) if isinstance(event, RunRequested))
        with storage.connect() as connection:
            version = connection.execute("SHOW server_version").fetchone()
        return {
            "values": values,
            "log_bytes_per_value": round(log_bytes / max(values, 1), 3),
            "query_ms_p99": percentile_ms(times_ms, 99),
            "query_ms_p50": percentile_ms(times_ms, 50),
            "kernels": values_per_second(storage, requested),
            "cash_flows": cash_flow_speed(storage, requested),
            "machine": machine(version[0] if version else ""),
        }

    def further(self, seconds: dict[str, float]) -> dict[str, Any]:
        """On what is stored by now; then the same run with one worker, and once more while events are appended."""
        from ops.benchmarking.audit_and_rebuild import Appending, rebuild_speed, verify_speed, visible_ms

        storage, results = self._storage, self._plan.positions * self._plan.scenarios * len(self._run_ids)
        self._say("verifying, rebuilding the results, appending")
        document: dict[str, Any] = {
            "verify": verify_speed(storage, self._processes.sealing),
            "rebuild": rebuild_speed(storage, results, self._say),
            "append_to_visible_ms": {"idle": visible_ms(storage, self._envelope)},
        }
        with workers(self._processes, self._plan.workers) as self._pool:
            self._await_workers(self._plan.workers)
            self._run(*self._warm_up)
            document["capital"] = self._capital()
        self._say("one worker")
        with workers(self._processes, 1) as self._pool:
            self._await_workers(1)
            self._run(*self._warm_up)
            document["one_worker"] = _compared(self._run(*self._fund).seconds(), seconds)
        with (
            workers(self._processes, self._plan.workers) as self._pool,
            Appending(storage, self._envelope) as appending,
        ):
            self._await_workers(self._plan.workers)
            self._run(*self._fund)
        document["append_to_visible_ms"]["while_a_run_goes_on"] = appending.percentiles_ms()
        return document

    def alternatives(self) -> dict[str, Any]:
        """When nobody reads the log any more: the events are of a kind that no projection knows."""
        from ops.benchmarking.alternatives import measure_alternatives

        self._say("a row for each event and for each result, on a sample")
        return {"alternatives": measure_alternatives(self._storage, self._processes.database_url, self._run_ids[0])}

    def _read_in(self, folder: Path) -> tuple[str, str]:
        storage, envelope = self._storage, self._envelope("bench")
        report = ingest_portfolio(storage.store, storage.blobs, storage.portfolio_codec, envelope, folder)
        market = load_market(
            storage.store, storage.blobs, envelope, (folder / "market.json").read_bytes(), find_unsolved
        )
        return report["snapshot_id"], market["snapshot_id"]

    def _capital(self) -> dict[str, Any]:
        """What capital and allowances add to prices, and how long their reports take."""
        from ops.benchmarking.capital import STRESSED, capital_seconds, policy_by, report_times

        self._say("capital and allowances")
        policies = {}
        for method in ("PD_LGD", "DCF"):
            raw = json.dumps(policy_by(method)).encode()
            found, _ = define_policy(self._storage.store, self._envelope("bench"), raw)
            policies[method] = f"{found['policy_id']}@{found['version']}"
        if STRESSED not in {document["scenario_id"] for document in shocked_scenarios(self._plan.scenarios - 1)}:
            define_scenarios(self._storage.store, self._envelope("bench"), scenario_file(len(FIRST_SCENARIOS)))

        def seconds(measures: tuple[str, ...], policy: str | None) -> float:
            return self._run(*self._fund, measures, (STRESSED,), policy).whole_s()

        added = capital_seconds(seconds, policies)
        with self._storage.connect() as connection:
            (latest,) = connection.execute(LATEST_RUN).fetchone()
        requested = next(each for each in self._storage.store.stream(latest) if isinstance(each, RunRequested))
        return {"seconds": added, **report_times(self._storage, requested)}

    def _run(
        self,
        portfolio: str,
        market: str,
        measures: tuple[str, ...] | None = None,
        scenarios: tuple[str, ...] | None = None,
        policy: str | None = None,
    ) -> Finished:
        """As planned, where nothing else is said."""
        planned = tuple(document["scenario_id"] for document in shocked_scenarios(self._plan.scenarios - 1))
        names = planned if scenarios is None else scenarios
        before, submitted_at = self._cpu_seconds(), utc_now()
        asked = self._plan.measures if measures is None else measures
        request = SubmitRun(portfolio, market, names, asked, policy=policy)
        run_id = submit_request(self._storage, self._envelope(), request)
        row = wait_until_queryable(self._storage.connect, run_id, quiet=True)
        queryable_at, after = utc_now(), self._cpu_seconds()
        if not row["queryable_at"]:
            raise Refused("RUN_FAILED", f"the measured run is {row['status']}", "look at the workers' log above")
        cpu_s = {name: round(after[name] - before[name], 2) for name in after}
        return Finished(find_run(self._storage, run_id), submitted_at, queryable_at, cpu_s)

    def _cpu_seconds(self) -> dict[str, float]:
        """`services` are the process manager, the projections and the waiting itself, in this process."""
        return {
            "workers": cpu_seconds(self._pool.pids()),
            "services": cpu_seconds([os.getpid()]) - self._memory.cpu_s,
            "postgres": cpu_seconds(family(self._postmaster())) + ended_children_seconds(self._postmaster()),
        }

    def _postmaster(self) -> list[int]:
        return [self._own.postmaster_pid] if self._own.postmaster_pid else []

    def _await_workers(self, count: int) -> None:
        """All of them, so that each takes a part of the warm-up."""
        deadline = time.monotonic() + WORKERS_COME_WITHIN_S
        while count_alive(self._storage.connect, "worker") < count and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)


def _compared(one: dict[str, float], several: dict[str, float]) -> dict[str, Any]:
    """Seconds with one worker, and what of them the plan's workers took."""
    parts = ("submit_to_queryable", "compute")
    return {"seconds": {part: round(one[part], 3) for part in parts}} | {
        "ratio": {part: round(several[part] / one[part], 3) for part in parts}
    }
