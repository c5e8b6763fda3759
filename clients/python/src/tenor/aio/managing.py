"""Managing a server on an event loop."""

from collections.abc import Sequence
from typing import Any, Protocol

from tenor import managed
from tenor.exchange import Operation, Session, T
from tenor.managed import MAPPINGS
from tenor.operations import ORCHESTRATOR, Row, Rows, segment
from tenor.uploads import Document, Source

REGULATORY, RISK = "/api/v1/regulatory", "/api/v1/risk"


class Driven(Protocol):
    """The client, as far as this needs it."""

    session: Session

    async def drive(self, operation: Operation[T]) -> T: ...
    async def document(self, path: str, **params: Any) -> Any: ...


class Part:
    def __init__(self, client: "Driven") -> None:
        self._client = client

    async def _rows(self, path: str, **params: Any) -> Rows:
        rows: Rows = await self._client.document(path, **params)
        return rows

    async def _row(self, path: str, **params: Any) -> Row:
        row: Row = await self._client.document(path, **params)
        return row

    async def _done(self, path: str, **body: Any) -> Row:
        return await self._client.drive(managed.done(path, self._client.session, **body))

    async def _defined(self, path: str, given: Document) -> Row:
        return await self._client.drive(managed.defined(path, given, self._client.session))

    async def _dropped(self, path: str, **params: Any) -> Row:
        return await self._client.drive(managed.dropped(path, self._client.session, **params))


class Keys(Part):
    async def create(
        self,
        name: str,
        role: str,
        *,
        nodes: Sequence[str] = (),
        expires: str | None = None,
        person: str | None = None,
    ) -> Row:
        """Its `key` is told this once. `expires`: `90d`; `person`: whose it is, if their keys have several names."""
        terms = (name, role, nodes, expires, person)
        return await self._client.drive(managed.created_key(self._client.session, *terms))

    async def list(self) -> Rows:
        return await self._rows(f"{ORCHESTRATOR}/keys")

    async def revoke(self, key_id: str) -> Row:
        return await self._done(f"{ORCHESTRATOR}/keys/{segment(key_id)}/revoke")


class AccessLog(Part):
    async def list(self, since: str | None = None, actor: str | None = None) -> Rows:
        """Who read or did what, the latest first."""
        return await self._client.drive(managed.entries(self._client.session, since, actor))

    async def prune(self, keep: str) -> Row:
        """Let go of what is older: `400d`, and not less than 30 days."""
        return await self._done(f"{ORCHESTRATOR}/access-log/prune", keep=keep)


class Mappings(Part):
    async def define(self, mapping: Document) -> Row:
        return await self._defined(MAPPINGS, mapping)

    async def list(self) -> Rows:
        return await self._rows(MAPPINGS)

    async def get(self, mapping: str) -> Row:
        """The document: `id`, or `id@version`."""
        found: Row = (await self._row(f"{MAPPINGS}/{segment(mapping)}"))["mapping"]
        return found

    async def suggest(self, file: Source) -> Row:
        """What is taken for what, how surely, what is missing or to be asked, and ten rows as they would be read."""
        return await self._client.drive(managed.suggested(file, self._client.session))


class Marts(Part):
    async def publish(self, run: object, *, wait: bool = True) -> Row:
        """Have a run's figures written to schema mart."""
        return await self._client.drive(managed.published_mart(str(run), wait, self._client.session))

    async def list(self) -> Rows:
        return await self._rows(f"{ORCHESTRATOR}/marts")

    async def get(self, run: object, *, check: bool = False) -> Row:
        """What was written of a run; with `check` whether its rows are `intact`."""
        return await self._row(f"{ORCHESTRATOR}/marts/{segment(str(run))}", check=check)

    async def drop(self, run: object, reason: str = "") -> Row:
        return await self._dropped(f"{ORCHESTRATOR}/marts/{segment(str(run))}", reason=reason)

    async def readers(self) -> Rows:
        """Login roles that may read schema mart alone."""
        return await self._rows(f"{ORCHESTRATOR}/mart-readers")

    async def create_reader(self, name: str, nodes: Sequence[str] = ()) -> Row:
        """Its `password` is told this once."""
        return await self._done(f"{ORCHESTRATOR}/mart-readers", name=name, nodes=[*nodes])

    async def drop_reader(self, name: str) -> Row:
        return await self._dropped(f"{ORCHESTRATOR}/mart-readers/{segment(name)}")


class Schedules(Part):
    async def define(self, schedule: Document) -> Row:
        return await self._defined(f"{ORCHESTRATOR}/schedules", schedule)

    async def list(self) -> Rows:
        return await self._rows(f"{ORCHESTRATOR}/schedules")

    async def get(self, schedule: str) -> Row:
        return await self._row(f"{ORCHESTRATOR}/schedules/{segment(schedule)}")

    async def drop(self, schedule: str) -> Row:
        return await self._dropped(f"{ORCHESTRATOR}/schedules/{segment(schedule)}")


class Webhooks(Part):
    async def define(self, webhook: Document) -> Row:
        """The answer to the first definition has the `secret`, and no other does."""
        return await self._defined(f"{ORCHESTRATOR}/webhooks", webhook)

    async def list(self) -> Rows:
        return await self._rows(f"{ORCHESTRATOR}/webhooks")

    async def get(self, webhook: str) -> Row:
        return await self._row(f"{ORCHESTRATOR}/webhooks/{segment(webhook)}")

    async def rotate(self, webhook: str, *, at_once: bool = False) -> Row:
        """Another `secret`; for a day messages carry both signatures, unless the old one has become known."""
        return await self._done(f"{ORCHESTRATOR}/webhooks/{segment(webhook)}/rotate", at_once=at_once)

    async def replay(self, webhook: str) -> Row:
        """Send dead letters again: all of a webhook, or one by its message id."""
        return await self._done(f"{ORCHESTRATOR}/webhooks/{segment(webhook)}/replay")

    async def drop(self, webhook: str) -> Row:
        return await self._dropped(f"{ORCHESTRATOR}/webhooks/{segment(webhook)}")

    async def messages(self, after: int | None = None) -> Row:
        """`messages` after a log position, and the `position` to go on from."""
        return await self._row(f"{ORCHESTRATOR}/messages", after=after, limit=1000)


class Policies(Part):
    async def define(self, policy: Document) -> Row:
        return await self._defined(f"{REGULATORY}/policies", policy)

    async def list(self) -> Rows:
        return await self._rows(f"{REGULATORY}/policies")

    async def approve(self, policy: str, reason: str = "") -> Row:
        return await self._done(f"{REGULATORY}/policies/{segment(policy)}/approve", reason=reason)


class Models(Part):
    async def list(self) -> Rows:
        return await self._rows(f"{RISK}/models")

    async def get(self, model: str) -> Row:
        return await self._row(f"{RISK}/models/{segment(model)}")

    async def approve(
        self, model: str, reason: str = "", *, conditions: str | None = None, until: str | None = None
    ) -> Row:
        path = f"{RISK}/models/{segment(model)}/approve"
        return await self._done(path, reason=reason, conditions=conditions, until=until)

    async def withdraw(self, model: str, reason: str = "") -> Row:
        return await self._done(f"{RISK}/models/{segment(model)}/withdraw", reason=reason)


class ReadModels(Part):
    async def list(self) -> Rows:
        """Version, position and lag of each, what is being built, what can be gone back to."""
        return await self._rows(f"{ORCHESTRATOR}/projections")

    async def rebuild(self, name: str) -> Row:
        """Beside the live one, which is read until both are compared and exchanged; returns when that is done."""
        return await self._client.drive(managed.seen_to(name, "rebuild", self._client.session))

    async def rollback(self, name: str) -> Row:
        """To the one before the last rebuild."""
        return await self._client.drive(managed.seen_to(name, "rollback", self._client.session))

    async def dead_letters(self, *, replayed: bool = False) -> Rows:
        """Events that a read model could not take."""
        return await self._rows(f"{ORCHESTRATOR}/dead-letters", replayed=replayed)

    async def replay(self, name: str) -> Row:
        """Tell it all its dead letters again."""
        return await self._client.drive(managed.seen_to(name, "replay", self._client.session))
