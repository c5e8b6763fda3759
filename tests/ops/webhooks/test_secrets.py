"""What a webhook signs with: sealed by a key that the database does not have, and changed without a message lost."""

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet

from commands.define_webhook import rotate_webhook
from commands.record_rejection import record_rejection
from domain.refusals import Refused, Unavailable, Unknown
from domain.webhooks.book import WebhookSecretRotated, webhooks_stream
from ops.webhooks.delivery import Delivery
from ops.webhooks.sealed_secrets import FILE, SecretBox
from tests.builders.receiver import Receiver, verified
from tests.builders.sample_run import ASKED, NOW
from tests.ops.webhooks.conftest import Post

EVERY_ROW = "SELECT row_to_json(s)::text FROM webhook_secret s"


def happened(post: Post) -> None:
    asked = replace(ASKED, correlation_id=uuid4())
    record_rejection(post.tenor.store, asked, "fund", NOW.date(), [{"code": "BAD_DATE"}])
    post.fill()
    post.send()


def rotated(post: Post, **how: Any) -> dict[str, Any]:
    asked = replace(ASKED, now=post.now)
    return rotate_webhook(post.tenor.store, asked, "desk", post.tenor.secrets.seal, **how)[0]


def test_a_dump_of_the_database_signs_nothing(post: Post, receiver: Receiver) -> None:
    told = post.define(f"{receiver.url}/hook")
    with post.tenor.database.connect() as connection:
        ((dump,),) = connection.execute(EVERY_ROW).fetchall()
    assert "desk" in dump and "fernet:" in dump
    assert told["secret"].removeprefix("whsec_") not in dump
    happened(post)
    assert verified(receiver.received[0], told["secret"])


def test_the_key_is_a_file_of_the_home_that_its_owner_alone_reads(tmp_path: Path) -> None:
    box = SecretBox(tmp_path / "home")
    sealed = box.seal("whsec_x")
    assert SecretBox(tmp_path / "home").open(sealed) == "whsec_x"
    file = tmp_path / "home" / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == [FILE]
    assert box.seal("whsec_x") != sealed


def test_a_key_that_is_said_is_used_and_can_be_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    monkeypatch.setenv("TENOR_SECRET_KEY", old)
    sealed = SecretBox(tmp_path).seal("whsec_x")
    monkeypatch.setenv("TENOR_SECRET_KEY", f"{new}, {old}")
    assert SecretBox(tmp_path).open(sealed) == "whsec_x"
    monkeypatch.setenv("TENOR_SECRET_KEY", new)
    with pytest.raises(Unavailable, match="another key") as refused:
        SecretBox(tmp_path).open(sealed)
    assert (refused.value.code, old in refused.value.fix) == ("SECRET_SEALED_ELSEWHERE", False)
    monkeypatch.setenv("TENOR_SECRET_KEY", "short")
    with pytest.raises(Refused, match="no key of 32 bytes"):
        SecretBox(tmp_path).seal("whsec_x")
    assert list(tmp_path.iterdir()) == []


def test_secrets_of_before_are_sealed_when_messages_are_sent(post: Post, receiver: Receiver) -> None:
    told = post.define(f"{receiver.url}/hook")
    with post.tenor.database.connect() as connection:
        connection.execute("UPDATE webhook_secret SET secret = %s", (told["secret"],))
    happened(post)
    assert verified(receiver.received[0], told["secret"])
    with post.tenor.database.connect() as connection:
        ((stored,),) = connection.execute("SELECT secret FROM webhook_secret").fetchall()
    assert post.tenor.secrets.open(stored) == told["secret"] != stored


def test_a_machine_with_another_key_sends_nothing_and_says_why(post: Post, receiver: Receiver, tmp_path: Path) -> None:
    post.define(f"{receiver.url}/hook")
    store, connect = post.tenor.store, post.tenor.database.connect
    post.delivery = Delivery(store, connect, lambda: post.now, SecretBox(tmp_path / "elsewhere"))
    happened(post)
    assert receiver.received == []
    with connect() as connection:
        ((state, error),) = connection.execute("SELECT state, last_error FROM webhook_message").fetchall()
    assert state == "WAITING" and "TENOR_SECRET_KEY" in error
    post.delivery = Delivery(store, connect, lambda: post.now, post.tenor.secrets)
    post.later(minutes=1)
    assert post.send() == 1
    assert len(receiver.received) == 1


def test_for_a_day_after_a_change_messages_carry_both_signatures(post: Post, receiver: Receiver) -> None:
    before = post.define(f"{receiver.url}/hook")["secret"]
    told = rotated(post)
    assert told["secret"] != before and told["webhook_id"] == "desk"
    assert isinstance(post.tenor.store.stream(webhooks_stream())[-1], WebhookSecretRotated)
    assert told["secret"].removeprefix("whsec_") not in str(post.tenor.store.stream(webhooks_stream()))
    happened(post)
    assert verified(receiver.received[0], before) and verified(receiver.received[0], told["secret"])
    post.later(hours=25)
    happened(post)
    assert verified(receiver.received[1], told["secret"]) and not verified(receiver.received[1], before)


def test_one_that_has_become_known_signs_nothing_more(post: Post, receiver: Receiver) -> None:
    before = post.define(f"{receiver.url}/hook")["secret"]
    told = rotated(post, at_once=True)
    assert told["previous_until"] is None
    happened(post)
    assert verified(receiver.received[0], told["secret"]) and not verified(receiver.received[0], before)
    with pytest.raises(Unknown):
        rotate_webhook(post.tenor.store, ASKED, "nosuch", post.tenor.secrets.seal)
