"""A server of its own for a measurement, under a folder that goes with it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("tenor")
SECONDS_TO_START = 300
NO_SETTINGS: Mapping[str, str] = {}


@contextmanager
def own_folder(prefix: str) -> Iterator[Path]:
    """With a `home` in it, that a server can live in which drops its rights; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    (folder / "home").mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment_of(home: Path) -> dict[str, str]:
    """Of a program that uses this home, whatever the caller has set for its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TENOR_")}
    return own | {"TENOR_HOME": str(home)}


@contextmanager
def server(home: Path, port: int, redis: str | None, settings: Mapping[str, str] = NO_SETTINGS) -> Iterator[int]:
    environment = environment_of(home) | ({"TENOR_REDIS_URL": redis} if redis else {}) | dict(settings)
    with (home / "up.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "up", "--port", str(port)], env=environment, stderr=log)
        try:
            until_ready(f"http://127.0.0.1:{port}")
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)
            subprocess.run([PROGRAM, "stop", "--force"], env=environment, check=False, capture_output=True)


def until_ready(url: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
