"""Marts by HTTP: asked for in the log, written by whichever process manager comes first."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from commands.once import once
from commands.publish_mart import mart_of
from domain.answered_commands import Key
from domain.documents import JsonObject
from domain.event import Envelope
from domain.refusals import Unknown
from domain.runs import marts
from ops.ids import run_named
from ops.marts.checking import is_intact
from ops.marts.figures import completed_version, run_of
from ops.marts.listing import listed_marts
from ops.marts.publishing import drop
from ops.marts.readers import create_reader, drop_reader, listed_readers
from ops.ports import Storage
from query_api.reading import reading


class MartRequests:
    """What the routes are handed."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def ask(self, envelope: Envelope, run: str, key: Key | None) -> tuple[dict[str, Any], int]:
        run_id = UUID(run_named(self._storage, run))
        with reading(self._storage.connect) as connection:
            version = completed_version(self._storage, run_of(connection, run_id))

        def decided() -> tuple[list[marts.MartRequested], dict[str, Any]]:
            mart = mart_of(self._storage.store, run_id)
            status = "PUBLISHED" if mart.holds(version) else "REQUESTED"
            return marts.request(mart, envelope, run_id, version), {"run_id": str(run_id), "status": status}

        return once(self._storage.store, envelope, key, decided)

    def drop(self, envelope: Envelope, run: str, reason: str) -> tuple[dict[str, Any], int]:
        run_id = UUID(run_named(self._storage, run))
        position = drop(self._storage, envelope, run_id, reason)
        return {"run_id": str(run_id), "status": "DROPPED"}, position

    def create_reader(self, envelope: Envelope, name: str, nodes: Sequence[str]) -> JsonObject:
        """With its password, which nobody is told again."""
        return dict(vars(create_reader(self._storage, envelope, name, nodes)))

    def drop_reader(self, envelope: Envelope, name: str) -> int:
        return drop_reader(self._storage, envelope, name)

    def readers(self) -> Sequence[JsonObject]:
        return listed_readers(self._storage)

    def list(self) -> list[dict[str, Any]]:
        return listed_marts(self._storage)

    def show(self, run: str, *, check: bool = False) -> dict[str, Any]:
        """Of a run that is there, or on its way; with `check` whether its rows are those that the log names."""
        run_id = UUID(run_named(self._storage, run))
        if found := listed_marts(self._storage, run_id):
            return found[0] | ({"intact": is_intact(self._storage, run_id)} if check else {})
        if mart_of(self._storage.store, run_id).is_wanted:
            return {"run_id": str(run_id), "status": "REQUESTED"}
        message = f"the figures of run {run_id} are in no table of schema mart"
        raise Unknown("MART_NOT_PUBLISHED", message, f"`tenor mart publish {run_id}`")
