"""A schedule from its document to a run in the log: by HTTP, over a real portfolio and market, with real calendars."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from commands.define_schedule import define_schedule
from commands.ingest_portfolio import Called, ingest_portfolio
from commands.load_market import load_market
from domain.event import Envelope
from domain.runs.run import RunRequested
from ops.market_checks import find_unsolved
from ops.read_models import catch_up_catalogues
from ops.schedules import is_business_day, listed_schedules, schedule_process
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor
from tests.builders.sample_run import ASKED

FUND = Path(__file__).parents[2] / "examples" / "small_fund"
DOCUMENT: dict[str, Any] = {"schedule_id": "eod", "portfolio": "small fund", "at": "18:30", "zone": "America/New_York"}
DOCUMENT |= {"calendar": "US.SETTLEMENT", "measures": ["PV"]}


@pytest.fixture
def tenor(database_url: str, tmp_path: Path) -> Iterator[Tenor]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    yield tenor
    tenor.close()


def test_calendars_are_those_of_the_desk() -> None:
    """Thanksgiving 2026 is Thursday, November 26th; Boxing Day is London's."""
    assert not is_business_day("US.SETTLEMENT", date(2026, 11, 26))
    assert is_business_day("TARGET", date(2026, 11, 26))
    assert not is_business_day("UK", date(2026, 12, 28))
    assert is_business_day("NONE", date(2026, 11, 28)) and not is_business_day("WEEKEND", date(2026, 11, 28))


def test_a_run_is_in_the_log_when_it_falls_due(tenor: Tenor) -> None:
    market = load_market(tenor.store, tenor.blobs, ASKED, (FUND / "market.json").read_bytes(), find_unsolved)
    day = date.fromisoformat(str(market["as_of"]))
    parts = (tenor.store, tenor.blobs, tenor.portfolio_codec, ASKED, FUND)
    portfolio = ingest_portfolio(*parts, called=Called("small fund", day))
    catch_up_catalogues(tenor.storage)
    defined_at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    always = DOCUMENT | {"calendar": "NONE"}
    define_schedule(tenor.store, Envelope("head", defined_at, ASKED.correlation_id), json.dumps(always).encode())
    due_at = datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC)  # in winter
    (before,) = listed_schedules(tenor.storage, defined_at)
    assert abs((before["next_at"] - due_at).total_seconds()) in (0, 3600)
    for _ in range(2):
        schedule_process(tenor.storage).tick(before["next_at"])
    requests = [entry.event for entry in tenor.store.log(0, 1_000) if isinstance(entry.event, RunRequested)]
    ((run),) = requests
    assert (run.actor, run.as_of, run.measures) == ("head", day, ["PV"])
    assert str(run.portfolio_snapshot_id) == portfolio["snapshot_id"]
    (after,) = listed_schedules(tenor.storage, before["next_at"])
    assert (after["last_run_id"], after["last_state"], after["waits"]) == (str(run.originator_id), "REQUESTED", None)


def test_by_http(tenor: Tenor) -> None:
    client, address = TestClient(build_app(tenor, ("orchestrator",))), "/api/v1/orchestrator/schedules"
    bad = client.post(address, json=DOCUMENT | {"at": "25:00", "zone": "Nowhere"})
    assert (bad.status_code, bad.json()["code"]) == (422, "INVALID_SCHEDULE")
    assert [each["path"] for each in bad.json()["problems"]] == ["at", "zone"]
    for _ in range(2):
        defined = client.post(address, json=DOCUMENT)
        assert (defined.status_code, defined.json()["version"]) == (202, 1)
    assert client.post(address, json=DOCUMENT | {"at": "12:00"}).json()["version"] == 2
    (row,) = client.get(address).json()
    assert client.get(f"{address}/eod").json() == row
    assert (row["at"], row["version"], row["waits"], row["last_run_id"]) == ("12:00", 2, None, None)
    assert client.delete(f"{address}/eod").status_code == 202
    assert client.get(f"{address}/eod").status_code == 404
    assert client.delete(f"{address}/eod").json()["code"] == "UNKNOWN_SCHEDULE"
