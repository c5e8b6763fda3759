"""A receiver of webhooks as others would write one: an HTTP server of its own, which answers as it is told."""

import base64
import hmac
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` are taken in turn, the last one for ever: a status with headers, or a function."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[Any] = field(default_factory=lambda: [(200, {})])

    def next_answer(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def verified(received: Received, secret: str) -> bool:
    """As the specification of Standard Webhooks 1.0 tells a receiver to do it."""
    about = [received.headers[name].encode() for name in ("webhook-id", "webhook-timestamp")]
    signed = b".".join((*about, received.body))
    key = base64.b64decode(secret.split("_", 1)[1])
    expected = base64.b64encode(hmac.digest(key, signed, sha256)).decode()
    return any(
        version == "v1" and hmac.compare_digest(expected, each)
        for version, _, each in (part.partition(",") for part in received.headers["webhook-signature"].split())
    )


@contextmanager
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.received.append(Received(self.path, headers, body))
            answer = told.next_answer()
            if callable(answer):
                answer(self)
                return
            status, more = answer
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="receiver")
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def silent(until: threading.Event) -> Callable[[Any], None]:
    """Takes the request and says nothing."""

    def answer(_handler: Any) -> None:
        until.wait(20)

    return answer


def dripping(until: threading.Event) -> Callable[[Any], None]:
    """A byte of the answer now and then, and no end."""

    def answer(handler: Any) -> None:
        try:
            while not until.is_set():
                handler.wfile.write(b"H")
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    return answer


def huge(handler: Any) -> None:
    """A body that would fill the memory of whoever read it."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**12))
    handler.end_headers()
    try:
        for _ in range(10_000):
            handler.wfile.write(b"x" * 65_536)
    except OSError:
        return


def garbage(handler: Any) -> None:
    handler.wfile.write(b"\x00\xff\r\n\r\n")


def hangs_up(handler: Any) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
