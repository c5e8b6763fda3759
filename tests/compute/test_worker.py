"""A worker that comes second: equal content is success, other content an alarm or a note; releases side by side."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from commands.processes.run import RunProcess
from compute.product_families import ChunkFacts
from compute.worker import Ports, Worker
from domain import codec
from domain.event import Envelope
from domain.measures.measures import Fact
from domain.runs import run
from domain.runs.facts import BlockColumns, BlockFact, EnginesCompared, NondeterminismDetected, fact_stream
from ops.adapters.block_codec import ZstdBlockCodec
from ops.adapters.snapshot_codec import SnapshotCodec
from ops.audit.verification.verify import verify
from ops.settings import Settings
from ops.wiring import Tenor

NO_DETAIL = np.array([-1, 0], np.int32)
STORED = Path(__file__).parents[1] / "domain" / "stored_events"
NOW = datetime(2026, 1, 23, 18, tzinfo=UTC)
KINDS = ("CashflowsProjected", "PositionPriced", "RiskComputed")
OLDER, NEWER = "0.1.0+0123456789abcdef", "0.2.0+fedcba9876543210"


def requested_long_ago() -> run.RunRequested:
    """From the corpus of stored events, to the byte."""
    stored = json.loads((STORED / "run.requested.v1.json").read_text())
    event = codec.decode(stored["topic"], json.dumps(stored["state"]).encode())
    assert isinstance(event, run.RunRequested)
    return event


def priced(pv: float, reason: int = 0) -> ChunkFacts:
    def block(name: str) -> BlockColumns:
        values = np.full((1, 1, 2), [pv, np.nan])
        return BlockColumns(
            (name.lower(),), values, (name,), np.array([[[0, 4 + reason]]], np.uint8), ("no",), NO_DETAIL
        )

    return ChunkFacts(2, 1, {"USD": [1.0]}, {Fact.PRICED: block("PV"), Fact.RISK: block("DV01")})


def keeping(pv: float) -> ChunkFacts:
    """What a release that keeps cash flows makes of it."""
    facts = priced(pv)
    no_reasons, places = np.zeros((0, 1, 2), np.uint8), np.zeros(2, np.int32)
    kept = BlockColumns(("behavioural.pv",), np.full((1, 1, 2), pv), (), no_reasons, ("cell",), places)
    return replace(facts, blocks=facts.blocks | {Fact.CASH_FLOWS: kept})


@dataclass
class Site:
    tenor: Tenor
    requested: run.RunRequested

    def worker(self, engine: str, facts: ChunkFacts) -> Worker:
        tenor = self.tenor
        ports = Ports(tenor.store, tenor.blobs, SnapshotCodec(), ZstdBlockCodec(), tenor.database.connect, lambda: NOW)
        return Worker(ports, lambda _requested, _chunk_no: facts, engine)

    def work(self, engine: str, facts: ChunkFacts, chunk_no: int = 0) -> None:
        job = {"run_id": str(self.requested.originator_id), "attempt": 1, "chunks": [chunk_no]}
        self.worker(engine, facts).handle(json.dumps(job).encode())

    def manage(self) -> None:
        process = RunProcess(self.tenor.store, self.tenor.queue, self.tenor.database.connect, lambda: NOW)
        while process.step():
            pass

    def fact(self, kind: str, chunk_no: int = 0) -> BlockFact:
        (fact,) = self.tenor.store.stream(fact_stream(self.requested.originator_id, kind, chunk_no))
        assert isinstance(fact, BlockFact)
        return fact

    def logged(self, kind: type[Any]) -> list[Any]:
        return [entry.event for entry in self.tenor.store.log(0, 1_000) if isinstance(entry.event, kind)]


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    requested = requested_long_ago().model_copy(update={"positions": 2 * 4096, "measures": ["PV", "DV01"]})
    tenor.store.append([requested])
    yield Site(tenor, requested)
    tenor.close()


def test_equal_content_is_success_whichever_engine_is_second(site: Site) -> None:
    for engine in (OLDER, OLDER, NEWER):
        site.work(engine, priced(100.0))
    assert site.fact("PositionPriced").engine_version == OLDER
    assert site.logged(NondeterminismDetected) == site.logged(EnginesCompared) == []


def test_other_content_of_the_same_engine_is_an_alarm_and_the_stored_numbers_stay(site: Site) -> None:
    site.work(OLDER, priced(100.0))
    before = site.fact("PositionPriced")
    site.work(OLDER, priced(np.nextafter(100.0, 101.0)))
    alarms = site.logged(NondeterminismDetected)
    assert {alarm.kind for alarm in alarms} == {"PositionPriced", "RiskComputed"}
    assert site.fact("PositionPriced") == before
    assert {alarm.stored_sha256 for alarm in alarms if alarm.kind == "PositionPriced"} == {before.content_sha256}
    told = verify(site.tenor.storage, site.tenor.sealing)["recomputed_otherwise"]
    assert [one["within_tolerance"] for one in told] == [False, False]


@pytest.mark.parametrize(
    ("second", "difference", "is_within"),
    [
        (priced(100.0 * (1 + 2e-16 * 4)), 1e-15, True),
        (priced(100.0 * (1 + 9e-10)), 1e-9, True),
        (priced(100.0 * (1 + 1e-8)), 2e-8, False),
        (priced(100.0, reason=1), None, False),
        (priced(float("nan")), None, False),
    ],
    ids=["last digits", "inside", "outside", "another reason", "blank"],
)
def test_other_content_of_another_engine_is_compared_and_noted_once(
    site: Site, second: ChunkFacts, difference: float | None, is_within: bool
) -> None:
    site.work(OLDER, priced(100.0))
    for _ in range(2):
        site.work(NEWER, second)
    notes = site.logged(EnginesCompared)
    assert {note.kind for note in notes} == {"PositionPriced", "RiskComputed"} and len(notes) == 2
    for note in notes:
        assert (note.stored_engine_version, note.engine_version) == (OLDER, NEWER)
        assert note.is_within_tolerance == is_within
        assert (note.largest_difference is None) == (difference is None)
        assert difference is None or 0 < note.largest_difference <= difference
    assert site.fact("PositionPriced").engine_version == OLDER
    assert site.logged(NondeterminismDetected) == []


def test_workers_of_two_releases_share_a_run_that_was_asked_for_long_ago(site: Site) -> None:
    """Each chunk says which engine made it; the run completes once, whoever did what. The older release keeps no cash
    flows: of its chunk they are still missing, and the newer one adds them."""
    site.manage()
    site.work(OLDER, priced(100.0), chunk_no=0)
    site.work(NEWER, keeping(100.0), chunk_no=1)
    site.manage()
    assert site.logged(run.RunCompleted) == []
    site.work(NEWER, keeping(100.0 * (1 + 1e-12)), chunk_no=0)
    site.manage()
    (completed,) = site.logged(run.RunCompleted)
    assert (completed.blocks, completed.failed_chunks) == (6, [])
    engines = {kind: [site.fact(kind, chunk_no).engine_version for chunk_no in (0, 1)] for kind in KINDS}
    assert engines == {
        "CashflowsProjected": [NEWER, NEWER], "PositionPriced": [OLDER, NEWER], "RiskComputed": [OLDER, NEWER],
    }  # fmt: skip
    assert {(note.chunk_no, note.is_within_tolerance) for note in site.logged(EnginesCompared)} == {(0, True)}
    assert verify(site.tenor.storage, site.tenor.sealing)["problems"] == []


def test_kinds_of_facts_that_an_older_release_leaves_out_are_added(site: Site) -> None:
    """It knows prices alone; whoever comes second brings the rest, and what is there stays."""
    site.manage()
    whole = keeping(100.0)
    older = ChunkFacts(2, 1, whole.fx_to_base, {Fact.PRICED: whole.blocks[Fact.PRICED]})
    for chunk_no in (0, 1):
        site.work(OLDER, older, chunk_no)
    site.manage()
    assert site.logged(run.RunCompleted) == []
    for chunk_no in (0, 1):
        site.work(NEWER, whole, chunk_no)
    site.manage()
    assert [each.blocks for each in site.logged(run.RunCompleted)] == [6]
    for chunk_no in (0, 1):
        made_by = [site.fact(kind, chunk_no).engine_version for kind in KINDS]
        assert made_by == [NEWER, OLDER, NEWER]
    assert site.logged(EnginesCompared) == []
    assert verify(site.tenor.storage, site.tenor.sealing)["problems"] == []


@pytest.mark.usefixtures("site")
def test_events_of_an_older_schema_are_what_a_newer_release_works_from() -> None:
    """An event stored under a version that has been left behind is carried forward on every read, and never rewritten:
    here the next release has renamed a field of the request."""

    class Renamed(run.RunRequested):
        class_version = 2
        base_currency: str = ""
        reporting_currency: str

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> dict[str, Any]:
            return {**state, "reporting_currency": state["base_currency"]}

    stored = json.loads((STORED / "run.requested.v1.json").read_text())["state"]
    event = Renamed.model_validate(codec.upcast(Renamed, dict(stored)))
    assert event.reporting_currency == stored["base_currency"]
    folded = run.fold([event])
    assert folded.status is run.RunStatus.REQUESTED and folded.requested == event
    assert run.plan(folded, Envelope("tester", NOW, UUID(int=1)), UUID(stored["originator_id"]), ["PositionPriced"], 1)
