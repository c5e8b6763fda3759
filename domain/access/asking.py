"""Who asks the question that is being answered. The guard says it before a request is let in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from domain.access.principal import LOCAL, Nodes, Principal

_asking: ContextVar[Principal] = ContextVar("asking", default=LOCAL)


def who_asks() -> Principal:
    return _asking.get()


def nodes_asked() -> Nodes:
    """The nodes that the answer is limited to; None: everything."""
    return _asking.get().nodes


@contextmanager
def asked_by(principal: Principal) -> Iterator[None]:
    token = _asking.set(principal)
    try:
        yield
    finally:
        _asking.reset(token)
