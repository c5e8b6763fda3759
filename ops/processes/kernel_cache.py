"""Where compiled kernels are kept: per engine, so that the second start is quick; and a word while it happens."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from compute.engine_version import engine_version, pin_arithmetic
from ops.settings import Settings, read_settings

LOOK_SECONDS = 1.0
COMPILED = "*.nbc"
"""What numba writes when it has compiled a kernel for some types; `*.nbi` is the list of those."""
ENOUGH_TO_SAY = 3
"""A kernel or two of a rare product is a matter of seconds."""


def use_numba_cache(settings: Settings) -> None:
    """Before numba is imported. What the user has set stays."""
    if "NUMBA_CACHE_DIR" not in os.environ and (folder := cache_folder(settings)) is not None:
        os.environ["NUMBA_CACHE_DIR"] = str(folder)


def cache_folder(settings: Settings) -> Path | None:
    """Beside the installed packages, where every TENOR_HOME of this installation finds it; else under TENOR_HOME.

    An installation that may only be read gives what it has: its kernels are linked into the folder under TENOR_HOME,
    since numba reads where it may write and nowhere else.
    """
    pin_arithmetic()  # part of the engine's name
    name = f"numba-{engine_version()}"
    shared, own = Path(sys.prefix) / "share" / "tenor" / name, settings.home / "cache" / name
    if is_writable(shared):
        return shared
    if not is_writable(own):
        return None
    link_all(shared, own)
    return own


def is_writable(folder: Path) -> bool:
    """Tried, not asked: a file system may be mounted read-only for everybody."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def link_all(shared: Path, own: Path) -> None:
    """Every compiled kernel of `shared` that `own` has none of. Numba replaces files whole, and so never writes there.

    One that has changed since is compiled anew: numba compares the source's time and size.
    """
    for file in shared.glob("**/*.nb[ic]"):
        link = own / file.relative_to(shared)
        with suppress(OSError):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)


def compiled(folder: Path) -> int:
    return sum(1 for _ in folder.glob(f"**/{COMPILED}"))


@contextmanager
def compiling_told(settings: Settings | None = None) -> Iterator[Callable[[], None]]:
    """Call what is given while waiting: it says once on stderr that kernels are compiled; in the end, for how long."""
    settings = settings or read_settings()
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or cache_folder(settings) or settings.home)
    before, started = compiled(folder), time.monotonic()
    looked_at = last_at = started
    latest, is_said = before, False

    def look() -> None:
        nonlocal looked_at, last_at, latest, is_said
        now = time.monotonic()
        if now - looked_at < LOOK_SECONDS:
            return
        looked_at, count = now, compiled(folder)
        if count > latest:
            last_at, latest = now, count
        if latest - before >= ENOUGH_TO_SAY and not is_said:
            is_said = True
            text = "compiling kernels for this machine: once after a change of the code, about a minute"
            print(text, file=sys.stderr, flush=True)

    yield look
    if is_said:
        print(f"compiled {latest - before} kernels, {last_at - started:.0f} s from the start", file=sys.stderr)
