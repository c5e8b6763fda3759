"""Keeps the embedded server alive for a process that serves: whatever ends it but `tenor stop`, it is brought back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from ops.embedded_postgres.errors import EmbeddedPostgresError
from ops.embedded_postgres.server import EmbeddedServer
from ops.settings import Settings

LOOK_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
LEAVE_SECONDS = 5.0

log = structlog.get_logger()


@contextmanager
def kept_up(settings: Settings) -> Iterator[None]:
    """For as long as the block runs; an external server is its own administrator's."""
    if not settings.is_embedded:
        yield
        return
    stop = threading.Event()
    # A daemon: a recovery of minutes does not keep us from ending, and goes on without us.
    keeper = threading.Thread(target=_keep, args=(EmbeddedServer(settings.home), stop), name="keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join(LEAVE_SECONDS)


def _keep(server: EmbeddedServer, stop: threading.Event) -> None:
    pause_seconds = LOOK_SECONDS
    while not stop.wait(pause_seconds):
        try:
            if server.bring_back():
                log.warning("postgres.brought_back", data_directory=str(server.data_directory))
            pause_seconds = LOOK_SECONDS
        except (EmbeddedPostgresError, OSError) as error:
            log.error("postgres.cannot_be_brought_back", error=str(error))
            pause_seconds = min(LONGEST_PAUSE_SECONDS, 2 * pause_seconds)
