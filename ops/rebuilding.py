"""Rebuild a read model beside the live one, compare, swap; or go back to the version before.

    make tables v+1 -> tell it the whole log, in batches -> both at one position: compare -> swap -> drop the oldest

Queries and new runs go on all the while. Killed anywhere, the same command goes on where it stopped: the new version
has a position of its own. The swap is one transaction: the live runner waits for its row, the last entries are told,
the views change over; readers wait for no more than that. A rebuild is strict: what cannot be digested fails it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from domain.ports import Connection, EventStore
from ops.adapters.database import DatabaseProblem
from projections.engine import version_registry as registry
from projections.engine.comparison import Content, contents, differences
from projections.engine.dead_letters import POISON, Connect, describe
from projections.engine.digestible import digestible
from projections.engine.runner import BATCH, Following, catch_up, move, read_position
from projections.engine.versions import Projection, ReadModel, versioned
from projections.results.blocks import BlockDamaged

TRIES = 20

TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('tenor.rebuild.' || %s, 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('tenor.rebuild.' || %s, 0))"
LOCK_POSITIONS = "SELECT reader, position FROM reader_position WHERE reader = ANY (%s) ORDER BY reader FOR UPDATE"
SELECT_POSITIONS = "SELECT DISTINCT position FROM reader_position WHERE reader = ANY (%s)"
ONE_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
WAIT_FOR_RUNNER = "SET LOCAL lock_timeout = '60s'"
WAIT_FOR_READERS = "SET LOCAL lock_timeout = '2s'"

Tell = Callable[[str], None]


class RebuildProblem(DatabaseProblem):
    """`errors` are all that is known of what went wrong."""

    def __init__(self, code: str, message: str, fix: str, errors: list[str] | None = None) -> None:
        super().__init__(code, message, fix, [{"message": error} for error in errors or []])
        self.errors = errors or []


@dataclass(frozen=True)
class Rebuilt:
    """`events` of the log told now; `swap_seconds` of the transaction in which the views changed over."""

    name: str
    version: int
    previous_version: int
    position: int
    events: int
    resumed: bool
    seconds: float
    swap_seconds: float
    tables: dict[str, Content] = field(default_factory=dict)


def rebuild(read_model: ReadModel, store: EventStore, connect: Connect, *, verify: bool, tell: Tell) -> Rebuilt:
    """`verify` compares content hashes too, not row counts alone. A difference is never swapped in."""
    started = time.monotonic()
    with _alone(read_model, connect):
        live, number, resumed, comparable = _next_version(read_model, connect, tell)
        built = read_model.build(number)
        events = _build(built, store, connect, tell)
        held = _compare(read_model, live, number, store, connect, verify, tell) if comparable else {}
        position, swap_seconds = _swap(read_model, live, number, store, connect, held, tell)
        _drop(read_model, connect, ("RETIRED", "REJECTED"), keep=live)
    seconds = time.monotonic() - started
    return Rebuilt(read_model.name, number, live, position, events, resumed, seconds, swap_seconds, held)


def rollback(read_model: ReadModel, store: EventStore, connect: Connect, *, tell: Tell) -> Rebuilt:
    """The version before is brought up to date, then shown again."""
    started = time.monotonic()
    with _alone(read_model, connect):
        with connect() as connection:
            known = registry.versions(connection, read_model)
        live = _live(read_model, known)
        number = next((version.number for version in known if version.state == "RETIRED"), None)
        if number is None:
            fix = f"`tenor projections rebuild {read_model.name}` builds one from the log"
            raise RebuildProblem("NO_VERSION_BEFORE", f"{read_model.name} has no version to go back to", fix)
        events = _build(read_model.build(number), store, connect, tell)
        position, swap_seconds = _swap(read_model, live, number, store, connect, {}, tell)
    seconds = time.monotonic() - started
    return Rebuilt(read_model.name, number, live, position, events, False, seconds, swap_seconds)


@contextmanager
def _alone(read_model: ReadModel, connect: Connect) -> Iterator[None]:
    """A lock of the session: it goes when the process does, however that ends."""
    with connect() as connection:
        (mine,) = connection.execute(TRY_LOCK, (read_model.name,)).fetchone()
        if not mine:
            message = f"{read_model.name} is being rebuilt or rolled back by another process"
            raise RebuildProblem("REBUILD_RUNNING", message, "wait for it, or stop that process")
        try:
            yield
        finally:
            if not connection.closed:
                connection.execute(UNLOCK, (read_model.name,))


def _next_version(read_model: ReadModel, connect: Connect, tell: Tell) -> tuple[int, int, bool, bool]:
    """Live version, the one to build, whether that was begun before, whether it means the same as the live one."""
    _drop(read_model, connect, ("REJECTED",))
    with connect() as connection:
        known = registry.versions(connection, read_model)
        live = _live(read_model, known)
        for version in known:
            if version.state == "BUILDING":
                tell(f"{versioned(read_model.name, version.number)} was begun before: going on with it")
                return live, version.number, True, version.comparable
        number = 1 + max(version.number for version in known)
        with connection.transaction():
            registry.begin(connection, read_model, live, number)
    return live, number, False, True


def _live(read_model: ReadModel, known: list[registry.Version]) -> int:
    for version in known:
        if version.state == "LIVE":
            return version.number
    message = f"the tables of {read_model.name} are not listed in read_model_version"
    raise RebuildProblem("NOT_REGISTERED", message, "the migration that made them lists them too: `tenor migrate`")


def _build(built: Projection, store: EventStore, connect: Connect, tell: Tell) -> int:
    """Strict, whatever the read model's policy: a bare projection halts."""
    following, events, started = Following(built), 0, time.monotonic()
    with _failing_as_problem(built.name):
        while (step := following.step(store, connect, BATCH)) is not None:
            events += step
            at, head = read_position(connect, built.name), store.head()
            rate = events / max(time.monotonic() - started, 1e-3)
            tell(f"{built.name}: {at:,} of {head:,} log positions ({at / head:.0%}), {rate:,.0f} events/s")
    return events


@contextmanager
def _failing_as_problem(reader: str) -> Iterator[None]:
    try:
        yield
    except (*POISON, BlockDamaged) as error:
        message = f"{reader} cannot be brought up to date: {describe(error)}"
        fix = "mend what it names, then run this again: it goes on where it stopped"
        raise RebuildProblem("REBUILD_FAILED", message, fix, [describe(error)]) from error


def _compare(
    read_model: ReadModel, live: int, number: int, store: EventStore, connect: Connect, verify: bool, tell: Tell
) -> dict[str, Content]:
    """At one position of the log, from one snapshot of the database; nobody waits for it."""
    tell(f"comparing {'contents' if verify else 'row counts'} of versions {live} and {number}")
    both = [read_model.build(live), read_model.build(number)]
    with _failing_as_problem(both[0].name):
        catch_up(read_model, store, connect)
    for _ in range(TRIES):
        with connect() as connection, connection.transaction():
            _bring_level(connection, store, both)
        with connect() as connection, connection.transaction():
            connection.execute(ONE_SNAPSHOT)
            if len(connection.execute(SELECT_POSITIONS, ([each.name for each in both],)).fetchall()) == 1:
                before = contents(connection, read_model, live, hashes=verify)
                after = contents(connection, read_model, number, hashes=verify)
                break
    else:
        raise RebuildProblem("NEVER_LEVEL", "the log grew each time before both were compared", "run this again")
    if found := differences(before, after):
        with connect() as connection:
            registry.reject(connection, read_model, number)
        errors = [str(difference) for difference in found]
        message = (
            f"{versioned(read_model.name, number)} differs from the live version; nothing was swapped: {errors[0]}"
        )
        fix = (
            f"replay what waits in `tenor projections dead-letters list`, look at projection.*_v{live} and _v{number}; "
            "the next rebuild starts anew"
        )
        raise RebuildProblem("REBUILD_DIFFERS", message, fix, errors)
    return after


def _swap(
    read_model: ReadModel,
    live: int,
    number: int,
    store: EventStore,
    connect: Connect,
    held: dict[str, Content],
    tell: Tell,
) -> tuple[int, float]:
    """A reader that stays in a transaction holds its views: wait briefly, let the others through, try again."""
    for _ in range(TRIES):
        started = time.monotonic()
        try:
            with connect() as connection, connection.transaction():
                connection.execute(WAIT_FOR_RUNNER)
                position = _bring_level(connection, store, [read_model.build(number)], versioned(read_model.name, live))
                registry.take_over(connection, read_model, live, number)
                connection.execute(WAIT_FOR_READERS)
                registry.swap_views(connection, read_model.tables, live, number)
                if not registry.make_live(connection, read_model, live, number, position, held):
                    message = f"the versions of {read_model.name} were changed by somebody else"
                    raise RebuildProblem("VERSIONS_CHANGED", message, "look at `tenor projections list`")
                connection.execute("NOTIFY ledger_events")
            return position, time.monotonic() - started
        except psycopg.errors.LockNotAvailable:
            tell("a long transaction of the runner or of a reader is in the way: trying again")
    message = f"readers held the views of {read_model.name} for {TRIES} tries"
    raise RebuildProblem("READERS_HOLD_VIEWS", message, "end their transactions, then run this again")


def _bring_level(connection: Connection, store: EventStore, projections: list[Projection], other: str = "") -> int:
    """Their rows locked, and that of the other reader, tell those behind what the foremost of all has been told."""
    readers = [projection.name for projection in projections] + [other] * bool(other)
    positions = dict(connection.execute(LOCK_POSITIONS, (readers,)).fetchall())
    target = max(positions.values())
    for projection in projections:
        position = positions[projection.name]
        while entries := [entry for entry in store.log(position, BATCH) if entry.position <= target]:
            move(connection, projection.name, position, entries)
            projection.handle(connection, digestible(entries))
            position = entries[-1].position
    return int(target)


def _drop(read_model: ReadModel, connect: Connect, states: tuple[str, ...], keep: int = 0) -> None:
    """`keep` is the version just retired."""
    with connect() as connection:
        for version in registry.versions(connection, read_model):
            if version.state in states and version.number != keep:
                registry.drop(connection, read_model, version)
