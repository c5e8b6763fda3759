"""The runner: nothing skipped, nothing twice, whoever else runs and whatever breaks."""

import threading
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.event import Event
from domain.ports import LogEntry
from domain.scenarios.versions import Scenario, ScenarioDefined, ScenarioSet, ScenarioSetDefined, define, define_set
from projections.engine.runner import catch_up, run_forever, transactions
from tests.builders.sample_run import ASKED, Tenor

SEEN = "CREATE TABLE projection.seen_v1 (position bigint NOT NULL, batch int NOT NULL)"
COUNT_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE reader_pos%'"
)
CUT_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
)
SECONDS = 20.0


class Seen:
    """Writes every position it is told, with no guard of its own: the runner's is what is tested."""

    def __init__(self, alone: tuple[type[Event], ...] = (), gate: Callable[[], object] = lambda: None) -> None:
        self.name, self.alone, self._gate, self._batch = "seen_v1", alone, gate, 0

    def handle(self, connection: Any, entries: Sequence[LogEntry]) -> None:
        self._batch += 1
        for entry in entries:
            connection.execute("INSERT INTO projection.seen_v1 VALUES (%s, %s)", (entry.position, self._batch))
        self._gate()


@pytest.fixture(autouse=True)
def seen_table(tenor: Tenor) -> None:
    with tenor.database.connect() as connection:
        connection.execute(SEEN)


def append(tenor: Tenor, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        name = f"s{number}"
        tenor.store.append(define(Scenario(), ASKED, name, {"scenario_id": name, "shocks": []}))


def seen(tenor: Tenor) -> list[int]:
    return [row[0] for row in tenor.rows("SELECT position FROM projection.seen_v1 ORDER BY ctid")]


def logged(tenor: Tenor) -> list[int]:
    return [entry.position for entry in tenor.store.log(0, 10_000)]


def wait_until(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(SECONDS / 0.01)):
        if is_so():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to that")


def test_every_entry_is_told_once_in_order_and_the_count_is_returned(tenor: Tenor) -> None:
    append(tenor, 7)
    projection = Seen()
    assert catch_up(projection, tenor.store, tenor.database.connect, batch=3) == 7
    assert catch_up(projection, tenor.store, tenor.database.connect) == 0
    append(tenor, 2, start=7)
    assert catch_up(projection, tenor.store, tenor.database.connect) == 2
    assert seen(tenor) == logged(tenor)
    assert tenor.rows("SELECT position FROM reader_position WHERE reader = 'seen_v1'") == [(tenor.store.head(),)]


def test_an_expensive_event_has_a_transaction_of_its_own(tenor: Tenor) -> None:
    append(tenor, 2)
    tenor.store.append(define_set(ScenarioSet(), ASKED, "nightly", ["s0@1"]))
    append(tenor, 1, start=2)
    catch_up(Seen(alone=(ScenarioSetDefined,)), tenor.store, tenor.database.connect)
    assert [row[0] for row in tenor.rows("SELECT batch FROM projection.seen_v1 ORDER BY position")] == [1, 1, 2, 3]


@pytest.mark.parametrize(
    ("kinds", "parts"),
    [("", []), ("a", ["a"]), ("aaa", ["aaa"]), ("B", ["B"]), ("aBa", ["a", "B", "a"]), ("BBaa", ["B", "B", "aa"])],
)
def test_parts_of_a_batch(kinds: str, parts: list[str]) -> None:
    one = define(Scenario(), ASKED, "a", {})[0]
    other = define_set(ScenarioSet(), ASKED, "b", [])[0]
    entries = [LogEntry(place, one if kind == "a" else other) for place, kind in enumerate(kinds)]
    cut = [
        "".join("a" if isinstance(e.event, ScenarioDefined) else "B" for e in part)
        for part in transactions(entries, (ScenarioSetDefined,))
    ]
    assert cut == parts


def test_two_rivals_tell_every_entry_once(tenor: Tenor) -> None:
    append(tenor, 60)
    both_in = threading.Barrier(2)
    handled: list[int] = []

    def race() -> None:
        both_in.wait()
        handled.append(catch_up(Seen(), tenor.store, tenor.database.connect, batch=4))

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen(tenor) == logged(tenor)
    assert sum(handled) == 60


def test_a_rival_that_was_overtaken_while_it_waited_changes_nothing(tenor: Tenor, database_url: str) -> None:
    append(tenor, 3)
    inside, release = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        assert release.wait(SECONDS)

    slow = threading.Thread(target=catch_up, args=(Seen(gate=hold), tenor.store, tenor.database.connect))
    slow.start()
    assert inside.wait(SECONDS)
    rival = threading.Thread(target=catch_up, args=(Seen(), tenor.store, tenor.database.connect))
    rival.start()
    with psycopg.connect(database_url, autocommit=True) as watcher:
        wait_until(lambda: watcher.execute(COUNT_WAITING).fetchone() == (1,))
    release.set()
    slow.join()
    rival.join()
    assert seen(tenor) == logged(tenor)


class Poisoned(Exception):
    pass


def test_a_handler_that_raises_halts_before_the_entry_and_leaves_the_others_running(tenor: Tenor) -> None:
    append(tenor, 3)

    def poison() -> None:
        raise Poisoned

    sick, well, stop = Seen(gate=poison), Seen(), threading.Event()
    sick.name = "sick_v1"
    halts: list[tuple[str, type[BaseException]]] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            on_halt = lambda name, error: halts.append((name, type(error)))  # noqa: E731
            run_forever([sick, well], tenor.store, tenor.database.connect, stop, on_halt)
        except Poisoned as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: len(halts) == 1)
    append(tenor, 2, start=3)
    wait_until(lambda: len(seen(tenor)) == 5)
    stop.set()
    thread.join()
    assert halts == [("sick_v1", Poisoned)]
    assert len(raised) == 1
    assert tenor.rows("SELECT position FROM reader_position WHERE reader = 'sick_v1'") == [(0,)]


def test_a_lost_connection_is_waited_out_and_nothing_is_lost(tenor: Tenor, database_url: str) -> None:
    append(tenor, 2)
    stop = threading.Event()
    thread = threading.Thread(target=run_forever, args=([Seen()], tenor.store, tenor.database.connect, stop))
    thread.start()
    wait_until(lambda: len(seen(tenor)) == 2)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute(CUT_ALL)
        for number in range(2, 5):
            name, stream = f"s{number}", UUID(int=number)
            event = define(Scenario(), ASKED, name, {})[0]
            state = event.model_copy(update={"originator_id": stream}).model_dump_json().encode()
            insert = (
                "INSERT INTO ledger_events (originator_id, originator_version, topic, state) VALUES (%s, 1, %s, %s)"
            )
            other.execute(insert, (stream, event.TOPIC, state))
        read = "SELECT count(*) FROM projection.seen_v1"
        wait_until(lambda: other.execute(read).fetchone() == (5,))
    stop.set()
    thread.join()


def test_a_new_event_is_seen_at_once_and_stop_stops(tenor: Tenor) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=run_forever, args=([Seen()], tenor.store, tenor.database.connect, stop))
    thread.start()
    append(tenor, 1)
    wait_until(lambda: seen(tenor) == logged(tenor))
    stop.set()
    thread.join(SECONDS)
    assert not thread.is_alive()
