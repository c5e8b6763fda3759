"""Ask for a read model to be rebuilt, rolled back, or told its dead letters again; the projections' process does it.

Read models are made of the log, so this is no event of it: a row says what is asked, and by whom, and how it went.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import psycopg

from commands.once import use_before
from domain.answered_commands import Key
from domain.documents import nearest
from domain.event import Envelope
from domain.ports import EventStore
from domain.refusals import Conflict, Unknown

Connect = Callable[[], AbstractContextManager[Any]]

SELECT_NAMES = "SELECT read_model FROM read_model_version WHERE state = 'LIVE' ORDER BY read_model"
SELECT_SAME = "SELECT read_model, action FROM rebuild_request WHERE request_id = %s"
SELECT_OPEN = "SELECT count(*) FROM rebuild_request WHERE read_model = %s AND ended_at IS NULL"
SELECT_RETIRED = "SELECT count(*) FROM read_model_version WHERE read_model = %s AND state = 'RETIRED'"
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('tenor.rebuild.' || %s, 0))"
"""The lock that a rebuild holds, whoever does it."""
INSERT = """
INSERT INTO rebuild_request (request_id, read_model, action, actor, requested_at) VALUES (%s, %s, %s, %s, %s)
"""


class Action(StrEnum):
    REBUILD = "REBUILD"
    ROLLBACK = "ROLLBACK"
    REPLAY = "REPLAY"


@dataclass(frozen=True)
class Asked:
    request_id: UUID
    name: str
    action: Action


def ask_rebuild(
    store: EventStore, connect: Connect, envelope: Envelope, name: str, action: Action, key: Key | None = None
) -> Asked:
    """Refused while another is under way: whoever asks twice has one rebuild."""
    use_before(store, key)
    asked = Asked(key.stream if key else uuid4(), name, action)
    with connect() as connection, connection.transaction():
        same = connection.execute(SELECT_SAME, (asked.request_id,)).fetchone()
        if same:
            refuse_other(asked, *same)
            return asked
        refuse_what_cannot_be(connection, asked)
        try:
            row = (asked.request_id, name, action.value, envelope.actor, envelope.now)
            connection.execute(INSERT, row)
        except psycopg.errors.UniqueViolation:
            raise running(name) from None
    return asked


def refuse_other(asked: Asked, name: str, action: str) -> None:
    if (name, action) != (asked.name, asked.action.value):
        message = f"this idempotency key has asked for something else ({action} of {name})"
        raise Conflict("IDEMPOTENCY_KEY_REUSED", message, "use a new key for a new request")


def refuse_what_cannot_be(connection: Any, asked: Asked) -> None:
    known = [row[0] for row in connection.execute(SELECT_NAMES)]
    if asked.name not in known:
        near = nearest(asked.name, known)
        fix = f"the nearest: {near}" if near else f"one of {', '.join(known)}"
        raise Unknown("UNKNOWN_PROJECTION", f"there is no projection {asked.name!r}", fix)
    (others,) = connection.execute(SELECT_OPEN, (asked.name,)).fetchone()
    if others or not connection.execute(TRY_LOCK, (asked.name,)).fetchone()[0]:
        raise running(asked.name)
    (before,) = connection.execute(SELECT_RETIRED, (asked.name,)).fetchone()
    if asked.action is Action.ROLLBACK and not before:
        message = f"{asked.name} has no version to go back to"
        raise Conflict("NO_VERSION_BEFORE", message, "a rebuild makes one from the log")


def running(name: str) -> Conflict:
    message = f"{name} is being rebuilt or rolled back already"
    return Conflict("REBUILD_RUNNING", message, "wait for it: the list of projections says how far it is")
