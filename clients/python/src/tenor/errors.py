"""What a server refuses, and what keeps it from answering: each an exception with its fix."""

from collections.abc import Mapping
from typing import Any


class TenorError(Exception):
    """`code` is the same for every problem of its kind, `fix` says what would make it right, `status` is HTTP's (0
    when no answer came), `problems` are the single ones of a file, `document` is all that the server said."""

    def __init__(self, message: str, *, code: str, fix: str, status: int = 0, document: Any = None) -> None:
        super().__init__(f"{message} [{code}] fix: {fix}")
        self.message, self.code, self.fix, self.status = message, code, fix, status
        self.document: Mapping[str, Any] = document if isinstance(document, dict) else {}

    @property
    def problems(self) -> list[dict[str, Any]]:
        return list(self.document.get("problems") or self.document.get("errors") or ())


class Invalid(TenorError):
    """The request says something that cannot be: 400, 406, 413, 415, 422."""


class NotSignedIn(TenorError):
    """No key, or one that is unknown, expired or revoked: 401."""


class NotAllowed(TenorError):
    """The key's role may not do this: 403."""


class NotFound(TenorError):
    """It is not there, or not in your scope: 404."""


class Conflict(TenorError):
    """It does not fit the present state: 409."""


class Busy(TenorError):
    """The server or its database has no room just now, after all attempts: 429, 502, 503, 504."""


class ServerFault(TenorError):
    """Something broke on the server's side: 5xx."""


class Unreachable(TenorError):
    """No answer came."""


class RunFailed(TenorError):
    """The run that was waited for ended without figures: FAILED or CANCELLED."""


class TimedOut(TenorError):
    """The run goes on; the time that `wait` was given is over."""


KINDS: dict[int, type[TenorError]] = {401: NotSignedIn, 403: NotAllowed, 404: NotFound, 409: Conflict, 429: Busy}
KINDS |= {502: Busy, 503: Busy, 504: Busy}
FIXES = {
    401: "set TENOR_KEY, or connect(key=…), to a key that is valid",
    403: "ask whoever gives out keys for a role that may",
    404: "look at the list of what there is",
    429: "ask less often",
}


def error_of(status: int, document: Any) -> TenorError:
    """The exception of an answer that refuses; `document` is None where it is no JSON."""
    said: dict[str, Any] = document if isinstance(document, dict) else {}
    kind = KINDS.get(status) or (ServerFault if status >= 500 else Invalid)
    message = str(said.get("detail") or f"the server answered {status}")
    fix = str(said.get("fix") or FIXES.get(status, "see the server's /docs"))
    return kind(message, code=str(said.get("code") or f"HTTP_{status}"), fix=fix, status=status, document=document)
