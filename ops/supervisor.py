"""Worker processes of this machine: started, watched, started again when they die, stopped cleanly."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from ops.wiring import Tenor

log = structlog.get_logger()
WATCH_SECONDS = 0.2
STOP_SECONDS = 30.0
RESTARTS = 1_000
"""A worker that dies is started again; this many times is a machine in trouble, not a crash."""


class WorkerPool:
    """Workers write their logs where this process does."""

    def __init__(self, tenor: Tenor, count: int) -> None:
        self._tenor, self._count = tenor, count
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="worker-watch")
        self._restarts = 0

    def start(self) -> None:
        self._processes = [self._spawn() for _ in range(self._count)]
        self._watcher.start()

    def stop(self) -> None:
        self._stop.set()
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
            "TENOR_WORKER_DATABASE": self._tenor.database_url,
            "TENOR_WORKER_PARENT": str(os.getpid()),
            "TENOR_HOME": str(self._tenor.settings.home),
        }
        # -P: a folder of the user's that is named like one of our packages is not imported in its place.
        command = [sys.executable, "-P", "-m", "ops.worker_process"]
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_SECONDS):
            for slot, process in enumerate(self._processes):
                if process.poll() is not None and self._restarts < RESTARTS:
                    log.warning("worker.died", pid=process.pid, exit_code=process.returncode)
                    self._restarts += 1
                    self._processes[slot] = self._spawn()


@contextmanager
def workers(tenor: Tenor, count: int) -> Iterator[WorkerPool]:
    pool = WorkerPool(tenor, count)
    pool.start()
    try:
        yield pool
    finally:
        pool.stop()
