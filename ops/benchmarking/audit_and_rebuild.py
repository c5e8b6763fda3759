"""What is measured beside the runs: verification, a rebuild, and how soon an event that is appended can be read."""

import json
import threading
import time
from types import TracebackType
from typing import Any
from uuid import uuid4

import numpy as np

from commands.define_scenario import define_scenarios
from ops.audit.verification.verify import verify
from ops.ports import MakeEnvelope, Sealing, Storage
from ops.read_models import read_model_named
from ops.rebuilding import Tell, rebuild

TIMES = 200
LOOK_SECONDS = 0.0005
PAUSE_SECONDS = 0.05
IS_VISIBLE = "SELECT 1 FROM read.scenario WHERE scenario_id = %s"


def verify_speed(storage: Storage, sealing: Sealing) -> dict[str, Any]:
    """`tenor audit verify` of everything that the measurement has stored."""
    started = time.perf_counter()
    report = verify(storage, sealing)
    seconds = time.perf_counter() - started
    megabytes = report["bytes"] / 1e6
    return {
        "ok": report["ok"],
        "mb": round(megabytes, 1),
        "seconds": round(seconds, 3),
        "mb_per_s": round(megabytes / seconds, 1),
    }


def rebuild_speed(storage: Storage, results: int, tell: Tell) -> dict[str, Any]:
    """`tenor projections rebuild results`, of all runs that are stored; `results` are positions x scenarios."""
    read_model = read_model_named(storage, "result")
    done = rebuild(read_model, storage.store, storage.connect, verify=False, tell=tell)
    return {"results": results, "seconds": round(done.seconds, 3), "results_per_s": round(results / done.seconds)}


def visible_ms(storage: Storage, envelope: MakeEnvelope, times: int = TIMES) -> dict[str, float]:
    """From before the append of a scenario's event to when a query shows it."""
    return _percentiles([_visible_after_ms(storage, envelope) for _ in range(times)])


class Appending:
    """One event after another, while something else goes on."""

    def __init__(self, storage: Storage, envelope: MakeEnvelope) -> None:
        self._storage, self._envelope = storage, envelope
        self._stop, self._times_ms = threading.Event(), list[float]()
        self._thread = threading.Thread(target=self._append, name="appending")

    def __enter__(self) -> "Appending":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def percentiles_ms(self) -> dict[str, float]:
        return _percentiles(self._times_ms)

    def _append(self) -> None:
        while True:
            self._times_ms.append(_visible_after_ms(self._storage, self._envelope))
            if self._stop.wait(PAUSE_SECONDS):
                return


def _visible_after_ms(storage: Storage, envelope: MakeEnvelope) -> float:
    scenario_id = f"bench-{uuid4().hex}"
    shock = {"kind": "PARALLEL", "curves": "*", "bp": 1}
    document = json.dumps({"scenario_id": scenario_id, "name": "appended", "shocks": [shock]}).encode()
    with storage.connect() as connection:
        started = time.perf_counter()
        define_scenarios(storage.store, envelope("bench"), document)
        while connection.execute(IS_VISIBLE, (scenario_id,)).fetchone() is None:
            time.sleep(LOOK_SECONDS)
        return (time.perf_counter() - started) * 1e3


def _percentiles(times_ms: list[float]) -> dict[str, float]:
    return {
        "p50": round(float(np.percentile(times_ms, 50)), 3),
        "p99": round(float(np.percentile(times_ms, 99)), 3),
        "times": len(times_ms),
    }
