"""What is wrong with an installation, and its fix."""

import socket
from datetime import UTC, datetime
from typing import Any

import psycopg

from ops.adapters.database import (
    HEAD,
    DatabaseProblem,
    at_another_revision,
    check_version,
    ensure_migrated,
    revision_of,
    without_rights,
)
from ops.embedded_postgres.errors import Diagnosis, EmbeddedPostgresError
from ops.secrets import hide, hide_url
from ops.settings import Settings

CLOCK_SECONDS = 5.0
PORTS = (8000, *range(8001, 8011))

SELECT_DURABILITY = (
    "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'"
)
SELECT_STUCK = (
    "SELECT reader FROM reader_position WHERE moved_at < now() - interval '10 minutes' "
    "AND position < (SELECT max(notification_id) FROM ledger_events) AND NOT EXISTS (SELECT FROM read_model_version v "
    "WHERE v.read_model || '_v' || v.version = reader AND v.state <> 'LIVE')"
)


def examine(settings: Settings) -> dict[str, Any]:
    """The document of `tenor doctor --json`."""
    problems: list[Diagnosis] = []
    url = settings.database_url
    if url is None:
        url = _embedded(settings, problems)
    else:
        _reachable(url, problems)
    if url and not any(problem.code.startswith("DATABASE_") for problem in problems):
        problems += _database(url)
    problems += _ports()
    documents = [{"code": p.code, "message": hide(p.message), "fix": hide(p.fix)} for p in problems]
    return {"ok": not documents, "database_url": hide_url(url) if url else None, "problems": documents}


def _embedded(settings: Settings, problems: list[Diagnosis]) -> str | None:
    """What stands in the way of the embedded server, then the server, started if it can be."""
    from ops.embedded_postgres.problems import problems as embedded_problems
    from ops.embedded_postgres.server import EmbeddedServer

    found = [one for one in embedded_problems(settings.home) if one.code != "POSTGRES_NOT_RUNNING"]
    problems += found
    try:
        server = EmbeddedServer(settings.home)
        server.start()
    except EmbeddedPostgresError as error:
        problems.append(error.problem)
        return None
    try:
        ensure_migrated(server.dsn())
    except DatabaseProblem as problem:
        problems.append(Diagnosis(problem.code, str(problem), problem.fix))
    return server.dsn()


def _reachable(url: str, problems: list[Diagnosis]) -> None:
    try:
        check_version(url)
    except DatabaseProblem as problem:
        problems.append(Diagnosis(problem.code, str(problem), problem.fix))


def _database(url: str) -> list[Diagnosis]:
    with psycopg.connect(url, autocommit=True) as connection:
        problems = [*_migrations(connection), *_clock(connection), *_durability(connection)]
        if not problems:
            problems += _readers(connection)
        if connection.execute("SELECT current_setting('is_superuser')").fetchone() == ("on",):
            problems += _orphans(connection)
    return problems


def _migrations(connection: psycopg.Connection[Any]) -> list[Diagnosis]:
    at = revision_of(connection)
    if at == HEAD:
        return []
    problem = at_another_revision(at)
    if problem.code == "MIGRATIONS_MISSING":
        problem = without_rights(connection) or problem
    return [Diagnosis(problem.code, str(problem), problem.fix)]


def _clock(connection: psycopg.Connection[Any]) -> list[Diagnosis]:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    skew = abs((datetime.now(UTC) - row[0]).total_seconds())
    if skew <= CLOCK_SECONDS:
        return []
    message = f"this machine's clock and the database's differ by {skew:.0f} seconds"
    return [Diagnosis("CLOCK_SKEW", message, "synchronise both with NTP")]


def _durability(connection: psycopg.Connection[Any]) -> list[Diagnosis]:
    off = [row[0] for row in connection.execute(SELECT_DURABILITY)]
    if not off:
        return []
    return [Diagnosis("DURABILITY_OFF", f"{', '.join(off)} is off: a crash can lose the log", "set it on, and reload")]


def _readers(connection: psycopg.Connection[Any]) -> list[Diagnosis]:
    return [
        Diagnosis(
            "READER_STUCK",
            f"{row[0]} has not moved for ten minutes though there is more to read",
            "start `tenor projections run`, and look at its log",
        )
        for row in connection.execute(SELECT_STUCK)
    ]


def _orphans(connection: psycopg.Connection[Any]) -> list[Diagnosis]:
    from ops.embedded_postgres.orphan_files import orphaned_files

    names = orphaned_files(connection)
    if not names:
        return []
    message = f"{len(names)} files of the database belong to no relation (a backend was killed in the middle of a load)"
    fix = f"stop everything, then delete them from the data directory: {', '.join(names[:5])}"
    return [Diagnosis("ORPHANED_FILES", message, fix)]


def _ports() -> list[Diagnosis]:
    """Ports that something else holds; Tenor's own server answers to its name."""
    taken = [port for port in PORTS if not _is_free(port) and not _is_tenor(port)]
    if not taken:
        return []
    message = f"port {', '.join(map(str, taken))} on 127.0.0.1 is taken by another program"
    return [Diagnosis("PORT_TAKEN", message, "stop that program, or choose another with --port")]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _is_tenor(port: int) -> bool:
    from urllib.error import URLError
    from urllib.request import urlopen

    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as response:
            return b"alive" in response.read(200)
    except (URLError, OSError, ValueError):
        return False
