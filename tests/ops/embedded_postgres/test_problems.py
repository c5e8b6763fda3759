"""Every problem that the doctor can name, made to happen."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ops.embedded_postgres.errors import EmbeddedPostgresError
from ops.embedded_postgres.problems import Diagnosis, disk_nearly_full, problems
from ops.embedded_postgres.server import EmbeddedServer

MakeServer = Callable[..., EmbeddedServer]


def codes(found: list[Diagnosis]) -> list[str]:
    return [problem.code for problem in found]


def test_nothing_is_wrong_with_a_server_that_runs_was_stopped_or_never_was(server: EmbeddedServer) -> None:
    assert problems(server.home / "never") == []
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.dsn("no_such_database"))
    assert "FATAL:" in server.log_file.read_text()
    assert problems(server.home) == []
    server.stop()
    assert problems(server.home) == []


def test_a_killed_server_is_a_problem_until_it_is_started_again(server: EmbeddedServer) -> None:
    os.kill(int(server.pid_file.read_text().split()[0]), signal.SIGKILL)
    deadline = time.monotonic() + 30
    while server.running():  # a signal is under way for a moment
        assert time.monotonic() < deadline
    found = problems(server.home)
    assert codes(found) == ["POSTGRES_NOT_RUNNING"], [problem.message for problem in found]
    server.start()
    assert problems(server.home) == []


def test_a_failed_start_says_what_the_log_says_and_the_fatal_line_is_kept(folder: Path, server_at: MakeServer) -> None:
    server = server_at(folder / "home", settings={"shared_buffers": "1GB", "max_connections": "0"})
    with pytest.raises(EmbeddedPostgresError) as refused:
        server.start()
    assert refused.value.problem.code == "POSTGRES_START_FAILED"
    assert "max_connections" in str(refused.value)
    (problem,) = problems(server.home)
    assert problem.code == "POSTGRES_FATAL"
    assert "FATAL:  configuration file" in problem.message


def test_no_programs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_PG_BIN", str(folder))
    (problem,) = problems(folder / "home")
    assert problem.code == "POSTGRES_BINARIES_MISSING"
    assert "TENOR_PG_BIN" in problem.message


def test_a_cluster_of_a_major_that_is_not_here(folder: Path) -> None:
    data = folder / "postgres" / "data"
    (data / "global").mkdir(parents=True)
    (data / "global" / "pg_control").touch()
    (data / "PG_VERSION").write_text("12\n")
    (problem,) = problems(folder)
    assert problem.code == "POSTGRES_MAJOR_MISSING"
    assert "made by Postgres 12" in problem.message
    assert "Install Postgres 12" in problem.fix


def test_a_home_that_cannot_be(folder: Path) -> None:
    (folder / "file").touch()
    home = folder / "file" / "home"
    assert codes(problems(home)) == ["POSTGRES_HOME_NOT_WRITABLE"]
    with pytest.raises(EmbeddedPostgresError) as refused:
        EmbeddedServer(home).start()
    assert refused.value.problem.code == "POSTGRES_HOME_NOT_WRITABLE"


def test_a_disk_with_little_left(folder: Path) -> None:
    assert list(disk_nearly_full(folder, least_free_bytes=0)) == []
    (problem,) = disk_nearly_full(folder, least_free_bytes=1 << 80)
    assert problem.code == "POSTGRES_DISK_NEARLY_FULL"
