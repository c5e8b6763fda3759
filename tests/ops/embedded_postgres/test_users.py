"""Who uses the embedded server is known before it is stopped under them."""

import os
import socket
import uuid

import psycopg
from psycopg.conninfo import make_conninfo

from ops.embedded_postgres.server import EmbeddedServer
from ops.embedded_postgres.users import users_of

HEARTBEATS = (
    "CREATE TABLE IF NOT EXISTS process_heartbeat "
    "(process_id uuid PRIMARY KEY, role text, host text, pid int, beat_at timestamptz NOT NULL DEFAULT now())"
)
BEAT = "INSERT INTO process_heartbeat (process_id, role, host, pid) VALUES (%s, %s, %s, %s)"


def test_nobody_uses_a_server_that_only_runs(server: EmbeddedServer) -> None:
    assert users_of(server) == []


def test_connections_count_where_nobody_says_what_it_is(server: EmbeddedServer) -> None:
    with psycopg.connect(server.dsn()), psycopg.connect(server.dsn()):
        assert users_of(server) == ["2 connections"]


def test_processes_that_live_are_named_and_dead_ones_are_not(server: EmbeddedServer) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(HEARTBEATS)
        for role, pid in (("worker", os.getpid()), ("projections", 2**22 + 1)):
            connection.execute(BEAT, (uuid.uuid4(), role, socket.gethostname(), pid))
        try:
            assert users_of(server) == [f"worker (pid {os.getpid()})"]
        finally:
            connection.execute("DROP TABLE process_heartbeat")


def test_a_server_that_does_not_answer_serves_nobody(server: EmbeddedServer) -> None:
    class Gone(EmbeddedServer):
        def dsn(self, *_: str, **__: str) -> str:
            return make_conninfo(server.dsn(), port="1", host="/nowhere")

    assert users_of(Gone(server.home)) == []
