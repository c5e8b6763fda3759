"""Tokens of a provider, and the page's way in through it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from ops.access.settings import Access, Auth, Oidc
from ops.access.sign_in import challenge_of
from ops.access.tokens import SELDOM_SECONDS, InvalidToken, Tokens
from ops.access.tokens import Provider as Known
from ops.services import build_app
from tests.security.access.conftest import MINE, Opened
from tests.security.access.provider import AUDIENCE, CLIENT, Provider, provider


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    with provider() as made:
        yield made


def settings_of(issuer: Provider) -> Oidc:
    return Oidc(issuer.issuer, AUDIENCE, CLIENT, None, "tenor_role", "tenor_nodes")


@pytest.fixture
def client(opened: Opened, issuer: Provider) -> TestClient:
    access = Access(Auth.OIDC, settings_of(issuer), requests_per_second=10_000)
    return TestClient(build_app(opened.tenor, access=access), raise_server_exceptions=False)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_says_who_in_which_role_and_where(client: TestClient, issuer: Provider) -> None:
    me = client.get("/auth/me", headers=bearer(issuer.token())).json()
    assert (me["actor"], me["role"], me["nodes"], me["auth"]) == ("olga", "viewer", ["*"], "oidc")
    narrow = issuer.token(tenor_role="analyst", tenor_nodes=[MINE])
    assert client.get("/auth/me", headers=bearer(narrow)).json()["nodes"] == [MINE]
    on_curves = issuer.token(issuer.ec_key, "ES256", {"kid": "ec"})
    assert client.get("/auth/me", headers=bearer(on_curves)).status_code == 200


def test_keys_count_beside_tokens(client: TestClient, opened: Opened) -> None:
    assert client.get("/auth/me", headers=opened.key("viewer", name="with a key")).json()["auth"] == "keys"


@pytest.mark.parametrize(
    "changed",
    [
        {"tenor_role": None},
        {"tenor_nodes": None},
        {"tenor_role": "king"},
        {"tenor_role": ["admin"]},
        {"tenor_nodes": "HARBOUR"},
        {"tenor_nodes": [1]},
    ],
)
def test_a_token_without_role_or_nodes_is_forbidden(
    client: TestClient, issuer: Provider, changed: dict[str, Any]
) -> None:
    answer = client.get("/auth/me", headers=bearer(issuer.token(**changed)))
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


def test_no_nodes_are_none(client: TestClient, issuer: Provider) -> None:
    assert client.get("/api/v1/orchestrator/runs", headers=bearer(issuer.token(tenor_nodes=[]))).json() == []


def test_odd_names_of_keys_make_us_ask_seldom(issuer: Provider) -> None:
    clock = [0.0]
    tokens = Tokens(settings_of(issuer), Known(issuer.issuer, lambda: clock[0]))
    tokens.holder(issuer.token())
    before = issuer.asked_for_keys
    for number in range(20):
        with pytest.raises(InvalidToken):
            tokens.holder(issuer.token(headers={"kid": f"odd-{number}"}))
    assert issuer.asked_for_keys == before
    clock[0] += SELDOM_SECONDS
    with pytest.raises(InvalidToken):
        tokens.holder(issuer.token(headers={"kid": "odd"}))
    assert issuer.asked_for_keys == before + 1


def test_a_provider_that_is_away_is_503(opened: Opened) -> None:
    away = Oidc("http://127.0.0.1:9", AUDIENCE, CLIENT, None, "tenor_role", "tenor_nodes")
    client = TestClient(build_app(opened.tenor, access=Access(Auth.OIDC, away)), raise_server_exceptions=False)
    with provider() as other:
        answer = client.get("/auth/me", headers=bearer(other.token()))
    assert (answer.status_code, answer.json()["code"]) == (503, "PROVIDER_AWAY")
    assert client.get("/auth/me", headers=opened.key("viewer", name="keys go on")).status_code == 200


def started(client: TestClient) -> dict[str, str]:
    """What the provider's page is asked."""
    begun = client.get("/auth/start", follow_redirects=False)
    assert begun.status_code == 303
    return {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}


def promise(issuer: Provider, asked: dict[str, str], **changed: Any) -> None:
    """A code that is worth a token to whoever brings the verifier of the challenge."""

    def answer(form: dict[str, str]) -> dict[str, Any]:
        if challenge_of(form["code_verifier"]) != asked["code_challenge"]:
            return {"error": "invalid_grant"}
        said = {"aud": CLIENT, "nonce": asked["nonce"]} | changed
        return {"id_token": issuer.token(**said), "access_token": "opaque"}

    form = {"client_id": CLIENT, "redirect_uri": asked["redirect_uri"], "grant_type": "authorization_code"}
    issuer.codes["c0de"] = {"form": form, "answer": answer}


def test_the_page_signs_in_by_code_with_pkce(client: TestClient, issuer: Provider) -> None:
    asked = started(client)
    assert (asked["code_challenge_method"], asked["response_type"], asked["client_id"]) == ("S256", "code", CLIENT)
    assert asked["redirect_uri"] == "http://testserver/auth/callback"
    promise(issuer, asked)
    answer = client.get(f"/auth/callback?code=c0de&state={asked['state']}&session_state=x&iss={issuer.issuer}")
    assert answer.status_code == 200
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("tenor_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert client.get("/auth/me").json()["actor"] == "olga"
    assert client.post("/auth/sign-out").status_code == 204
    assert client.get("/auth/me").status_code == 401


@pytest.mark.parametrize(
    ("query", "changed"),
    [
        ("code=c0de&state=forged", {}),
        ("code=c0de", {}),
        ("state={state}", {}),
        ("code=another&state={state}", {}),
        ("code=c0de&state={state}&error=access_denied", {}),
        ("code=c0de&state={state}", {"nonce": "another sign-in's"}),
        ("code=c0de&state={state}", {"aud": "another client"}),
        ("code=c0de&state={state}", {"iss": "https://elsewhere.example"}),
        ("code=c0de&state={state}", {"exp": 1}),
    ],
)
def test_a_callback_that_is_not_ours_opens_nothing(
    client: TestClient, issuer: Provider, query: str, changed: dict[str, Any]
) -> None:
    asked = started(client)
    promise(issuer, asked, **changed)
    assert client.get(f"/auth/callback?{query.format(**asked)}").status_code == 401
    assert client.get("/auth/me").status_code == 401


def test_a_browser_is_led_to_the_door(client: TestClient, opened: Opened) -> None:
    """The page itself holds no figure, and shows its own sign-in."""
    page = client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "HARBOUR" not in page.text.upper()
    assert client.get("/auth/login", follow_redirects=False).headers["location"] == "/auth/start"
    assert "/auth/start" in client.get("/auth/sign-in").text
    key = opened.key("viewer", MINE, name="pasted")["Authorization"].removeprefix("Bearer ")
    signed = client.post("/auth/sign-in", data={"key": key}, follow_redirects=False)
    assert (signed.status_code, signed.headers["location"]) == (303, "/")
    assert client.get("/auth/me").json()["actor"] == "pasted"
    assert client.post("/auth/session", json={"key": key}).json()["nodes"] == [MINE]
    assert client.post("/auth/session", json={"key": key[:-1] + "x"}).status_code == 401
