"""A property that is worked out when it is first asked for."""

from collections.abc import Callable
from typing import Generic, Self, TypeVar, overload

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class lazy(Generic[Owner, Value]):
    """`functools.cached_property` without the lock that Python 3.11's holds over all instances of a class.

    Threads that each work out a chunk would wait for one another there. Two that ask one instance at the same time
    may both work it out: what is lazy is the same each time.
    """

    def __init__(self, work: Callable[[Owner], Value]) -> None:
        self._work, self._name = work, work.__name__
        self.__doc__ = work.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Owner, owner: type) -> Value: ...
    def __get__(self, instance: Owner | None, owner: type) -> Self | Value:
        if instance is None:
            return self
        value = self._work(instance)
        instance.__dict__[self._name] = value  # found there from now on, before this is asked
        return value
