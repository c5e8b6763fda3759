"""Trace context and request ids: into the answer, into the log's events, onto log lines."""

import json
from uuid import UUID

import pytest
import structlog
from starlette.datastructures import Headers
from structlog.testing import capture_logs

from ops.http.tracing import trace_of
from tests.security.conftest import FUND, Service

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAID = f"00-{TRACE}-{PARENT}-01"


@pytest.mark.parametrize(
    ("traceparent", "goes_on"),
    [
        (SAID, True),
        (f"00-{TRACE}-{PARENT}-00", True),
        (f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like", True),
        (f"00-{TRACE}-{PARENT}-01-more", False),
        (f"ff-{TRACE}-{PARENT}-01", False),
        (f"00-{'0' * 32}-{PARENT}-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (SAID.upper(), False),
        ("", False),
        ("00-" + "a" * 4000, False),
    ],
)
def test_a_trace_goes_on_where_it_is_one(traceparent: str, goes_on: bool) -> None:
    found = trace_of(Headers({"traceparent": traceparent, "x-request-id": "r-1"}))
    assert (found.trace_id == TRACE) is goes_on
    assert found.span_id != PARENT and found.request_id == "r-1"
    assert trace_of(Headers(raw=[(b"traceparent", SAID.encode())] * 2)).trace_id != TRACE
    assert trace_of(Headers({"x-request-id": "not one\n"})).request_id != "not one\n"


def test_every_answer_says_its_request_and_its_trace(service: Service) -> None:
    answer = service.client.get("/api/v1/orchestrator/runs", headers={"traceparent": SAID, "X-Request-Id": "mine"})
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["traceparent"].split("-")[1] == TRACE != answer.headers["traceparent"].split("-")[2]
    refused = service.client.get("/no/such/address")
    assert refused.headers["x-request-id"] and refused.headers["traceparent"].startswith("00-")


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "a key"}])
def test_what_a_request_writes_carries_its_trace(fresh: Service, key: dict[str, str]) -> None:
    """Jobs and facts take the correlation id of the request's event: compute/worker.py, commands/processes/run.py."""
    market = (FUND / "market.json").read_bytes()
    answer = fresh.post("marketdata/markets", content=market, headers={"traceparent": SAID} | key)
    assert answer.status_code == 202
    events = fresh.tenor.store.stream(UUID(answer.json()["snapshot_id"]))
    assert [event.correlation_id.hex for event in events] == [TRACE]


def test_log_lines_carry_both() -> None:
    bound = structlog.contextvars.bound_contextvars(trace_id=TRACE, request_id="r")
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines, bound:
        structlog.get_logger().warning("something")
    assert json.dumps(lines[0]["trace_id"]) == f'"{TRACE}"' and lines[0]["request_id"] == "r"
