"""Patience: who asks for what read models have not been told waits; what they were told of and lack is not there."""

import uuid
from collections.abc import Callable

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ops.embedded_postgres.server import EmbeddedServer
from query_api.errors import NotFound, NotYet
from query_api.reading import Connection, patiently
from query_api.runs import ranges
from tests.query_api.conftest import Connect, connect_to

STREAM = uuid.UUID(int=7)


@pytest.fixture
def connect(postgres: EmbeddedServer, template_database: str) -> Connect:
    """A log of one event, of which no read model has been told."""
    name = f"reading_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    connect = connect_to(make_conninfo(postgres.dsn(), dbname=name))
    with connect() as connection:
        connection.execute(
            "INSERT INTO ledger_events (originator_id, originator_version, topic, state) VALUES (%s, 1, 't', '')",
            (STREAM,),
        )
    return connect


def tell_all(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO reader_position (reader, position) SELECT read_model || '_v' || version, 1 FROM read_model_version"
    )


def never_there(asked: list[int]) -> Callable[[Connection], str]:
    def ask(_connection: Connection) -> str:
        asked.append(1)
        raise NotFound("no", "fix")

    return ask


def test_what_the_read_models_were_told_and_do_not_have_is_not_there(connect: Connect) -> None:
    asked: list[int] = []
    with connect() as connection:
        tell_all(connection)
    with pytest.raises(NotFound):
        patiently(connect, str(STREAM), never_there(asked))
    assert len(asked) == 2


def test_what_they_were_not_told_is_waited_for(connect: Connect) -> None:
    asked: list[int] = []
    with pytest.raises(NotYet):
        patiently(connect, str(STREAM), never_there(asked))
    assert len(asked) > 2


@pytest.mark.parametrize("stream", [str(uuid.UUID(int=8)), "no id"])
def test_what_the_log_does_not_have_is_not_there(connect: Connect, stream: str) -> None:
    with pytest.raises(NotFound):
        patiently(connect, stream, never_there([]))


@pytest.mark.parametrize("told_first", [True, False])
def test_what_comes_while_one_asks_is_found(connect: Connect, told_first: bool) -> None:
    asked: list[int] = []

    def ask(_connection: Connection) -> str:
        asked.append(1)
        if len(asked) == 1:
            if told_first:
                with connect() as other:
                    tell_all(other)
            raise NotFound("no", "fix")
        return "there"

    assert patiently(connect, str(STREAM), ask) == "there"


def test_numbers_that_follow_one_another_are_a_range() -> None:
    assert ranges([]) == []
    assert ranges([4]) == [[4, 4]]
    assert ranges([0, 1, 2, 5, 7, 8]) == [[0, 2], [5, 5], [7, 8]]
