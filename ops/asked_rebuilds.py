"""What was asked for over HTTP of read models, done by the process that keeps them: one at a time, and told as it goes.

A request stays open until it has ended, so that one whose process died is taken up by the next and goes on. Two
processes never do the same one: it is looked at again under a lock of its own.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb

from commands.ask_rebuild import Action
from domain.refusals import Refused
from ops.ports import Connect, Storage
from ops.read_models import read_model_named
from ops.rebuilding import rebuild, rollback
from projections.engine.dead_letters import replay
from projections.engine.runner import DATABASE_AWAY, Following

POLL_SECONDS = 0.5
TELL_SECONDS = 0.5
BUSY = "REBUILD_RUNNING"

SELECT_OPEN = "SELECT request_id FROM rebuild_request WHERE ended_at IS NULL ORDER BY requested_at"
TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('tenor.asked.' || %s, 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('tenor.asked.' || %s, 0))"
START = """
UPDATE rebuild_request SET started_at = coalesce(started_at, now()) WHERE request_id = %s AND ended_at IS NULL
RETURNING read_model, action
"""
TELL = "UPDATE rebuild_request SET told = %s WHERE request_id = %s"
END = "UPDATE rebuild_request SET ended_at = now(), outcome = %s, failed = %s WHERE request_id = %s"

log = structlog.get_logger()


class Stopped(Exception):
    """The process ends: the next one goes on where this one stopped."""


def do_what_is_asked(storage: Storage, stop: threading.Event) -> None:
    """Until told to stop."""
    while not stop.is_set():
        try:
            for request_id in _open(storage.connect):
                take_up(storage, request_id, stop)
        except Stopped:
            return
        except DATABASE_AWAY as error:
            log.warning("rebuilds.database_away", error=str(error).strip())
        stop.wait(POLL_SECONDS)


def take_up(storage: Storage, request_id: UUID, stop: threading.Event) -> None:
    with _alone(storage.connect, request_id) as mine:
        if not mine:
            return
        with storage.connect() as connection:
            asked = connection.execute(START, (request_id,)).fetchone()
        if asked is None:
            return  # another process has ended it meanwhile
        teller = Teller(storage.connect, request_id, stop)
        try:
            name, action = asked
            outcome, failed = _done(storage, name, action, teller), False
        except Refused as refused:
            if refused.code == BUSY:
                return  # by the command line: when that has ended, this one is done
            outcome, failed = {"code": refused.code, "message": refused.message, "fix": refused.fix}, True
            log.error("rebuild.failed", read_model=asked[0], code=refused.code, error=refused.message)
        with storage.connect() as connection:
            connection.execute(END, (Jsonb(outcome), failed, request_id))


def _done(storage: Storage, name: str, action: str, teller: "Teller") -> dict[str, Any]:
    read_model, parts = read_model_named(storage, name), (storage.store, storage.connect)
    if action == Action.REPLAY:
        told = replay(Following(read_model).current(storage.connect), *parts)
        if told.failed:
            place, error = next(iter(told.failed.items()))
            message = f"{len(told.failed)} of {len(told.failed) + len(told.done)} failed again: {place}: {error}"
            raise Refused("DEAD_LETTERS_REMAIN", message, "mend what they name, then replay again")
        return {"replayed": told.done}
    if action == Action.ROLLBACK:
        return asdict(rollback(read_model, *parts, tell=teller.tell))
    return asdict(rebuild(read_model, *parts, verify=True, tell=teller.tell)) | {"verified": True}


class Teller:
    """Says how far it is, twice a second at most, and ends the work when the process is to end."""

    def __init__(self, connect: Connect, request_id: UUID, stop: threading.Event) -> None:
        self._connect, self._request_id, self._stop, self._told_at = connect, request_id, stop, 0.0

    def tell(self, line: str) -> None:
        if self._stop.is_set():
            raise Stopped
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            with self._connect() as connection:
                connection.execute(TELL, (line, self._request_id))
            self._told_at = time.monotonic()


def _open(connect: Connect) -> list[UUID]:
    with connect() as connection:
        return [row[0] for row in connection.execute(SELECT_OPEN)]


@contextmanager
def _alone(connect: Connect, request_id: UUID) -> Iterator[bool]:
    with connect() as connection:
        (mine,) = connection.execute(TRY_LOCK, (str(request_id),)).fetchone()
        try:
            yield mine
        finally:
            if mine and not connection.closed:
                connection.execute(UNLOCK, (str(request_id),))
