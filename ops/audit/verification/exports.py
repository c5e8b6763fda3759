"""Seals that were exported, against the checkpoints in the database: what the one has, the other has, word for word."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.sealing.seals import note_hash, origin_of, parse_checkpoint
from ops.audit.sealing.exports import first_line, last_size, read_notes, seals_file, size_of, whole_bytes
from ops.audit.sealing.keys import database_log_id, key_file
from ops.audit.sealing.signed_notes import BadNote, open_note, verifier_key
from ops.audit.verification.findings import Findings
from ops.audit.verification.sealed_log import Keys
from ops.ports import Sealing

SELECT_NOTES = "SELECT tree_size, note FROM log_checkpoint ORDER BY tree_size"


@dataclass(frozen=True)
class Export:
    """A file as it was before the database was looked at. `is_own`: the sealer's, which grows with each seal."""

    path: Path
    is_own: bool
    first_line: str
    notes: list[str]
    torn_bytes: int


def read_exports(home: Path, seals: Path | None) -> list[Export]:
    """The file asked for, and every one that is on this machine."""
    here = sorted((home / "seals").glob("*.notes"))
    found = [read_export(seals, is_own=False)] if seals else []
    return found + [read_export(path, is_own=True) for path in here]


def read_export(path: Path, *, is_own: bool) -> Export:
    torn = path.stat().st_size - whole_bytes(path)
    return Export(path, is_own, first_line(path), list(read_notes(path)), torn)


def verify_exports(sealing: Sealing, connection: Any, keys: Keys, exports: list[Export], findings: Findings) -> int:
    """Of this database and of this log; returns how many exported checkpoints were compared."""
    log_ids = {database_log_id(sealing.connect), *(key.log_id for _, key in keys[:1])}
    ours = {seals_file(sealing.home, log_id) for log_id in log_ids}
    mine = [export for export in exports if not export.is_own or export.path in ours]
    inside = {size: note_hash(note) for size, note in connection.execute(SELECT_NOTES)}
    for export in mine:
        if keys:
            name, public_key = origin_of(keys[0][1].log_id), bytes.fromhex(keys[0][1].public_key)
            if export.first_line != verifier_key(name, public_key):
                message = "the log's first key is not the one that these seals began with"
                findings.add("KEY_REPLACED", str(export.path), message)
        verify_export(connection, keys, inside, export, findings)
    if keys and inside and seals_here(sealing.home, keys):
        verify_own(inside, mine, findings, seals_file(sealing.home, keys[0][1].log_id))
    return sum(len(export.notes) for export in mine)


def verify_export(connection: Any, keys: Keys, inside: dict[int, str], export: Export, findings: Findings) -> None:
    """Each exported note is in the database word for word; those beyond its end say what was cut off."""
    beyond: list[str] = []
    sizes = set()
    for note in export.notes:
        size = size_of(note)
        sizes.add(size)
        if size is not None and size > max(inside, default=0):
            beyond.append(note)
        elif size is None or inside.get(size) != note_hash(note):
            code, message = differing(note, size in inside, keys)
            findings.add(code, f"checkpoint of {size} events, {export.path}", message)
    if export.torn_bytes:
        message = (
            f"its last {export.torn_bytes:,} bytes are no whole checkpoint: an append was cut off, or the file was"
        )
        findings.add("EXPORT_TORN", str(export.path), message)
    last = max((size for size in sizes if size is not None), default=0)
    if lacking := [size for size in inside if size < last and size not in sizes]:
        message = (
            f"it lacks {len(lacking):,} checkpoints that the database has before its last, of {lacking[0]} events first"
        )
        findings.add("EXPORT_DAMAGED", str(export.path), message)
    if beyond:
        tell_cut_tail(connection, beyond[-1], len(beyond), export.path, findings)


def seals_here(home: Path, keys: Keys) -> bool:
    """Whoever has the key that seals now exports each checkpoint beside it."""
    key = keys[-1][1]
    return key_file(home, key.log_id, key.key_id).exists()


def verify_own(inside: dict[int, str], exports: list[Export], findings: Findings, path: Path) -> None:
    """The sealer's file is there and reaches as far as the database; read again, since it may have grown meanwhile."""
    if not path.exists() and not any(export.is_own for export in exports):
        message = (
            f"this machine has the sealing key and no exported seals of {len(inside):,} checkpoints: somebody took "
            "them away. Compare with a copy from elsewhere (--seals); `tenor audit seal` writes them anew"
        )
        findings.add("EXPORT_MISSING", str(path), message)
    elif path.exists() and (reached := last_size(path)) < max(inside):
        message = (
            f"it ends with the checkpoint of {reached} events, the database with that of {max(inside)}: an older copy "
            "stands in its place, or its end was cut off. Compare with a copy from elsewhere (--seals); the next seal "
            "completes it"
        )
        findings.add("EXPORT_ROLLED_BACK", str(path), message)


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
