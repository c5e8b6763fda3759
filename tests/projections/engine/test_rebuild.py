"""A rebuild beside the live version: equal to it, unnoticed by readers, resumed after a kill, never swapped unequal."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner

from domain.refusals import Refused
from domain.scenarios.versions import Scenario, ScenarioSet, define, define_set
from domain.snapshot import SnapshotKind, bring, snapshot_id
from domain.valuation_models import ModelDecisions, approve
from ops.read_models import build_projections, read_model_named
from ops.rebuilding import RebuildProblem, Rebuilt, rebuild, rollback
from ops.settings import Settings
from ops.wiring import Tenor
from projections.engine.comparison import contents
from projections.engine.runner import catch_up, run_forever
from projections.engine.versions import ReadModel
from tests.builders.sample_run import ASKED, SampleRun

NAMES = ("snapshot", "scenario", "model", "run", "portfolio_node", "result", "ladder")
SECONDS = 30.0
ROOT = Path(__file__).parents[3]


@pytest.fixture
def tenor(database_url: str) -> Iterator[Tenor]:
    tenor = Tenor(Settings(Path(), database_url), database_url)
    yield tenor
    tenor.close()


def is_true(tenor: Tenor, query: str, run_id: UUID) -> bool:
    return rows(tenor, query, run_id) == [(True,)]


def rows(tenor: Tenor, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with tenor.database.connect() as connection:
        return connection.execute(query, parameters).fetchall()


def states(tenor: Tenor, name: str) -> list[tuple[int, str]]:
    return rows(tenor, "SELECT version, state FROM read_model_version WHERE read_model = %s ORDER BY 1", name)


def live_a_life(tenor: Tenor) -> SampleRun:
    """Scenarios, a run that failed in part and was retried; every projection has been told."""
    tenor.store.append(define(Scenario(), ASKED, "up100", {"scenario_id": "up100", "shocks": []}))
    tenor.store.append(define_set(ScenarioSet(), ASKED, "nightly", ["up100@1"]))
    tenor.store.append(approve(ModelDecisions(), ASKED, "swaps", 1, "validated"))
    run = SampleRun(failing=(1,), cashflows=("BASE", "up100@1")).whole(tenor)  # type: ignore[arg-type]
    portfolio = snapshot_id(SnapshotKind.PORTFOLIO, run.portfolio_sha256)
    tenor.store.append([bring(ASKED, SnapshotKind.PORTFOLIO, portfolio, name="sample", as_of=ASKED.now.date())])
    keep_up(tenor)
    run.retry(tenor)  # type: ignore[arg-type]
    run.end(tenor)  # type: ignore[arg-type]
    keep_up(tenor)
    return run


def keep_up(tenor: Tenor) -> None:
    """Twice: publishing results is an event of its own, which the others are told of then."""
    for read_model in (*build_projections(tenor.storage), *build_projections(tenor.storage)):
        catch_up(read_model, tenor.store, tenor.database.connect)


def rebuilt(tenor: Tenor, name: str, *, verify: bool = True, tell: Callable[[str], None] = lambda _: None) -> Rebuilt:
    read_model = read_model_named(tenor.storage, name)
    return rebuild(read_model, tenor.store, tenor.database.connect, verify=verify, tell=tell)


def rolled_back(tenor: Tenor, name: str) -> Rebuilt:
    return rollback(read_model_named(tenor.storage, name), tenor.store, tenor.database.connect, tell=lambda _: None)


def held(tenor: Tenor, read_model: ReadModel, version: int) -> dict[str, Any]:
    with tenor.database.connect() as connection:
        return contents(connection, read_model, version, hashes=True)


def views_of(tenor: Tenor) -> dict[str, str]:
    query = "SELECT viewname, definition FROM pg_views WHERE schemaname = 'read'"
    return dict(rows(tenor, query))


def scenario(tenor: Tenor, name: str) -> None:
    tenor.store.append(define(Scenario(), ASKED, name, {"scenario_id": name, "shocks": []}))


@pytest.mark.parametrize("name", NAMES)
def test_the_next_version_equals_the_live_one_and_the_views_read_it(tenor: Tenor, name: str) -> None:
    live_a_life(tenor)
    read_model = read_model_named(tenor.storage, name)
    before = held(tenor, read_model, 1)
    done = rebuilt(tenor, name)
    assert (done.previous_version, done.version, done.resumed) == (1, 2, False)
    assert done.tables == before == held(tenor, read_model, 2)
    assert any(content.rows for content in before.values())
    assert states(tenor, name) == [(1, "RETIRED"), (2, "LIVE")]
    assert done.position == tenor.store.head()
    definitions = " ".join(views_of(tenor).values())
    for table in read_model.tables:
        assert f"projection.{table}_v2" in definitions and f"projection.{table}_v1" not in definitions


def test_every_view_reads_the_same_after_everything_was_rebuilt(tenor: Tenor) -> None:
    """With the moment at which a run became queryable, which stands in no event."""
    live_a_life(tenor)

    def seen() -> dict[str, list[str]]:
        return {
            view: [row[0] for row in rows(tenor, f"SELECT v::text FROM read.{view} v ORDER BY 1")]  # noqa: S608
            for view in views_of(tenor)
        }

    before = seen()
    for name in NAMES:
        rebuilt(tenor, name, verify=name != "run")
    assert seen() == before
    assert all(before[view] for view in before)


@contextmanager
def projections_running(tenor: Tenor) -> Iterator[None]:
    stop = threading.Event()
    arguments = (build_projections(tenor.storage), tenor.store, tenor.database.connect, stop)
    thread = threading.Thread(target=run_forever, args=arguments)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(SECONDS)


def wait_until(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(SECONDS / 0.01)):
        if is_so():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to that")


class Readers:
    """Reads the first run through the views without a pause, and keeps what it saw that was not so at the start."""

    QUERIES = (
        "SELECT count(*), sum(length(packed)) FROM read.result_chunk WHERE run_no = %s",
        "SELECT value FROM read.rollup WHERE run_no = %s AND dimension = 'total' ORDER BY scenario_no, column_no",
        "SELECT status, chunks_done, priced, failed, queryable_at FROM read.run WHERE run_no = %s",
        "SELECT count(*) FROM read.result_row WHERE run_no = %s",
    )

    def __init__(self, database_url: str, run_no: int) -> None:
        self.bad: list[Any] = []
        self.reads = 0
        self._url, self._run_no, self._stop = database_url, run_no, threading.Event()
        self._threads = [threading.Thread(target=self._read) for _ in range(2)]

    def __enter__(self) -> "Readers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(SECONDS)

    def _read(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            expected = [connection.execute(query, (self._run_no,)).fetchall() for query in self.QUERIES]
            while not self._stop.is_set():
                for query, first in zip(self.QUERIES, expected, strict=True):
                    found = connection.execute(query, (self._run_no,)).fetchall()
                    self.reads += 1
                    if found != first:
                        self.bad.append((query, first, found))


def test_readers_and_new_runs_notice_nothing(tenor: Tenor, database_url: str) -> None:
    """A run is requested, worked on and published while each read model is being rebuilt; the runner follows."""
    live_a_life(tenor)
    run_no = rows(tenor, "SELECT run_no FROM read.run")[0][0]
    with projections_running(tenor), Readers(database_url, run_no) as readers:
        for number, name in enumerate(("result", "run", "snapshot", "result")):
            another = SampleRun(run_id=UUID(int=200 + number))
            steps = iter([another.begin, another.work, another.end])

            def meanwhile(_: str, steps: Any = steps) -> None:
                for step in steps:
                    step(tenor)
                    break

            rebuilt(tenor, name, tell=meanwhile)
            for step in steps:
                step(tenor)  # type: ignore[arg-type]
            query = "SELECT queryable_at IS NOT NULL FROM read.run WHERE run_id = %s"
            wait_until(partial(is_true, tenor, query, another.run_id))
    assert readers.bad == []
    assert readers.reads > 20
    assert states(tenor, "result") == [(2, "RETIRED"), (3, "LIVE")]
    assert rows(tenor, "SELECT count(*) FROM read.run WHERE status = 'COMPLETED'") == [(5,)]
    result = read_model_named(tenor.storage, "result")
    rolled_back(tenor, "result")  # the version before has missed two runs, and is told them
    assert held(tenor, result, 2) == held(tenor, result, 3)


CHILD = """
import sys
from pathlib import Path
from ops.read_models import read_model_named
from ops.rebuilding import rebuild
from ops.settings import Settings
from ops.wiring import Tenor
import ops.rebuilding

ops.rebuilding.BATCH = 3
def tell(line):
    print(line, flush=True)
    sys.stdin.readline()
tenor = Tenor(Settings(Path(), sys.argv[1]), sys.argv[1])
rebuild(read_model_named(tenor.storage, "scenario"), tenor.store, tenor.database.connect, verify=True, tell=tell)
"""


def test_killed_it_resumes_and_meanwhile_a_second_is_refused(tenor: Tenor, database_url: str) -> None:
    for number in range(10):
        scenario(tenor, f"s{number}")
    keep_up(tenor)
    command = [sys.executable, "-c", CHILD, database_url]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as child:
        assert child.stdout.readline().startswith("scenario_v2: ")  # type: ignore[union-attr]
        with pytest.raises(RebuildProblem) as refused:
            rebuilt(tenor, "scenario")
        with pytest.raises(RebuildProblem):
            rolled_back(tenor, "scenario")
        child.kill()
    assert refused.value.code == "REBUILD_RUNNING"
    assert states(tenor, "scenario") == [(1, "LIVE"), (2, "BUILDING")]
    wait_until(lambda: rows(tenor, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)])
    done = rebuilt(tenor, "scenario")
    assert (done.version, done.resumed, done.events) == (2, True, 7)
    assert rows(tenor, "SELECT count(*) FROM read.scenario") == [(10,)]


@pytest.mark.parametrize(
    ("doctored", "verify", "swapped"),
    [
        ("UPDATE projection.result_fx_v1 SET rate = rate * 1.0000001 WHERE scenario_no = 1", True, False),
        ("UPDATE projection.result_fx_v1 SET rate = rate * 1.0000001 WHERE scenario_no = 1", False, True),
        (
            "UPDATE projection.result_chunk_v1 SET packed = set_byte(packed, 7, 1) WHERE chunk_no = 1",
            True,
            False,
        ),
        ("DELETE FROM projection.rollup_v1 WHERE key = 'USD'", True, False),
        ("DELETE FROM projection.rollup_v1 WHERE key = 'USD'", False, False),
        ("UPDATE projection.result_run_v1 SET queryable_at = now()", True, True),
    ],
)
def test_a_difference_is_found_and_nothing_is_swapped(tenor: Tenor, doctored: str, verify: bool, swapped: bool) -> None:
    """Without --verify rows are counted only; then a rebuild mends a wrong number, as the log has it."""
    live_a_life(tenor)
    with tenor.database.connect() as connection:
        connection.execute(doctored)
    views = views_of(tenor)
    if swapped:
        assert rebuilt(tenor, "result", verify=verify).version == 2
        return
    with pytest.raises(RebuildProblem) as problem:
        rebuilt(tenor, "result", verify=verify)
    table = doctored.split("projection.")[1].split("_v1")[0]
    assert problem.value.code == "REBUILD_DIFFERS" and [each.split(":")[0] for each in problem.value.errors] == [table]
    assert states(tenor, "result") == [(1, "LIVE"), (2, "REJECTED")]
    assert views_of(tenor) == views


def test_what_was_rejected_is_dropped_and_the_next_rebuild_starts_anew(tenor: Tenor) -> None:
    live_a_life(tenor)
    with tenor.database.connect() as connection:
        connection.execute("UPDATE projection.scenario_v1 SET name = 'x'")
    with pytest.raises(RebuildProblem):
        rebuilt(tenor, "scenario")
    with tenor.database.connect() as connection:
        connection.execute("UPDATE projection.scenario_v1 SET name = 'up100'")
    done = rebuilt(tenor, "scenario")
    assert (done.version, done.resumed, done.events) == (2, False, tenor.store.head())
    assert states(tenor, "scenario") == [(1, "RETIRED"), (2, "LIVE")]


def test_rolled_back_the_version_before_is_current(tenor: Tenor) -> None:
    live_a_life(tenor)
    rebuilt(tenor, "scenario")
    scenario(tenor, "later")
    keep_up(tenor)
    done = rolled_back(tenor, "scenario")
    assert (done.version, done.previous_version, done.events) == (1, 2, 1)
    assert states(tenor, "scenario") == [(1, "LIVE"), (2, "RETIRED")]
    assert rows(tenor, "SELECT count(*) FROM read.scenario WHERE scenario_id = 'later'") == [(1,)]
    assert "scenario_v1" in views_of(tenor)["scenario"]
    assert rolled_back(tenor, "scenario").version == 2


def test_without_a_version_before_there_is_no_going_back(tenor: Tenor) -> None:
    with pytest.raises(RebuildProblem) as problem:
        rolled_back(tenor, "scenario")
    assert problem.value.code == "NO_VERSION_BEFORE"


def test_only_the_version_before_is_kept(tenor: Tenor) -> None:
    live_a_life(tenor)
    for _ in range(3):
        rebuilt(tenor, "result")
    assert states(tenor, "result") == [(3, "RETIRED"), (4, "LIVE")]
    query = (
        "SELECT DISTINCT substring(tablename FROM '_v([0-9]+)') FROM pg_tables WHERE tablename ~ '^result_' ORDER BY 1"
    )
    assert rows(tenor, query) == [("3",), ("4",)]
    readers = "SELECT reader FROM reader_position WHERE reader ~ '^result' ORDER BY 1"
    assert rows(tenor, readers) == [("result_v3",), ("result_v4",)]


def test_a_reader_that_holds_a_view_is_waited_for(tenor: Tenor, database_url: str) -> None:
    live_a_life(tenor)
    with psycopg.connect(database_url) as reader:
        reader.execute("SELECT count(*) FROM read.scenario")
        told: list[str] = []

        def tell(line: str) -> None:
            told.append(line)
            if "trying again" in line:
                reader.commit()

        assert rebuilt(tenor, "scenario", tell=tell).version == 2
    assert any("trying again" in line for line in told)


def test_an_event_that_cannot_be_told_fails_the_rebuild_and_it_goes_on_once_mended(tenor: Tenor) -> None:
    run = SampleRun()
    run.begin(tenor)  # type: ignore[arg-type]
    keep_up(tenor)
    poison = [True]

    class Picky:
        alone: tuple[Any, ...] = ()
        name = "scenario_v2"

        def __init__(self, version: int) -> None:
            self._inner = read_model_named(tenor.storage, "scenario").build(version)
            self.name = self._inner.name

        def handle(self, connection: Any, entries: Any) -> None:
            if poison and self.name == "scenario_v2" and any(entry.position == 2 for entry in entries):
                raise ValueError("no such shock")
            self._inner.handle(connection, entries)

    picky = ReadModel("scenario", read_model_named(tenor.storage, "scenario").tables, Picky)
    with pytest.raises(
        RebuildProblem, match=r"ValueError: no such shock; at log position 2, run\.requested"
    ) as problem:
        rebuild(picky, tenor.store, tenor.database.connect, verify=True, tell=lambda _: None)
    assert problem.value.code == "REBUILD_FAILED" and len(problem.value.errors) == 1
    assert states(tenor, "scenario") == [(1, "LIVE"), (2, "BUILDING")]
    poison.clear()
    done = rebuild(picky, tenor.store, tenor.database.connect, verify=True, tell=lambda _: None)
    assert done.resumed and done.version == 2


def test_a_version_of_another_meaning_is_filled_and_swapped_without_comparison(tenor: Tenor) -> None:
    live_a_life(tenor)
    with tenor.database.connect() as connection:
        for table in ("scenario", "scenario_set"):
            connection.execute(f"CREATE TABLE projection.{table}_v2 (LIKE projection.{table}_v1 INCLUDING ALL)")
        connection.execute("ALTER TABLE projection.scenario_v2 ADD COLUMN shocks int NOT NULL DEFAULT 0")
        connection.execute(
            "INSERT INTO read_model_version (read_model, version, state, tables, comparable) "
            "VALUES ('scenario', 2, 'BUILDING', '{scenario,scenario_set}', false)"
        )
    done = rebuilt(tenor, "scenario")
    assert (done.version, done.resumed, done.tables) == (2, True, {})
    assert states(tenor, "scenario") == [(1, "RETIRED"), (2, "LIVE")]
    assert rows(tenor, "SELECT scenario_id FROM read.scenario") == [("up100",)]


def test_the_hash_does_not_depend_on_the_order_of_rows(tenor: Tenor) -> None:
    live_a_life(tenor)
    result = read_model_named(tenor.storage, "result")
    before = held(tenor, result, 1)
    with tenor.database.connect() as connection:
        connection.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM projection.result_fx_v1 ORDER BY rate")
        connection.execute("DELETE FROM projection.result_fx_v1")
        connection.execute("INSERT INTO projection.result_fx_v1 SELECT * FROM kept")
        connection.execute("DROP TABLE kept")
    assert held(tenor, result, 1) == before


def test_the_command_line(tenor: Tenor, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from ops.cli.app import app

    live_a_life(tenor)
    monkeypatch.setenv("TENOR_DATABASE_URL", database_url)

    def tell(*words: str) -> Any:
        done = CliRunner().invoke(app, [*words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    listed = {each["name"]: each for each in tell("projections", "list")}
    assert set(listed) == set(NAMES)
    assert all(each["version"] == 1 and each["lag"] == 0 and each["position"] for each in listed.values())
    done = tell("projections", "rebuild", "result", "--verify")
    assert (done["version"], done["previous_version"], done["verified"]) == (2, 1, True)
    assert tell("projections", "rollback", "results")["version"] == 1
    listed = {each["name"]: each for each in tell("projections", "list")}
    assert (listed["result"]["version"], listed["result"]["previous_version"]) == (1, 2)
    assert tell("projections", "dead-letters", "list") == []
    refused = CliRunner().invoke(app, ["projections", "rollback", "scenario", "--json"])
    assert isinstance(refused.exception, Refused) and refused.exception.code == "NO_VERSION_BEFORE"
