"""What ends a command from outside is said on stderr: nobody is left with an exit code alone."""

import os
import signal
import subprocess
import sys

import pytest

from ops.cli.endings import ending_of, endings_told, reader_is_gone

CHILD = """
import os, signal, sys
from ops.cli import app

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a caller under nohup passes on a deaf ear

def end(**_):
    {body}

app.app, sys.argv = end, ["tenor", "run", "list"]
app.run()
"""
KILLED = "os.kill(os.getpid(), signal.{name})"
BROKEN = """
    try:
        raise BrokenPipeError(32, "Broken pipe")
    except OSError:
        sys.exit(1)
"""


def ended(source: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_command_that_is_ended_by_a_signal_says_so(name: str, code: int) -> None:
    child = ended(CHILD.format(body=KILLED.format(name=name)))
    assert (child.returncode, child.stdout) == (code, "")
    assert child.stderr.startswith(f"error: ended by {name}; ")


def test_a_pipe_that_breaks_inside_is_said() -> None:
    child = ended(CHILD.format(body=BROKEN))
    assert child.returncode == 1 and "a connection to another process broke" in child.stderr


def test_a_reader_that_has_gone_is_told_nothing() -> None:
    reads, writes = os.pipe()
    assert not reader_is_gone(writes)
    os.close(reads)
    assert reader_is_gone(writes)
    os.close(writes)


def test_what_a_command_has_said_is_not_said_again(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), endings_told():
        raise SystemExit(1)
    assert capfd.readouterr().err == ""
    assert ending_of(SystemExit(2)) == ""
    assert ending_of(SystemExit(128 + signal.SIGINT)).startswith("ended by SIGINT")
