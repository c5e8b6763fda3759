"""The page as it is served: one document for every screen, files that never change, and a build of its sources."""

import re

import pytest
from fastapi.testclient import TestClient

from ops.page.sources import differences
from query_api.web.page import BUILT, SCREENS, asset_names, small_file
from tests.builders.page_screens import known_screens

KILOBYTES = 1000


def asked_for(markup: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/[^"]+)"', markup)


def compressed(name: str) -> int:
    return len(small_file(f"assets/{name}"))


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_is_the_same_document(client: TestClient, screen: str) -> None:
    address = re.sub(r"\{\w+\}", "<img src=x>", screen)
    answer = client.get(address, params={"scenario": "up100@1", "anything": "else"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text == BUILT.joinpath("index.html").read_text(encoding="utf-8")


def test_the_server_and_the_page_know_the_same_screens() -> None:
    assert known_screens()
    assert set(known_screens()) <= set(SCREENS)


def test_the_document_loads_its_own_files_alone(client: TestClient) -> None:
    markup = client.get("/").text
    assert "<style" not in markup
    assert "style=" not in markup
    assert re.search(r"<script(?![^>]*\bsrc=)", markup) is None
    for address in asked_for(markup):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_every_file_is_served_as_what_it_is(client: TestClient) -> None:
    for name in asset_names():
        kind = client.get(f"/assets/{name}").headers["content-type"]
        assert kind.startswith("text/css" if name.endswith(".css") else ("text/javascript", "application/javascript"))


def test_a_file_comes_small_to_whoever_takes_it_so(client: TestClient) -> None:
    name = next(name for name in asset_names() if name.startswith("index-"))
    plain = client.get(f"/assets/{name}", headers={"Accept-Encoding": "identity"})
    small = client.get(f"/assets/{name}", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert (small.headers["content-encoding"], small.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert small.content == plain.content == BUILT.joinpath("assets", name).read_bytes()
    assert int(small.headers["content-length"]) == compressed(name) < len(plain.content) / 2


@pytest.mark.parametrize("name", ["no-such.js", "..%2Fpage.py", "%2e%2e/index.html", "index.html"])
def test_what_is_no_file_of_the_page(client: TestClient, name: str) -> None:
    assert client.get(f"/assets/{name}").status_code == 404


def test_the_policy_lets_nothing_in(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy


def test_the_page_is_light() -> None:
    sizes = {name: compressed(name) for name in asset_names()}
    assert sum(sizes.values()) < 200 * KILOBYTES
    first = [name for name in sizes if name.startswith(("index-", "style-"))]
    assert sum(sizes[name] for name in first) < 90 * KILOBYTES
    assert sum(size for name, size in sizes.items() if name.endswith(".css")) < 12 * KILOBYTES
    screens = [size for name, size in sizes.items() if not name.startswith(("index-", "style-"))]
    assert max(screens) < 20 * KILOBYTES


def test_the_build_is_of_these_sources() -> None:
    assert differences() == []
