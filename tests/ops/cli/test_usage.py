"""What the program promises to scripts: exit codes, one document on stdout, everything else on stderr."""

import json
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from ops.cli.app import global_options
from ops.embedded_postgres.server import EmbeddedServer
from tests.walk.command_line import Answer, Tenor

NOWHERE = "postgresql://nobody:secret@127.0.0.1:1/nothing"
NOBODYS = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def tenor(database_url: str, tmp_path: Path) -> Tenor:
    return Tenor(database_url, tmp_path / "home", tmp_path / "kernels", inside=True)


@pytest.mark.parametrize(
    "words",
    [
        ("no-such-command",),
        ("run", "no-such-command"),
        ("run", "submit"),
        ("run", "submit", "--portfolio", "x", "--market", "y", "--workers", "0"),
        ("run", "submit", "--portfolio", "x", "--market", "y", "--workers", "two"),
        ("run", "show"),
        ("run", "list", "--no-such-option"),
        ("ingest",),
        ("results", "x", "--format", "pdf"),
        ("serve", "results", "--port", "80000"),
    ],
)
def test_wrong_usage_is_exit_2_and_touches_no_database(tmp_path: Path, words: tuple[str, ...]) -> None:
    answer = Tenor(NOBODYS, tmp_path, tmp_path, inside=True)(*words)
    assert (answer.code, answer.out) == (2, b"")
    assert "Usage:" in answer.err


def test_a_database_that_does_not_answer_is_one_problem_without_its_password(tmp_path: Path) -> None:
    away = Tenor(NOWHERE, tmp_path, tmp_path)
    refusal = away.refusal("run", "list")
    assert refusal["code"] == "DATABASE_UNREACHABLE"
    assert not tells(away("run", "list", "--json"), "secret")


@pytest.mark.parametrize("url", ["postgresql://me:secret%zz@x/y", "secret thing", "mysql://me:secret@localhost/x"])
def test_a_url_that_is_none_is_one_problem_without_its_password(tmp_path: Path, url: str) -> None:
    wrong = Tenor(url, tmp_path, tmp_path)
    assert wrong.refusal("run", "list")["code"] == "DATABASE_URL_INVALID"
    assert not tells(wrong("run", "list", "--json"), "secret")


def test_the_url_may_stand_anywhere_on_the_line() -> None:
    expected = (["run", "list", "--json"], True, "postgresql://x")
    assert global_options(["--database-url", "postgresql://x", "run", "list", "--json"]) == expected
    assert global_options(["run", "list", "--json", "--database-url", "postgresql://x"]) == expected
    assert global_options(["run", "--database-url=postgresql://x", "list", "--json"]) == expected
    assert global_options(["run", "list"]) == (["run", "list"], False, None)
    assert global_options(["run", "list", "--database-url"]) == (["run", "list", "--database-url"], False, None)


def test_an_empty_database_is_brought_up_to_date_by_the_first_command(postgres: EmbeddedServer, tmp_path: Path) -> None:
    import psycopg

    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE quite_empty")
    empty = Tenor(make_conninfo(postgres.dsn(), dbname="quite_empty"), tmp_path, tmp_path, inside=True)
    assert empty.json("run", "list") == []
    assert empty.json("migrate") == empty.json("migrate")
    assert [one["scenario_id"] for one in empty.json("scenario", "list")] == ["BASE"]


def test_doctor_names_the_database_and_what_is_wrong(tenor: Tenor) -> None:
    answer = tenor("doctor", "--json")
    report = answer.document
    assert list(report) == ["ok", "database_url", "problems"]
    assert answer.code == (0 if report["ok"] else 1)
    assert report["database_url"] == tenor.database_url
    assert not {one["code"] for one in report["problems"]} & {"DATABASE_UNREACHABLE", "MIGRATIONS_MISSING"}


def test_doctor_finds_a_database_that_is_away(tmp_path: Path) -> None:
    answer = Tenor(NOWHERE, tmp_path, tmp_path)("doctor", "--json")
    assert (answer.code, answer.document["ok"]) == (1, False)
    (away,) = [one for one in answer.document["problems"] if one["code"] == "DATABASE_UNREACHABLE"]
    assert list(away) == ["code", "message", "fix"]


def test_a_database_of_ones_own_is_not_ours_to_stop(tenor: Tenor) -> None:
    assert tenor.refusal("stop")["code"] == "NOT_EMBEDDED"


def test_the_version_is_said(tenor: Tenor) -> None:
    answer = tenor("--version")
    assert (answer.code, answer.out.decode().strip()) == (0, f"tenor {version('tenor-risk')}")


def test_stop_says_who_is_using_the_server_that_it_stops(tmp_path: Path) -> None:
    home = Path(tempfile.mkdtemp(prefix="tenor-test-", dir="/tmp")).resolve()
    home.chmod(0o755)
    embedded = Tenor(None, home, tmp_path)
    process = embedded.start("serve", "results", "--port", "18403")
    try:
        assert process.stderr is not None
        assert b"results is at" in process.stderr.readline()
        answer = embedded("stop", "--json")
        assert answer.code == 0 and answer.document["stopped"] is True
        assert answer.document["in_use_by"]
        assert answer.err.startswith("warning: in use by ")
        assert embedded.within.json("stop") == {"stopped": False, "in_use_by": []}
    finally:
        process.terminate()
        process.communicate(timeout=60)
        embedded.within("stop")
        shutil.rmtree(home, ignore_errors=True)


def test_a_folder_named_like_one_of_our_packages_is_not_run(
    tenor: Tenor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker is started with the user's folder as its own; what lies there is data."""
    for package in ("ops", "compute", "domain"):
        (tmp_path / "here" / package).mkdir(parents=True)
        (tmp_path / "here" / package / "__init__.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path / "here")
    process = tenor.start("worker")
    assert process.stderr is not None
    said = process.stderr.readline()
    assert b"1 worker(s) at work" in said
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"not this one" not in err


def tells(answer: Answer, word: str) -> bool:
    return word in answer.err or word in json.dumps(answer.document)
