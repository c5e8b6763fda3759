"""Every question that the documents show, asked with a key: as a role of Postgres that reads less than `local`."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.security.access.conftest import MINE, Opened

EXAMPLES: dict[str, Any] = json.loads((Path(__file__).parents[3] / "query_api" / "http" / "examples.json").read_text())
KNOWN = ("run_id", "from", "to", "from_run", "to_run")
STREAMS = {"orchestrator_stream_run_events"}
"""Ends when the run does; tests/query_api has it."""


@pytest.fixture(scope="module")
def questions(opened: Opened) -> dict[str, str]:
    """Addresses by operation, of the run that is there."""
    paths = opened.client.get("/openapi.json").json()["paths"]
    asked = {}
    for path, ways in paths.items():
        operation = ways.get("get", {}).get("operationId", "")
        if operation in STREAMS or operation not in EXAMPLES:
            continue
        told = {name: opened.run_id if name in KNOWN else value
                for name, value in EXAMPLES[operation]["parameters"].items()}  # fmt: skip
        told |= {"snapshot_id": opened.portfolio} if "snapshot_id" in told else {}
        names = {name for name in told if f"{{{name}}}" in path}
        address = path.format(**{name: quote(str(told[name]), safe="/@") for name in names})
        query = "&".join(f"{name}={quote(str(told[name]))}" for name in told if name not in names)
        asked[operation] = f"{address}?{query}" if query else address
    return asked


@pytest.mark.parametrize(("role", "nodes"), [
    ("viewer", ()), ("viewer", (MINE,)), ("operator", ()), ("auditor", ()), ("admin", ()), ("admin", (MINE,)),
])  # fmt: skip
def test_no_question_with_a_key_is_a_fault(
    opened: Opened, questions: dict[str, str], role: str, nodes: tuple[str, ...]
) -> None:
    assert len(questions) > 70
    who = opened.key(role, *nodes)
    said = {name: opened.client.get(address, headers=who) for name, address in questions.items()}
    assert {name: answer.text[:300] for name, answer in said.items() if answer.status_code >= 500} == {}
    assert sum(answer.status_code == 200 for answer in said.values()) > 25


def test_whoever_sees_everything_is_answered_as_local_is(opened: Opened, questions: dict[str, str]) -> None:
    who = opened.key("viewer")
    for operation in ("orchestrator_list_projections", "orchestrator_get_queue", "orchestrator_list_workers",
                      "orchestrator_list_dead_letters", "ingestion_list_mappings", "ingestion_get_mapping",
                      "orchestrator_list_messages", "orchestrator_list_marts", "audit_get_status"):  # fmt: skip
        asked = questions[operation].replace("loans@1", "ore_market").replace("/loans", "/ore_market")
        assert opened.client.get(asked, headers=who).status_code == 200, asked
