"""What is worked out for a query refuses as a query does."""

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
