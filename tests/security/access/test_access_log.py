"""The access log keeps nobody waiting: neither a slow database nor one that is away stands in a request's way."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from ops.access.access_log import AccessLog, Entry

AT = datetime(2026, 11, 29, tzinfo=UTC)
SOON_SECONDS = 10


def entry(number: int) -> Entry:
    return Entry(AT, "ada", "viewer", None, "GET", f"/api/v1/{number}", "results_list_totals", 200, number)


class Database:
    """Takes the rows once `lets_in` is set; `is_away` for so many connections."""

    def __init__(self) -> None:
        self.lets_in, self.asked = threading.Event(), threading.Event()
        self.rows: list[tuple[Any, ...]] = []
        self.is_away = 0

    @contextmanager
    def connect(self) -> Iterator["Database"]:
        self.asked.set()
        assert self.lets_in.wait(SOON_SECONDS)
        if self.is_away:
            self.is_away -= 1
            raise psycopg.OperationalError("away")
        yield self

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield

    @contextmanager
    def cursor(self) -> Iterator["Database"]:
        yield self

    def executemany(self, _statement: str, rows: list[tuple[Any, ...]]) -> None:
        self.rows += rows


def test_whoever_adds_waits_for_no_database() -> None:
    database = Database()
    log = AccessLog(database.connect)
    log.add(entry(0))
    assert database.asked.wait(SOON_SECONDS)  # the writer is in the database now, and stays there

    def add_more() -> None:
        for number in range(1, 100):
            log.add(entry(number))

    adding = threading.Thread(target=add_more)
    adding.start()
    adding.join(SOON_SECONDS)
    assert not adding.is_alive()
    database.lets_in.set()
    log.close()
    assert [row[-1] for row in database.rows] == list(range(100))


def test_what_was_not_written_is_written_later_in_its_order() -> None:
    database = Database()
    database.lets_in.set()
    log = AccessLog(database.connect)
    log.close()  # nobody else writes
    for number in range(3):
        log.add(entry(number))
    database.is_away = 1
    with pytest.raises(psycopg.OperationalError):
        log.flush()
    log.add(entry(3))
    log.flush()
    assert [row[-1] for row in database.rows] == [0, 1, 2, 3]
