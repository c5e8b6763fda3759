"""Workers that are let go while they are being started."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops.processes.supervisor import WorkerPool, workers


def test_a_signal_while_workers_start_ends_those_that_have_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody watches them yet: a command that was killed just then waited for its watcher for ever."""
    started: list[subprocess.Popen[bytes]] = []

    def spawn(_pool: WorkerPool) -> subprocess.Popen[bytes]:
        if started:
            raise SystemExit(143)
        started.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
        return started[0]

    monkeypatch.setattr(WorkerPool, "_spawn", spawn)
    processes: Any = SimpleNamespace(settings=SimpleNamespace(home=tmp_path), database_url="")
    with pytest.raises(SystemExit), workers(processes, 2):
        pytest.fail("they never started")
    assert started[0].wait(10) < 0


def test_a_signal_once_they_are_watched_ends_the_watcher_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begin = WorkerPool.start

    def interrupted(pool: WorkerPool) -> None:
        begin(pool)
        raise SystemExit(143)

    monkeypatch.setattr(WorkerPool, "start", interrupted)
    monkeypatch.setattr(
        WorkerPool, "_spawn", lambda _: subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    )
    pools: list[WorkerPool] = []
    monkeypatch.setattr(WorkerPool, "__init__", kept_in(pools, WorkerPool.__init__))
    processes: Any = SimpleNamespace(settings=SimpleNamespace(home=tmp_path), database_url="")
    with pytest.raises(SystemExit), workers(processes, 1):
        pytest.fail("they never started")
    assert not pools[0]._watcher.is_alive()


def kept_in(pools: list[WorkerPool], make: Any) -> Any:
    def init(pool: WorkerPool, *terms: Any) -> None:
        pools.append(pool)
        make(pool, *terms)

    return init
