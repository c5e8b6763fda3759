"""Whether the database answers: asked seldom, by one thread at a time, and never waited for longer than PATIENCE."""

import asyncio
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import psycopg

from ops.adapters.database import patient

FRESH_SECONDS = 0.5
PATIENCE_SECONDS = 1.0


class Probe:
    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._pending: Future[bool] | None = None
        self._asked_at = self._said_at = float("-inf")
        self._said = False
        self._connection: psycopg.Connection[Any] | None = None

    def answers(self) -> bool:
        asked = self._ask()
        try:
            return asked if isinstance(asked, bool) else asked.result(self._patience())
        except TimeoutError:
            return False

    async def answers_soon(self) -> bool:
        asked = self._ask()
        if isinstance(asked, bool):
            return asked
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(asked)), self._patience())
        except TimeoutError:
            return False

    def close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _patience(self) -> float:
        """A question that has waited long already is not waited for again."""
        return max(0.0, self._asked_at + PATIENCE_SECONDS - time.monotonic())

    def _ask(self) -> bool | Future[bool]:
        """What was said a moment ago, or the answer to come."""
        with self._lock:
            if time.monotonic() - self._said_at < FRESH_SECONDS and self._pending is None:
                return self._said
            if self._pending is None:
                self._pending, self._asked_at = Future(), time.monotonic()
                threading.Thread(target=self._look, args=(self._pending,), name="probe", daemon=True).start()
            return self._pending

    def _look(self, answer: Future[bool]) -> None:
        said = self._select()
        with self._lock:
            self._said, self._said_at, self._pending = said, time.monotonic(), None
        answer.set_result(said)

    def _select(self) -> bool:
        """A second try on a new connection: the one we had may be of a server that is no more."""
        for _ in range(2):
            fresh = self._connection is None
            try:
                if self._connection is None:
                    self._connection = psycopg.connect(self._url, autocommit=True, **patient(self._url))
                self._connection.execute("SELECT 1")
                return True
            except psycopg.Error:
                if self._connection is not None:
                    with suppress(psycopg.Error):
                        self._connection.close()
                self._connection = None
                if fresh:
                    return False
        return False
