"""Which processes of the server are alive. A pid file alone proves nothing: its number may be a zombie's or reused."""

import contextlib
import os
import subprocess
from pathlib import Path

PROC = Path("/proc")


def is_postmaster(pid: int, data: Path) -> bool:
    """Whether the process lives and is the server of `data`; a zombie has an empty command line."""
    return exists(pid) and f" {data} " in f"{command_line(pid)} "


def command_line(pid: int) -> str:
    if PROC.joinpath("self").exists():
        try:
            return PROC.joinpath(str(pid), "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            return ""
    said = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return said.stdout.strip()


def left_behind(data: Path) -> list[int]:
    """Backends of `data` that outlived their postmaster; they hold its shared memory and block the next start.

    A backend works in its data directory and calls itself `postgres: …`. To be asked when no postmaster runs.
    """
    found: list[int] = []
    for entry in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or not ours to look at
            if entry.joinpath("cwd").readlink() == data and command_line(int(entry.name)).startswith("postgres:"):
                found.append(int(entry.name))
    return found


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # alive, and somebody else's
        return True
    return True
