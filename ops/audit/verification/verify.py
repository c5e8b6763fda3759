"""`tenor audit verify`: everything that is stored against everything that vouches for it, in one snapshot."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import IsolationLevel

from domain import codec
from domain.event import Event
from domain.runs.facts import EnginesCompared, NondeterminismDetected
from domain.sealing.seals import SEALING_STREAM, SealingKeyRotated
from domain.snapshot import SnapshotRegistered
from ops.audit.sealing.keys import key_problems
from ops.audit.verification.blocks import FactsTold, verify_blobs, verify_blocks
from ops.audit.verification.exports import Export, read_exports, verify_exports
from ops.audit.verification.findings import MAX_TOLD, Findings
from ops.audit.verification.frames import PublishedFrames
from ops.audit.verification.guards import verify_guards
from ops.audit.verification.ladders import verify_ladders
from ops.audit.verification.read_models import versions_of
from ops.audit.verification.results import ResultsTold, results_there, verify_results
from ops.audit.verification.run_rows import RunRows
from ops.audit.verification.runs import RunRoots
from ops.audit.verification.sealed_log import Counts, Keys, LogVerification
from ops.ports import Sealing, Storage

SELECT_KEYS = (
    "SELECT notification_id, topic, state FROM ledger_events WHERE originator_id = %s ORDER BY originator_version"
)
SELECT_FURTHEST_READER = "SELECT reader, position FROM reader_position ORDER BY position DESC LIMIT 1"


@dataclass
class Gathered:
    """What the log says of things beside it."""

    roots: RunRoots
    runs: list[RunRows]
    facts: FactsTold = field(default_factory=FactsTold)
    results: ResultsTold = field(default_factory=ResultsTold)
    blobs: dict[str, str | None] = field(default_factory=dict)
    recomputed: list[dict[str, Any]] = field(default_factory=list)
    """chunks that a second worker found to be other numbers than the log holds"""

    def see(self, position: int, event: Event) -> None:
        self.roots.see(position, event)
        self.facts.see(event)
        self.results.see(position, event)
        for rows in self.runs:
            rows.see(position, event)
        if isinstance(event, NondeterminismDetected | EnginesCompared):
            self.recomputed.append(recomputed_document(position, event))
        if isinstance(event, SnapshotRegistered):
            self.blobs[event.sha256] = event.source.get("blob_sha256")
            if "lines_sha256" in event.source:
                self.blobs[event.source["lines_sha256"]] = None


def recomputed_document(position: int, event: NondeterminismDetected | EnginesCompared) -> dict[str, Any]:
    """No damage of the log, and so no problem of its verification; but an auditor wants to know."""
    alike = isinstance(event, EnginesCompared) and event.is_within_tolerance
    return {
        "position": position,
        "topic": event.TOPIC,
        "run_id": str(event.run_id),
        "kind": event.kind,
        "chunk_no": event.chunk_no,
        "within_tolerance": alike,
    }


def verify(storage: Storage, sealing: Sealing, seals: Path | None = None, *, recount: bool = False) -> dict[str, Any]:
    """`recount`: every run's totals are added up again from its blocks, whether or not an event vouches for them."""
    findings = Findings()
    exports = read_exports(sealing.home, seals)  # before the snapshot, which then has all that they have
    with storage.connect() as connection:
        connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
        try:
            with connection.transaction():
                return verify_inside(storage, sealing, connection, exports, findings, recount)
        finally:
            connection.isolation_level, connection.read_only = None, None


def verify_inside(
    storage: Storage, sealing: Sealing, connection: Any, exports: list[Export], findings: Findings, recount: bool
) -> dict[str, Any]:
    keys = read_keys(connection, findings)
    gathered = Gathered(RunRoots(findings), [RunRows(version) for version in versions_of(connection, "run")])
    counts = LogVerification(connection, keys, findings, gathered.see).run()
    results = results_there(connection, versions_of(connection, "result"), gathered.results, findings)
    frames = PublishedFrames(connection, results)
    blocks = verify_blocks(connection, gathered.facts, storage.block_codec, findings, frames)
    frames.compare_blanks(storage.block_codec, findings)
    blobs = verify_blobs(connection, gathered.blobs, storage.portfolio_codec, findings)
    vouched = verify_results(storage, connection, results, gathered.results, findings, recount=recount)
    verify_ladders(storage, connection, versions_of(connection, "ladder"), gathered.results, findings)
    for rows in gathered.runs:
        rows.compare(connection, findings)
    compared = verify_exports(sealing, connection, keys, exports, findings)
    verify_readers(connection, counts, findings)
    verify_guards(connection, findings)
    return {
        "ok": findings.total == 0,
        "events": counts.events,
        "blocks": blocks.blocks,
        "blobs": blobs.blocks,
        "bytes": counts.bytes + blocks.bytes + blobs.bytes,
        "checkpoints": counts.checkpoints,
        "sealed_events": counts.sealed,
        "exported_checkpoints": compared,
        "position_gaps": counts.position_gaps,
        "log_id": str(keys[0][1].log_id) if keys else None,
        "results_vouched": vouched.runs,
        "results_not_vouched": vouched.not_vouched[:MAX_TOLD],
        "recomputed_otherwise": gathered.recomputed[:MAX_TOLD],
        "problems": findings.documents(),
        "problems_total": findings.total,
    }


def read_keys(connection: Any, findings: Findings) -> Keys:
    keys: list[tuple[int, SealingKeyRotated]] = []
    for position, topic, state in connection.execute(SELECT_KEYS, (SEALING_STREAM,)).fetchall():
        try:
            event = codec.decode(topic, bytes(state))
        except ValueError:
            continue  # told by the pass over the log
        if isinstance(event, SealingKeyRotated):
            keys.append((position, event))
    for message in key_problems([key for _, key in keys]):
        findings.add("KEY_NOT_ENDORSED", f"stream {SEALING_STREAM}", message)
    return keys


# --- against what else the database knows ---------------------------------------------------------------------------


def verify_readers(connection: Any, counts: Counts, findings: Findings) -> None:
    """Nobody has read further than the log goes."""
    row = connection.execute(SELECT_FURTHEST_READER).fetchone()
    if row and row[1] > counts.last_position and not findings.has("TAIL_TRUNCATED"):
        message = f"reader {row[0]} has read to position {row[1]}, the log ends before it"
        findings.add("TAIL_TRUNCATED", f"after position {counts.last_position}", message)
