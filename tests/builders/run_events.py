"""A run's events up to its completion."""

from datetime import UTC, date, datetime
from uuid import UUID

from domain.event import Envelope
from domain.runs import run as runs

NOW = datetime(2026, 1, 23, 18, tzinfo=UTC)
RUN = UUID(int=7)
ASKED = Envelope("tester", NOW, UUID(int=1))
TERMS = {
    "portfolio_snapshot_id": UUID(int=2),
    "portfolio_sha256": "aa",
    "market_snapshot_id": UUID(int=3),
    "market_sha256": "bb",
    "as_of": date(2026, 1, 23),
    "base_currency": "USD",
    "scenarios": ["BASE"],
    "scenario_documents": [{"scenario_id": "BASE", "name": "Base", "shocks": []}],
    "measures": ["PV"],
    "positions": 5000,
    "chunk_size": 4096,
}


def requested() -> list[runs.RunEvent]:
    return runs.request(runs.Run(), ASKED, RUN, TERMS)


def planned() -> list[runs.RunEvent]:
    return requested() + runs.plan(runs.fold(requested()), ASKED, RUN, ["PositionPriced"], 1)


def completed(failed_positions: int = 0, failed_chunks: list[int] | None = None) -> list[runs.RunEvent]:
    return planned() + runs.complete(
        runs.fold(planned()),
        ASKED,
        RUN,
        blocks=2,
        blocks_root="cc",
        failed_positions=failed_positions,
        failed_chunks=failed_chunks or [],
    )
