"""The root of a run, worked out from the log as the process manager worked it out: the first terminal fact counts."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.event import Envelope, Event
from domain.measures.measures import Fact
from domain.runs import run as runs
from domain.runs.facts import Block, record_fact
from domain.sealing.merkle import merkle_root
from ops.audit.verification.findings import Findings
from ops.audit.verification.runs import RunRoots

RUN = UUID(int=7)
ASKED = Envelope("tester", datetime(2026, 1, 23, tzinfo=UTC), UUID(int=1))
KINDS = ["PositionPriced", "RiskComputed"]


def planned() -> runs.RunPlanned:
    return runs.RunPlanned(**ASKED.at(RUN, 2), chunks=2, kinds=KINDS, chunks_per_job=1)


def fact(kind: Fact, chunk_no: int, content: str) -> Event:
    block = Block(RUN, kind.value, chunk_no, content * 64, "", b"")
    terms: dict[str, Any] = {"first_row": 0, "positions": 1, "scenarios": 1, "columns": []}
    hashes = {"portfolio_sha256": "", "market_sha256": "", "engine_version": ""}
    return record_fact(ASKED, kind, block, failed=0, fx_to_base={}, **terms, **hashes)


def completed(version: int, contents: str, failed: list[int]) -> runs.RunCompleted:
    root = merkle_root([bytes.fromhex(each * 64) for each in contents]).hex()
    terms: dict[str, Any] = {
        "blocks": len(contents),
        "blocks_root": root,
        "failed_positions": 0,
        "failed_chunks": failed,
    }
    return runs.RunCompleted(**ASKED.at(RUN, version), **terms)


def retried() -> runs.RunRetried:
    return runs.RunRetried(**ASKED.at(RUN, 4), attempt=2, chunks=[1])


def failed(attempt: int) -> runs.ChunkFailed:
    return runs.fail_chunk(ASKED, RUN, 1, attempt, "out of memory")


PRICED, RISK = Fact.PRICED, Fact.RISK
GIVEN_UP = completed(3, "ac", [1])
WHOLE = [fact(RISK, 1, "d"), fact(PRICED, 1, "b"), fact(PRICED, 0, "a"), fact(RISK, 0, "c")]
HALF = [fact(PRICED, 0, "a"), fact(RISK, 0, "c")]


@pytest.mark.parametrize(
    ("events", "problems"),
    [
        ([planned(), *WHOLE, completed(3, "abcd", [])], 0),
        ([planned(), *WHOLE, completed(3, "abdc", [])], 1),
        ([planned(), *WHOLE[1:], completed(3, "abcd", [])], 1),
        ([planned(), *HALF, failed(1), completed(3, "ac", [1])], 0),
        ([planned(), *HALF, failed(1), *WHOLE[:2], completed(3, "ac", [1])], 0),
        ([planned(), *HALF, failed(1), GIVEN_UP, retried(), *WHOLE[:2], completed(5, "abcd", [])], 0),
        ([planned(), *HALF, failed(1), GIVEN_UP, retried(), failed(2), completed(5, "ac", [1])], 0),
        ([planned(), *HALF, failed(1), GIVEN_UP, retried(), failed(1), *WHOLE[:2], completed(5, "abcd", [])], 0),
        ([planned(), *HALF, failed(1), GIVEN_UP, *WHOLE[:2], retried(), completed(5, "abcd", [])], 0),
        ([planned(), *HALF, failed(1), GIVEN_UP, *WHOLE[:2], retried(), completed(5, "ac", [1])], 1),
        ([*WHOLE, completed(3, "0", [])], 0),
    ],
    ids=[
        *("whole", "other", "one gone", "failed", "late", "retried", "failed again", "old failure", "late, retried"),
        *("late, left out", "no beginning"),
    ],
)
def test_the_root_that_a_run_ends_with(events: list[Event], problems: int) -> None:
    findings = Findings()
    roots = RunRoots(findings)
    for position, event in enumerate(events, start=1):
        roots.see(position, event)
    assert findings.total == problems
