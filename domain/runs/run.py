"""A run: one portfolio, one market, some scenarios and measures; what may happen to it, and when."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, assert_never
from uuid import UUID

from domain.capital.policies import PolicyStatus
from domain.event import Envelope, Event, stream_id
from domain.refusals import Conflict
from domain.runs.status import ENDED as ENDED
from domain.runs.status import FINISHED as FINISHED
from domain.runs.status import UNFINISHED as UNFINISHED
from domain.runs.status import RunStatus as RunStatus
from domain.valuation_models import ModelUse


class RunRequested(Event):
    """`scenarios` are pinned as `id@version`, BASE first; `scenario_documents` hold what they say. `models` are the
    versions that value the portfolio; a request of version 1 names none. `cashflows` are the scenarios whose cash
    flows are shown unless others are named: of a request before version 3 the first, BASE. `rules` are the rule sets
    that capital goes by, none in a request before version 4; `policy` is pinned as `id@version`, with what it says and,
    from version 5 on, how it stood."""

    TOPIC: ClassVar[str] = "run.requested"
    class_version: ClassVar[int] = 5

    portfolio_snapshot_id: UUID
    portfolio_sha256: str
    market_snapshot_id: UUID
    market_sha256: str
    as_of: date
    base_currency: str
    scenarios: list[str]
    scenario_documents: list[dict[str, Any]]
    measures: list[str]
    positions: int
    chunk_size: int
    models: tuple[ModelUse, ...] = ()
    cashflows: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    policy: str = ""
    policy_document: dict[str, object] | None = None
    policy_status: PolicyStatus | None = None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> dict[str, Any]:
        return {**state, "models": []}

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> dict[str, Any]:
        return {**state, "cashflows": state["scenarios"][:1]}

    @staticmethod
    def upcast_v3_v4(state: dict[str, object]) -> dict[str, object]:
        return {**state, "rules": [], "policy": "", "policy_document": None}

    @staticmethod
    def upcast_v4_v5(state: dict[str, object]) -> dict[str, object]:
        return {**state, "policy_status": None}


class RunPlanned(Event):
    TOPIC: ClassVar[str] = "run.planned"

    chunks: int
    kinds: list[str]
    chunks_per_job: int


class ChunkFailed(Event):
    """A chunk that kept failing, on its own stream; one event per attempt of the run at it."""

    TOPIC: ClassVar[str] = "run.chunk_failed"

    run_id: UUID
    chunk_no: int
    attempt: int
    error: str


class RunRetried(Event):
    """Failed chunks are open again; facts that are there stay."""

    TOPIC: ClassVar[str] = "run.retried"

    attempt: int
    chunks: list[int]


class RunCompleted(Event):
    """Every chunk has its facts or its failure. `blocks_root` is the Merkle root of the blocks' content hashes."""

    TOPIC: ClassVar[str] = "run.completed"

    blocks: int
    blocks_root: str
    failed_positions: int
    failed_chunks: list[int]


class RunFailed(Event):
    TOPIC: ClassVar[str] = "run.failed"

    reason: str


class RunCancelled(Event):
    TOPIC: ClassVar[str] = "run.cancelled"

    reason: str


class RunApproved(Event):
    TOPIC: ClassVar[str] = "run.approved"

    reason: str


class RunRejected(Event):
    TOPIC: ClassVar[str] = "run.rejected"

    reason: str


class RunPublished(Event):
    TOPIC: ClassVar[str] = "run.published"

    reason: str


@dataclass(frozen=True)
class ArchivedCopy:
    """What was copied, and where it is."""

    destination: str
    manifest_sha256: str
    files: int
    archive_bytes: int
    blocks: int


class RunArchived(Event):
    """The run's facts are in `destination`, read back and found whole; its figures leave the read models."""

    TOPIC: ClassVar[str] = "run.archived"

    reason: str
    destination: str
    manifest_sha256: str
    files: int
    archive_bytes: int
    blocks: int


class RunRestored(Event):
    """Every block is back with the content that the log says. `reencoded_blocks` have the same columns in other
    bytes, since a later release packs them in its own way."""

    TOPIC: ClassVar[str] = "run.restored"

    reason: str
    source: str
    manifest_sha256: str
    blocks: int
    reencoded_blocks: int


RunEvent = (
    RunRequested
    | RunPlanned
    | RunRetried
    | RunCompleted
    | RunFailed
    | RunCancelled
    | RunApproved
    | RunRejected
    | RunPublished
    | RunArchived
    | RunRestored
)


@dataclass(frozen=True)
class Run:
    status: RunStatus = RunStatus.NEW
    version: int = 0
    attempt: int = 1
    requested: RunRequested | None = None
    failed_chunks: tuple[int, ...] = ()
    archived: RunArchived | None = None
    ended_as: RunStatus = RunStatus.PUBLISHED
    """before it was archived"""
    approved_by: str = ""


class RunRefused(Conflict):
    """A command that the run's state does not allow; `fix` says what would."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__("RUN_REFUSED", message, fix)


class FourEyes(Conflict):
    """The same person twice, where the setting TENOR_FOUR_EYES asks for two."""

    def __init__(self, message: str) -> None:
        super().__init__("FOUR_EYES", message, "ask somebody else to do it")


def evolve(run: Run, event: RunEvent) -> Run:
    run = replace(run, version=event.originator_version)
    match event:
        case RunRequested():
            return replace(run, status=RunStatus.REQUESTED, requested=event)
        case RunPlanned():
            return replace(run, status=RunStatus.PLANNED)
        case RunRetried():
            return replace(run, status=RunStatus.RUNNING, attempt=event.attempt, failed_chunks=())
        case RunCompleted():
            clean = not event.failed_positions and not event.failed_chunks
            status = RunStatus.COMPLETED if clean else RunStatus.COMPLETED_WITH_EXCEPTIONS
            return replace(run, status=status, failed_chunks=tuple(event.failed_chunks))
        case RunFailed():
            return replace(run, status=RunStatus.FAILED)
        case RunCancelled():
            return replace(run, status=RunStatus.CANCELLED)
        case RunApproved():
            return replace(run, status=RunStatus.APPROVED, approved_by=event.actor)
        case RunRejected():
            return replace(run, status=RunStatus.REJECTED)
        case RunPublished():
            return replace(run, status=RunStatus.PUBLISHED)
        case RunArchived():
            ended_as = run.status if run.status in ENDED else RunStatus.PUBLISHED
            return replace(run, status=RunStatus.ARCHIVED, archived=event, ended_as=ended_as)
        case RunRestored():
            return replace(run, status=run.ended_as, archived=None)
        case _:
            assert_never(event)


def fold(events: list[RunEvent]) -> Run:
    run = Run()
    for event in events:
        run = evolve(run, event)
    return run


def request(run: Run, envelope: Envelope, run_id: UUID, terms: dict[str, Any]) -> list[RunEvent]:
    if run.status is not RunStatus.NEW:
        raise RunRefused(f"run {run_id} has been requested already", "use a new run id or idempotency key")
    return [RunRequested(**envelope.at(run_id, 1), **terms)]


def plan(run: Run, envelope: Envelope, run_id: UUID, kinds: list[str], chunks_per_job: int) -> list[RunEvent]:
    """A run is planned once; a second look at the request changes nothing."""
    if run.status is not RunStatus.REQUESTED or run.requested is None:
        return []
    chunks = -(-run.requested.positions // run.requested.chunk_size)
    place = envelope.at(run_id, run.version + 1)
    return [RunPlanned(**place, chunks=chunks, kinds=kinds, chunks_per_job=chunks_per_job)]


def complete(
    run: Run,
    envelope: Envelope,
    run_id: UUID,
    *,
    blocks: int,
    blocks_root: str,
    failed_positions: int,
    failed_chunks: list[int],
) -> list[RunEvent]:
    if run.status not in UNFINISHED:
        return []
    return [
        RunCompleted(
            **envelope.at(run_id, run.version + 1),
            blocks=blocks,
            blocks_root=blocks_root,
            failed_positions=failed_positions,
            failed_chunks=failed_chunks,
        )
    ]


def cancel(run: Run, envelope: Envelope, run_id: UUID, reason: str) -> list[RunEvent]:
    if run.status is RunStatus.CANCELLED:
        return []
    if run.status not in UNFINISHED:
        raise RunRefused(f"run {run_id} is {run.status}; only an unfinished run can be cancelled", "nothing to cancel")
    return [RunCancelled(**envelope.at(run_id, run.version + 1), reason=reason)]


def retry(run: Run, envelope: Envelope, run_id: UUID) -> list[RunEvent]:
    """Open the chunks that failed again; the facts that are there stay as they are."""
    if not run.failed_chunks or run.status is not RunStatus.COMPLETED_WITH_EXCEPTIONS:
        raise RunRefused(
            f"run {run_id} is {run.status} and has no failed chunks to retry",
            "submit a new run; results of a finished run never change",
        )
    place = envelope.at(run_id, run.version + 1)
    return [RunRetried(**place, attempt=run.attempt + 1, chunks=list(run.failed_chunks))]


SamePerson = Callable[[str, str], bool]
"""Whether two actors are one person; where the setting does not ask for two there is nobody to tell them apart."""


def approve(
    run: Run, envelope: Envelope, run_id: UUID, reason: str, *, same_person: SamePerson | None = None
) -> list[RunEvent]:
    """By four eyes whoever asked for it does not approve it."""
    if run.status not in FINISHED:
        raise RunRefused(f"run {run_id} is {run.status}; only a completed run can be approved", "see `tenor run show`")
    if same_person and run.requested is not None and same_person(run.requested.actor, envelope.actor):
        raise FourEyes(f"run {run_id} was asked for by {run.requested.actor}, who cannot approve it too")
    return [RunApproved(**envelope.at(run_id, run.version + 1), reason=reason)]


def reject(run: Run, envelope: Envelope, run_id: UUID, reason: str) -> list[RunEvent]:
    if run.status not in FINISHED:
        raise RunRefused(f"run {run_id} is {run.status}; only a completed run can be rejected", "see `tenor run show`")
    return [RunRejected(**envelope.at(run_id, run.version + 1), reason=reason)]


def publish(
    run: Run, envelope: Envelope, run_id: UUID, reason: str, *, same_person: SamePerson | None = None
) -> list[RunEvent]:
    """By four eyes whoever approved it does not publish it."""
    if run.status is not RunStatus.APPROVED:
        raise RunRefused(f"run {run_id} is {run.status}; only an approved run can be published", "approve it first")
    if same_person and run.approved_by is not None and same_person(run.approved_by, envelope.actor):
        raise FourEyes(f"run {run_id} was approved by {run.approved_by}, who cannot publish it too")
    return [RunPublished(**envelope.at(run_id, run.version + 1), reason=reason)]


def refuse_unless_archivable(run: Run, run_id: UUID) -> None:
    """Asked before a copy is made, and again when it has been."""
    if run.archived is not None:
        raise RunRefused(f"run {run_id} is archived already, in {run.archived.destination}", "nothing to archive")
    if run.status not in ENDED:
        fix = "wait for its end, or cancel it" if run.status in UNFINISHED else "publish it, or reject it"
        raise RunRefused(f"run {run_id} is {run.status}; only a run that has ended can be archived", fix)


def archive(run: Run, envelope: Envelope, run_id: UUID, reason: str, copy: ArchivedCopy) -> list[RunEvent]:
    refuse_unless_archivable(run, run_id)
    return [RunArchived(**envelope.at(run_id, run.version + 1), reason=reason, **vars(copy))]


def archived_copy(run: Run, run_id: UUID) -> RunArchived:
    """What a restore has to match."""
    if run.archived is None:
        raise RunRefused(f"run {run_id} is {run.status}; only an archived run can be restored", "nothing to restore")
    return run.archived


def restore(
    run: Run, envelope: Envelope, run_id: UUID, reason: str, *, source: str, reencoded_blocks: int
) -> list[RunEvent]:
    copy = archived_copy(run, run_id)
    return [
        RunRestored(
            **envelope.at(run_id, run.version + 1),
            reason=reason,
            source=source,
            manifest_sha256=copy.manifest_sha256,
            blocks=copy.blocks,
            reencoded_blocks=reencoded_blocks,
        )
    ]


def fail_chunk(envelope: Envelope, run_id: UUID, chunk_no: int, attempt: int, error: str) -> ChunkFailed:
    place = envelope.at(stream_id("chunk_failed", run_id, chunk_no, attempt), 1)
    return ChunkFailed(**place, run_id=run_id, chunk_no=chunk_no, attempt=attempt, error=error)
