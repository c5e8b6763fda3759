"""Why a command ended that could not say it itself: every exit but 0 has a sentence on stderr."""

import errno
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ops.processes.stopping import raise_no_more

BY_SIGNAL = 128


@contextmanager
def endings_told() -> Iterator[None]:
    """Signals and pipes that break end a command from outside of it, and say nothing."""
    try:
        yield
    except SystemExit as ended:
        raise_no_more()
        sentence = ending_of(ended)
        if sentence:
            with suppress(OSError):
                os.write(2, f"error: {sentence}\n".encode())
        raise


def ending_of(ended: SystemExit) -> str:
    """Empty where the command has said it, or where the one who reads it has gone, as `head` does."""
    if isinstance(ended.code, int) and ended.code > BY_SIGNAL:
        with suppress(ValueError):
            name = signal.Signals(ended.code - BY_SIGNAL).name
            return f"ended by {name}; what was stored is there, and a run that was asked for goes on with any worker"
    broken = ended.__context__
    if isinstance(broken, OSError) and broken.errno == errno.EPIPE and not reader_is_gone():
        return f"a connection to another process broke ({broken}); ask again: what was stored is there"
    return ""


def reader_is_gone(descriptor: int | None = None) -> bool:
    """Whether stdout is a pipe that nobody reads any more."""
    try:
        number = sys.stdout.fileno() if descriptor is None else descriptor
        asked = select.poll()
        asked.register(number, 0)
        return any(events & (select.POLLERR | select.POLLHUP) for _, events in asked.poll(0))
    except (OSError, ValueError, AttributeError):
        return False
