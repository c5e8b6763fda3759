"""Signed notes (C2SP signed-note): a text, a blank line, and the signature of a named Ed25519 key."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
MARK = "— "


class BadNote(ValueError):
    """Not a signed note, or not signed by a key that may."""


def public_bytes(private_key: Ed25519PrivateKey) -> bytes:
    return private_key.public_key().public_bytes_raw()


def is_signed(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_hash(name: str, public_key: bytes) -> bytes:
    """The four bytes by which a note's signature line names its key."""
    return sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def verifier_key(name: str, public_key: bytes) -> str:
    """The public key as other readers of signed notes take it: name+hash+key."""
    return f"{name}+{key_hash(name, public_key).hex()}+{b64encode(ED25519 + public_key).decode()}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    name, _, rest = text.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    try:
        key = b64decode(encoded, validate=True)
    except NotBase64 as error:
        raise BadNote("not a verifier key") from error
    if key[:1] != ED25519 or key_hash(name, key[1:]).hex() != stated:
        raise BadNote("not a verifier key")
    return name, key[1:]


def sign_note(body: str, name: str, private_key: Ed25519PrivateKey) -> str:
    signature = key_hash(name, public_bytes(private_key)) + private_key.sign(body.encode())
    return f"{body}\n{MARK}{name} {b64encode(signature).decode()}\n"


def open_note(note: str, name: str, keys: Mapping[str, bytes]) -> tuple[str, str]:
    """The body, and the id of the key that signed it, among keys by their id. Raises BadNote."""
    body, separator, line = note.rpartition(f"\n{MARK}{name} ")
    if not separator or not line.endswith("\n"):
        raise BadNote(f"there is no signature of {name}")
    try:
        signature = b64decode(line[:-1], validate=True)
    except NotBase64 as error:
        raise BadNote("the signature is not base64") from error
    for key_id, public_key in keys.items():
        if key_hash(name, public_key) == signature[:4]:
            if is_signed(public_key, signature[4:], body.encode()):
                return body, key_id
            raise BadNote("the signature does not fit the text")
    raise BadNote("the key that signed is not one of the log's")
