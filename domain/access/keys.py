"""Keys: who may present one, as whom, for how long. What is stored of a key is its SHA-256: it is random throughout."""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar
from uuid import UUID

from domain.access.principal import EVERYTHING, Principal, scope_of
from domain.access.roles import Role
from domain.event import Envelope, Event, stream_id
from domain.refusals import Refused, Unknown
from domain.texts import is_clean

KEY = re.compile(r"tnr_(?P<key_id>[0-9a-f]{12})_(?P<secret>[A-Za-z0-9_-]{43})", re.ASCII)
MAX_NAME, MAX_NODES, MAX_NODE = 100, 1_000, 200
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
LONGEST = timedelta(days=3_650)


class KeyCreated(Event):
    """A key exists from now on; `nodes` is `*` alone for every position."""

    TOPIC: ClassVar[str] = "key.created"
    class_version: ClassVar[int] = 2

    key_id: str
    name: str
    person: str | None
    """whose it is, where its name does not say so"""
    role: str
    nodes: list[str]
    secret_sha256: str
    expires_at: datetime | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, object]) -> dict[str, object]:
        return {**state, "person": None}


class KeyRevoked(Event):
    """A key is worth nothing any more; what was read with it stays in the access log."""

    TOPIC: ClassVar[str] = "key.revoked"

    key_id: str


KeyEvent = KeyCreated | KeyRevoked


@dataclass(frozen=True)
class Key:
    created: KeyCreated
    revoked_at: datetime | None = None

    def principal(self, now: datetime) -> Principal | None:
        """Whom it stands for; None when it has expired or was revoked."""
        created = self.created
        if self.revoked_at is not None or (created.expires_at is not None and created.expires_at <= now):
            return None
        role = Role(created.role)
        return Principal(created.name, role, scope_of(role, created.nodes), "keys", created.key_id)


@dataclass(frozen=True)
class Keys:
    """By id, in the order of their creation."""

    by_id: dict[str, Key]
    version: int = 0


def keys_stream() -> UUID:
    return stream_id("access", "keys")


def evolve(keys: Keys, event: KeyEvent) -> Keys:
    match event:
        case KeyCreated():
            changed = Key(event)
        case KeyRevoked():
            changed = replace(keys.by_id[event.key_id], revoked_at=event.timestamp)
    return Keys(keys.by_id | {event.key_id: changed}, event.originator_version)


def fold(events: Iterable[KeyEvent]) -> Keys:
    keys = Keys({})
    for event in events:
        keys = evolve(keys, event)
    return keys


@dataclass(frozen=True)
class KeyTerms:
    """Of a key that is to be made; no node: every position."""

    name: str
    role: str
    nodes: tuple[str, ...] = ()
    expires: str | None = None
    person: str | None = None
    """who holds it, where they have keys of several names: four eyes are those of two people"""


def create(keys: Keys, envelope: Envelope, terms: KeyTerms, key_id: str, secret: str) -> list[KeyCreated]:
    refuse_unfit(terms)
    lasts = lifetime(terms.expires)
    return [
        KeyCreated(
            **envelope.at(keys_stream(), keys.version + 1),
            key_id=key_id,
            name=terms.name,
            person=terms.person,
            role=terms.role,
            nodes=sorted(set(terms.nodes)) or [EVERYTHING],
            secret_sha256=hashed(shown(key_id, secret)),
            expires_at=envelope.now + lasts if lasts else None,
        )
    ]


def revoke(keys: Keys, envelope: Envelope, key_id: str) -> list[KeyRevoked]:
    """A repeat changes nothing."""
    key = keys.by_id.get(key_id)
    if key is None:
        raise Unknown("UNKNOWN_KEY", f"there is no key {key_id!r}", "see `tenor key list`")
    if key.revoked_at is not None:
        return []
    return [KeyRevoked(**envelope.at(keys_stream(), keys.version + 1), key_id=key_id)]


def refuse_unfit(terms: KeyTerms) -> None:
    if not (0 < len(terms.name) <= MAX_NAME and is_clean(terms.name) and terms.name == terms.name.strip()):
        raise Refused("INVALID_NAME", "the name of a key is a text of 1 to 100 characters", "name who will use it")
    if terms.name == "local":
        raise Refused("INVALID_NAME", "local is whoever asks without a key", "name who will use it")
    if terms.person is not None and not (0 < len(terms.person.strip()) <= MAX_NAME and is_clean(terms.person)):
        raise Refused("INVALID_NAME", "a person is named by a text of 1 to 100 characters", "name whose key it is")
    if terms.role not in set(Role):
        roles = ", ".join(Role)
        raise Refused("UNKNOWN_ROLE", f"there is no role {terms.role!r}", f"use one of {roles}")
    if len(terms.nodes) > MAX_NODES or not all(0 < len(node) <= MAX_NODE and is_clean(node) for node in terms.nodes):
        raise Refused(
            "INVALID_NODE", "a node is the id of a node of the portfolio tree", "see `tenor results --by node`"
        )
    if Role(terms.role) is Role.AUDITOR and set(terms.nodes) - {EVERYTHING}:
        raise Refused("AUDITOR_IN_SCOPE", "an auditor reads in every scope", "leave the nodes out, or take viewer")


def lifetime(text: str | None) -> timedelta | None:
    """`90d`; hours and weeks too."""
    if text is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,6})([mhdw])", text.strip(), re.ASCII)
    lasts = int(found[1]) * UNITS[found[2]] if found else None
    if lasts is None or lasts > LONGEST:
        raise Refused("INVALID_EXPIRY", f"{text!r} is no time that a key may last", "write 12h, 90d or 52w")
    return lasts


def shown(key_id: str, secret: str) -> str:
    """What its holder keeps; told once."""
    return f"tnr_{key_id}_{secret}"


def hashed(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def persons(keys: Keys, actor: str) -> set[str]:
    """Who has acted under this name: the persons of its keys, revoked ones too; else whom the name stands for."""
    named = [key.created for key in keys.by_id.values() if key.created.name == actor]
    return {(each.person or each.name).strip().casefold() for each in named} or {actor.strip().casefold()}


def are_one_person(keys: Keys, one: str, other: str) -> bool:
    return bool(persons(keys, one) & persons(keys, other))


def holder_of(keys: Keys, presented: str, now: datetime) -> Principal | None:
    """Whom a presented key stands for. Compared in the same time wherever it differs."""
    found = KEY.fullmatch(presented)
    key = keys.by_id.get(found["key_id"]) if found else None
    expected = key.created.secret_sha256 if key else hashed("")
    is_right = hmac.compare_digest(hashed(presented), expected)
    return key.principal(now) if key and is_right else None
