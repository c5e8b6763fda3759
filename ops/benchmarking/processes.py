"""Memory and processor time of processes, from Linux's /proc. Elsewhere there is none, and figures are None."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")
SAMPLE_SECONDS = 0.2
MAX_SHARE_OF_A_CORE = 0.05
"""The kernel walks the page tables of every process for a sample: of a large run, tens of milliseconds."""

Pids = Callable[[], set[int]]


class PeakMemory:
    """The largest sum of proportional set sizes seen: a page that n processes share counts once, 1/n for each."""

    def __init__(self, pids: Pids) -> None:
        self._pids, self._stop, self._peak_kb = pids, threading.Event(), 0
        self._thread = threading.Thread(target=self._sample, name="memory")
        self.cpu_s = 0.0
        """what looking has cost this process"""

    @property
    def peak_mb(self) -> float | None:
        return round(self._peak_kb / 1024, 1) if self._peak_kb else None

    @contextmanager
    def watching(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def _sample(self) -> None:
        pause_seconds = SAMPLE_SECONDS
        while not self._stop.wait(pause_seconds):
            before = time.thread_time()
            self._peak_kb = max(self._peak_kb, sum(proportional_kb(pid) for pid in self._pids()))
            took = time.thread_time() - before
            self.cpu_s += took
            pause_seconds = max(SAMPLE_SECONDS, took / MAX_SHARE_OF_A_CORE)


def family(roots: Iterable[int]) -> set[int]:
    """The processes and all that descend from them."""
    if not PROC.exists():
        return set()
    children: dict[int, list[int]] = {}
    for pid in (int(entry) for entry in os.listdir(PROC) if entry.isdigit()):
        if fields := _stat(pid):
            children.setdefault(int(fields[1]), []).append(pid)
    found, waiting = set[int](), list(roots)
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += children.get(pid, ())
    return found


def proportional_kb(pid: int) -> int:
    """0 for one that is gone, or not ours to see."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of living processes."""
    return sum(_seconds(pid, 11) for pid in pids)


def ended_children_seconds(pids: Iterable[int]) -> float:
    """That of the children that they have seen end."""
    return sum(_seconds(pid, 13) for pid in pids)


def _seconds(pid: int, user_field: int) -> float:
    fields = _stat(pid)
    return sum(map(int, fields[user_field : user_field + 2])) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; the name before it may hold anything."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
