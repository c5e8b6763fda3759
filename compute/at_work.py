"""What a worker is doing, for whoever beats its heart: a chunk at a time, and how many it has done lately."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

MINUTE_SECONDS = 60.0


@dataclass(frozen=True)
class AtWork:
    """`run_id` and `chunk_no` None between jobs; `chunks_a_minute` of the last minute."""

    engine: str
    run_id: UUID | None
    chunk_no: int | None
    chunks_done: int
    chunks_a_minute: int


class WorkLog:
    """Written by the thread that works, read by the one that beats."""

    def __init__(self, engine: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._clock = engine, clock
        self._at: tuple[UUID, int] | None = None
        self._done = 0
        self._ends: deque[float] = deque()

    def begin(self, run_id: UUID, chunk_no: int) -> None:
        self._at = (run_id, chunk_no)

    def end(self, *, done: bool) -> None:
        self._at = None
        if done:
            self._done += 1
            self._ends.append(self._clock())
            self._forget()

    def now(self) -> AtWork:
        since = self._clock() - MINUTE_SECONDS
        run_id, chunk_no = self._at or (None, None)
        recent = sum(end > since for end in tuple(self._ends))
        return AtWork(self._engine, run_id, chunk_no, self._done, recent)

    def _forget(self) -> None:
        since = self._clock() - MINUTE_SECONDS
        while self._ends and self._ends[0] <= since:
            self._ends.popleft()
