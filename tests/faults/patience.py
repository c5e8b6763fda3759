"""Wait for what must come, and no longer than that."""

import time
from collections.abc import Callable

SECONDS = 120.0


def until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)
