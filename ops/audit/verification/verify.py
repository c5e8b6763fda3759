"""`tenor audit verify`: everything that is stored against everything that vouches for it, in one snapshot."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import IsolationLevel

from domain import codec
from domain.event import Event
from domain.runs.facts import EnginesCompared, NondeterminismDetected
from domain.sealing.seals import SEALING_STREAM, SealingKeyRotated, note_hash, origin_of, parse_checkpoint
from domain.snapshot import SnapshotRegistered
from ops.audit.sealing.exports import first_line, read_notes, seals_file, size_of
from ops.audit.sealing.keys import database_log_id, key_problems
from ops.audit.sealing.signed_notes import BadNote, open_note, verifier_key
from ops.audit.verification.blocks import FactsTold, verify_blobs, verify_blocks
from ops.audit.verification.findings import MOST_TOLD, Findings
from ops.audit.verification.log import Counts, Keys, LogVerification
from ops.audit.verification.runs import RunRoots
from ops.wiring import Tenor

SELECT_KEYS = (
    "SELECT notification_id, topic, state FROM ledger_events WHERE originator_id = %s ORDER BY originator_version"
)
SELECT_NOTES = "SELECT tree_size, note FROM log_checkpoint ORDER BY tree_size"
SELECT_FURTHEST_READER = "SELECT reader, position FROM reader_position ORDER BY position DESC LIMIT 1"
SELECT_GUARDS_OFF = (
    "SELECT g.name FROM unnest('{ledger_events,fact_block,blob,log_checkpoint}'::text[]) g (name) WHERE NOT EXISTS "
    "(SELECT FROM pg_trigger t WHERE t.tgrelid = g.name::regclass AND t.tgname = g.name || '_append_only' "
    "AND t.tgenabled = 'A') UNION ALL "
    "SELECT p.inhrelid::regclass::text FROM pg_inherits p WHERE p.inhparent = 'fact_block'::regclass AND NOT EXISTS "
    "(SELECT FROM pg_trigger t WHERE t.tgrelid = p.inhrelid AND t.tgname = 'append_only' AND t.tgenabled = 'A')"
)


@dataclass
class Gathered:
    """What the log says of things beside it."""

    roots: RunRoots
    facts: FactsTold = field(default_factory=FactsTold)
    blobs: dict[str, str | None] = field(default_factory=dict)
    recomputed: list[dict[str, Any]] = field(default_factory=list)
    """chunks that a second worker found to be other numbers than the log holds"""

    def see(self, position: int, event: Event) -> None:
        self.roots.see(position, event)
        self.facts.see(event)
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


def verify(tenor: Tenor, seals: Path | None = None) -> dict[str, Any]:
    findings = Findings()
    gathered = Gathered(RunRoots(findings))
    with tenor.database.connect() as connection:
        connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
        try:
            with connection.transaction():
                return verify_inside(tenor, connection, seals, findings, gathered)
        finally:
            connection.isolation_level, connection.read_only = None, None


def verify_inside(
    tenor: Tenor, connection: Any, seals: Path | None, findings: Findings, gathered: Gathered
) -> dict[str, Any]:
    keys = read_keys(connection, findings)
    counts = LogVerification(connection, keys, findings, gathered.see).run()
    blocks = verify_blocks(connection, gathered.facts, tenor.block_codec, findings)
    blobs = verify_blobs(connection, gathered.blobs, tenor.portfolio_codec, findings)
    compared = sum(verify_exports(connection, keys, path, findings) for path in exports_of(tenor, keys, seals))
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
        "recomputed_otherwise": gathered.recomputed[:MOST_TOLD],
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


# --- against what is outside the database ---------------------------------------------------------------------------


def exports_of(tenor: Tenor, keys: Keys, seals: Path | None) -> list[Path]:
    """The file asked for, and those of this database and of this log that are on this machine."""
    log_ids = {database_log_id(tenor), *(key.log_id for _, key in keys[:1])}
    ours = {seals_file(tenor.settings, log_id) for log_id in log_ids}
    return ([seals] if seals else []) + sorted(path for path in ours if path.exists())


def verify_exports(connection: Any, keys: Keys, path: Path, findings: Findings) -> int:
    """Each exported note is in the database word for word; those beyond its end say what was cut off."""
    if keys:
        name, public_key = origin_of(keys[0][1].log_id), bytes.fromhex(keys[0][1].public_key)
        if first_line(path) != verifier_key(name, public_key):
            findings.add("KEY_REPLACED", str(path), "the log's first key is not the one that these seals began with")
    inside = {size: note_hash(note) for size, note in connection.execute(SELECT_NOTES)}
    beyond: list[str] = []
    compared = 0
    for note in read_notes(path):
        compared += 1
        size = size_of(note)
        if size is not None and size > max(inside, default=0):
            beyond.append(note)
        elif size is None or inside.get(size) != note_hash(note):
            code, message = differing(note, size in inside, keys)
            findings.add(code, f"checkpoint of {size} events, {path}", message)
    if beyond:
        tell_cut_tail(connection, beyond[-1], len(beyond), path, findings)
    return compared


def differing(note: str, is_inside: bool, keys: Keys) -> tuple[str, str]:
    """A note that no key of the log has signed says nothing of the database: the file was damaged."""
    try:
        log_id = keys[0][1].log_id if keys else None
        open_note(note, f"tenor.log/{log_id}", {key.key_id: bytes.fromhex(key.public_key) for _, key in keys})
    except BadNote as error:
        return "EXPORT_DAMAGED", f"the exported checkpoint cannot be trusted: {error}"
    if is_inside:
        return "CHECKPOINT_REWRITTEN", "the database has another checkpoint of this size than was exported"
    return "CHECKPOINT_DELETED", "the database has lost this checkpoint"


def tell_cut_tail(connection: Any, note: str, count: int, path: Path, findings: Findings) -> None:
    last = parse_checkpoint(note.partition("\n— ")[0])
    there = connection.execute("SELECT count(*), max(notification_id) FROM ledger_events").fetchone()
    if there[0] >= last.size:
        message = f"{count} exported checkpoints are gone from the database"
        findings.add("CHECKPOINT_DELETED", f"after {there[0]} events, {path}", message)
        return
    findings.add(
        "TAIL_TRUNCATED",
        f"after position {there[1] or 0}",
        f"the log ends with {there[0]} events; a checkpoint of {last.size}, to position {last.position}, was exported "
        f"at {last.sealed_at.isoformat()} ({path})",
    )


# --- against what else the database knows ---------------------------------------------------------------------------


def verify_readers(connection: Any, counts: Counts, findings: Findings) -> None:
    """Nobody has read further than the log goes."""
    row = connection.execute(SELECT_FURTHEST_READER).fetchone()
    if row and row[1] > counts.last_position and not findings.has("TAIL_TRUNCATED"):
        message = f"reader {row[0]} has read to position {row[1]}, the log ends before it"
        findings.add("TAIL_TRUNCATED", f"after position {counts.last_position}", message)


def verify_guards(connection: Any, findings: Findings) -> None:
    for (table,) in connection.execute(SELECT_GUARDS_OFF).fetchall():
        message = "the trigger that refuses changes is off or gone: somebody with the owner's rights has done that"
        findings.add("GUARD_OFF", f"table {table}", message)
