"""How a kernel is compiled."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., Any])


def kernel(loop: Loop) -> Loop:
    """Compiled at its first call and kept on disk; it holds no lock, and divides by zero as numpy does."""
    return cast(Loop, njit(cache=True, nogil=True, error_model="numpy")(loop))
