"""How the services listen: no client can take so much, or be so slow, that others are shut out.

A request's head is awaited for HEAD_SECONDS, its body must come at MIN_BYTES_PER_SECOND, and an answer must be taken.
When too many are connected, whoever has been silent longest without having asked for anything makes room.
"""

import asyncio
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h11
import orjson
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from query_api.http.problem_types import TYPES, uri_of

HEAD_BYTES = 32 * 1024
HEAD_SECONDS = 10.0
BODY_LOOK_SECONDS = 10.0
MIN_BYTES_PER_SECOND = 512
ANSWER_SECONDS = 60.0
"""The longest that an answer may be stuck: a reader takes what the buffers hold, a few dozen kB, in that time."""

MAX_CONNECTIONS = 1_000
KEEP_ALIVE_SECONDS = 5
GRACE_SECONDS = 5


@dataclass(frozen=True)
class Tls:
    """Files in PEM: the certificate with those between it and its root, and its key."""

    certificate: Path
    key: Path


def configuration(app: FastAPI, host: str, port: int, tls: Tls | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="error",  # a request that is none is the sender's matter
        access_log=False,
        http=BoundedProtocol,
        ws="none",
        h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=str(tls.certificate) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )


class Server(uvicorn.Server):
    """Ends when it is told to; signals are its owner's to hear, who has more to let go of than sockets."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def end(self) -> None:
        self.handle_exit(signal.SIGTERM, None)


class BoundedProtocol(H11Protocol):
    """One connection."""

    most_connections = min(MAX_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
    head_seconds, body_look_seconds, answer_seconds = HEAD_SECONDS, BODY_LOOK_SECONDS, ANSWER_SECONDS

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waits_since = self.loop.time()
        self._body_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self._await_head()
        if len(self.connections) > self.most_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._body_timer, self._answer_timer):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._body_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._is_asked():
            self._await_head()
            return
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None
        if self.cycle.more_body and not self._body_timer:
            self._await_body()

    def on_response_complete(self) -> None:
        self._waits_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        if not self._answer_timer:
            self._answer_timer = self.loop.call_later(self.answer_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._answer_timer:
            self._answer_timer.cancel()
            self._answer_timer = None

    def send_400_response(self, _msg: str) -> None:
        error = sys.exception()
        if getattr(error, "error_status_hint", 400) == 431:
            self._refuse(431, "HEAD_TOO_LARGE", f"the head of a request may have {HEAD_BYTES:,} bytes")
        else:
            self._refuse(400, "NOT_HTTP", "this is no HTTP request")

    def _is_asked(self) -> bool:
        """A request has come, and is not yet answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _await_head(self) -> None:
        if not self._head_timer:
            self._head_timer = self.loop.call_later(self.head_seconds, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self._is_asked():
            self._refuse(408, "REQUEST_TOO_SLOW", f"the head of the request did not come in {self.head_seconds:.0f} s")

    def _await_body(self) -> None:
        self._body_bytes = 0
        self._body_timer = self.loop.call_later(self.body_look_seconds, self._look_at_body)

    def _look_at_body(self) -> None:
        """Not while we are the slow ones, who have not taken what came."""
        self._body_timer = None
        if not self._is_asked() or not self.cycle.more_body or self.transport.is_closing():
            return
        is_slow = self._body_bytes < MIN_BYTES_PER_SECOND * self.body_look_seconds
        if is_slow and not self.flow.read_paused:
            if not self.cycle.response_started:
                self._refuse(408, "REQUEST_TOO_SLOW", f"a body must come at {MIN_BYTES_PER_SECOND} bytes a second")
            self.transport.close()
        else:
            self._await_body()

    def _make_room(self) -> None:
        """Idle connections and half heads first, the longest waiting of them; then half bodies; nobody whose request is
        being answered."""
        others = [one for one in self.connections if one is not self and isinstance(one, BoundedProtocol)]
        idle = [one for one in others if not one._is_asked()] or [one for one in others if one.cycle.more_body]
        if idle:
            min(idle, key=lambda one: one._waits_since).transport.abort()
        else:
            self._refuse(503, "TOO_MANY_CONNECTIONS", "everybody who may be connected is", "try again", retry=True)

    def _refuse(self, status: int, code: str, detail: str, fix: str = "", *, retry: bool = False) -> None:
        """A problem document, said without an application, where nothing has been said yet; then the end."""
        if self.transport.is_closing():
            return
        said = {"type": uri_of(code), "title": TYPES[code][0], "status": status, "code": code, "detail": detail}
        body = orjson.dumps(said | ({"fix": fix} if fix else {}))
        headers = [
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
            *([("Retry-After", "2")] if retry or status == 408 else []),
        ]
        try:
            for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event))
        except h11.LocalProtocolError:  # something was said already
            pass
        self.transport.close()
