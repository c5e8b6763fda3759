"""Asking for a run: everything is found, pinned and checked first; the same key is the same run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commands.define_scenario import define_scenario_set, define_scenarios
from commands.ingest_portfolio import ingest_portfolio
from commands.load_market import load_market
from commands.refusals import InvalidInput, UnknownScenario, UnknownSnapshot
from commands.submit_run import SubmitRun, Submitted, submit_run
from domain.answered_commands import key_of
from domain.event import Envelope
from domain.refusals import Conflict, Refused
from domain.runs.run import RunRequested
from ops.adapters.blob_store import PostgresBlobStore
from ops.adapters.database import Database, as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore
from ops.adapters.snapshot_codec import SnapshotCodec
from ops.market_checks import check_scenarios, find_unsolved

FUND = Path(__file__).parent.parent.parent / "examples" / "small_fund"
ASKED = Envelope("tester", datetime(2026, 1, 23, 18, tzinfo=UTC), UUID(int=1))


@dataclass
class Site:
    store: PostgresEventStore
    blobs: PostgresBlobStore
    command: SubmitRun

    def submit(self, actor: str = ASKED.actor, key: str | None = None, **changes: Any) -> Submitted:
        asked, command = replace(ASKED, actor=actor), replace(self.command, **changes)
        used = key_of(actor, key, "submit", command) if key else None
        return submit_run(self.store, self.blobs, asked, command, check_scenarios, used)

    def requested(self, submitted: Submitted) -> RunRequested:
        (event,) = self.store.stream(submitted.run_id)
        assert isinstance(event, RunRequested)
        return event

    def define(self, *documents: dict[str, Any]) -> list[dict[str, Any]]:
        return define_scenarios(self.store, ASKED, json.dumps(documents).encode())

    def market(self, **changes: Any) -> dict[str, Any]:
        document = json.loads((FUND / "market.json").read_text()) | changes
        return load_market(self.store, self.blobs, ASKED, json.dumps(document).encode(), find_unsolved)


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    store = PostgresEventStore(LedgerRecorder(LedgerDatastore(database_url, as_application, 4)))
    database = Database(database_url)
    blobs = PostgresBlobStore(database.connect)
    report = ingest_portfolio(store, blobs, SnapshotCodec(), ASKED, FUND)
    made = Site(store, blobs, SubmitRun(report["snapshot_id"], ""))
    made.command = replace(made.command, market=made.market()["snapshot_id"])
    made.define(shock("up100", 100), shock("down100", -100))
    yield made
    store.close()
    database.close()


def shock(scenario_id: str, bp: float, curves: str = "*") -> dict[str, Any]:
    shocks = [{"kind": "PARALLEL", "curves": curves, "bp": bp}]
    return {"scenario_id": scenario_id, "name": "", "shocks": shocks}


def test_base_always_runs_first_and_versions_are_pinned(site: Site) -> None:
    assert site.define(shock("up100", 101))[0]["version"] == 2
    requested = site.requested(site.submit(scenarios=("up100", "down100@1", "up100@1", "BASE")))
    assert requested.scenarios == ["BASE", "up100@2", "down100@1", "up100@1"]
    assert [document["scenario_id"] for document in requested.scenario_documents] == [
        "BASE",
        "up100",
        "down100",
        "up100",
    ]


def test_a_run_keeps_cash_flows_of_its_own_scenarios(site: Site) -> None:
    scenarios = ("down100", "up100@1")
    assert site.requested(site.submit(scenarios=scenarios)).cashflows == ("BASE",)
    asked = site.requested(site.submit(scenarios=scenarios, cashflows=("up100", "BASE")))
    assert asked.cashflows == ("BASE", "up100@1")
    assert site.requested(site.submit(scenarios=scenarios, cashflows=("none",))).cashflows == ()


def test_a_set_is_opened_and_never_changes_its_mind(site: Site) -> None:
    body = json.dumps({"scenario_set_id": "nightly", "scenarios": ["up100", "down100"]}).encode()
    assert define_scenario_set(site.store, ASKED, body)["version"] == 1
    site.define(shock("up100", 150))
    assert site.requested(site.submit(scenarios=("@nightly",))).scenarios == ["BASE", "up100@1", "down100@1"]


def test_the_same_content_again_is_the_same_version_and_the_same_snapshot(site: Site) -> None:
    assert site.define(shock("up100", 100))[0]["version"] == 1
    assert site.market()["snapshot_id"] == site.command.market


@pytest.mark.parametrize(
    ("changes", "refusal", "code"),
    [
        ({"portfolio": "nonsense"}, UnknownSnapshot, "UNKNOWN_SNAPSHOT"),
        ({"market": str(UUID(int=5))}, UnknownSnapshot, "UNKNOWN_SNAPSHOT"),
        ({"scenarios": ("nope",)}, UnknownScenario, "UNKNOWN_SCENARIO"),
        ({"scenarios": ("up100@9",)}, UnknownScenario, "UNKNOWN_SCENARIO"),
        ({"scenarios": ("@nope",)}, UnknownScenario, "UNKNOWN_SCENARIO"),
        ({"measures": ("NPV",)}, Refused, "UNKNOWN_MEASURE"),
        ({"cashflows": ("up100",)}, Refused, "UNKNOWN_SCENARIO"),
    ],
)
def test_what_is_not_known_is_refused(site: Site, changes: dict[str, Any], refusal: type[Refused], code: str) -> None:
    head = site.store.head()
    with pytest.raises(refusal) as refused:
        site.submit(**changes)
    assert refused.value.code == code
    assert refused.value.fix
    assert site.store.head() == head


def test_a_portfolio_is_not_a_market(site: Site) -> None:
    with pytest.raises(UnknownSnapshot):
        site.submit(market=site.command.portfolio)


def test_a_scenario_that_finds_nothing_to_shock_is_refused(site: Site) -> None:
    site.define(shock("yen", 10, curves="JPY-*"))
    with pytest.raises(Refused, match="JPY"):
        site.submit(scenarios=("yen",))


def test_a_spread_shock_that_matches_no_position_is_refused(site: Site) -> None:
    site.define(
        {"scenario_id": "ccc", "name": "", "shocks": [{"kind": "SPREAD", "match": {"rating": "CCC-"}, "bp": 5}]}
    )
    with pytest.raises(Refused, match="rating") as refused:
        site.submit(scenarios=("ccc",))
    assert refused.value.code == "SCENARIO_DOES_NOT_FIT"


def test_a_market_after_everything_has_matured_is_refused(site: Site) -> None:
    late = site.market(as_of="2199-01-01", fixings=[], curves=late_curves())
    with pytest.raises(Refused) as refused:
        site.submit(market=late["snapshot_id"])
    assert refused.value.code == "PORTFOLIO_MATURED"


def late_curves() -> list[dict[str, Any]]:
    curves = json.loads((FUND / "market.json").read_text())["curves"]
    nodes = [{"tenor": "1Y", "rate": 0.03}, {"tenor": "5Y", "rate": 0.03}]
    return [curve | {"nodes": nodes} for curve in curves]


def test_the_same_key_is_the_same_run_and_another_request_a_conflict(site: Site) -> None:
    first = site.submit(key="tonight", scenarios=("up100",))
    again = site.submit(key="tonight", scenarios=("up100",))
    assert first.run_id == again.run_id
    with pytest.raises(Conflict) as conflict:
        site.submit(key="tonight", scenarios=("down100",))
    assert conflict.value.code == "IDEMPOTENCY_KEY_REUSED"


def test_the_same_request_is_the_same_run_though_a_set_was_defined_anew(site: Site) -> None:
    define_scenario_set(site.store, ASKED, b'{"scenario_set_id": "nightly", "scenarios": ["up100"]}')
    first = site.submit(key="tonight", scenarios=("@nightly",))
    define_scenario_set(site.store, ASKED, b'{"scenario_set_id": "nightly", "scenarios": ["down100"]}')
    assert site.submit(key="tonight", scenarios=("@nightly",)) == first


def test_the_same_key_of_another_actor_is_another_request(site: Site) -> None:
    asked = [("ada", "b/c"), ("ada/b", "c"), ("bob", "b/c"), ("ada", "b/c")]
    runs = [site.submit(actor, key).run_id for actor, key in asked]
    assert len(set(runs)) == 3
    assert runs[0] == runs[3]
    assert site.submit("eve", "tonight", scenarios=("up100",)).run_id not in runs  # no conflict


def test_an_invalid_market_names_everything_and_stores_nothing(site: Site) -> None:
    head = site.store.head()
    with pytest.raises(InvalidInput) as invalid:
        site.market(base_currency="XXQ", discount={"USD": "NOPE"})
    assert len(invalid.value.problems) >= 2
    assert site.store.head() == head
