"""Workers that die as they start are started again a few times, then given up, and whoever waits for them is told."""

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ops.adapters.database import DatabaseProblem
from ops.processes.run_to_end import RunningProcesses, everything_running
from ops.processes.supervisor import QUICK_DEATHS, WorkerPool, workers
from ops.settings import Settings
from ops.wiring import Tenor
from tests.faults.patience import until


@pytest.fixture
def tenor(database_url: str, tmp_path: Path) -> Iterator[Tenor]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    yield tenor
    tenor.close()


@pytest.fixture
def broken_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that is started finds no library of its own, and dies at once, exit code 1; ours runs already."""
    monkeypatch.setenv("PYTHONHOME", "/nowhere")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.usefixtures("broken_installation")
def test_workers_that_die_as_they_start_are_given_up(tenor: Tenor, capfd: pytest.CaptureFixture[str]) -> None:
    with workers(tenor.processes, 2) as pool:
        until(lambda: pool.has_given_up)
        until(lambda: not any(map(is_alive, pool.pids())))
        given_up = pool.pids()
        time.sleep(0.5)
        assert pool.pids() == given_up, "somebody was started after all"
    said = capfd.readouterr()
    assert QUICK_DEATHS <= (said.out + said.err).count("worker.died") <= QUICK_DEATHS + 1


def keep_without_end(processes: RunningProcesses) -> bool:
    processes.keep()
    return False


@pytest.mark.usefixtures("broken_installation")
def test_whoever_waits_is_told_and_how_to_mend_it(tenor: Tenor) -> None:
    with everything_running(tenor.processes, 1) as processes, pytest.raises(DatabaseProblem) as told:
        until(partial(keep_without_end, processes))
    assert told.value.code == "WORKERS_CANNOT_START"
    assert "make setup" in told.value.fix


def has_left(pool: WorkerPool, pid: int) -> bool:
    return pool.pids() != [pid]


def test_workers_that_somebody_kills_are_not_given_up(tenor: Tenor) -> None:
    """As often as it happens: a kill says nothing about whether workers can work here."""
    with workers(tenor.processes, 1) as pool:
        for _ in range(QUICK_DEATHS + 1):
            (pid,) = pool.pids()
            os.kill(pid, signal.SIGKILL)
            until(partial(has_left, pool, pid))
        assert not pool.has_given_up and is_alive(pool.pids()[0])
