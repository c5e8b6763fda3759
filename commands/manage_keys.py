"""Create and revoke keys. The key itself is told once, to whoever asked for it: the log knows its SHA-256."""

import secrets
from typing import cast

from commands.once import once
from domain.access import keys as book
from domain.access.keys import KeyTerms
from domain.answered_commands import Key
from domain.event import Envelope
from domain.ports import EventStore

SECRET_BYTES = 32
ID_BYTES = 6


def create_key(
    store: EventStore, envelope: Envelope, terms: KeyTerms, key: Key | None = None
) -> tuple[dict[str, object], int]:
    """The answer with the key, and its log position; asked again under one idempotency key, `key` is None."""
    key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)

    def decided() -> tuple[list[book.KeyCreated], dict[str, object]]:
        events = book.create(keys_of(store), envelope, terms, key_id, secret)
        return events, created_document(events[0])

    answer, position = once(store, envelope, key, decided)
    told = book.shown(key_id, secret) if answer["key_id"] == key_id else None
    return {"key_id": answer["key_id"], "key": told, **answer}, position


def revoke_key(
    store: EventStore, envelope: Envelope, key_id: str, key: Key | None = None
) -> tuple[dict[str, object], int]:
    """Revoked from now on; a repeat changes nothing."""

    def decided() -> tuple[list[book.KeyRevoked], dict[str, object]]:
        return book.revoke(keys_of(store), envelope, key_id), {"key_id": key_id, "status": "REVOKED"}

    return once(store, envelope, key, decided)


def keys_of(store: EventStore) -> book.Keys:
    return book.fold(cast(list[book.KeyEvent], store.stream(book.keys_stream())))


def created_document(created: book.KeyCreated) -> dict[str, object]:
    return {
        "key_id": created.key_id,
        "name": created.name,
        "role": created.role,
        "nodes": created.nodes,
        "expires_at": created.expires_at.isoformat() if created.expires_at else None,
        **({"person": created.person} if created.person else {}),
    }
