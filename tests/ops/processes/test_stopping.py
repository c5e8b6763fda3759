"""A signal is heard whenever it comes, also as the wait for it begins."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from ops.cli.operating import service
from ops.cli.output import Output
from ops.processes.stopping import Stop

ROUNDS = 2_000
MOST_SECONDS = 20


@pytest.fixture
def alarms() -> Iterator[None]:
    before = signal.getsignal(signal.SIGALRM)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_signal_at_any_moment_of_the_wait_ends_it(alarms: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a microsecond to sixty after the note; waiting for an Event, one in some thousand waited for ever."""
    assert alarms is None
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.0002)
    for number in range(ROUNDS):
        told, heard = Stop(), list[int]()

        def hear(signal_number: int, _frame: object, told: Stop = told, heard: list[int] = heard) -> None:
            if heard:
                raise TimeoutError("the first signal did not end the wait")
            heard.append(signal_number)
            told.hear(signal_number, None)

        def say(_output: Output, _line: str, microseconds: int = 1 + number % 60) -> None:
            signal.setitimer(signal.ITIMER_REAL, microseconds / 1e6, MOST_SECONDS)

        signal.signal(signal.SIGALRM, hear)
        monkeypatch.setattr(Output, "note", say)
        service.wait_for_the_end(told, "here")
        assert told.asked.is_set() and heard == [signal.SIGALRM]


DROPPED = """
import os, signal, time
from ops.processes.stopping import end_cleanly_when_killed

class Dropping:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)

end_cleanly_when_killed()
held = Dropping()
del held
time.sleep(60)
"""


def test_a_signal_whose_exception_is_dropped_ends_it_all_the_same() -> None:
    """As in a callback of a library: Python prints such an exception and goes on."""
    began = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", DROPPED], capture_output=True, text=True, check=False, timeout=50)
    assert ended.returncode == 128 + signal.SIGTERM, ended.stderr
    assert "Exception ignored" in ended.stderr and time.monotonic() - began < 50


IMPORTING = """
import os, signal, sys, threading, time
from ops.processes.stopping import end_cleanly_when_killed

for each in (signal.SIGHUP, signal.SIGINT):  # a caller under nohup, or in the background, passes on a deaf ear
    signal.signal(each, signal.SIG_DFL if each == signal.SIGHUP else signal.default_int_handler)

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "asked_for":
            os.kill(os.getpid(), signal.{name})  # in the middle of an import, which holds its module's lock
            time.sleep(0.3)
            print("found out", flush=True)

end_cleanly_when_killed()
sys.meta_path.insert(0, Finder())
try:
    import asked_for
except ModuleNotFoundError:
    time.sleep(60)
"""


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", -signal.SIGINT)])
def test_a_signal_in_the_middle_of_an_import_waits_for_its_end(name: str, code: int) -> None:
    """Raised there, it would leave the import's lock taken: every other thread that imports would wait for ever."""
    source = IMPORTING.replace("{name}", name)
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False, timeout=50)
    assert (ended.returncode, ended.stdout) == (code, "found out\n"), ended.stderr
