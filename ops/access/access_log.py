"""Who read positions and who changed something: gathered while requests are answered, written a few at a time."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

import structlog

from ops.ports import Connect
from projections.engine.runner import DATABASE_AWAY

WRITE_SECONDS = 0.25
MOST_WAITING = 200_000
"""Entries while the database is away; the oldest are counted and let go beyond it."""
AT_ONCE = 5_000

INSERT = """
INSERT INTO access_log (at, actor, role, key_id, method, path, operation, status, rows)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
MAX_PATH = 500


@dataclass(frozen=True)
class Entry:
    at: datetime
    actor: str
    role: str
    key_id: str | None
    method: str
    path: str
    operation: str
    status: int
    rows: int | None


class AccessLog:
    """A thread of its own writes, begun with the first entry."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._waiting: deque[Entry] = deque()
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._has_some, self._is_over = threading.Event(), False
        self._thread: threading.Thread | None = None
        self._lost = 0

    def add(self, entry: Entry) -> None:
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self._lost += 1
            self._waiting.append(entry)
            if self._thread is None and not self._is_over:
                self._thread = threading.Thread(target=self._write_on, name="access-log", daemon=True)
                self._thread.start()
        self._has_some.set()

    def flush(self) -> None:
        """All that waits is written, in its order. Whoever adds meanwhile waits for no database."""
        with self._writing:
            while some := self._taken():
                try:
                    self._insert(some)
                except BaseException:
                    with self._lock:
                        self._waiting.extendleft(reversed(some))
                    raise

    def _taken(self) -> list[Entry]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]

    def close(self) -> None:
        self._is_over = True
        self._has_some.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._flush_if_there()

    def _write_on(self) -> None:
        pause = threading.Event()
        while not self._is_over:
            self._has_some.wait()
            self._has_some.clear()
            self._flush_if_there()
            pause.wait(WRITE_SECONDS)

    def _flush_if_there(self) -> None:
        try:
            self.flush()
        except DATABASE_AWAY:
            structlog.get_logger().warning("the access log waits for the database", entries=len(self._waiting))
            self._has_some.set()

    def _insert(self, entries: Sequence[Entry]) -> None:
        with self._connect() as connection, connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(INSERT, [astuple(entry) for entry in entries])
        if self._lost:
            structlog.get_logger().error("entries of the access log were let go", entries=self._lost)
            self._lost = 0
