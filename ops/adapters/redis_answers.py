"""Answers in Redis: off unless TENOR_REDIS_URL names one, and never needed. One that is away or slow costs a log line
and a moment; then it is left alone for a while."""

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import structlog

from domain.refusals import Refused
from ops.secrets import hide, keep_secret

if TYPE_CHECKING:
    from query_api.http.kept_answers import KeptAnswers

SETTING, HOURS = "TENOR_REDIS_URL", "TENOR_REDIS_HOURS"
KEPT_HOURS = 4.0
PREFIX = "tenor:answer:1:"
PATIENCE_SECONDS = 0.05
"""For a connection, and for an answer."""
REST_SECONDS = 10.0
"""After a failure; meanwhile every question is worked out."""

log = structlog.get_logger()


def answers_in_redis() -> "KeptAnswers | None":
    """By the environment; None where it names none."""
    url = os.environ.get(SETTING)
    if not url:
        return None
    keep_secret(url)
    try:
        import redis
    except ImportError as error:
        fix = f"pip install 'tenor-risk[cache]', or unset {SETTING}"
        raise Refused("INVALID_SETTING", f"{SETTING} is set, and the redis client is not installed", fix) from error
    try:
        client = redis.Redis.from_url(
            url,
            socket_connect_timeout=PATIENCE_SECONDS,
            socket_timeout=PATIENCE_SECONDS,
            retry=None,
            max_connections=32,
        )
    except ValueError as error:
        fix = "write redis://HOST:PORT/0, rediss://… or unix://…"
        raise Refused("INVALID_SETTING", f"{SETTING} is no address of a Redis: {hide(str(error))}", fix) from error
    return RedisAnswers(client, round(hours() * 3600), redis.RedisError)


def hours() -> float:
    text = os.environ.get(HOURS) or str(KEPT_HOURS)
    try:
        if 0 < float(text) <= 24 * 366:
            return float(text)
    except ValueError:
        pass
    raise Refused("INVALID_SETTING", f"{HOURS} is {text!r}", "write hours above nil, such as 4")


class RedisAnswers:
    def __init__(self, client: Any, seconds: int, broken: type[Exception]) -> None:
        self._client, self._seconds, self._broken = client, seconds, broken
        self._rests_until = 0.0
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        found = self._try(lambda: self._client.get(PREFIX + key))
        return bytes(found) if found is not None else None

    def put(self, key: str, answer: bytes) -> None:
        self._try(lambda: self._client.set(PREFIX + key, answer, ex=self._seconds))

    def _try(self, ask: Any) -> Any:
        if time.monotonic() < self._rests_until:
            return None
        try:
            return ask()
        except (self._broken, OSError, ValueError) as error:
            self._rest(error)
            return None

    def _rest(self, error: Exception) -> None:
        """Said once for all who ask at the same moment."""
        with self._lock:
            if time.monotonic() >= self._rests_until:
                self._rests_until = time.monotonic() + REST_SECONDS
                log.warning("cache.away", error=hide(str(error))[:200], rests_seconds=REST_SECONDS)
