"""Keys that are presented: folded from the log, and folded anew as soon as the log has more of them."""

from collections.abc import Iterable
from threading import Lock

from commands.manage_keys import keys_of
from domain.access.keys import Key, Keys, holder_of, keys_stream
from domain.access.principal import Principal
from domain.ports import EventStore
from ops.ports import Connect, Now

SELECT_VERSION = "SELECT max(originator_version) FROM ledger_events WHERE originator_id = %s"


class Keyring:
    """Each look costs one read of an index: a key that was revoked a moment ago is worth nothing."""

    def __init__(self, store: EventStore, connect: Connect, now: Now) -> None:
        self._store, self._connect, self._now = store, connect, now
        self._keys, self._lock = Keys({}), Lock()

    def holder(self, presented: str) -> Principal | None:
        return holder_of(self.keys(), presented, self._now())

    def is_live(self, key_id: str) -> bool:
        key = self.keys().by_id.get(key_id)
        return key is not None and key.principal(self._now()) is not None

    def listed(self) -> Iterable[Key]:
        return self.keys().by_id.values()

    def keys(self) -> Keys:
        with self._connect() as connection:
            (version,) = connection.execute(SELECT_VERSION, (keys_stream(),)).fetchone()
        if (version or 0) > self._keys.version:
            with self._lock:
                self._keys = keys_of(self._store)
        return self._keys
