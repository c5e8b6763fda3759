"""Another site's page can change nothing; our own page, curl and scripts can."""

import io
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ops.wiring import Tenor

EXAMPLE = Path(__file__).parents[2] / "examples" / "small_fund"
MARKETS = "/api/v1/marketdata/markets"
MARKET = (EXAMPLE / "market.json").read_bytes()
JSON = {"Content-Type": "application/json"}
COMMANDS = (
    MARKETS,
    "/api/v1/ingestion/portfolios",
    "/api/v1/scenario/scenarios",
    "/api/v1/scenario/sets",
    "/api/v1/scenario/histories?set=x",
    "/api/v1/orchestrator/runs",
    "/api/v1/orchestrator/runs/1/cancel",
    "/api/v1/risk/models/bonds/approve",
    "/api/v1/risk/backtest",
)
# A browser's headers, what follows. The server is asked as http://testserver.
ORIGINS = [
    ({"Origin": "http://evil.example"}, False),
    ({"Origin": "https://testserver.evil.example"}, False),
    ({"Origin": "http://testserver@evil.example"}, False),
    ({"Origin": "http://testserver:8000"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": ""}, False),
    ({"Origin": "file://"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "anything"}, False),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer x", "Tenor-Actor": "ada"}, False),
    ({}, True),
    ({"Origin": "http://testserver"}, True),
    ({"Origin": "http://TESTSERVER:80"}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}, True),
    ({"Sec-Fetch-Site": "none"}, True),
]


def test_what_is_refused_has_changed_nothing(client: TestClient, tenor: Tenor) -> None:
    before = tenor.store.head()
    for headers, passes in ORIGINS:
        if not passes:
            client.post(MARKETS, content=MARKET, headers=JSON | headers)
    assert tenor.store.head() == before


@pytest.mark.parametrize(("headers", "passes"), ORIGINS)
def test_who_may_post(client: TestClient, headers: dict[str, str], passes: bool) -> None:
    answer = client.post(MARKETS, content=MARKET, headers=JSON | headers)
    if passes:
        assert answer.status_code == 202, answer.text
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "CROSS_SITE")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["fix"]


def test_no_command_is_left_out_and_reading_goes_on(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]
    posts = sum("post" in methods for methods in described.values())
    for path in COMMANDS:
        assert client.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    for path, methods in described.items():
        for method in methods.keys() - {"get"}:
            answer = client.request(method, path.replace("{run_id}", "1"), headers={"Origin": "http://evil.example"})
            assert answer.status_code == 403, path
    assert posts >= len(COMMANDS)
    assert client.get(MARKETS, headers={"Origin": "http://evil.example"}).status_code == 200


@pytest.mark.parametrize(
    "path", [MARKETS, "/api/v1/scenario/scenarios", "/api/v1/scenario/sets", "/api/v1/orchestrator/runs/1/cancel"]
)
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"],
)
def test_a_simple_type_is_no_command(client: TestClient, path: str, content_type: str) -> None:
    answer = client.post(path, content=b"{}", headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert "Content-Type: application/json" in answer.json()["fix"]


def test_a_body_without_a_type_is_no_command_either(client: TestClient) -> None:
    """A page's fetch of a Blob carries none, and needs to ask nobody."""
    assert client.post(MARKETS, content=MARKET).status_code == 415
    assert client.post(MARKETS, content=MARKET, headers={"Content-Type": "application/ld+json"}).status_code == 202


def test_a_command_without_a_body_needs_no_type(client: TestClient) -> None:
    assert client.post("/api/v1/orchestrator/runs/1/cancel").status_code == 404


@pytest.mark.parametrize("content_type", ["application/zip", "application/x-www-form-urlencoded", ""])
def test_uploads_by_curl_go_on(client: TestClient, content_type: str) -> None:
    """`curl --data-binary @fund.zip` says that it sends a form."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in EXAMPLE.glob("*.csv"):
            archive.write(path, path.name)
    headers = {"Content-Type": content_type} if content_type else {}
    answer = client.post("/api/v1/ingestion/portfolios?dry_run=true", content=file.getvalue(), headers=headers)
    assert answer.status_code == 200, answer.text
