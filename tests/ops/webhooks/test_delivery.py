"""Messages from an event to a receiver: signed, sent again under their id, given up after a day, sent again by hand."""

import json
import socket
import threading
from datetime import timedelta
from typing import Any

import pytest

from commands.change_run import approve_run, publish_run
from commands.define_webhook import drop_webhook, replay_webhook
from commands.record_breaches import record_breaches
from commands.record_rejection import record_rejection
from domain.capital.limits import limit_use
from domain.refusals import Unknown
from domain.webhooks.book import webhooks_stream
from ops.webhooks.delivery import Delivery
from ops.webhooks.listing import listed_webhooks
from ops.webhooks.sending import Sending, send, signature
from tests.builders.receiver import Receiver, dripping, garbage, hangs_up, huge, silent, verified
from tests.builders.sample_run import ASKED, NOW, SampleRun
from tests.ops.webhooks.conftest import Post

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks reference libraries (Svix's test vector)."""
    body = '{"test": 2432232314}'
    assert signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_what_happens_reaches_the_receiver_once_each_and_signed(post: Post, receiver: Receiver) -> None:
    told = post.define(f"{receiver.url}/hook?desk=1")
    run = SampleRun().whole(post.tenor)  # type: ignore[arg-type]
    approve_run(post.tenor.store, ASKED, str(run.run_id), "checked")
    publish_run(post.tenor.store, ASKED, str(run.run_id), "month end")
    uses = [limit_use("energy", "ENERGY", 0.31, 0.25, 0.9)]
    record_breaches(post.tenor.store, ASKED, run.run_id, "p@1", uses)
    record_rejection(post.tenor.store, ASKED, "fund", NOW.date(), [{"code": "BAD_DATE"}, {"code": "BAD_DATE"}])
    for _ in range(2):
        post.fill()
        post.send()
    bodies = [json.loads(each.body) for each in receiver.received]
    assert [each["type"] for each in bodies] == [
        "run.completed",
        "run.published",
        "limit.breached",
        "ingestion.rejected",
    ]
    of_run = {
        "run_id": str(run.run_id),
        "as_of": "2026-01-23",
        "portfolio_snapshot_id": str(run.run.requested.portfolio_snapshot_id),  # type: ignore[union-attr]
        "market_snapshot_id": str(run.run.requested.market_snapshot_id),  # type: ignore[union-attr]
        "scenarios": run.scenarios,
        "measures": list(run.measures),
    }
    assert bodies[0] == {
        "type": "run.completed",
        "timestamp": NOW.isoformat(),
        "data": of_run | {"status": "COMPLETED"},
    }
    breach = {"policy": "p@1", "limit_id": "energy", "group": "ENERGY", "value": 0.31, "limit": 0.25}
    assert bodies[2]["data"] == of_run | breach
    assert bodies[3]["data"] == {"portfolio": "fund", "as_of": NOW.date().isoformat(), "errors": {"BAD_DATE": 2}}
    for each in receiver.received:
        assert each.path == "/hook?desk=1"
        assert verified(each, told["secret"]) and not verified(each, SECRET)
        assert each.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
        assert each.headers["content-type"] == "application/json"
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 4
    assert {row[2] for row in post.messages()} == {"DELIVERED"}


def one_message(post: Post, receiver: Receiver, *answers: Any) -> dict[str, Any]:
    receiver.answers[:] = answers
    told = post.define(receiver.url, events=["run.completed"])
    SampleRun().whole(post.tenor)  # type: ignore[arg-type]
    post.fill()
    return told


def test_what_is_not_taken_is_sent_again_under_its_id(post: Post, receiver: Receiver) -> None:
    told = one_message(post, receiver, (500, {}), (503, {"Retry-After": "100"}), (204, {}))
    assert post.send() == 1
    assert post.messages() == [("desk", "run.completed", "WAITING", 1, 500)]
    assert post.send() == 0
    post.later(seconds=5)
    assert post.send() == 1
    post.later(seconds=99)
    assert post.send() == 0
    post.later(seconds=1)
    assert post.send() == 1
    assert post.messages() == [("desk", "run.completed", "DELIVERED", 3, 204)]
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1
    assert len({each.headers["webhook-timestamp"] for each in receiver.received}) == 3
    assert len({each.body for each in receiver.received}) == 1
    assert all(verified(each, told["secret"]) for each in receiver.received)


def test_after_a_day_it_is_a_dead_letter_and_can_be_sent_again(post: Post, receiver: Receiver) -> None:
    one_message(post, receiver, (500, {}))
    for _ in range(60 * 24 + 1):
        post.send()
        post.later(minutes=1)
    ((*_, state, tries, status),) = post.messages()
    assert (state, status) == ("DEAD", 500)
    assert 8 <= tries == len(receiver.received) <= 12
    (row,) = listed_webhooks(post.tenor.storage)
    (letter,) = row["dead_letters"]
    assert (row["dead"], row["waiting"], letter["last_status"], letter["type"]) == (1, 0, 500, "run.completed")
    assert letter["message_id"] == receiver.received[0].headers["webhook-id"]
    assert letter["given_up_at"] <= NOW + timedelta(days=1)
    receiver.answers[:] = [(200, {})]
    assert replay_webhook(post.tenor.store, ASKED, letter["message_id"])[0] == {"webhook_id": "desk", "replayed": 1}
    assert post.send() == 1
    assert receiver.received[-1].headers["webhook-id"] == letter["message_id"]
    assert listed_webhooks(post.tenor.storage)[0]["dead"] == 0
    assert replay_webhook(post.tenor.store, ASKED, "desk")[0] == {"webhook_id": "desk", "replayed": 0}
    with pytest.raises(Unknown, match="no webhook and no message"):
        replay_webhook(post.tenor.store, ASKED, "msg_of_nobody")


def test_one_that_is_gone_is_given_up_at_once(post: Post, receiver: Receiver) -> None:
    one_message(post, receiver, (410, {}))
    assert (post.send(), post.send()) == (1, 0)
    assert post.messages() == [("desk", "run.completed", "DEAD", 1, 410)]


def test_a_redirect_is_not_followed(post: Post, receiver: Receiver) -> None:
    one_message(post, receiver, (307, {"Location": f"{receiver.url}/elsewhere"}))
    post.send()
    assert [each.path for each in receiver.received] == ["/"]
    assert post.messages() == [("desk", "run.completed", "WAITING", 1, 307)]


def test_killed_while_it_sends_the_message_goes_again_under_its_id(post: Post, receiver: Receiver) -> None:
    """The receiver has it, nobody wrote that down: at least once, and the id says that it is the same."""

    class Killed(BaseException):
        pass

    def send_and_die(*what: Any) -> Any:
        send(*what)
        raise Killed

    one_message(post, receiver, (200, {}))
    dying = Delivery(post.tenor.store, post.tenor.database.connect, lambda: post.now, post.tenor.secrets, send_and_die)
    with pytest.raises(Killed):
        dying.step()
    assert post.send() == 0  # another may have it still
    post.later(minutes=2)
    assert post.send() == 1
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert post.messages() == [("desk", "run.completed", "DELIVERED", 2, 200)]


def test_rivals_fill_the_outbox_once_and_send_once(post: Post, receiver: Receiver) -> None:
    post.define(receiver.url, events=["run.completed", "run.published"])
    run = SampleRun().whole(post.tenor)  # type: ignore[arg-type]
    approve_run(post.tenor.store, ASKED, str(run.run_id), "")
    publish_run(post.tenor.store, ASKED, str(run.run_id), "")

    def work() -> None:
        rival = Post(post.tenor)
        rival.fill()
        for _ in range(5):
            rival.send()

    rivals = [threading.Thread(target=work) for _ in range(4)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    post.send()
    assert len(receiver.received) == 2
    assert [row[2:4] for row in post.messages()] == [("DELIVERED", 1)] * 2


NO_ANSWER = {"garbage": garbage, "hangs up": hangs_up}


@pytest.mark.parametrize("how", [*NO_ANSWER, "silent", "dripping"])
def test_receivers_that_do_not_answer_are_left_in_time(receiver: Receiver, how: str) -> None:
    over = threading.Event()
    ways: dict[str, Any] = NO_ANSWER | {"silent": silent(over), "dripping": dripping(over)}
    receiver.answers[:] = [ways[how]]
    answer = send(Sending("msg_1", "{}", receiver.url, True), [SECRET], 1, deadline_seconds=0.5)
    over.set()
    assert answer.status is None
    assert answer.error.startswith("no answer")


def test_a_huge_answer_is_not_read(receiver: Receiver) -> None:
    receiver.answers[:] = [huge]
    assert send(Sending("msg_1", "{}", receiver.url, True), [SECRET], 1).is_taken


def test_nobody_listens() -> None:
    answer = send(Sending("msg_1", "{}", "http://127.0.0.1:9", True), [SECRET], 1)
    assert (answer.status, answer.error) == (None, "no answer: ConnectionRefusedError")


def test_an_address_that_has_become_private_is_refused_at_each_send(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name meant a public machine when the webhook was defined."""
    port = receiver.url.rpartition(":")[2]
    monkeypatch.setattr(
        "ops.webhooks.addresses.socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", int(port)))]
    )
    answer = send(Sending("msg_1", "{}", f"http://hooks.example.com:{port}/", False), [SECRET], 1)
    assert (answer.status, answer.error) == (None, "hooks.example.com is 127.0.0.1, a private address")
    assert receiver.received == []
    assert send(Sending("msg_1", "{}", f"http://hooks.example.com:{port}/", True), [SECRET], 1).is_taken
    assert receiver.received[0].headers["host"] == f"hooks.example.com:{port}"


def test_the_name_is_asked_once_for_a_send(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers for the name cannot say one address to the check and another to the connection."""
    asked: list[Any] = []
    port = int(receiver.url.rpartition(":")[2])

    def answers(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr("ops.webhooks.addresses.socket.getaddrinfo", answers)
    connected: list[Any] = []
    connect = socket.create_connection

    def connects(place: Any, **_more: Any) -> Any:
        connected.append(place)
        return connect(place)

    monkeypatch.setattr("ops.webhooks.sending.socket.create_connection", connects)
    assert send(Sending("msg_1", "{}", f"http://hooks.example.com:{port}/", True), [SECRET], 1).is_taken
    assert (asked.count("hooks.example.com"), connected) == (1, [("127.0.0.1", port)])


def test_a_webhook_of_nodes_is_told_of_what_is_there(post: Post, receiver: Receiver) -> None:
    whole = ["ALDER", "BIRCH"]
    for name, nodes in {"credit": ["CREDIT"], "birch": ["BIRCH"], "whole": whole}.items():
        post.define(receiver.url, webhook_id=name, nodes=nodes)
    run = SampleRun().whole(post.tenor)  # type: ignore[arg-type]
    record_breaches(post.tenor.store, ASKED, run.run_id, "p@1", [limit_use("energy", "", 1.0, 0.5, 0.9)])
    record_rejection(post.tenor.store, ASKED, "fund", NOW.date(), [])
    post.fill()
    assert [row[:2] for row in post.messages()] == [
        ("credit", "run.completed"),
        ("whole", "run.completed"),
        ("whole", "limit.breached"),
    ]


def test_a_webhook_gets_what_happens_after_its_definition(post: Post, receiver: Receiver) -> None:
    run = SampleRun().whole(post.tenor)  # type: ignore[arg-type]
    post.define(receiver.url)
    approve_run(post.tenor.store, ASKED, str(run.run_id), "")
    publish_run(post.tenor.store, ASKED, str(run.run_id), "")
    post.fill()
    assert [row[1] for row in post.messages()] == ["run.published"]
    drop_webhook(post.tenor.store, ASKED, "desk")
    assert (post.messages(), listed_webhooks(post.tenor.storage), post.send()) == ([], [], 0)


def test_secrets_are_nowhere_but_where_they_sign(post: Post, receiver: Receiver, capfd: Any) -> None:
    told = one_message(post, receiver, (500, {}))
    post.send()
    secret = told["secret"].removeprefix("whsec_")
    assert "secret" not in post.define(receiver.url, events=["run.published"])
    store = post.tenor.store
    assert secret not in str([entry.event for entry in store.log(0, 1_000)])
    assert secret not in str(listed_webhooks(post.tenor.storage))
    assert secret not in str(store.stream(webhooks_stream()))
    written = capfd.readouterr()
    assert secret not in written.out + written.err
