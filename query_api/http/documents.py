"""Documents as bytes: what is stored can always be shown, also a number or a text that JSON's fast writer refuses."""

from typing import Any

import orjson

from domain.texts import visible

_LARGEST = 2**63


def as_json(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        return orjson.dumps(_writable(body))


def _writable(value: Any) -> Any:
    """A whole number beyond 64 bits becomes the double that it was before it was stored; a lone surrogate \\ud800."""
    match value:
        case bool():
            return value
        case int() if not -_LARGEST <= value < _LARGEST:
            return float(value) if abs(value) < 10**308 else str(value)
        case str():
            return value if value.isascii() else visible(value)
        case dict():
            return {_writable(name): _writable(each) for name, each in value.items()}
        case list() | tuple():
            return [_writable(each) for each in value]
        case _:
            return value
