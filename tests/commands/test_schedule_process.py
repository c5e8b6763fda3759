"""Schedules as they fall due, by a clock that is handed in: once whatever dies, and by each policy of catching up."""

import json
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from commands.define_schedule import define_schedule, drop_schedule
from commands.processes import schedules as process
from commands.processes.schedules import ScheduleProcess
from domain import snapshot as snapshots
from domain.event import Envelope
from domain.refusals import Refused
from domain.schedules.book import ScheduleRan, ScheduleSkipped, moment_stream
from ops.read_models import catch_up_catalogues
from ops.settings import Settings
from ops.wiring import Tenor

START = datetime.fromisoformat("2026-11-02T12:00:00+00:00")  # a Monday
RUNS = UUID(int=9)


@pytest.fixture
def tenor(database_url: str, tmp_path: Any) -> Iterator[Tenor]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    yield tenor
    tenor.close()


def at(text: str) -> datetime:
    """`Tue 18:31` and so on, in the week of START."""
    day, clock = text.split()
    place = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(day)
    return datetime.fromisoformat(f"{START.date() + timedelta(place)}T{clock}:00+00:00")


def envelope(now: datetime = START) -> Envelope:
    return Envelope("head of desk", now, uuid4())


def define(tenor: Tenor, now: datetime = START, **changes: Any) -> None:
    document = {"schedule_id": "eod", "portfolio": "fund", "at": "18:30", "zone": "UTC", "calendar": "WEEKEND"}
    define_schedule(tenor.store, envelope(now), json.dumps(document | changes).encode())


def bring(tenor: Tenor, day: date, name: str | None = "fund") -> UUID:
    """A portfolio of the name, or a market; never the same content twice."""
    kind = snapshots.SnapshotKind.MARKET if name is None else snapshots.SnapshotKind.PORTFOLIO
    sha256 = uuid4().hex
    content = snapshots.Content(kind=kind, sha256=sha256, rows={"positions": 1}, control_totals={}, source={})
    registered = snapshots.register(snapshots.Snapshot(), envelope(), content)
    identity = registered[0].originator_id
    tenor.store.append([*registered, snapshots.bring(envelope(), kind, identity, name=name, as_of=day)])
    catch_up_catalogues(tenor.storage)
    return identity


def bring_both(tenor: Tenor, text: str) -> None:
    for name in ("fund", None):
        bring(tenor, at(text).date(), name)


class Desk:
    """Asked for runs; keeps what it was asked, by key."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, Any]] = []
        self.refusal: Refused | None = None

    def submit(self, asked_by: Envelope, command: Any, key: Any) -> UUID:
        if self.refusal:
            raise self.refusal
        self.asked.append((command, asked_by))
        return uuid5(RUNS, str(key.stream))


def made(tenor: Tenor, desk: Desk) -> ScheduleProcess:
    return ScheduleProcess(
        tenor.store, tenor.database.connect, lambda calendar, day: calendar == "NONE" or day.weekday() < 5, desk.submit
    )


def states(tenor: Tenor) -> list[tuple[str, str, str]]:
    with tenor.database.connect() as connection:
        rows = connection.execute("SELECT due_at, state, reason FROM schedule_due ORDER BY due_at").fetchall()
    return [(f"{due_at:%a %H:%M}", state, reason) for due_at, state, reason in rows]


def test_a_run_of_its_day_is_asked_for_once(tenor: Tenor) -> None:
    desk = Desk()
    define(tenor, measures=["PV"], scenarios=["@nightly"])
    bring(tenor, at("Mon 00:00").date())
    portfolio, market = bring(tenor, at("Mon 00:00").date()), bring(tenor, at("Mon 00:00").date(), None)
    bring(tenor, at("Tue 00:00").date())  # of another day
    bring(tenor, at("Mon 00:00").date(), "another")
    assert made(tenor, desk).tick(at("Mon 18:29")) == 0
    for minute in ("Mon 18:30", "Mon 18:31"):
        made(tenor, desk).tick(at(minute))
    ((command, asked_by),) = desk.asked
    assert (command.portfolio, command.market) == (str(portfolio), str(market))
    assert (command.scenarios, command.measures) == (("@nightly",), ("PV",))
    assert (asked_by.actor, asked_by.now) == ("head of desk", at("Mon 18:30"))
    assert states(tenor) == [("Mon 18:30", "REQUESTED", "")]
    (event,) = tenor.store.stream(moment_stream("eod", at("Mon 18:30")))
    assert isinstance(event, ScheduleRan)


def test_what_is_not_there_is_waited_for_and_said(tenor: Tenor) -> None:
    desk = Desk()
    define(tenor)
    made(tenor, desk).tick(at("Mon 18:30"))
    assert states(tenor) == [("Mon 18:30", "WAITING", "waits for a portfolio fund and a market dated 2026-11-02")]
    bring(tenor, at("Mon 00:00").date())
    bring(tenor, at("Tue 00:00").date(), None)
    made(tenor, desk).tick(at("Mon 19:00"))
    assert states(tenor) == [("Mon 18:30", "WAITING", "waits for a market dated 2026-11-02")]
    bring(tenor, at("Mon 00:00").date(), None)
    made(tenor, desk).tick(at("Tue 03:00"))
    assert (states(tenor), len(desk.asked)) == ([("Mon 18:30", "REQUESTED", "")], 1)


def test_a_run_that_is_refused_is_tried_again_by_the_minute(tenor: Tenor) -> None:
    desk = Desk()
    desk.refusal = Refused("UNKNOWN_SCENARIO", "there is no scenario set '@nightly'", "define it")
    define(tenor)
    bring_both(tenor, "Mon 00:00")
    made(tenor, desk).tick(at("Mon 18:30"))
    said = "the run is refused: there is no scenario set '@nightly'; define it"
    assert states(tenor) == [("Mon 18:30", "WAITING", said)]
    desk.refusal = None
    made(tenor, desk).tick(at("Mon 18:30") + timedelta(seconds=30))
    assert desk.asked == []
    made(tenor, desk).tick(at("Mon 18:32"))
    assert len(desk.asked) == 1


CATCH_UP = {
    # Nobody was there from Monday noon to Thursday; then somebody looks two hours late, and again on Friday in time.
    "LAST": ["SKIPPED", "SKIPPED", "SKIPPED", "REQUESTED", "REQUESTED"],
    "ALL": ["REQUESTED"] * 5,
    "NONE": ["SKIPPED", "SKIPPED", "SKIPPED", "SKIPPED", "REQUESTED"],
}


@pytest.mark.parametrize("policy", CATCH_UP)
def test_catching_up(tenor: Tenor, policy: str) -> None:
    desk = Desk()
    define(tenor, catch_up=policy)
    for day in ("Mon", "Tue", "Wed", "Thu", "Fri"):
        bring_both(tenor, f"{day} 00:00")
    made(tenor, desk).tick(at("Thu 20:30"))
    made(tenor, desk).tick(at("Fri 18:31"))
    made(tenor, desk).tick(at("Sun 18:31"))
    assert [state for _, state, _ in states(tenor)] == CATCH_UP[policy]
    assert len(desk.asked) == CATCH_UP[policy].count("REQUESTED")
    skipped = [tenor.store.stream(moment_stream("eod", at(f"{day} 18:30"))) for day in ("Mon", "Tue", "Wed")]
    kind = ScheduleRan if policy == "ALL" else ScheduleSkipped
    assert [[type(event) for event in events] for events in skipped] == [[kind]] * 3


def test_one_that_waits_ends_when_the_next_moment_comes(tenor: Tenor) -> None:
    desk = Desk()
    define(tenor)
    made(tenor, desk).tick(at("Mon 18:30"))
    bring_both(tenor, "Tue 00:00")
    made(tenor, desk).tick(at("Tue 18:30"))
    ((_, monday, why), (_, tuesday, _)) = states(tenor)
    assert (monday, tuesday) == ("SKIPPED", "REQUESTED")
    assert why == (
        "the next moment came, 2026-11-03T18:30:00+00:00, while it waited: waits for a portfolio fund and a market "
        "dated 2026-11-02"
    )


def test_all_wait_side_by_side(tenor: Tenor) -> None:
    desk = Desk()
    define(tenor, catch_up="ALL")
    made(tenor, desk).tick(at("Mon 18:30"))
    bring_both(tenor, "Tue 00:00")
    made(tenor, desk).tick(at("Tue 18:30"))
    assert [state for _, state, _ in states(tenor)] == ["WAITING", "REQUESTED"]
    bring_both(tenor, "Mon 00:00")
    made(tenor, desk).tick(at("Wed 09:00"))
    assert [state for _, state, _ in states(tenor)] == ["REQUESTED", "REQUESTED"]


def test_a_schedule_counts_from_when_it_was_defined(tenor: Tenor) -> None:
    desk = Desk()
    define(tenor, at("Mon 12:00"))
    bring_both(tenor, "Mon 00:00")
    define(tenor, at("Mon 20:00"), at="19:00")  # nobody looked in between: what it said before counts no more
    made(tenor, desk).tick(at("Mon 23:00"))
    assert (states(tenor), desk.asked) == ([], [])


def test_a_dropped_schedule_runs_no_more(tenor: Tenor) -> None:
    desk = Desk()
    define(tenor)
    made(tenor, desk).tick(at("Mon 18:30"))
    drop_schedule(tenor.store, envelope(at("Mon 19:00")), "eod")
    bring_both(tenor, "Mon 00:00")
    made(tenor, desk).tick(at("Tue 19:00"))
    assert states(tenor) == [("Mon 18:30", "SKIPPED", "the schedule was dropped")]
    assert desk.asked == []


@pytest.mark.parametrize("dies_after", ["taking up", "asking"])
def test_killed_in_between_it_is_still_one_run(tenor: Tenor, dies_after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key makes a second request the same run; the moment's stream holds one event."""

    class Killed(BaseException):
        pass

    desk = Desk()
    define(tenor)
    bring_both(tenor, "Mon 00:00")

    def dies(*_: Any) -> Any:
        raise Killed

    monkeypatch.setattr(ScheduleProcess, "_run" if dies_after == "taking up" else "_ran", dies)
    with pytest.raises(Killed):
        made(tenor, desk).tick(at("Mon 18:30"))
    monkeypatch.undo()
    bring_both(tenor, "Mon 00:00")  # newer ones, between the two attempts
    made(tenor, desk).tick(at("Mon 18:31"))
    assert [state for _, state, _ in states(tenor)] == ["REQUESTED"]
    events = tenor.store.stream(moment_stream("eod", at("Mon 18:30")))
    assert [type(event) for event in events] == [ScheduleRan]


def test_many_process_managers_ask_once(tenor: Tenor) -> None:
    define(tenor, catch_up="ALL")
    for day in ("Mon", "Tue", "Wed", "Thu"):
        bring_both(tenor, f"{day} 00:00")
    desk = Desk()

    def look() -> None:
        for _ in range(3):
            made(tenor, desk).tick(at("Thu 20:00"))

    rivals = [threading.Thread(target=look) for _ in range(4)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    assert [state for _, state, _ in states(tenor)] == ["REQUESTED"] * 4
    with tenor.database.connect() as connection:
        ((runs,),) = connection.execute("SELECT count(DISTINCT run_id) FROM schedule_due").fetchall()
    assert runs == 4


def test_the_key_is_of_schedule_and_moment_alone() -> None:
    one = process.Moment("eod", at("Mon 18:30"), START.date(), "", None)
    again = process.Moment("eod", at("Mon 18:30"), START.date(), "waits", START)
    other = process.Moment("noon", at("Mon 18:30"), START.date(), "", None)
    assert process.key_of_moment(one) == process.key_of_moment(again)
    assert process.key_of_moment(one).stream != process.key_of_moment(other).stream
