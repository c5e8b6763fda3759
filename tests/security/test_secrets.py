"""A password of the database's URL is shown nowhere: not by doctor, in errors, logs or tracebacks, nor by `ps`."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from ops import secrets
from ops.secrets import HidingStream, hide, hide_url, keep_secret
from query_api.http.app import create_app
from tests.walk.command_line import PROGRAM

SECRET = "p@ss w/rd%41&'x"
ESCAPED = quote(SECRET, safe="")
PLAIN = "hunter22"
# Written so by a user; nothing answers at that port.
URLS = [
    f"postgresql://bob:{PLAIN}@127.0.0.1:1/tenor",
    f"postgres://bob:{ESCAPED}@127.0.0.1:1/tenor",
    f"postgresql://bob@127.0.0.1:1/tenor?password={PLAIN}&connect_timeout=3",
    f"postgresql://bob@127.0.0.1:1/tenor?sslmode=disable&password={ESCAPED}",
    f"host=127.0.0.1 port=1 user=bob password={PLAIN} dbname=tenor",
    "host=127.0.0.1 port=1 user=bob password = 'hunter22 \\'x' dbname=tenor",
    "postgresql://bob:hunter22/x@127.0.0.1:1/tenor",  # not escaped, and so none
    "postgresql://bob:hunter22@x@127.0.0.1:1/tenor",
    "postgresql://bob:hunter22%zz@127.0.0.1:1/tenor",
    "postgresql://bob:hunter22#x@127.0.0.1:1/tenor",
    "postgresql+psycopg://bob:hunter22@127.0.0.1:1/tenor",
]


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    """Each test is a process that was given its own."""
    before = set(secrets._known_words)
    secrets._known_words.clear()
    yield
    secrets._known_words.clear()
    secrets._known_words.update(before)


@pytest.mark.parametrize("url", URLS)
def test_every_form_is_hidden_where_it_stands(url: str) -> None:
    for text in (url, f"cannot reach {url}: refused", json.dumps({"url": url})):
        shown = hide_url(text)
        assert "hunter22" not in shown and ESCAPED not in shown, shown
        assert "***" in shown
        assert "bob" in shown and "127.0.0.1" in shown


@pytest.mark.parametrize("url", URLS)
def test_its_words_are_hidden_wherever_they_turn_up(url: str) -> None:
    keep_secret(url)
    word = "hunter22 'x" if "hunter22 " in url else "hunter22"
    for form in (SECRET, ESCAPED, repr(SECRET)[1:-1]) if ESCAPED in url else (word,):
        assert form not in hide(f'invalid port "{form}", the server says {form}.')


def test_what_is_no_secret_stays() -> None:
    keep_secret("postgresql://postgres:postgres@db.example:5432/tenor")
    said = 'FATAL: role "postgres" does not exist at db.example (see http://127.0.0.1:8000/x/up100@2)'
    assert hide(said) == said
    assert hide_url("postgresql://postgres:postgres@db.example/x") == "postgresql://postgres:***@db.example/x"
    embedded = "postgresql://postgres@/tenor?host=%2Fhome%2Fada%2F.tenor&port=5432"
    assert hide_url(embedded) == embedded
    assert json.loads(hide(json.dumps({"note": 'password=a"b', "n": 1}))) == {"note": "password=***", "n": 1}


def test_short_words_are_hidden_only_alone() -> None:
    keep_secret("postgresql://bob:pw@h/x")
    assert hide('invalid token "pw" of pwned') == 'invalid token "***" of pwned'


@pytest.mark.parametrize("url", URLS)
def test_commands_show_no_password(url: str, tmp_path: Path) -> None:
    words = ("doctor", "--json") if len(url) % 2 else ("run", "list", "--json")
    environment = os.environ | {"TENOR_HOME": str(tmp_path)}
    done = subprocess.run(
        [PROGRAM, *words, "--database-url", url],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "hunter22" not in said and ESCAPED not in said and SECRET not in said, said
    assert "Traceback" not in said
    document = json.loads(done.stdout)
    if words[0] == "doctor":
        assert "***" in document["database_url"]
    else:
        assert done.stderr.count("\n") == 2, "one line, and one with the fix"


def test_the_command_line_of_a_process_holds_no_password(tmp_path: Path) -> None:
    """`ps` shows it to everybody. Here the connection is never answered, so that the process stays for a look."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"postgresql://bob:{PLAIN}@127.0.0.1:{listener.getsockname()[1]}/x"
        process = subprocess.Popen(
            [PROGRAM, "--database-url", url, "doctor", "--json"],
            env=os.environ | {"TENOR_HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            connection, _ = listener.accept()
            shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            connection.close()
            assert PLAIN.encode() not in shown
            assert b"doctor" in shown
            out, _ = process.communicate(timeout=60)
            assert json.loads(out)["database_url"].startswith("postgresql://bob:***@127.0.0.1:")
        finally:
            process.kill()
            process.communicate()


def test_logs_and_tracebacks_show_no_password(capfd: pytest.CaptureFixture[str]) -> None:
    program = f"""
import logging, structlog, sys
from ops.logs import configure_logs
from ops.secrets import keep_secret
configure_logs()
keep_secret({URLS[1]!r})
structlog.get_logger().warning("lost", error="cannot reach " + {URLS[1]!r}, url={URLS[0]!r})
logging.getLogger("uvicorn.error").error("lost %s", {URLS[1]!r})
raise RuntimeError("lost " + {SECRET!r} + " of " + {URLS[1]!r})
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.count("lost") == 3 and "RuntimeError" in done.stderr
    for form in (PLAIN, SECRET, ESCAPED):
        assert form not in done.stderr, done.stderr


def test_a_stream_hides_what_is_written_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    stream = HidingStream(sys.stderr)
    logging.StreamHandler(stream).emit(logging.LogRecord("x", 30, "", 0, "at %s", (URLS[0],), None))  # type: ignore[arg-type]
    assert stream.isatty() == sys.stderr.isatty()
    assert capsys.readouterr().err == "at postgresql://bob:***@127.0.0.1:1/tenor\n"


def test_problem_documents_say_nothing_of_the_url() -> None:
    router = APIRouter()

    @router.get("/broken")
    def broken() -> None:
        raise RuntimeError(URLS[0])

    client = TestClient(create_app([router], "broken", list, CollectorRegistry()), raise_server_exceptions=False)
    assert PLAIN not in client.get("/broken").text
    assert PLAIN not in client.get("/metrics").text
