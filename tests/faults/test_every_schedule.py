"""Any order of things: the real process manager and the real workers over a database in memory, stopped and killed
between any two statements, by rules that hypothesis puts together and shrinks.

What must hold in every schedule: a fact once, what was acknowledged never lost, a run's end the same as undisturbed,
and, when the faults are over, an end of every run without anybody's help.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, cast
from uuid import UUID

import pytest
from eventsourcing.persistence import OperationalError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from commands.change_run import cancel_run, retry_run
from commands.processes.run import RunProcess
from compute.product_families import ChunkFacts
from compute.worker import Ports, Worker
from domain.event import Event, stream_id
from domain.ports import AlreadyThere
from domain.runs import run as runs
from domain.runs.facts import BlockFact, NondeterminismDetected
from domain.sealing.merkle import merkle_root
from tests.faults.actors import Actor
from tests.faults.memory import Connection, Database, Job, Pause, Queue, Store
from tests.faults.plain_work import ASKED, CODEC, KINDS, NOW, facts_of, hash_of, request

WORKERS = 3
MAX_ROUNDS = 60
SEARCH = settings(
    derandomize=True,
    database=None,
    deadline=None,
    stateful_step_count=40,
    suppress_health_check=[*HealthCheck],
    print_blob=False,
    report_multiple_bugs=False,
)


class Poisoned(Exception):
    """What a chunk raises that cannot be worked out."""


@dataclass
class Worked:
    """A worker process: what it is at, and what it holds."""

    actor: Actor
    job: Job | None = None
    is_frozen: bool = False


@dataclass
class Site:
    database: Database = field(default_factory=Database)
    poisoned: set[tuple[UUID, int]] = field(default_factory=set)
    acknowledged: list[Event] = field(default_factory=list)

    def store(self, pause: Pause = lambda: None) -> Store:
        store = Store(self.database, pause)
        store.acknowledged = self.acknowledged
        return store

    def manage(self, pause: Pause, what: Callable[[RunProcess], int]) -> None:
        with suppress(OperationalError):
            what(RunProcess(self.store(pause), Queue(self.database), self.connecting(pause), lambda: NOW))

    def connecting(self, pause: Pause) -> Callable[[], Any]:
        @contextmanager
        def connect() -> Iterator[Connection]:
            yield Connection(self.database, pause)

        return connect

    def work(self, pause: Pause, worked: Worked) -> None:
        """As ops.adapters.work_queue does: a job that fails is forgotten, and the sweeper sees what it left undone."""
        queue = Queue(self.database)
        worked.job = queue.dequeue()
        if worked.job is None:
            return
        pause()
        ports = Ports(self.store(pause), None, None, CODEC, self.connecting(pause), lambda: NOW)  # type: ignore[arg-type]
        with suppress(Poisoned, OperationalError):
            Worker(ports, self.price, "engine").handle(worked.job.payload)
        pause()
        queue.finish(worked.job.job_id)

    def price(self, requested: runs.RunRequested, chunk_no: int) -> ChunkFacts:
        if (requested.originator_id, chunk_no) in self.poisoned:
            raise Poisoned(chunk_no)
        return facts_of(requested.originator_id, chunk_no)


class Schedules(RuleBasedStateMachine):
    """Three workers, two process managers, any number of runs."""

    KEYLESS: ClassVar[tuple[type[Event], ...]] = ()
    run_ids = Bundle("run_ids")
    managers = Bundle("managers")

    def __init__(self) -> None:
        super().__init__()
        self.site = Site(Database(self.KEYLESS))
        self.workers: list[Worked | None] = [None] * WORKERS
        self.wishes: dict[UUID, int] = {}
        self.cancelled_at: dict[UUID, int] = {}
        self.steered: list[Actor] = []

    # --- what users do ----------------------------------------------------------------------------------------------

    @initialize(target=run_ids, chunks=st.integers(1, 4), poisoned=st.sets(st.integers(0, 3), max_size=1))
    def begin(self, chunks: int, poisoned: set[int]) -> UUID:
        """A run that is planned, perhaps with a chunk that cannot be worked out until somebody asks for a retry."""
        run_id = cast("UUID", self.submit(0, chunks))
        self.site.poisoned = {(run_id, chunk_no) for chunk_no in poisoned}
        self.manage()
        return run_id

    @rule(target=run_ids, key=st.integers(0, 1), chunks=st.integers(1, 3))
    def submit(self, key: int, chunks: int) -> UUID:
        """The same key again is the same run."""
        run_id = stream_id("run", key)
        try:
            self.site.store().append(request(run_id, chunks))
            self.wishes.setdefault(run_id, chunks)
        except AlreadyThere:
            assert run_id in self.wishes
        return run_id

    @precondition(lambda self: not self.cancelled_at)
    @rule(run_id=run_ids)
    def cancel(self, run_id: UUID) -> None:
        try:
            cancel_run(self.site.store(), ASKED, str(run_id), "enough")
        except runs.RunRefused:
            return
        self.cancelled_at[run_id] = len(self.site.database.events)

    @precondition(lambda self: any(self.run(run_id).failed_chunks for run_id in self.wishes))
    @rule()
    def mend_and_retry(self) -> None:
        self.site.poisoned.clear()
        for run_id in self.wishes:
            if self.run(run_id).failed_chunks:
                retry_run(self.site.store(), ASKED, str(run_id))

    @rule(slots=st.lists(st.integers(0, WORKERS - 1), min_size=1, max_size=4))
    def work_while_the_database_is_away(self, slots: list[int]) -> None:
        self.site.database.appends_to_lose = len(slots)
        self.work_to_the_end(slots)
        self.site.database.appends_to_lose = 0

    # --- process managers -------------------------------------------------------------------------------------------

    @rule(target=managers, sweeps=st.booleans(), steps=st.integers(0, 8))
    def start_manager(self, sweeps: bool, steps: int) -> Any:
        """One that reads and is overtaken, one that is killed after it wrote: each is a step that stops somewhere."""
        what: Callable[[RunProcess], int] = RunProcess.sweep if sweeps else RunProcess.step
        actor = self.steer(lambda pause: self.site.manage(pause, what))
        actor.go_on(steps)
        return multiple() if actor.is_over else actor

    @rule(actor=consumes(managers))
    def finish_manager(self, actor: Actor) -> None:
        actor.finish()

    @rule(actor=consumes(managers))
    def kill_manager(self, actor: Actor) -> None:
        actor.kill()

    @rule()
    def manage(self) -> None:
        """Steps that nothing disturbs, then a sweep: a few seconds of a process manager's life."""
        for what in (RunProcess.step, RunProcess.step, RunProcess.sweep):
            self.steer(partial(self.site.manage, what=what)).finish()

    # --- workers ----------------------------------------------------------------------------------------------------

    @rule(slot=st.integers(0, WORKERS - 1), steps=st.integers(1, 12))
    def work(self, slot: int, steps: int) -> None:
        worked = self.workers[slot]
        if worked is None or worked.actor.is_over:
            self.workers[slot] = worked = self.start_worker()
        if not worked.is_frozen:
            worked.actor.go_on(steps)

    @rule(slots=st.lists(st.integers(0, WORKERS - 1), min_size=1, max_size=4))
    def work_to_the_end(self, slots: list[int]) -> None:
        for slot in slots:
            self.work(slot, steps=100)

    @rule(slot=st.integers(0, WORKERS - 1), steps=st.integers(0, 12))
    def work_and_be_killed(self, slot: int, steps: int) -> None:
        self.work(slot, steps)
        worked = self.workers[slot]
        assert worked is not None
        worked.actor.kill()
        self.workers[slot] = None

    @precondition(lambda self: any(self.workers))
    @rule(slot=st.integers(0, WORKERS - 1), is_frozen=st.booleans())
    def freeze_or_thaw(self, slot: int, is_frozen: bool) -> None:
        worked = self.workers[slot]
        if worked is not None:
            worked.is_frozen = is_frozen

    @precondition(lambda self: self.site.database.tables.jobs)
    @rule(seconds=st.sampled_from([1.0, 11.0, 11.0]))
    def tick(self, seconds: float) -> None:
        """Time goes by: whoever is alive and awake says so."""
        self.site.database.now += seconds
        for worked in self.workers:
            if worked and worked.job and not worked.actor.is_over and not worked.is_frozen:
                Queue(self.site.database).beat(worked.job.job_id)

    def start_worker(self) -> Worked:
        worked: Worked

        def work(pause: Pause) -> None:
            self.site.work(pause, worked)

        worked = Worked(self.steer(work))
        return worked

    def steer(self, work: Callable[[Pause], None]) -> Actor:
        actor = Actor(work)
        self.steered.append(actor)
        return actor

    # --- what always holds ------------------------------------------------------------------------------------------

    @invariant()
    def everything_happened_once(self) -> None:
        events = self.site.database.events
        places = [(event.originator_id, event.originator_version) for event in events]
        assert len(set(places)) == len(places), "two events at one place of a stream"
        facts = [
            (event.run_id, type(event).__name__, event.chunk_no) for event in events if isinstance(event, BlockFact)
        ]
        assert len(set(facts)) == len(facts), "a chunk has its facts twice"
        plans = [event.originator_id for event in events if isinstance(event, runs.RunPlanned)]
        assert len(set(plans)) == len(plans), "a run was planned twice"
        assert not [event for event in events if isinstance(event, NondeterminismDetected)]

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        kept = self.site.database.kept()
        lost = [e for e in self.site.acknowledged if (e.originator_id, e.originator_version) not in kept]
        assert not lost, f"lost: {lost}"

    @invariant()
    def a_run_ends_once_and_as_undisturbed(self) -> None:
        for run_id in self.wishes:
            stream = [event for event in self.site.database.events if event.originator_id == run_id]
            completions = [event for event in stream if isinstance(event, runs.RunCompleted)]
            retries = [event for event in stream if isinstance(event, runs.RunRetried)]
            assert len(completions) <= 1 + len(retries)
            for completed in completions:
                chunks = [n for n in range(self.wishes[run_id]) if n not in completed.failed_chunks]
                hashes = [bytes.fromhex(hash_of(run_id, chunk)) for _ in KINDS for chunk in chunks]
                assert completed.blocks_root == merkle_root(hashes).hex()

    @invariant()
    def a_cancelled_run_is_left_within_one_chunk(self) -> None:
        """Whoever was at a chunk when the run was cancelled may append it, and nobody begins another."""
        for run_id, position in self.cancelled_at.items():
            late = [e for e in self.site.database.events[position:] if isinstance(e, BlockFact) and e.run_id == run_id]
            assert len(late) <= WORKERS * len(KINDS)

    # --- and in the end ---------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self.come_to_an_end()
        finally:
            for actor in self.steered:
                actor.kill()

    def come_to_an_end(self) -> None:
        """No more faults: whoever hung goes on, and all that is left runs until nothing is left to do."""
        for worked in self.workers:
            if worked:
                worked.actor.finish()
        for _ in range(MAX_ROUNDS):
            if self.is_over():
                break
            self.site.database.now += 11.0
            for what in (RunProcess.step, RunProcess.sweep):
                self.steer(partial(self.site.manage, what=what)).finish()
            self.start_worker().actor.finish()
        assert self.is_over(), f"never ended: {[self.run(run_id).status for run_id in self.wishes]}"
        self.everything_happened_once()
        self.what_was_acknowledged_is_there()
        self.a_run_ends_once_and_as_undisturbed()

    def is_over(self) -> bool:
        database = self.site.database
        if database.tables.positions.get("process-manager", 0) < len(database.events):
            return False
        return not database.tables.open_runs and all(
            self.run(run_id).status not in runs.UNFINISHED for run_id in self.wishes
        )

    def run(self, run_id: UUID) -> runs.Run:
        stream: Any = [event for event in self.site.database.events if event.originator_id == run_id]
        return runs.fold(stream)


class FactsWithoutKeys(Schedules):
    KEYLESS = (BlockFact,)


@pytest.mark.parametrize("examples", [60, pytest.param(250, marks=pytest.mark.long)])
def test_every_schedule_comes_to_the_same_end(examples: int) -> None:
    run_state_machine_as_test(Schedules, settings=settings(SEARCH, max_examples=examples))


def test_without_the_unique_key_of_facts_a_schedule_is_found_that_has_them_twice() -> None:
    """So the search can find what it looks for."""
    once = settings(SEARCH, max_examples=250, phases=[Phase.generate])
    with pytest.raises(AssertionError, match="two events at one place"):
        run_state_machine_as_test(FactsWithoutKeys, settings=once)


def test_a_late_fact_of_a_chunk_that_was_given_up_counts_when_the_run_is_retried() -> None:
    """One worker is frozen while it appends, two die of the same chunk and a fourth gives it up; then the first
    appends its facts. A retry has nothing new to wait for: they are in the log already, where they did not count."""
    machine = Schedules()
    run_id = cast("UUID", machine.begin(chunks=1, poisoned=set()))
    machine.work(slot=0, steps=6)
    machine.freeze_or_thaw(slot=0, is_frozen=True)
    for _ in range(2):
        machine.tick(seconds=11.0)
        machine.work_and_be_killed(slot=1, steps=6)
    machine.tick(seconds=11.0)
    machine.work_to_the_end([1])
    machine.manage()
    assert machine.run(run_id).status is runs.RunStatus.COMPLETED_WITH_EXCEPTIONS
    machine.freeze_or_thaw(slot=0, is_frozen=False)
    machine.work_to_the_end([0])
    machine.mend_and_retry()
    machine.teardown()
    assert machine.run(run_id).status is runs.RunStatus.COMPLETED


def test_a_database_that_is_away_is_no_fault_of_the_chunk() -> None:
    """However often: what ends when the server is back needs nobody's retry."""
    machine = Schedules()
    run_id = cast("UUID", machine.begin(chunks=2, poisoned=set()))
    for _ in range(5):
        machine.work_while_the_database_is_away([0, 1])
        machine.manage()
    assert not machine.run(run_id).failed_chunks
    machine.teardown()
    assert machine.run(run_id).status is runs.RunStatus.COMPLETED
