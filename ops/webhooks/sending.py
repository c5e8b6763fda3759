"""One attempt at one message: signed as Standard Webhooks says, to an address that was checked, within a deadline.

No redirect is followed, no proxy asked, and no body read: a receiver answers by its status.
Source: https://www.standardwebhooks.com, specification 1.0: signature of `id.timestamp.body`.
"""

import base64
import hmac
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from urllib.parse import SplitResult, urlsplit

from commands.define_webhook import SECRET_PREFIX
from domain.webhooks.document import port_of
from ops.webhooks.addresses import AddressRefused, checked_addresses

DEADLINE_SECONDS = 15.0
MAX_RETRY_AFTER_SECONDS = 3_600
MOST_ADDRESSES = 3


@dataclass(frozen=True)
class Answer:
    """`error` is empty where the receiver has taken the message."""

    status: int | None
    error: str
    retry_after_seconds: int = 0

    @property
    def is_taken(self) -> bool:
        return not self.error


@dataclass(frozen=True)
class Sending:
    message_id: str
    body: str
    url: str
    allow_private: bool


def signature(secret: str, message_id: str, timestamp: int, body: str) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()


def send(
    sending: Sending, secrets: Sequence[str], timestamp: int, deadline_seconds: float = DEADLINE_SECONDS
) -> Answer:
    """What is said of a failure is our own words: nothing that a receiver writes is kept."""
    parts = urlsplit(sending.url)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "tenor-webhooks/1",
        "webhook-id": sending.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            signature(secret, sending.message_id, timestamp, sending.body) for secret in secrets
        ),
        "Connection": "close",
    }
    try:
        addresses = checked_addresses(sending.url, sending.allow_private)
        with PinnedConnection(parts, addresses, deadline_seconds) as connection:
            connection.request("POST", _target(parts), sending.body.encode(), headers)
            response = connection.getresponse()
            return _answer(response.status, response.headers.get("Retry-After"))
    except AddressRefused as refused:
        return Answer(None, refused.message)
    except ssl.SSLError as error:
        return Answer(None, f"TLS failed: {error.reason or type(error).__name__}")
    except TimeoutError:
        return Answer(None, f"no answer within {deadline_seconds:g} seconds")
    except (OSError, HTTPException) as error:
        return Answer(None, f"no answer: {type(error).__name__}")


def _answer(status: int, retry_after: str | None) -> Answer:
    if 200 <= status < 300:
        return Answer(status, "")
    told = (retry_after or "").strip()
    seconds = min(int(told), MAX_RETRY_AFTER_SECONDS) if told.isascii() and told.isdigit() and len(told) < 9 else 0
    what = "a redirect, which is not followed" if 300 <= status < 400 else "not taken"
    return Answer(status, f"the receiver answered {status}: {what}", seconds)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class PinnedConnection(HTTPConnection):
    """To an address that is handed in; the name is for the receiver's certificate and its virtual hosts."""

    def __init__(self, parts: SplitResult, addresses: list[str], deadline_seconds: float) -> None:
        super().__init__(parts.hostname or "", port_of(parts), timeout=deadline_seconds)
        self._addresses, self._is_secure = addresses[:MOST_ADDRESSES], parts.scheme == "https"
        self.default_port = {"http": 80, "https": 443}[parts.scheme]
        self._watch = threading.Timer(deadline_seconds, self._cut)
        self._is_late = False

    def connect(self) -> None:
        self.sock = self._opened()
        if self._is_secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

    def _opened(self) -> socket.socket:
        for place, address in enumerate(self._addresses):
            try:
                return socket.create_connection((address, self.port), timeout=self.timeout)
            except OSError:
                if place == len(self._addresses) - 1:
                    raise
        raise OSError("no address")

    def __enter__(self) -> "PinnedConnection":
        """A receiver that sends a byte now and then is never silent: the deadline is of all of it."""
        self._watch.start()
        return self

    def __exit__(self, *_about: object) -> None:
        self._watch.cancel()
        self.close()
        if self._is_late:
            raise TimeoutError

    def _cut(self) -> None:
        self._is_late = True
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)
