"""Texts of old events that Postgres cannot hold, and what is shown in their place."""

import re
from typing import Any

from pydantic import BaseModel

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def storable(value: Any) -> Any:
    """The same value where Postgres can hold its texts; else with U+FFFD for every NUL and lone surrogate."""
    match value:
        case str():
            return _UNSTORABLE.sub(_REPLACEMENT, value) if _UNSTORABLE.search(value) else value
        case dict():
            return {storable(name): storable(each) for name, each in value.items()}
        case list():
            return [storable(each) for each in value]
        case tuple():
            return tuple(storable(each) for each in value)
        case BaseModel() if is_unstorable(value):
            return value.model_copy(update={name: storable(each) for name, each in value})
        case _:
            return value


def is_unstorable(value: Any) -> bool:
    """Whether any text in it is one that Postgres cannot hold."""
    match value:
        case str():
            return _UNSTORABLE.search(value) is not None
        case dict():
            return any(is_unstorable(name) or is_unstorable(each) for name, each in value.items())
        case list() | tuple():
            return any(map(is_unstorable, value))
        case BaseModel():
            return any(is_unstorable(each) for _, each in value)
        case _:
            return False
