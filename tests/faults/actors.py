"""Processes that go on only when they are told to, one step at a time, and can be stopped or killed between two."""

import threading
from collections.abc import Callable

SECONDS = 30.0


class Killed(BaseException):
    """SIGKILL: nothing that catches `Exception` hears of it."""


class Actor:
    """Runs `work(pause)` in a thread that waits at every `pause` until it is told to go on."""

    def __init__(self, work: Callable[[Callable[[], None]], None]) -> None:
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._is_killed = False
        self.is_over = False
        self.broke: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def go_on(self, steps: int = 1) -> None:
        """To the next pauses; what went wrong inside is raised here."""
        for _ in range(steps):
            if self.is_over:
                break
            self._hand_over()
        if self.broke:
            raise self.broke

    def finish(self, most: int = 10_000) -> None:
        self.go_on(most)
        assert self.is_over, "it does not end"

    def kill(self) -> None:
        self._is_killed = True
        if not self.is_over:
            self._hand_over()
        self._thread.join(SECONDS)

    def _hand_over(self) -> None:
        self._go.release()
        assert self._back.acquire(timeout=SECONDS), "it hangs"

    def _pause(self) -> None:
        self._back.release()
        self._go.acquire()
        if self._is_killed:
            raise Killed

    def _run(self, work: Callable[[Callable[[], None]], None]) -> None:
        self._go.acquire()
        try:
            if not self._is_killed:
                work(self._pause)
        except Killed:
            pass
        except BaseException as error:  # handed to whoever steers
            self.broke = error
        self.is_over = True
        self._back.release()
