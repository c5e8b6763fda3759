"""Managing a server: keys, access log, mappings, marts, schedules, webhooks, policies, models, read models."""

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

    def drive(self, operation: Operation[T]) -> T: ...
    def document(self, path: str, **params: Any) -> Any: ...


class Part:
    def __init__(self, client: "Driven") -> None:
        self._client = client

    def _rows(self, path: str, **params: Any) -> Rows:
        rows: Rows = self._client.document(path, **params)
        return rows

    def _row(self, path: str, **params: Any) -> Row:
        row: Row = self._client.document(path, **params)
        return row

    def _done(self, path: str, **body: Any) -> Row:
        return self._client.drive(managed.done(path, self._client.session, **body))

    def _defined(self, path: str, given: Document) -> Row:
        return self._client.drive(managed.defined(path, given, self._client.session))

    def _dropped(self, path: str, **params: Any) -> Row:
        return self._client.drive(managed.dropped(path, self._client.session, **params))


class Keys(Part):
    def create(
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
        return self._client.drive(managed.created_key(self._client.session, *terms))

    def list(self) -> Rows:
        return self._rows(f"{ORCHESTRATOR}/keys")

    def revoke(self, key_id: str) -> Row:
        return self._done(f"{ORCHESTRATOR}/keys/{segment(key_id)}/revoke")


class AccessLog(Part):
    def list(self, since: str | None = None, actor: str | None = None) -> Rows:
        """Who read or did what, the latest first."""
        return self._client.drive(managed.entries(self._client.session, since, actor))

    def prune(self, keep: str) -> Row:
        """Let go of what is older: `400d`, and not less than 30 days."""
        return self._done(f"{ORCHESTRATOR}/access-log/prune", keep=keep)


class Mappings(Part):
    def define(self, mapping: Document) -> Row:
        return self._defined(MAPPINGS, mapping)

    def list(self) -> Rows:
        return self._rows(MAPPINGS)

    def get(self, mapping: str) -> Row:
        """The document: `id`, or `id@version`."""
        found: Row = (self._row(f"{MAPPINGS}/{segment(mapping)}"))["mapping"]
        return found

    def suggest(self, file: Source) -> Row:
        """What is taken for what, how surely, what is missing or to be asked, and ten rows as they would be read."""
        return self._client.drive(managed.suggested(file, self._client.session))


class Marts(Part):
    def publish(self, run: object, *, wait: bool = True) -> Row:
        """Have a run's figures written to schema mart."""
        return self._client.drive(managed.published_mart(str(run), wait, self._client.session))

    def list(self) -> Rows:
        return self._rows(f"{ORCHESTRATOR}/marts")

    def get(self, run: object, *, check: bool = False) -> Row:
        """What was written of a run; with `check` whether its rows are `intact`."""
        return self._row(f"{ORCHESTRATOR}/marts/{segment(str(run))}", check=check)

    def drop(self, run: object, reason: str = "") -> Row:
        return self._dropped(f"{ORCHESTRATOR}/marts/{segment(str(run))}", reason=reason)

    def readers(self) -> Rows:
        """Login roles that may read schema mart alone."""
        return self._rows(f"{ORCHESTRATOR}/mart-readers")

    def create_reader(self, name: str, nodes: Sequence[str] = ()) -> Row:
        """Its `password` is told this once."""
        return self._done(f"{ORCHESTRATOR}/mart-readers", name=name, nodes=[*nodes])

    def drop_reader(self, name: str) -> Row:
        return self._dropped(f"{ORCHESTRATOR}/mart-readers/{segment(name)}")


class Schedules(Part):
    def define(self, schedule: Document) -> Row:
        return self._defined(f"{ORCHESTRATOR}/schedules", schedule)

    def list(self) -> Rows:
        return self._rows(f"{ORCHESTRATOR}/schedules")

    def get(self, schedule: str) -> Row:
        return self._row(f"{ORCHESTRATOR}/schedules/{segment(schedule)}")

    def drop(self, schedule: str) -> Row:
        return self._dropped(f"{ORCHESTRATOR}/schedules/{segment(schedule)}")


class Webhooks(Part):
    def define(self, webhook: Document) -> Row:
        """The answer to the first definition has the `secret`, and no other does."""
        return self._defined(f"{ORCHESTRATOR}/webhooks", webhook)

    def list(self) -> Rows:
        return self._rows(f"{ORCHESTRATOR}/webhooks")

    def get(self, webhook: str) -> Row:
        return self._row(f"{ORCHESTRATOR}/webhooks/{segment(webhook)}")

    def rotate(self, webhook: str, *, at_once: bool = False) -> Row:
        """Another `secret`; for a day messages carry both signatures, unless the old one has become known."""
        return self._done(f"{ORCHESTRATOR}/webhooks/{segment(webhook)}/rotate", at_once=at_once)

    def replay(self, webhook: str) -> Row:
        """Send dead letters again: all of a webhook, or one by its message id."""
        return self._done(f"{ORCHESTRATOR}/webhooks/{segment(webhook)}/replay")

    def drop(self, webhook: str) -> Row:
        return self._dropped(f"{ORCHESTRATOR}/webhooks/{segment(webhook)}")

    def messages(self, after: int | None = None) -> Row:
        """`messages` after a log position, and the `position` to go on from."""
        return self._row(f"{ORCHESTRATOR}/messages", after=after, limit=1000)


class Policies(Part):
    def define(self, policy: Document) -> Row:
        return self._defined(f"{REGULATORY}/policies", policy)

    def list(self) -> Rows:
        return self._rows(f"{REGULATORY}/policies")

    def approve(self, policy: str, reason: str = "") -> Row:
        return self._done(f"{REGULATORY}/policies/{segment(policy)}/approve", reason=reason)


class Models(Part):
    def list(self) -> Rows:
        return self._rows(f"{RISK}/models")

    def get(self, model: str) -> Row:
        return self._row(f"{RISK}/models/{segment(model)}")

    def approve(self, model: str, reason: str = "", *, conditions: str | None = None, until: str | None = None) -> Row:
        path = f"{RISK}/models/{segment(model)}/approve"
        return self._done(path, reason=reason, conditions=conditions, until=until)

    def withdraw(self, model: str, reason: str = "") -> Row:
        return self._done(f"{RISK}/models/{segment(model)}/withdraw", reason=reason)


class ReadModels(Part):
    def list(self) -> Rows:
        """Version, position and lag of each, what is being built, what can be gone back to."""
        return self._rows(f"{ORCHESTRATOR}/projections")

    def rebuild(self, name: str) -> Row:
        """Beside the live one, which is read until both are compared and exchanged; returns when that is done."""
        return self._client.drive(managed.seen_to(name, "rebuild", self._client.session))

    def rollback(self, name: str) -> Row:
        """To the one before the last rebuild."""
        return self._client.drive(managed.seen_to(name, "rollback", self._client.session))

    def dead_letters(self, *, replayed: bool = False) -> Rows:
        """Events that a read model could not take."""
        return self._rows(f"{ORCHESTRATOR}/dead-letters", replayed=replayed)

    def replay(self, name: str) -> Row:
        """Tell it all its dead letters again."""
        return self._client.drive(managed.seen_to(name, "replay", self._client.session))
