"""Schedules with all that they need: calendars and runs come from other rooms. And how each stands."""

from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from commands.define_schedule import schedules_of
from commands.processes.schedules import ScheduleProcess
from commands.submit_run import SubmitRun, submit_run
from domain.access.asking import nodes_asked
from domain.answered_commands import Key
from domain.event import Envelope
from domain.schedules.book import Schedule
from domain.schedules.document import next_moment
from ops.ports import Storage
from query_api.reading import reading

SELECT_LAST = """
SELECT DISTINCT ON (schedule_id, state = 'WAITING') schedule_id, due_at, state, reason, run_id FROM schedule_due
 WHERE %(schedule_id)s::text IS NULL OR schedule_id = %(schedule_id)s
 ORDER BY schedule_id, state = 'WAITING', due_at DESC
"""


SELECT_SEEN_PORTFOLIOS = """
SELECT DISTINCT b.name FROM read.snapshot_brought b JOIN read.snapshot s USING (snapshot_id) WHERE s.kind = 'PORTFOLIO'
"""
SELECT_SEEN_RUNS = "SELECT run_id FROM read.run WHERE run_id = ANY (%s::uuid[])"
OF_THE_LAST = ("last_at", "last_state", "last_reason", "last_run_id")


def schedule_process(storage: Storage) -> ScheduleProcess:
    return ScheduleProcess(storage.store, storage.connect, is_business_day, partial(_submit, storage))


def is_business_day(calendar: str, day: date) -> bool:
    """Kernels, and numba with them, are loaded when somebody has a schedule."""
    import numpy as np

    from compute.kernels.dates.calendars import business_days

    return bool(np.is_busday(np.datetime64(day, "D"), busdaycal=business_days(calendar)))


def _submit(storage: Storage, envelope: Envelope, command: SubmitRun, key: Key) -> UUID:
    from ops.market_checks import check_scenarios

    return submit_run(storage.store, storage.blobs, envelope, command, check_scenarios, key).run_id


def schedules_in_scope(storage: Storage, now: datetime, schedule_id: str | None = None) -> list[dict[str, Any]]:
    """For whoever asks: within a scope, schedules of portfolios that are seen there, and the runs that are."""
    rows = listed_schedules(storage, now, schedule_id)
    if nodes_asked() is None:
        return rows
    with reading(storage.connect) as connection:
        portfolios = {name for (name,) in connection.execute(SELECT_SEEN_PORTFOLIOS)}
        last = [row["last_run_id"] for row in rows if row["last_run_id"]]
        runs = {str(run_id) for (run_id,) in connection.execute(SELECT_SEEN_RUNS, (last,))}
    seen = [row for row in rows if row["portfolio"] in portfolios]
    return [row if row["last_run_id"] in runs else row | dict.fromkeys(OF_THE_LAST) for row in seen]


def listed_schedules(storage: Storage, now: datetime, schedule_id: str | None = None) -> list[dict[str, Any]]:
    """By id: what is scheduled, when it falls due next, and what became of the last moment."""
    active = schedules_of(storage.store).active
    with storage.connect() as connection:
        rows = connection.execute(SELECT_LAST, {"schedule_id": schedule_id}).fetchall()
    ended = {row[0]: row for row in rows if row[2] != "WAITING"}
    waiting = {row[0]: row for row in rows if row[2] == "WAITING"}
    wanted = sorted(active) if schedule_id is None else [schedule_id] if schedule_id in active else []
    return [_line(name, active[name], ended.get(name), waiting.get(name), now) for name in wanted]


def _line(name: str, schedule: Schedule, last: Any, waiting: Any, now: datetime) -> dict[str, Any]:
    document = schedule.document
    _, last_at, state, reason, run_id = last or (name, None, None, None, None)
    return {
        **document.model_dump(mode="json", exclude_none=True),
        "schedule_id": name,
        "version": schedule.version,
        "defined_at": schedule.defined_at,
        "next_at": next_moment(document, now, is_business_day),
        "waits": waiting[3] if waiting else None,
        "waits_since": waiting[1] if waiting else None,
        "last_at": last_at,
        "last_state": state,
        "last_reason": reason,
        "last_run_id": str(run_id) if run_id else None,
    }
