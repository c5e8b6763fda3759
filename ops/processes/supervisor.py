"""Worker processes of this machine: started, watched, started again when they die, stopped cleanly."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from ops.ports import Processes

log = structlog.get_logger()
WATCH_SECONDS = 0.2
STOP_SECONDS = 30.0
QUICK_SECONDS = 5.0
QUICK_DEATHS = 5
"""A worker that dies is started again. So many in a row that did not live QUICK_SECONDS cannot work here at all."""
BY_SOMEBODY = (-signal.SIGKILL, -signal.SIGTERM)
"""Exit codes that say nothing about whether workers can work here."""


class WorkerPool:
    """Workers write their logs where this process does."""

    def __init__(self, home: Path, database_url: str, count: int) -> None:
        self._home, self._database_url, self._count = home, database_url, count
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="worker-watch")
        self._started: list[float] = []
        self._quick_deaths = 0

    @property
    def has_given_up(self) -> bool:
        """Workers die as soon as they start; what they said is on stderr."""
        return self._quick_deaths >= QUICK_DEATHS

    def start(self) -> None:
        for _ in range(self._count):
            self._processes.append(self._spawn())
        self._started = [time.monotonic()] * self._count
        self._watcher.start()

    def stop(self) -> None:
        self._stop.set()
        if self._watcher.is_alive():
            self._watcher.join()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def pids(self) -> list[int]:
        return [process.pid for process in self._processes]

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "TENOR_WORKER_DATABASE": self._database_url,
            "TENOR_WORKER_PARENT": str(os.getpid()),
            "TENOR_HOME": str(self._home),
        }
        # -P: a folder of the user's that is named like one of our packages is not imported in its place.
        command = [sys.executable, "-P", "-m", "ops.processes.worker_process"]
        # A process group of its own: Ctrl-C is ours to hear, and we stop the workers cleanly.
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, process_group=0)

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_SECONDS) and not self.has_given_up:
            for slot, process in enumerate(self._processes):
                if process.poll() is not None:
                    self._replace(slot, process)

    def _replace(self, slot: int, dead: subprocess.Popen[bytes]) -> None:
        log.warning("worker.died", pid=dead.pid, exit_code=dead.returncode)
        lived_seconds = time.monotonic() - self._started[slot]
        if dead.returncode not in BY_SOMEBODY:
            self._quick_deaths = self._quick_deaths + 1 if lived_seconds < QUICK_SECONDS else 0
        if not self.has_given_up:
            self._processes[slot], self._started[slot] = self._spawn(), time.monotonic()


@contextmanager
def workers(processes: Processes, count: int) -> Iterator[WorkerPool]:
    pool = WorkerPool(processes.settings.home, processes.database_url, count)
    try:
        pool.start()  # a signal may come in its middle
        yield pool
    finally:
        pool.stop()
