"""Marts that are asked for, and with TENOR_MART=1 those of every published run: written as the log says so.

Each reader has a position of its own, moved in the transaction that writes the tables and their event: killed anywhere
it begins that run again or has done it, and of two at once the second finds the position moved.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import structlog

from commands.processes.reading_log import RivalMoved, move, position_of
from commands.publish_mart import mart_of
from commands.refusals import UnknownRun
from domain.event import Event
from domain.ports import AlreadyThere, LogEntry
from domain.refusals import Refused
from domain.runs.marts import MartRequested
from domain.runs.run import RunPublished
from ops.marts.publishing import publish
from ops.ports import MakeEnvelope, Storage
from query_api.errors import NotQueryable
from query_api.runs import WITHOUT_FIGURES

BATCH = 500
ACTOR = "marts"
REQUESTS, EVERY = "mart-requests", "mart-every"

log = structlog.get_logger()
RunOf = Callable[[Event], UUID | None]


def requested(event: Event) -> UUID | None:
    return event.run_id if isinstance(event, MartRequested) else None


def published(event: Event) -> UUID | None:
    return event.originator_id if isinstance(event, RunPublished) else None


class MartFollower:
    """`run_of` names the run that an event wants in the mart."""

    def __init__(self, storage: Storage, envelope: MakeEnvelope, reader: str, run_of: RunOf) -> None:
        self._storage, self._envelope, self._reader, self._run_of = storage, envelope, reader, run_of

    def step(self) -> int:
        """How many entries it went past; 0 at the head of the log, or while a run's figures are on their way."""
        position = position_of(self._storage.connect, self._reader)
        entries = self._storage.store.log(position, BATCH)
        passed = self._before_the_first(entries)
        if passed:
            with self._storage.connect() as connection, connection.transaction():
                return len(passed) if move(connection, self._reader, position, passed[-1].position) else 1
        return self._write(position, entries[0]) if entries else 0

    def _before_the_first(self, entries: Sequence[LogEntry]) -> list[LogEntry]:
        passed = []
        for entry in entries:
            run_id = self._run_of(entry.event)
            if run_id is not None and self._is_wanted(run_id):
                break
            passed.append(entry)
        return passed

    def _is_wanted(self, run_id: UUID) -> bool:
        """What somebody has dropped by hand stays out, until it is asked for again."""
        mart = mart_of(self._storage.store, run_id)
        return mart.is_wanted or mart.version == 0

    def _write(self, position: int, entry: LogEntry) -> int:
        def in_the_same_transaction(connection: Any) -> None:
            if not move(connection, self._reader, position, entry.position):
                raise RivalMoved

        run_id = self._run_of(entry.event)
        assert run_id is not None
        try:
            publish(self._storage, self._envelope(ACTOR), run_id, in_the_same_transaction)
        except (RivalMoved, AlreadyThere):
            return 1
        except NotQueryable as error:
            if error.facts.get("run_status") not in WITHOUT_FIGURES:
                return 0  # its figures are on their way
            return self._pass_by(position, entry, error)
        except UnknownRun:
            return 0  # the read model of runs is behind
        return 1

    def _pass_by(self, position: int, entry: LogEntry, error: Refused) -> int:
        log.warning("mart.passed_by", position=entry.position, reason=str(error))
        with self._storage.connect() as connection, connection.transaction():
            move(connection, self._reader, position, entry.position)
        return 1
