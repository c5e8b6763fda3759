"""The access log is shortened once an hour, where TENOR_ACCESS_LOG_KEEP says how long it is kept."""

from datetime import datetime, timedelta

import structlog

from commands.prune_access_log import prune_access_log
from domain.ports import EventStore
from ops.ports import MakeEnvelope

EVERY = timedelta(hours=1)
log = structlog.get_logger()


class Pruning:
    def __init__(self, store: EventStore, envelope: MakeEnvelope, keep: str) -> None:
        self._store, self._envelope, self._keep = store, envelope, keep
        self._done_at: datetime | None = None

    def step(self) -> int:
        """How many entries are gone."""
        asked = self._envelope()
        if self._done_at is not None and asked.now - self._done_at < EVERY:
            return 0
        self._done_at = asked.now
        document, _ = prune_access_log(self._store, asked, self._keep)
        if document["entries"]:
            log.info("access_log.pruned", **document)
        return int(str(document["entries"]))
