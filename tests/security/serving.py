"""Services on a real socket, in a thread of the test's own process."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI

from ops.http.server import BoundedProtocol, Server, configuration


@contextmanager
def served(app: FastAPI, protocol: type[BoundedProtocol] = BoundedProtocol) -> Iterator[int]:
    """The port."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        port = listener.getsockname()[1]
        settings = configuration(app, "127.0.0.1", port)
        settings.http = protocol
        server = Server(settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield port
        finally:
            server.end()
            thread.join()


def ask(port: int, path: str, timeout: float = 30.0, **headers: str) -> tuple[int, dict[str, str], Any, float]:
    """Status, headers, document (or text), and the seconds it took."""
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    said = {name.lower(): value for name, value in answer.getheaders()}
    document = json.loads(body) if "json" in said.get("content-type", "") else body.decode()
    return answer.status, said, document, time.monotonic() - started


def opened(port: int, data: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(data)
    return connection


def said_to(connection: socket.socket) -> bytes:
    """All that comes until the other side has ended."""
    said = b""
    try:
        while piece := connection.recv(65536):
            said += piece
    except ConnectionResetError:
        pass
    return said
