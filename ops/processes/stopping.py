"""Ctrl-C, SIGTERM and a terminal that is gone all end a process in the same clean way, whatever it was doing."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DROPPED_SECONDS = 5.0
IMPORT_SECONDS = 0.05
IMPORTING = "<frozen importlib"
"""An exception in the middle of an import leaves its lock taken (Python 3.11), and every thread that imports waits."""


class Stop:
    """What a process that serves until told listens to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._calls: list[Callable[[], None]] = []

    def calls(self, what: Callable[[], None]) -> None:
        """Who is at work in the main thread ends by itself when this is called; at once if it was asked already."""
        self._calls.append(what)
        if self.asked.is_set():
            what()

    def hear(self, number: int, frame: FrameType | None) -> None:
        """The first asks. Nobody at work yet to end by itself: whatever is being started is left, and let go."""
        if self.asked.is_set():
            if number == signal.SIGINT:  # a person who will not wait
                raise KeyboardInterrupt
            return
        self.asked.set()
        if not self._calls:
            _leave_with(SystemExit, 0, frame, unless=lambda: bool(self._calls))
        for call in self._calls:
            call()


@contextmanager
def until_told() -> Iterator[Stop]:
    """For processes that run until they are told to end: that end is a success, exit code 0."""
    stop = Stop()
    with _handled(ENDS, stop.hear):
        try:
            yield stop
        finally:
            raise_no_more()


def end_cleanly_when_killed() -> None:
    """For commands that end by themselves: SIGTERM lets go of what they hold, as Ctrl-C does; exit 128 + signal."""
    for number in ENDS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
            signal.signal(number, _leave)


def raise_no_more() -> None:
    """All that was held has been let go: nothing need be raised again."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def _leave(number: int, frame: FrameType | None) -> None:
    """Once: what follows is the letting go, and only a person who will not wait for it is heard again."""
    if number == signal.SIGINT:
        signal.signal(number, signal.default_int_handler)
        _leave_with(KeyboardInterrupt, 0, frame)
    else:
        signal.signal(number, signal.SIG_IGN)
        _leave_with(SystemExit, 128 + number, frame)


def _leave_with(
    error: type[BaseException], code: int, frame: FrameType | None, unless: Callable[[], bool] = lambda: False
) -> None:
    """Raise it, when no import is under way; and again, since one that comes in a library's callback is dropped."""

    def again(_number: int, frame: FrameType | None) -> None:
        if _is_importing(frame):
            signal.setitimer(signal.ITIMER_REAL, IMPORT_SECONDS, DROPPED_SECONDS)
        elif not unless() and not _is_under_way(error):
            raise error(code)

    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, DROPPED_SECONDS, DROPPED_SECONDS)
    again(signal.SIGALRM, frame)


def _is_under_way(error: type[BaseException]) -> bool:
    """Whether what is handled here came of it."""
    handled = sys.exception()
    while handled is not None and not isinstance(handled, error):
        handled = handled.__context__
    return handled is not None


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(IMPORTING):
            return True
        frame = frame.f_back
    return False


@contextmanager
def _handled(numbers: tuple[signal.Signals, ...], hear: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before: dict[signal.Signals, Any] = {}
    for number in numbers:
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, hear)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
