"""Each step of a run is one line of the process's log, with the seconds since it was asked for and counts."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from structlog.testing import capture_logs

from commands.processes.run_life import log_life
from domain.event import Envelope, Event
from domain.runs.results import record_results
from domain.runs.run import RunCompleted, RunPlanned, RunPublished, RunRequested

RUN = UUID("6a111111-1111-4111-8111-111111111111")
ASKED = datetime(2026, 1, 23, 17, tzinfo=UTC)


def at(version: int, seconds: float) -> dict[str, Any]:
    return Envelope("desk", ASKED + timedelta(seconds=seconds), RUN).at(RUN, version)


def life() -> list[Event]:
    terms: dict[str, Any] = {
        "portfolio_snapshot_id": RUN,
        "portfolio_sha256": "",
        "market_snapshot_id": RUN,
        "market_sha256": "",
        "as_of": ASKED.date(),
        "base_currency": "USD",
        "scenarios": ["BASE@1", "up100@1"],
        "scenario_documents": [],
        "measures": ["PV"],
        "positions": 5000,
        "chunk_size": 4096,
        "models": [],
    }
    completed = RunCompleted(**at(3, 4.5), blocks=2, blocks_root="", failed_positions=12, failed_chunks=[])
    envelope = Envelope("projections", ASKED + timedelta(seconds=5), RUN)
    return [
        RunRequested(**at(1, 0), **terms),
        RunPlanned(**at(2, 0.25), chunks=2, kinds=["PositionPriced"], chunks_per_job=1),
        completed,
        *record_results([], envelope, RUN, 3, {}),
        RunPublished(**at(4, 60), reason=""),
    ]


def test_a_line_for_each_step_with_seconds_and_counts() -> None:
    with capture_logs() as lines:
        log_life(life(), lambda run_id: life() if run_id == RUN else [])
    assert [(line["event"], line["seconds"]) for line in lines] == [
        ("run.requested", 0.0),
        ("run.planned", 0.25),
        ("run.completed", 4.5),
        ("run.queryable", 5.0),
        ("run.published", 60.0),
    ]
    assert all(line["run_id"] == str(RUN) for line in lines)
    assert (lines[0]["positions"], lines[0]["scenarios"], lines[1]["chunks"]) == (5000, 2, 2)
    assert (lines[2]["failed_positions"], lines[2]["failed_chunks"]) == (12, 0)
