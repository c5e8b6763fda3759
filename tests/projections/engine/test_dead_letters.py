"""What a projection cannot digest: parked and replayed where events stand alone, a halt that says so where not."""

import threading
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain.event import Event
from domain.ports import LogEntry
from domain.scenarios.versions import Scenario, ScenarioDefined, define
from ops.adapters.snapshot_codec import SnapshotCodec
from ops.http.database_metrics import DatabaseCollector
from ops.metrics import projection_metrics
from ops.processes.run_to_end import wait_until_queryable
from ops.projection_status import ProjectionHalted, dead_letters, projection_states, refuse_if_halted
from ops.read_models import build_projections, read_model_named
from ops.rebuilding import RebuildProblem, rebuild
from ops.settings import Settings
from ops.wiring import Tenor
from projections.catalogue.scenarios import ScenarioProjection
from projections.engine.dead_letters import Replayed, replay
from projections.engine.runner import catch_up, run_forever
from projections.engine.versions import OnPoison, ReadModel
from tests.builders.sample_run import ASKED, SampleRun, portfolio, register

SECONDS = 30.0


@pytest.fixture
def tenor(database_url: str) -> Iterator[Tenor]:
    tenor = Tenor(Settings(Path(), database_url), database_url)
    yield tenor
    tenor.close()


class Picky:
    """Keeps the book of scenarios, but cannot digest those whose name is on the list."""

    alone: tuple[type[Event], ...] = ()

    def __init__(self, indigestible: list[str], error: Exception, version: int) -> None:
        self._inner, self._indigestible, self._error = ScenarioProjection(version), indigestible, error
        self.name = self._inner.name

    def handle(self, connection: Any, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            if isinstance(entry.event, ScenarioDefined) and entry.event.scenario_id in self._indigestible:
                raise self._error
        self._inner.handle(connection, entries)


def picky(indigestible: list[str], policy: OnPoison = OnPoison.PARK, error: Exception | None = None) -> ReadModel:
    def build(version: int) -> Picky:
        return Picky(indigestible, error or ValueError("no such shock"), version)

    return ReadModel("scenario", ScenarioProjection.tables, build, policy)


def define_all(tenor: Tenor, names: str) -> None:
    for name in names:
        tenor.store.append(define(Scenario(), ASKED, name, {"scenario_id": name, "shocks": []}))


def rows(tenor: Tenor, query: str) -> list[tuple[Any, ...]]:
    with tenor.database.connect() as connection:
        return connection.execute(query).fetchall()


def defined(tenor: Tenor) -> str:
    return "".join(name for (name,) in rows(tenor, "SELECT scenario_id FROM read.scenario ORDER BY 1"))


def letters(tenor: Tenor, *, replayed: bool = False) -> list[dict[str, Any]]:
    with tenor.database.connect() as connection:
        return dead_letters(connection, replayed=replayed)


def wait_until(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(SECONDS / 0.01)):
        if is_so():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to that")


def test_what_cannot_be_digested_is_set_aside_and_the_rest_goes_on(tenor: Tenor) -> None:
    define_all(tenor, "abcde")
    catch_up(picky(["b", "d"]), tenor.store, tenor.database.connect)
    assert defined(tenor) == "ace"
    told = [(each["projection"], each["position"], each["topic"], each["error"]) for each in letters(tenor)]
    b, d = (entry.position for entry in tenor.store.log(0, 10) if entry.event.scenario_id in "bd")  # type: ignore[attr-defined]
    error = "ValueError: no such shock"
    assert told == [("scenario_v1", b, "scenario.defined", error), ("scenario_v1", d, "scenario.defined", error)]
    assert rows(tenor, "SELECT position FROM reader_position WHERE reader = 'scenario_v1'") == [(tenor.store.head(),)]


def test_replayed_it_is_there_and_what_fails_again_stays(tenor: Tenor) -> None:
    define_all(tenor, "abcd")
    sick = ["b", "d"]
    read_model = picky(sick)
    catch_up(read_model, tenor.store, tenor.database.connect)
    b, d = (each["position"] for each in letters(tenor))
    sick.remove("b")
    replayed = replay(read_model.build(1), tenor.store, tenor.database.connect)
    assert replayed == Replayed([b], {d: "ValueError: no such shock"})
    assert defined(tenor) == "abc"
    assert [(each["position"], each["tries"]) for each in letters(tenor)] == [(d, 2)]
    sick.clear()
    assert replay(read_model.build(1), tenor.store, tenor.database.connect, position=b) == Replayed([], {})
    assert replay(read_model.build(1), tenor.store, tenor.database.connect, position=d) == Replayed([d], {})
    assert defined(tenor) == "abcd" and letters(tenor) == []
    assert [each["replayed_at"] is None for each in letters(tenor, replayed=True)] == [False, False]


def test_a_portfolio_whose_bytes_came_late_is_parked_then_replayed(tenor: Tenor) -> None:
    data = SnapshotCodec().encode(portfolio())
    sha = sha256(data).hexdigest()
    tenor.store.append(register(sha))
    define_all(tenor, "a")
    tree = read_model_named(tenor.storage, "portfolio_node")
    catch_up(tree, tenor.store, tenor.database.connect)
    assert [each["topic"] for each in letters(tenor)] == ["snapshot.registered"]
    tenor.blobs.put(sha, data)
    assert replay(tree.build(1), tenor.store, tenor.database.connect).failed == {}
    assert rows(tenor, "SELECT count(*) FROM read.portfolio_node") == [(9,)]


def test_a_rebuild_is_strict_even_where_the_live_projection_parks(tenor: Tenor) -> None:
    define_all(tenor, "abc")
    read_model = picky(["b"])
    catch_up(read_model, tenor.store, tenor.database.connect)
    with pytest.raises(RebuildProblem) as problem:
        rebuild(read_model, tenor.store, tenor.database.connect, verify=True, tell=lambda _: None)
    assert problem.value.code == "REBUILD_FAILED"
    assert defined(tenor) == "ac" and len(letters(tenor)) == 1


def test_a_halt_is_exactly_before_the_entry_whatever_the_batch(tenor: Tenor) -> None:
    define_all(tenor, "abcde")
    read_model = picky(["d"], OnPoison.HALT)
    with pytest.raises(ValueError, match="no such shock") as error:
        catch_up(read_model, tenor.store, tenor.database.connect)
    assert defined(tenor) == "abc"
    assert error.value.__notes__ == [f"at log position {tenor.store.log(0, 10)[3].position}, scenario.defined"]
    assert letters(tenor) == []


def run_until_halted(tenor: Tenor, read_model: ReadModel) -> None:
    stop = threading.Event()
    with pytest.raises((ValueError, MemoryError)):
        run_forever([read_model], tenor.store, tenor.database.connect, stop, lambda _name, _error: stop.set())


def test_trouble_of_the_machine_is_never_parked(tenor: Tenor) -> None:
    define_all(tenor, "ab")
    run_until_halted(tenor, picky(["b"], OnPoison.PARK, MemoryError("full")))
    assert letters(tenor) == []
    (state,) = (each for each in states(tenor) if each.name == "scenario")
    assert state.halted_at is not None and state.halt_error == "MemoryError: full"


def states(tenor: Tenor) -> list[Any]:
    with tenor.database.connect() as connection:
        return projection_states(connection)


def halt_results(tenor: Tenor) -> SampleRun:
    """A run whose results cannot be published: one of its blocks is not that of the log."""
    run = SampleRun()
    run.begin(tenor)  # type: ignore[arg-type]
    for chunk_no in range(run.chunks):
        run.append_facts(tenor, chunk_no, forged=chunk_no == 1)  # type: ignore[arg-type]
    run.end(tenor)  # type: ignore[arg-type]
    stop, halted = threading.Event(), []

    def on_halt(name: str, error: BaseException) -> None:
        halted.append((name, type(error).__name__))
        stop.set()

    from projections.results.blocks import BlockDamaged

    with pytest.raises(BlockDamaged):
        run_forever(build_projections(tenor.storage), tenor.store, tenor.database.connect, stop, on_halt)
    assert halted == [("result", "BlockDamaged")]
    return run


def test_who_waits_for_results_is_told_that_they_will_not_come(tenor: Tenor, monkeypatch: pytest.MonkeyPatch) -> None:
    run = halt_results(tenor)
    with tenor.database.connect() as connection:
        refuse_if_halted(connection, 0.0)  # a runner that was just started may clear it yet
        with pytest.raises(ProjectionHalted, match=r"result_v1 has halted: BlockDamaged: block .* of chunk 1"):
            refuse_if_halted(connection, 60.0)
    monkeypatch.setattr("ops.projection_status.HALT_GRACE_SECONDS", 0.0)
    with pytest.raises(ProjectionHalted):
        wait_until_queryable(tenor.database.connect, str(run.run_id), quiet=True)


def test_whoever_starts_again_takes_back_what_was_said(tenor: Tenor) -> None:
    define_all(tenor, "ab")
    sick = ["b"]
    read_model = picky(sick, OnPoison.HALT)
    run_until_halted(tenor, read_model)
    sick.clear()
    stop = threading.Event()
    thread = threading.Thread(target=run_forever, args=([read_model], tenor.store, tenor.database.connect, stop))
    thread.start()
    wait_until(lambda: defined(tenor) == "ab")
    stop.set()
    thread.join(SECONDS)
    (state,) = (each for each in states(tenor) if each.name == "scenario")
    assert state.halted_at is None and state.lag == 0 and state.heartbeat_age_s < SECONDS and state.events_per_s > 0


def test_the_gauges(tenor: Tenor) -> None:
    define_all(tenor, "abc")
    catch_up(picky(["b"]), tenor.store, tenor.database.connect)
    with tenor.database.connect() as connection:
        families = {family.name: family for family in projection_metrics(connection)}
    assert set(families) == {
        "tenor_projection_position",
        "tenor_projection_lag_events",
        "tenor_projection_heartbeat_age_seconds",
        "tenor_projection_events_per_second",
        "tenor_projection_dead_letters",
    }

    def value(name: str, projection: str) -> float | None:
        found = {each.labels["projection"]: each.value for each in families[f"tenor_projection_{name}"].samples}
        return found.get(projection)

    head = tenor.store.head()
    assert (value("position", "scenario"), value("lag_events", "scenario")) == (head, 0)
    assert (value("position", "run"), value("lag_events", "run")) == (0, head)
    assert value("dead_letters", "scenario") == 1 and value("events_per_second", "scenario") > 0  # type: ignore[operator]
    assert value("heartbeat_age_seconds", "run") is None
    assert list(DatabaseCollector(lambda: True, tenor.database.connect, [projection_metrics]).describe()) == []


def test_a_letter_is_for_one_version(tenor: Tenor) -> None:
    """A rebuild once the cause is mended leaves the letter behind with the version that it was for."""
    define_all(tenor, "ab")
    sick = ["b"]
    catch_up(picky(sick), tenor.store, tenor.database.connect)
    sick.clear()
    assert replay(picky(sick).build(2), tenor.store, tenor.database.connect) == Replayed([], {})
    with pytest.raises(RebuildProblem) as problem:
        rebuild(picky(sick), tenor.store, tenor.database.connect, verify=False, tell=lambda _: None)
    assert problem.value.errors == ["scenario: 1 rows live, 2 rebuilt"]
    replay(picky(sick).build(1), tenor.store, tenor.database.connect)
    assert len(letters(tenor, replayed=True)) == 1
    rebuild(picky(sick), tenor.store, tenor.database.connect, verify=True, tell=lambda _: None)
    assert letters(tenor, replayed=True) == []
    assert defined(tenor) == "ab"
