"""The book of webhooks. What they sign with is no part of it: the log is read by many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.event import Envelope, Event, stream_id
from domain.refusals import Unknown
from domain.webhooks.document import WebhookDocument


class WebhookDefined(Event):
    """All webhooks are one book, so that it can be listed; `version` counts the definitions of the id."""

    TOPIC: ClassVar[str] = "webhook.defined"

    webhook_id: str
    version: int
    document: dict[str, object]
    allow_private: bool


class WebhookDropped(Event):
    TOPIC: ClassVar[str] = "webhook.dropped"

    webhook_id: str


class WebhookReplayed(Event):
    """Messages that had been given up are tried again."""

    TOPIC: ClassVar[str] = "webhook.replayed"

    webhook_id: str
    messages: list[str]


class WebhookSecretRotated(Event):
    """It signs with another secret from now on; with the one before too until `previous_until`, if that is said."""

    TOPIC: ClassVar[str] = "webhook.secret_rotated"

    webhook_id: str
    previous_until: datetime | None


@dataclass(frozen=True)
class Webhook:
    version: int
    document: WebhookDocument
    allow_private: bool
    first_event: int
    """in the book, since when it gets messages"""


@dataclass(frozen=True)
class Webhooks:
    length: int = 0
    active: Mapping[str, Webhook] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    """of dropped ones too"""


def webhooks_stream() -> UUID:
    return stream_id("webhooks")


def fold(events: Sequence[Event]) -> Webhooks:
    active: dict[str, Webhook] = {}
    versions: dict[str, int] = {}
    for event in events:
        match event:
            case WebhookDefined():
                known = active.get(event.webhook_id)
                since = known.first_event if known else event.originator_version
                document = WebhookDocument.model_validate(event.document)
                active[event.webhook_id] = Webhook(event.version, document, event.allow_private, since)
                versions[event.webhook_id] = event.version
            case WebhookDropped():
                active.pop(event.webhook_id, None)
    return Webhooks(len(events), active, versions)


def define(
    webhooks: Webhooks, envelope: Envelope, document: WebhookDocument, *, allow_private: bool
) -> list[WebhookDefined]:
    """The same document again is the same version; another one is the next."""
    known = webhooks.active.get(document.webhook_id)
    if known is not None and (known.document, known.allow_private) == (document, allow_private):
        return []
    place = envelope.at(webhooks_stream(), webhooks.length + 1)
    version = webhooks.versions.get(document.webhook_id, 0) + 1
    said = document.model_dump(mode="json", exclude_none=True)
    return [
        WebhookDefined(
            **place, webhook_id=document.webhook_id, version=version, document=said, allow_private=allow_private
        )
    ]


def drop(webhooks: Webhooks, envelope: Envelope, webhook_id: str) -> list[WebhookDropped]:
    refuse_unknown(webhooks, webhook_id)
    return [WebhookDropped(**envelope.at(webhooks_stream(), webhooks.length + 1), webhook_id=webhook_id)]


def replay(webhooks: Webhooks, envelope: Envelope, webhook_id: str, messages: list[str]) -> list[WebhookReplayed]:
    refuse_unknown(webhooks, webhook_id)
    if not messages:
        return []
    place = envelope.at(webhooks_stream(), webhooks.length + 1)
    return [WebhookReplayed(**place, webhook_id=webhook_id, messages=messages)]


def rotate(
    webhooks: Webhooks, envelope: Envelope, webhook_id: str, previous_until: datetime | None
) -> list[WebhookSecretRotated]:
    refuse_unknown(webhooks, webhook_id)
    place = envelope.at(webhooks_stream(), webhooks.length + 1)
    return [WebhookSecretRotated(**place, webhook_id=webhook_id, previous_until=previous_until)]


def refuse_unknown(webhooks: Webhooks, webhook_id: str) -> None:
    if webhook_id not in webhooks.active:
        fix = "`tenor webhook list` names the webhooks"
        raise Unknown("UNKNOWN_WEBHOOK", f"there is no webhook {webhook_id!r}", fix)
