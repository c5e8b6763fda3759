"""Where webhooks may not send."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.webhooks.document import InvalidWebhook, parse_webhook
from ops.services import build_app
from ops.webhooks.addresses import AddressRefused, checked_addresses
from ops.wiring import Tenor

PRIVATE = [
    # loopback, private, link-local, shared, benchmarking, documentation, reserved
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[fe80::1]",
    "[fd00::1]",
    "[2001:db8::1]",
    # other ways to write 127.0.0.1 and 10.0.0.1
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::a00:1]",
    "[2002:a00:1::]",
    "localhost",
]
NO_MACHINE = ["0.0.0.0", "[::]", "224.0.0.1", "[ff02::1]", "[::ffff:0.0.0.0]"]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_refused_unless_it_is_allowed(host: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        checked_addresses(f"https://{host}/hook", False)
    assert (refused.value.code, "--allow-private" in refused.value.fix) == ("WEBHOOK_ADDRESS_PRIVATE", True)
    assert checked_addresses(f"https://{host}/hook", True)


@pytest.mark.parametrize("host", NO_MACHINE)
def test_an_address_of_no_machine_is_refused_always(host: str) -> None:
    for allow_private in (False, True):
        with pytest.raises(AddressRefused, match="no machine"):
            checked_addresses(f"https://{host}/hook", allow_private)


def test_one_private_address_among_several_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr("ops.webhooks.addresses.socket.getaddrinfo", lambda *_, **__: found)
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        checked_addresses("https://hooks.example.com/", False)
    found[:] = found[:1]
    assert checked_addresses("https://hooks.example.com/", False) == ["8.8.8.8"]


def test_a_host_without_address_is_refused() -> None:
    with pytest.raises(AddressRefused, match="has no address"):
        checked_addresses("https://nobody.invalid/", True)


WEBHOOK = {"webhook_id": "desk", "url": "https://hooks.example.com/x", "events": ["run.completed"]}
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"url": "ftp://example.com/"}, "url", "INVALID_URL"),
    ({"url": "https://"}, "url", "INVALID_URL"),
    ({"url": "https://user:pass@example.com/"}, "url", "INVALID_URL"),
    ({"url": "https://example.com/#x"}, "url", "INVALID_URL"),
    ({"url": "https://example.com:0/"}, "url", "INVALID_URL"),
    ({"url": "https://example.com:99999/"}, "url", "INVALID_URL"),
    ({"url": "https://exa mple.com/"}, "url", "INVALID_URL"),
    ({"url": "https://example.com\\@10.0.0.1/"}, "url", "INVALID_URL"),
    ({"url": "https://ex\u00e4mple.com/"}, "url", "INVALID_URL"),
    ({"url": "https://[::1/"}, "url", "INVALID_URL"),
    ({"url": "file:///etc/passwd"}, "url", "INVALID_URL"),
    ({"events": []}, "events", "INVALID_VALUE"),
    ({"events": ["run.started"]}, "events[0]", "UNKNOWN_VALUE"),
    ({"nodes": []}, "nodes", "INVALID_VALUE"),
    ({"secret": "mine"}, "secret", "UNKNOWN_FIELD"),
]


@pytest.mark.parametrize(("change", "path", "code"), BAD)
def test_what_cannot_be_used_is_told_with_its_place(change: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(InvalidWebhook) as refused:
        parse_webhook(json.dumps(WEBHOOK | change))
    assert [(each.path, each.code) for each in refused.value.problems] == [(path, code)]


def test_by_http(tenor: Tenor, monkeypatch: pytest.MonkeyPatch) -> None:
    client, address = TestClient(build_app(tenor, ("orchestrator",))), "/api/v1/orchestrator/webhooks"
    refused = client.post(address, json=WEBHOOK | {"url": "http://127.0.0.1/"})
    assert (refused.status_code, refused.json()["code"]) == (422, "WEBHOOK_ADDRESS_PRIVATE")
    public = [(2, 1, 6, "", ("8.8.8.8", 443))]
    monkeypatch.setattr("ops.webhooks.addresses.socket.getaddrinfo", lambda *_, **__: public)
    defined = client.post(address, json=WEBHOOK, headers={"Idempotency-Key": "a"})
    assert (defined.status_code, defined.json()["secret"][:6]) == (202, "whsec_")
    again = client.post(address, json=WEBHOOK, headers={"Idempotency-Key": "a"})
    told = {"webhook_id": "desk", "version": 1, "event_position": defined.json()["event_position"]}
    assert (again.status_code, again.json()) == (202, told)
    (row,) = client.get(address).json()
    assert client.get(f"{address}/desk").json() == row
    assert (row["waiting"], row["dead_letters"], "secret" in row) == (0, [], False)
    assert client.post(f"{address}/desk/replay").json()["replayed"] == 0
    assert client.delete(f"{address}/desk").status_code == 202
    assert client.get(f"{address}/desk").status_code == 404
    assert client.delete(f"{address}/desk").json()["code"] == "UNKNOWN_WEBHOOK"
