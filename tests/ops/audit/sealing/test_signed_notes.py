"""Signed notes as golang.org/x/mod/sumdb/note writes and reads them."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.sealing.seals import NotACheckpoint, parse_checkpoint
from ops.audit.sealing.signed_notes import (
    BadNote,
    open_note,
    parse_verifier_key,
    public_bytes,
    sign_note,
    verifier_key,
)

# The example of that package's documentation.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = (
    f"{TEXT}\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def test_the_published_note_opens() -> None:
    name, public_key = parse_verifier_key(NEUMANN)
    assert open_note(SIGNED, name, {"neumann": public_key}) == (TEXT, "neumann")
    assert verifier_key(name, public_key) == NEUMANN


def test_what_is_signed_opens_with_the_key_and_no_other() -> None:
    note = sign_note("a\nb\n", "log", KEY)
    other = public_bytes(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert open_note(note, "log", {"other": other, "ours": public_bytes(KEY)}) == ("a\nb\n", "ours")
    with pytest.raises(BadNote, match="not one of the log's"):
        open_note(note, "log", {"other": other})


@pytest.mark.parametrize("place", range(0, 100, 3))
def test_a_note_with_any_byte_changed_does_not_open(place: int) -> None:
    raw = bytearray(SIGNED.encode())
    raw[place * len(raw) // 100] ^= 1
    name, public_key = parse_verifier_key(NEUMANN)
    with pytest.raises(BadNote):
        open_note(raw.decode(errors="replace"), name, {"neumann": public_key})


@pytest.mark.parametrize("text", ["", "name", NEUMANN[:-4] + "AAAA", NEUMANN.replace("c74f", "c74e"), "a+b+?"])
def test_a_key_that_is_none(text: str) -> None:
    with pytest.raises(BadNote):
        parse_verifier_key(text)


@pytest.mark.parametrize("text", ["", "tenor.log/x\n1\n", "a\n" * 6])
def test_a_text_that_is_no_checkpoint(text: str) -> None:
    with pytest.raises(NotACheckpoint):
        parse_checkpoint(text)
