"""Sealing keys: the private ones in files of mode 0600 under TENOR_HOME/keys, the public ones in the log."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from domain.event import TENOR_NAMESPACE
from domain.ports import AlreadyThere, EventStore
from domain.refusals import Refused
from domain.sealing.seals import (
    SEALING_STREAM,
    SealingKeyRotated,
    endorsed_text,
    introduce_key,
    key_id_of,
    rotate_key,
)
from ops.audit.sealing.signed_notes import is_signed, public_bytes
from ops.ports import Connect, Sealing

OWN = 0o700
PRIVATE = 0o600

SELECT_DATABASE = (
    "SELECT system_identifier::text || '/' || (SELECT oid::text FROM pg_database WHERE datname = current_database()) "
    "FROM pg_control_system()"
)


class KeyElsewhere(Refused):
    def __init__(self, key_id: str, path: Path) -> None:
        super().__init__(
            "SEALING_KEY_ELSEWHERE",
            f"the log is sealed by the key {key_id[:16]}, which is not on this machine",
            f"run this where the key is, or bring its file to {path}",
        )


def sealing_keys(store: EventStore) -> list[SealingKeyRotated]:
    return cast(list[SealingKeyRotated], store.stream(SEALING_STREAM))


def key_at(keys: Sequence[tuple[int, SealingKeyRotated]], position: int) -> SealingKeyRotated:
    """The key that signs a checkpoint that reaches to this position of the log; the first one signs all before it."""
    return next((key for at, key in reversed(keys) if at <= position), keys[0][1])


def ensure_key(sealing: Sealing) -> list[SealingKeyRotated]:
    """The log's keys; the first is made here when there is none. Two that make one at once keep the first."""
    keys = sealing_keys(sealing.store)
    if keys:
        return keys
    log_id = database_log_id(sealing.connect)
    private_key = make_key(sealing.home, log_id)
    try:
        sealing.store.append([introduce_key(sealing.envelope("sealer"), log_id, public_bytes(private_key))])
    except AlreadyThere:
        key_file(sealing.home, log_id, key_id_of(public_bytes(private_key))).unlink()
    return sealing_keys(sealing.store)


def rotate(sealing: Sealing, reason: str) -> SealingKeyRotated:
    """A new key, endorsed by the one before; what was signed stays signed by what signed it."""
    keys = ensure_key(sealing)
    current = private_key_of(sealing.home, keys[-1])
    new = make_key(sealing.home, keys[-1].log_id)
    endorsement = current.sign(endorsed_text(keys[-1].log_id, public_bytes(new)))
    rotated = rotate_key(keys, sealing.envelope(), public_bytes(new), endorsement, reason)
    sealing.store.append([rotated])
    return rotated


def key_problems(keys: Sequence[SealingKeyRotated]) -> list[str]:
    """Keys that name another log, are not what their id says, or are not endorsed by the key before them."""
    return [
        f"the key {key.key_id[:16]} is not endorsed by the key before it"
        for before, key in zip((None, *keys), keys, strict=False)
        if not is_endorsed(before, key)
    ]


def is_endorsed(before: SealingKeyRotated | None, key: SealingKeyRotated) -> bool:
    try:
        public_key, endorsement = bytes.fromhex(key.public_key), bytes.fromhex(key.endorsement)
        signer = bytes.fromhex(before.public_key) if before else b""
    except ValueError:
        return False
    if key.key_id != key_id_of(public_key):
        return False
    if before is None:
        return key.previous_key_id is None
    if (key.previous_key_id, key.log_id) != (before.key_id, before.log_id):
        return False
    return is_signed(signer, endorsement, endorsed_text(key.log_id, public_key))


def private_key_of(home: Path, key: SealingKeyRotated) -> Ed25519PrivateKey:
    path = key_file(home, key.log_id, key.key_id)
    try:
        loaded: Any = load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise KeyElsewhere(key.key_id, path) from None
    except (OSError, ValueError) as error:
        raise Refused(
            "SEALING_KEY_UNREADABLE", f"{path} cannot be used: {error}", "restore it from its copy"
        ) from error
    if not isinstance(loaded, Ed25519PrivateKey) or key_id_of(public_bytes(loaded)) != key.key_id:
        raise Refused("SEALING_KEY_UNREADABLE", f"{path} holds another key", "restore it from its copy")
    return loaded


def make_key(home: Path, log_id: UUID) -> Ed25519PrivateKey:
    """On the disk before the log hears of it: a key that is announced can sign."""
    private_key = Ed25519PrivateKey.generate()
    path = key_file(home, log_id, key_id_of(public_bytes(private_key)))
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=OWN, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    return private_key


def key_file(home: Path, log_id: UUID, key_id: str) -> Path:
    return home / "keys" / str(log_id) / f"{key_id[:16]}.pem"


def database_log_id(connect: Connect) -> UUID:
    """A new log's id comes from its database, so that a log wiped clean is still compared with its own seals."""
    with connect() as connection:
        row = connection.execute(SELECT_DATABASE).fetchone()
    assert row is not None
    return uuid5(TENOR_NAMESPACE, f"log/{row[0]}")
