"""Why a question has no answer. HTTP learns the status of each in one table (problems.py)."""

from typing import Any


class QueryRefused(Exception):
    """`fix` says what would be answered; `facts` are what a program may want to know."""

    code = "BAD_QUERY"

    def __init__(self, message: str, fix: str, **facts: Any) -> None:
        super().__init__(message)
        self.fix, self.facts = fix, facts


class BadQuery(QueryRefused):
    """The question names something that is not there to be asked for."""


class UnknownParameter(QueryRefused):
    code = "UNKNOWN_PARAMETER"


class RepeatedParameter(QueryRefused):
    code = "REPEATED_PARAMETER"


class NotFound(QueryRefused):
    code = "NOT_FOUND"


class NotQueryable(QueryRefused):
    """The run is known and has no figures (yet); `facts` hold its progress."""

    code = "RUN_NOT_QUERYABLE"


class NotYet(QueryRefused):
    """It has happened, and the read model has not been told yet."""

    code = "READ_MODEL_BEHIND"


class Busy(QueryRefused):
    """Too many wait for the same already."""

    code = "BUSY"


class NoHistory(QueryRefused):
    """The read model keeps the present only."""

    code = "NO_HISTORY"


class NotAcceptable(QueryRefused):
    code = "NOT_ACCEPTABLE"


class NotProvable(QueryRefused):
    """The log holds what was asked about, and cannot vouch for it (yet, or here)."""

    code = "NOT_PROVABLE"
