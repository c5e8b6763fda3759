"""Keys: made, presented, expired, revoked."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.access import keys as book
from domain.access.keys import KeyCreated, KeyTerms, fold, hashed, holder_of, shown
from domain.access.principal import scope_of
from domain.access.roles import MAY, OPERATIONS, Role, operations_of
from domain.event import Envelope
from domain.refusals import Refused, Unknown

NOW = datetime(2026, 11, 29, 16, tzinfo=UTC)
ASKED = Envelope("local", NOW, UUID(int=1))
KEY_ID, SECRET = "0123456789ab", "s" * 43
KEY = shown(KEY_ID, SECRET)


def made(**wished: object) -> list[KeyCreated]:
    terms = KeyTerms(**({"name": "ada", "role": "analyst"} | wished))  # type: ignore[arg-type]
    return book.create(fold([]), ASKED, terms, KEY_ID, SECRET)


def test_a_key_is_stored_as_its_hash() -> None:
    (created,) = made(nodes=("B", "A"), expires="90d")
    assert (created.nodes, created.expires_at) == (["A", "B"], NOW + timedelta(days=90))
    assert created.secret_sha256 == hashed(KEY)
    assert SECRET not in created.model_dump_json()


def test_who_presents_it_is_its_holder() -> None:
    keys = fold(made(nodes=("A",)))
    holder = holder_of(keys, KEY, NOW)
    assert holder is not None
    assert (holder.actor, holder.role, holder.nodes, holder.key_id) == ("ada", Role.ANALYST, ("A",), KEY_ID)


OTHERS = ["", "tnr_", KEY[:-1], KEY + "s", KEY.upper(), shown(KEY_ID, "x" * 43), shown("f" * 12, SECRET)]


@pytest.mark.parametrize("text", OTHERS)
def test_another_text_is_nobodys(text: str) -> None:
    assert holder_of(fold(made()), text, NOW) is None


def test_an_expired_and_a_revoked_key_are_nobodys() -> None:
    keys = fold(made(expires="12h"))
    assert holder_of(keys, KEY, NOW + timedelta(hours=11)) is not None
    assert holder_of(keys, KEY, NOW + timedelta(hours=12)) is None
    revoked = book.revoke(keys, ASKED, KEY_ID)
    assert holder_of(fold([*made(), *revoked]), KEY, NOW) is None
    assert book.revoke(fold([*made(), *revoked]), ASKED, KEY_ID) == []
    with pytest.raises(Unknown):
        book.revoke(keys, ASKED, "no-such")


@pytest.mark.parametrize(
    "wished",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": "local"},
        {"role": "king"},
        {"nodes": ("",)},
        {"nodes": ("a\x1fb",)},
        {"role": "auditor", "nodes": ("A",)},
        {"expires": "soon"},
        {"expires": "0d"},
        {"expires": "99999d"},
        {"expires": "٣d"},
    ],
)
def test_an_unfit_wish_is_refused(wished: dict[str, object]) -> None:
    with pytest.raises(Refused):
        made(**wished)


def test_no_nodes_are_everything_and_said_so() -> None:
    assert made()[0].nodes == ["*"]
    assert scope_of(Role.VIEWER, ["*", "A"]) is None
    assert scope_of(Role.AUDITOR, ["A"]) is None
    assert scope_of(Role.VIEWER, []) == ()


def test_admins_may_everything_and_auditors_change_nothing() -> None:
    assert operations_of(Role.ADMIN, is_whole=True) == sorted(OPERATIONS)
    assert all(Role.ADMIN in roles for roles in MAY.values())
    changing = ("approve", "cancel", "create", "define", "publish", "reject", "retry", "revoke", "submit", "_load_")
    assert not [each for each in operations_of(Role.AUDITOR, is_whole=True) if any(word in each for word in changing)]
