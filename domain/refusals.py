"""Why a request is refused: a code, a sentence, and what to do about it. Every refusal of Tenor is one of these kinds.

The command line prints any of them; HTTP has the status of each kind in one table (query_api/http/problems.py)."""

from typing import Any


class Refused(Exception):
    """One problem, said with its fix; `problems` lists every detail where there are several, `facts` are what a
    program may want to know."""

    def __init__(
        self,
        code: str,
        message: str,
        fix: str,
        problems: list[dict[str, Any]] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.fix = code, message, fix
        self.problems, self.facts = problems or [], facts or {}


class Unknown(Refused):
    """What the request names is not there."""


class Conflict(Refused):
    """The request does not fit what is there: another state, other content under the same key, a newer version."""


class Forbidden(Refused):
    """Whoever asks may not do this."""


class TooMany(Refused):
    """Whoever asks has asked for as much as one may at a time."""


class Unavailable(Refused):
    """Something that the request needs does not answer, or cannot be used, at the moment."""


class AlreadyThere(Conflict):
    """The stream has an event at this version: somebody was first, perhaps ourselves."""

    def __init__(self, *_about: object) -> None:
        super().__init__("MOVED", "another request changed this at the same moment", "read it anew and ask again")
