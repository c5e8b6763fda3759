"""Define webhooks, drop them, and have what was given up sent again. A secret is made with the first definition."""

import base64
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from commands.define_scenario import invalid_input
from commands.once import use_before
from commands.processes.outbox import webhooks_of
from domain.answered_commands import Key, answered
from domain.documents import JsonObject
from domain.event import Envelope, Event
from domain.ports import AlreadyThere, Connection, EventStore
from domain.refusals import Conflict, Unknown
from domain.webhooks import book
from domain.webhooks.document import InvalidWebhook, WebhookDocument, parse_webhook

SECRET_PREFIX = "whsec_"
SECRET_BYTES = 24

LOCK = "SELECT pg_advisory_xact_lock(hashtext('tenor.webhooks'))"
ROTATE = """
UPDATE webhook_secret
   SET previous = CASE WHEN %(until)s::timestamptz IS NULL THEN NULL ELSE secret END, previous_until = %(until)s,
       secret = %(secret)s
 WHERE webhook_id = %(webhook_id)s
"""
PUT_SECRET = "INSERT INTO webhook_secret (webhook_id, secret) VALUES (%s, %s) ON CONFLICT DO NOTHING"
FORGET_SECRET = "DELETE FROM webhook_secret WHERE webhook_id = %s"
FORGET_MESSAGES = "DELETE FROM webhook_message WHERE webhook_id = %s"
SELECT_DEAD = """
SELECT message_id FROM webhook_message WHERE webhook_id = %s AND state = 'DEAD' ORDER BY log_position FOR UPDATE
"""
WEBHOOK_OF = "SELECT webhook_id FROM webhook_message WHERE message_id = %s"
REVIVE = """
UPDATE webhook_message SET state = 'WAITING', tries = 0, first_at = %s, next_at = %s, ended_at = NULL
 WHERE message_id = ANY (%s)
"""

BOTH_COUNT_FOR = timedelta(days=1)
"""After a change of the secret messages carry both signatures, until receivers know the new one."""

Seal = Callable[[str], str]
"""A secret as it may be stored; handed down, with a key that no database has."""

CheckAddress = Callable[[str, bool], None]
"""Refuses a URL whose host has a private address; handed down, since it asks the network."""


def define_webhook(
    store: EventStore,
    envelope: Envelope,
    raw: bytes,
    check_address: CheckAddress,
    seal: Seal,
    *,
    allow_private: bool = False,
    key: Key | None = None,
) -> tuple[dict[str, Any], int]:
    """The version, and with the first definition the secret, which nobody can be told again."""
    if used := use_before(store, key):
        assert key is not None
        return _known_answer(used.answer), store.position(key.stream, 1)
    document = _parsed(raw)
    check_address(document.url, allow_private)
    told: dict[str, Any] = {}

    def in_one_transaction(connection: Connection) -> list[Event]:
        connection.execute(LOCK)
        webhooks = webhooks_of(store)
        events: list[Event] = [*book.define(webhooks, envelope, document, allow_private=allow_private)]
        version = webhooks.versions.get(document.webhook_id, 0) + len(events)
        told.update(webhook_id=document.webhook_id, version=version)
        closing = [answered(key, envelope, dict(told))] if key else []
        if document.webhook_id not in webhooks.active:
            told["secret"] = new_secret()
            connection.execute(PUT_SECRET, (document.webhook_id, seal(told["secret"])))
        return [*events, *closing]

    return told, _appended(store, in_one_transaction)


def _parsed(raw: bytes) -> WebhookDocument:
    try:
        return parse_webhook(raw)
    except InvalidWebhook as invalid:
        raise invalid_input("INVALID_WEBHOOK", "the webhook cannot be used", invalid) from invalid


def _known_answer(answer: object) -> dict[str, Any]:
    assert isinstance(answer, dict)
    return answer


def drop_webhook(store: EventStore, envelope: Envelope, webhook_id: str) -> int:
    """With its secret and its messages, sent or not."""

    def in_one_transaction(connection: Connection) -> list[Event]:
        connection.execute(LOCK)
        events = book.drop(webhooks_of(store), envelope, webhook_id)
        connection.execute(FORGET_SECRET, (webhook_id,))
        connection.execute(FORGET_MESSAGES, (webhook_id,))
        return [*events]

    return _appended(store, in_one_transaction)


def rotate_webhook(
    store: EventStore, envelope: Envelope, webhook_id: str, seal: Seal, *, at_once: bool = False
) -> tuple[JsonObject, int]:
    """The new secret, told this once. `at_once`: the one before has become known, and signs nothing more."""
    until = None if at_once else envelope.now + BOTH_COUNT_FOR
    secret = new_secret()

    def in_one_transaction(connection: Connection) -> list[Event]:
        connection.execute(LOCK)
        events = book.rotate(webhooks_of(store), envelope, webhook_id, until)
        connection.execute(ROTATE, {"until": until, "secret": seal(secret), "webhook_id": webhook_id})
        return [*events]

    position = _appended(store, in_one_transaction)
    said = until.isoformat() if until else None
    return {"webhook_id": webhook_id, "secret": secret, "previous_until": said}, position


def replay_webhook(store: EventStore, envelope: Envelope, identity: str) -> tuple[dict[str, Any], int]:
    """All dead letters of a webhook, or the one message; each for another day."""
    told: dict[str, Any] = {}

    def in_one_transaction(connection: Connection) -> list[Event]:
        connection.execute(LOCK)
        webhooks = webhooks_of(store)
        name = _webhook_of(connection, webhooks, identity)
        dead = [row[0] for row in connection.execute(SELECT_DEAD, (name,))]
        again = [each for each in dead if identity in (name, each)]
        _revive(connection, again, envelope.now)
        told.update(webhook_id=name, replayed=len(again))
        return [*book.replay(webhooks, envelope, name, again)]

    return told, _appended(store, in_one_transaction)


def _webhook_of(connection: Connection, webhooks: book.Webhooks, identity: str) -> str:
    if identity in webhooks.active:
        return identity
    row = connection.execute(WEBHOOK_OF, (identity,)).fetchone()
    if row is None:
        fix = "`tenor webhook list` names webhooks and dead letters"
        raise Unknown("UNKNOWN_WEBHOOK", f"there is no webhook and no message {identity!r}", fix)
    return str(row[0])


def _revive(connection: Connection, messages: list[str], now: datetime) -> None:
    connection.execute(REVIVE, (now, now, messages))


def _appended(store: EventStore, work: Callable[[Connection], list[Event]]) -> int:
    try:
        positions = store.append([], also=work)
    except AlreadyThere:
        fix = "read it anew and ask again"
        raise Conflict("CHANGED_MEANWHILE", "others change the same at the same moment", fix) from None
    return positions[-1] if positions else store.head()


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
