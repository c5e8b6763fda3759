"""Refusals raised while an answer is worked out become those of a query."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from domain.refusals import Refused, Unknown
from query_api.errors import BadQuery, NotFound, QueryRefused


@contextmanager
def refusing_as_queries(unknown: Collection[str] = ()) -> Iterator[None]:
    """`unknown`: codes that name what is not there, beside every `Unknown`."""
    try:
        yield
    except QueryRefused:
        raise
    except Refused as refused:
        missing = isinstance(refused, Unknown) or refused.code in unknown
        raise (NotFound if missing else BadQuery)(str(refused), refused.fix, reason=refused.code) from refused
