"""Why a query has no answer."""

from typing import Any

from domain.refusals import Conflict, Refused, Unavailable, Unknown


class QueryRefused(Refused):
    """`fix` says what would be answered."""

    CODE = "BAD_QUERY"

    def __init__(self, message: str, fix: str, **facts: Any) -> None:
        super().__init__(self.CODE, message, fix, facts.pop("problems", None), facts)


class BadQuery(QueryRefused):
    """The question names something that is not there to be asked for."""


class BadFilter(BadQuery):
    """What was typed after `where` cannot be read; `fix` is the grammar in one line."""

    CODE = "BAD_FILTER"


class UnknownParameter(QueryRefused):
    CODE = "UNKNOWN_PARAMETER"


class RepeatedParameter(QueryRefused):
    CODE = "REPEATED_PARAMETER"


class NotFound(QueryRefused, Unknown):
    CODE = "NOT_FOUND"


class AmbiguousId(QueryRefused, Conflict):
    """The beginning of several ids; `facts` hold them."""

    CODE = "AMBIGUOUS_ID"


class NotQueryable(QueryRefused, Conflict):
    """The run is known and has no figures (yet); `facts` hold its progress."""

    CODE = "RUN_NOT_QUERYABLE"


class NotYet(QueryRefused, Conflict):
    """It has happened, and the read model has not been told yet."""

    CODE = "READ_MODEL_BEHIND"


class Busy(QueryRefused, Unavailable):
    """Too many wait for the same already."""

    CODE = "BUSY"


class NoHistory(QueryRefused):
    """The read model keeps the present only."""

    CODE = "NO_HISTORY"


class NotAcceptable(QueryRefused):
    CODE = "NOT_ACCEPTABLE"


class NotProvable(QueryRefused, Conflict):
    """The log holds what was asked about, and cannot vouch for it (yet, or here)."""

    CODE = "NOT_PROVABLE"
