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

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """The first asks. Nobody at work yet to end by itself: whatever is being started is left, and let go."""
        if self.asked.is_set():
            if number == signal.SIGINT:  # a person who will not wait
                raise KeyboardInterrupt
            return
        self.asked.set()
        if not self._calls:
            raise SystemExit(0)
        for call in self._calls:
            call()


@contextmanager
def until_told() -> Iterator[Stop]:
    """For processes that run until they are told to end: that end is a success, exit code 0."""
    stop = Stop()
    with _handled(ENDS, stop.hear):
        yield stop


def end_cleanly_when_killed() -> None:
    """For commands that end by themselves: SIGTERM lets go of what they hold, as Ctrl-C does; exit 128 + signal."""
    for number in ENDS[1:]:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
            signal.signal(number, _leave)


def _leave(number: int, _frame: FrameType | None) -> None:
    """An exception that comes in a callback of a library is dropped there: it is raised again until we are leaving."""

    def again(_number: int, _frame: FrameType | None) -> None:
        if not isinstance(sys.exception(), SystemExit):
            raise SystemExit(128 + number)

    signal.signal(number, signal.SIG_IGN)  # once: what follows is the letting go
    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, DROPPED_SECONDS, DROPPED_SECONDS)
    raise SystemExit(128 + number)


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
