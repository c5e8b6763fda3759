"""Schedules: what falls due is written down once, and its run is asked for once, whatever dies in between.

    tick(now)   moments since the last one seen -> schedule_due, those that nothing will run for with their event
                each that waits -> the portfolio and the market of its day -> the run, by a key of schedule and moment

The key makes a second request for the same moment the same run; the row only saves asking.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog

from commands.define_schedule import schedules_of
from commands.processes.reading_log import Connect
from commands.submit_run import SubmitRun
from domain.answered_commands import Key, key_of
from domain.event import Envelope, Event, stream_id
from domain.ports import AlreadyThere, Connection, EventStore
from domain.refusals import Refused
from domain.schedules import book
from domain.schedules.document import IsBusinessDay, moments, own_day

ACTOR = "schedules"
ON_TIME = timedelta(minutes=5)
"""A moment that is seen later than this was missed."""
TRY_AGAIN = timedelta(minutes=1)
"""Between two requests of a run that was refused."""
MOST = 100
"""Moments of a schedule that are taken up in one tick."""

LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('tenor.schedules'))"
LAST_SEEN = "SELECT schedule_id, max(due_at) FROM schedule_due GROUP BY schedule_id"
WAITING = """
SELECT schedule_id, due_at, own_day, reason, tried_at FROM schedule_due WHERE state = 'WAITING' ORDER BY due_at
"""
PUT = """
INSERT INTO schedule_due (schedule_id, due_at, own_day, state, reason) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
SKIP = "UPDATE schedule_due SET state = 'SKIPPED', reason = %s WHERE schedule_id = %s AND due_at = %s"
SAY = "UPDATE schedule_due SET reason = %s, tried_at = %s WHERE schedule_id = %s AND due_at = %s AND state = 'WAITING'"
RAN = "UPDATE schedule_due SET state = 'REQUESTED', reason = '', run_id = %s WHERE schedule_id = %s AND due_at = %s"
NEWEST_PORTFOLIO = """
SELECT b.snapshot_id FROM read.snapshot_brought b JOIN read.snapshot s USING (snapshot_id)
 WHERE s.kind = 'PORTFOLIO' AND b.name = %s AND b.as_of = %s ORDER BY b.log_position DESC LIMIT 1
"""
NEWEST_MARKET = """
SELECT b.snapshot_id FROM read.snapshot_brought b JOIN read.snapshot s USING (snapshot_id)
 WHERE s.kind = 'MARKET' AND b.as_of = %s ORDER BY b.log_position DESC LIMIT 1
"""

Submit = Callable[[Envelope, SubmitRun, Key], UUID]
log = structlog.get_logger()


@dataclass(frozen=True)
class Moment:
    schedule_id: str
    due_at: datetime
    own_day: date
    reason: str
    tried_at: datetime | None


class ScheduleProcess:
    """Handed the log, connections, calendars, and how a run is asked for."""

    def __init__(self, store: EventStore, connect: Connect, is_business_day: IsBusinessDay, submit: Submit) -> None:
        self._store, self._connect = store, connect
        self._is_business_day, self._submit = is_business_day, submit

    def tick(self, now: datetime) -> int:
        """How many moments were taken up or run; safe beside any number of rivals."""
        schedules = schedules_of(self._store)
        if not schedules.versions:
            return 0
        taken = self._take_up(schedules, now)
        with self._connect() as connection:
            waiting = [Moment(*row) for row in connection.execute(WAITING).fetchall()]
        known = [moment for moment in waiting if moment.schedule_id in schedules.active]
        return taken + sum(self._run(schedules.active[moment.schedule_id], moment, now) for moment in known)

    def _take_up(self, schedules: book.Schedules, now: datetime) -> int:
        counts: list[int] = []

        def in_one_transaction(connection: Connection) -> list[Event]:
            if not connection.execute(LOCK).fetchone()[0]:
                return []
            seen = dict(connection.execute(LAST_SEEN).fetchall())
            waiting = [Moment(*row) for row in connection.execute(WAITING).fetchall()]
            skipped = [
                self._skip(connection, now, moment, "the schedule was dropped")
                for moment in waiting
                if moment.schedule_id not in schedules.active
            ]
            for schedule_id, schedule in schedules.active.items():
                after = max(schedule.defined_at, seen.get(schedule_id, schedule.defined_at))
                due = list(moments(schedule.document, after, now, self._is_business_day))
                due = due[:MOST] if schedule.document.catch_up == "ALL" else due[-MOST:]
                counts.append(len(due))
                own = [moment for moment in waiting if moment.schedule_id == schedule_id]
                skipped += self._put(connection, schedule, due, own, now)
            return [*skipped]

        try:
            self._store.append([], also=in_one_transaction)
        except AlreadyThere:
            return 1  # a rival has written the same: look again
        return sum(counts)

    def _put(
        self,
        connection: Connection,
        schedule: book.Schedule,
        due: Sequence[datetime],
        waiting: Sequence[Moment],
        now: datetime,
    ) -> list[book.ScheduleSkipped]:
        document, skipped = schedule.document, []
        for moment in due:
            day = own_day(document, moment)
            connection.execute(PUT, (document.schedule_id, moment, day, "WAITING", ""))
            if why := _why_not(document.catch_up, moment, due[-1], now):
                fresh = Moment(document.schedule_id, moment, day, "", None)
                skipped.append(self._skip(connection, now, fresh, why))
        if due and document.catch_up != "ALL":
            why = f"the next moment came, {due[-1].isoformat()}"
            for each in waiting:
                reason = f"{why}, while it waited: {each.reason}" if each.reason else why
                skipped.append(self._skip(connection, now, each, reason))
        return skipped

    def _skip(self, connection: Connection, now: datetime, moment: Moment, reason: str) -> book.ScheduleSkipped:
        connection.execute(SKIP, (reason, moment.schedule_id, moment.due_at))
        log.info("schedule.skipped", schedule=moment.schedule_id, due_at=moment.due_at.isoformat(), reason=reason)
        return book.skip(self._envelope(now, moment), moment.schedule_id, moment.due_at, reason)

    def _run(self, schedule: book.Schedule, moment: Moment, now: datetime) -> int:
        if moment.tried_at is not None and now - moment.tried_at < TRY_AGAIN:
            return 0
        document = schedule.document
        with self._connect() as connection:
            portfolio = connection.execute(NEWEST_PORTFOLIO, (document.portfolio, moment.own_day)).fetchone()
            market = connection.execute(NEWEST_MARKET, (moment.own_day,)).fetchone()
        if portfolio is None or market is None:
            lacks = [f"a portfolio {document.portfolio}"] if portfolio is None else []
            lacks += ["a market"] if market is None else []
            return self._say(moment, f"waits for {' and '.join(lacks)} dated {moment.own_day}", None)
        command = SubmitRun(
            str(portfolio[0]),
            str(market[0]),
            document.scenarios,
            document.measures,
            document.base_currency,
            cashflows=document.cashflows,
            policy=document.policy,
            rules=document.rules,
        )
        try:
            run_id = self._submit(self._envelope(now, moment, schedule.actor), command, key_of_moment(moment))
        except Refused as refused:
            return self._say(moment, f"the run is refused: {refused.message}; {refused.fix}", now)
        return self._ran(moment, run_id, now)

    def _say(self, moment: Moment, reason: str, tried_at: datetime | None) -> int:
        if reason != moment.reason:
            log.warning("schedule.waits", schedule=moment.schedule_id, due_at=moment.due_at.isoformat(), reason=reason)
        if reason != moment.reason or tried_at is not None:
            with self._connect() as connection:
                connection.execute(SAY, (reason, tried_at, moment.schedule_id, moment.due_at))
        return 0

    def _ran(self, moment: Moment, run_id: UUID, now: datetime) -> int:
        def in_one_transaction(connection: Connection) -> list[Event]:
            connection.execute(RAN, (run_id, moment.schedule_id, moment.due_at))
            return [book.ran(self._envelope(now, moment), moment.schedule_id, moment.due_at, run_id)]

        try:
            self._store.append([], also=in_one_transaction)
        except AlreadyThere:
            return 0  # a rival has said so
        log.info("schedule.ran", schedule=moment.schedule_id, due_at=moment.due_at.isoformat(), run_id=str(run_id))
        return 1

    def _envelope(self, now: datetime, moment: Moment, actor: str = ACTOR) -> Envelope:
        correlation = stream_id("schedule_moment", moment.schedule_id, moment.due_at.isoformat())
        return Envelope(actor, now, correlation, book.schedules_stream())


def key_of_moment(moment: Moment) -> Key:
    """Of the schedule and its moment alone: whatever was newest when it was first asked for stays the run's."""
    return key_of(ACTOR, f"{moment.schedule_id}/{moment.due_at.isoformat()}", "schedule")


def _why_not(catch_up: str, moment: datetime, newest: datetime, now: datetime) -> str:
    """Why nothing will run for a moment that has just been seen; '' where something will."""
    if catch_up != "ALL" and moment != newest:
        return "missed: a later moment has come since" if catch_up == "LAST" else "missed"
    if catch_up == "NONE" and now - moment > ON_TIME:
        return f"missed: seen {int((now - moment).total_seconds() // 60)} minutes late"
    return ""
