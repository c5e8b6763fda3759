"""Who is connected to the embedded server: said before it is stopped under them."""

import contextlib
import os
import socket

import psycopg

from ops.embedded_postgres.server import EmbeddedServer

SELECT_CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
SELECT_PROCESSES = (
    "SELECT role, pid FROM process_heartbeat WHERE host = %s AND beat_at > now() - interval '10 seconds' "
    "ORDER BY role, pid"
)
LOOK_SECONDS = 5


def users_of(server: EmbeddedServer) -> list[str]:
    """`worker (pid 4711)`, … of the processes that say that they live; else how many connections there are.

    Nobody where the server does not answer: then nobody is served either.
    """
    try:
        with psycopg.connect(server.dsn(), connect_timeout=LOOK_SECONDS) as connection:
            count = connection.execute(SELECT_CONNECTIONS).fetchone()
            if not count or not count[0]:
                return []
            with contextlib.suppress(psycopg.errors.UndefinedTable):
                processes = connection.execute(SELECT_PROCESSES, (socket.gethostname(),)).fetchall()
                if named := [f"{role} (pid {pid})" for role, pid in processes if _is_alive(pid)]:
                    return named
            return ["1 connection" if count[0] == 1 else f"{count[0]} connections"]
    except psycopg.Error:
        return []


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
