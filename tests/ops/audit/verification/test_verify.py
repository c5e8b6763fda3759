"""Whatever is done to the store behind the application's back is found, named and located."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.runs.facts import BlockColumns
from domain.runs.run import RunArchived, RunRestored
from domain.sealing.seals import NO_PREVIOUS, Checkpoint, origin_of
from ops.adapters.block_codec import MAGIC, ZstdBlockCodec
from ops.audit.sealing.keys import private_key_of, rotate, sealing_keys
from ops.audit.sealing.sealer import export_to, seal
from ops.audit.sealing.signed_notes import sign_note
from ops.audit.verification.verify import verify
from ops.wiring import Tenor, utc_now

Say = Callable[[Tenor, str], None]


def codes(report: dict[str, Any]) -> list[str]:
    return sorted({problem["code"] for problem in report["problems"]})


def told(report: dict[str, Any], code: str) -> str:
    return "; ".join(f"{each['where']}: {each['message']}" for each in report["problems"] if each["code"] == code)


def test_an_untouched_store_is_right(sealed: Any) -> None:
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert report["problems"] == []
    assert report["ok"]
    assert (report["blocks"], report["blobs"], report["checkpoints"], report["exported_checkpoints"]) == (3, 3, 3, 3)
    assert report["events"] == report["sealed_events"] == sealed.one("SELECT count(*) FROM ledger_events")
    assert report["bytes"] == sealed.one(
        "SELECT (SELECT sum(length(state)) FROM ledger_events) + (SELECT sum(length(payload)) FROM fact_block) "
        "+ (SELECT sum(length(payload)) FROM blob)"
    )


def test_an_empty_log_is_right(fresh: Tenor) -> None:
    report = verify(fresh.storage, fresh.sealing)
    assert (report["ok"], report["events"], report["log_id"]) == (True, 0, None)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.99, 1.0])
def test_a_bit_flipped_in_a_block(sealed: Any, share: float) -> None:
    sealed.as_superuser(
        "UPDATE fact_block SET payload = set_byte(payload, place, get_byte(payload, place) # 1) "
        "FROM (SELECT chunk_no, floor(%(share)s * (length(payload) - 1))::int AS place FROM fact_block "
        "WHERE kind = 'RiskComputed') found WHERE kind = 'RiskComputed'",
        share=share,
    )
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["BLOCK_EDITED"]
    assert f"run {sealed.run_id} RiskComputed chunk 0" in told(report, "BLOCK_EDITED")


def test_a_block_edited_together_with_the_hash_beside_it(sealed: Any) -> None:
    sealed.as_superuser(
        "UPDATE fact_block SET payload = payload || '\\x00', "
        "payload_sha256 = encode(sha256(payload || '\\x00'), 'hex') WHERE kind = 'PositionPriced'"
    )
    assert codes(verify(sealed.tenor.storage, sealed.tenor.sealing)) == ["BLOCK_EDITED", "BLOCK_LABEL"]


def test_a_block_deleted(sealed: Any) -> None:
    sealed.as_superuser("DELETE FROM fact_block WHERE kind = 'PositionPriced'")
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["BLOCK_MISSING"]
    assert f"run {sealed.run_id} PositionPriced chunk 0" in told(report, "BLOCK_MISSING")


def told_of(sealed: Any, *events: Any) -> None:
    """As if the run had been archived or restored: verification knows it from the log."""
    version = sealed.one("SELECT max(originator_version) FROM ledger_events WHERE originator_id = %s", sealed.run_id)
    for number, (event, terms) in enumerate(events, start=version + 1):
        place = sealed.tenor.envelope("ada").at(UUID(sealed.run_id), number)
        sealed.tenor.store.append([event(**place, reason="", manifest_sha256="", blocks=2, **terms)])


ARCHIVED = (RunArchived, {"destination": "s3://x", "files": 1, "archive_bytes": 1})
RESTORED = (RunRestored, {"source": "s3://x", "reencoded_blocks": 2})


def test_the_blocks_of_an_archived_run_may_be_gone(sealed: Any) -> None:
    told_of(sealed, ARCHIVED)
    sealed.as_superuser("DELETE FROM fact_block")
    assert verify(sealed.tenor.storage, sealed.tenor.sealing)["problems"] == []
    told_of(sealed, RESTORED)
    assert codes(verify(sealed.tenor.storage, sealed.tenor.sealing)) == ["BLOCK_MISSING"]


def test_blocks_packed_anew_are_checked_by_their_columns(sealed: Any) -> None:
    columns = ZstdBlockCodec().decode(sealed.tenor.store.block(UUID(sealed.run_id), "PositionPriced", 0))
    again, other = repacked(columns), repacked(replace(columns, values=columns.values + 1))
    put = "UPDATE fact_block SET payload = %(new)s, payload_sha256 = %(sha256)s WHERE kind = 'PositionPriced'"
    sealed.as_superuser(put, new=again, sha256=sha256(again).hexdigest())
    assert codes(verify(sealed.tenor.storage, sealed.tenor.sealing)) == ["BLOCK_EDITED", "BLOCK_LABEL"]
    told_of(sealed, ARCHIVED, RESTORED)
    assert verify(sealed.tenor.storage, sealed.tenor.sealing)["problems"] == []
    sealed.as_superuser(put, new=other, sha256=sha256(other).hexdigest())
    assert codes(verify(sealed.tenor.storage, sealed.tenor.sealing)) == ["BLOCK_CONTENT"]


def repacked(columns: BlockColumns) -> bytes:
    """The frames of a block at another level of compression."""
    compressor = zstandard.ZstdCompressor(level=9)
    payload = ZstdBlockCodec().encode(columns)
    parts, rest = [payload[: len(MAGIC)]], memoryview(payload)[len(MAGIC) :]
    while rest:
        size = int.from_bytes(rest[:4], "little")
        frame = compressor.compress(zstandard.ZstdDecompressor().decompress(rest[4 : 4 + size]))
        parts += [len(frame).to_bytes(4, "little"), frame]
        rest = rest[4 + size :]
    return b"".join(parts)


def test_a_block_that_no_event_vouches_for(sealed: Any) -> None:
    sealed.as_superuser(
        "INSERT INTO fact_block SELECT run_month, run_id, kind, 7, content_sha256, payload_sha256, payload "
        "FROM fact_block WHERE kind = 'RiskComputed'"
    )
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["BLOCK_WITHOUT_EVENT"]
    assert "RiskComputed chunk 7" in told(report, "BLOCK_WITHOUT_EVENT")


def test_an_event_edited(sealed: Any) -> None:
    position = sealed.one("SELECT notification_id FROM ledger_events WHERE topic = 'run.requested'")
    sealed.as_superuser(
        "UPDATE ledger_events SET state = convert_to(replace(convert_from(state, 'UTF8'), "
        '\'"actor":"ada"\', \'"actor":"eve"\'), \'UTF8\') '
        "WHERE topic = 'run.requested'"
    )
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["EVENT_EDITED"]
    assert f"position {position}:" in told(report, "EVENT_EDITED")


def test_a_number_edited_with_every_hash_that_a_table_holds(sealed: Any) -> None:
    """Block, label and event agree with one another; the seal does not agree with them."""
    new = sealed.one("SELECT payload || '\\x00' FROM fact_block WHERE kind = 'RiskComputed'")
    sealed.as_superuser(
        "UPDATE ledger_events e SET state = convert_to(replace(convert_from(state, 'UTF8'), b.payload_sha256, "
        "%(sha256)s), 'UTF8') FROM fact_block b WHERE e.topic = 'risk.computed' AND b.kind = 'RiskComputed'",
        "UPDATE fact_block SET payload = %(new)s, payload_sha256 = %(sha256)s WHERE kind = 'RiskComputed'",
        new=new,
        sha256=sha256(new).hexdigest(),
    )
    assert "EVENT_EDITED" in codes(verify(sealed.tenor.storage, sealed.tenor.sealing))


def test_an_event_made_unreadable(sealed: Any) -> None:
    sealed.as_superuser("UPDATE ledger_events SET state = '\\x7b' WHERE topic = 'run.planned'")
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert {"EVENT_EDITED", "EVENT_UNREADABLE"} <= set(codes(report))
    assert "run.planned" in told(report, "EVENT_UNREADABLE")


def test_an_event_deleted(sealed: Any) -> None:
    position = sealed.one("SELECT notification_id FROM ledger_events WHERE topic = 'run.planned'")
    sealed.as_superuser("DELETE FROM ledger_events WHERE topic = 'run.planned'")
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["EVENT_DELETED", "STREAM_GAP"]
    assert told(report, "EVENT_DELETED").startswith(f"position {position}:")
    assert sealed.run_id in told(report, "STREAM_GAP")


def test_an_event_slipped_in_where_a_position_was_free(sealed: Any) -> None:
    position = sealed.one("SELECT notification_id FROM ledger_events WHERE topic = 'run.planned'")
    sealed.as_superuser(
        "DELETE FROM ledger_events WHERE topic = 'run.planned'",
        "INSERT INTO ledger_events OVERRIDING SYSTEM VALUE SELECT gen_random_uuid(), 1, topic, state, "
        "%(position)s FROM ledger_events WHERE topic = 'scenario.defined' LIMIT 1",
        position=position,
    )
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert {"EVENT_EDITED", "EVENT_MISPLACED"} <= set(codes(report))


def test_an_unsealed_event_deleted_leaves_its_traces(sealed: Any, say: Say) -> None:
    say(sealed.tenor, "later")
    assert verify(sealed.tenor.storage, sealed.tenor.sealing)["ok"]
    sealed.as_superuser(
        "UPDATE reader_position SET position = (SELECT max(notification_id) FROM ledger_events)",
        "DELETE FROM ledger_events WHERE notification_id = (SELECT max(notification_id) FROM ledger_events)",
    )
    assert codes(verify(sealed.tenor.storage, sealed.tenor.sealing)) == ["TAIL_TRUNCATED"]


def test_a_tail_cut_off_with_its_checkpoints(sealed: Any) -> None:
    """What is left is right in itself: only the exported seals know better."""
    kept = sealed.one("SELECT last_position FROM log_checkpoint ORDER BY tree_size OFFSET 1 LIMIT 1")
    sealed.as_superuser(
        "DELETE FROM ledger_events WHERE notification_id > %(kept)s",
        "DELETE FROM log_checkpoint WHERE last_position > %(kept)s",
        "DELETE FROM fact_block",
        "UPDATE reader_position SET position = 0",
        kept=kept,
    )
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["TAIL_TRUNCATED"]
    assert told(report, "TAIL_TRUNCATED").startswith(f"after position {kept}:")


def test_a_tail_cut_off_is_found_by_a_copy_elsewhere(sealed: Any, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.notes"
    assert export_to(sealed.tenor.sealing, copy) == 3
    for file in (sealed.tenor.settings.home / "seals").iterdir():
        file.unlink()
    sealed.as_superuser(
        "DELETE FROM fact_block",
        "UPDATE reader_position SET position = 0",
        "DELETE FROM ledger_events WHERE notification_id > 4",
        "DELETE FROM log_checkpoint WHERE last_position > 4",
    )
    assert verify(sealed.tenor.storage, sealed.tenor.sealing)["ok"]
    assert codes(verify(sealed.tenor.storage, sealed.tenor.sealing, copy)) == ["TAIL_TRUNCATED"]


def test_a_log_wiped_clean(fresh: Tenor, say: Say) -> None:
    say(fresh, "one")
    seal(fresh.sealing)
    with psycopg.connect(fresh.database_url) as connection:
        for table in ("ledger_events", "log_checkpoint"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            connection.execute(f"TRUNCATE {table}")
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
    assert codes(verify(fresh.storage, fresh.sealing)) == ["TAIL_TRUNCATED"]


def test_a_checkpoint_rewritten(sealed: Any) -> None:
    sealed.as_superuser(
        "UPDATE log_checkpoint SET note = regexp_replace(note, 'time 20', 'time 19') "
        "WHERE tree_size = (SELECT min(tree_size) FROM log_checkpoint)"
    )
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["CHECKPOINT_CHAIN", "CHECKPOINT_REWRITTEN"]
    size = sealed.one("SELECT min(tree_size) FROM log_checkpoint")
    assert f"checkpoint of {size} events" in told(report, "CHECKPOINT_REWRITTEN")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_checkpoint SET frontier = set_byte(frontier, 0, get_byte(frontier, 0) # 1) WHERE tree_size = "
        "(SELECT max(tree_size) FROM log_checkpoint)",
        "UPDATE log_checkpoint SET leaves = set_byte(leaves, 39, get_byte(leaves, 39) # 1) WHERE tree_size = "
        "(SELECT max(tree_size) FROM log_checkpoint)",
        "UPDATE log_checkpoint SET leaves = substring(leaves FROM 41) WHERE tree_size = "
        "(SELECT max(tree_size) FROM log_checkpoint)",
    ],
)
def test_a_checkpoint_whose_columns_are_rewritten(sealed: Any, statement: str) -> None:
    sealed.as_superuser(statement)
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert "CHECKPOINT_REWRITTEN" in codes(report)
    assert "ROOT_LOST" not in codes(report)


def test_a_checkpoint_signed_by_a_key_of_somebody_elses(sealed: Any) -> None:
    note = forged_note(sealed, Ed25519PrivateKey.generate())
    replace_last_note(sealed, note)
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["CHECKPOINT_REWRITTEN"]


def test_a_checkpoint_signed_again_with_the_stolen_key(sealed: Any) -> None:
    """The database is right in itself; what was exported says otherwise."""
    key = sealing_keys(sealed.tenor.store)[-1]
    replace_last_note(sealed, forged_note(sealed, private_key_of(sealed.tenor.settings.home, key)))
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert "CHECKPOINT_REWRITTEN" in codes(report)
    assert "than was exported" in told(report, "CHECKPOINT_REWRITTEN")


def forged_note(sealed: Any, private_key: Any) -> str:
    size = sealed.one("SELECT max(tree_size) FROM log_checkpoint")
    position = sealed.one("SELECT max(last_position) FROM log_checkpoint")
    origin = origin_of(sealing_keys(sealed.tenor.store)[0].log_id)
    checkpoint = Checkpoint(origin, size, b"\x00" * 32, position, utc_now(), NO_PREVIOUS)
    return sign_note(checkpoint.body(), origin, private_key)


def replace_last_note(sealed: Any, note: str) -> None:
    statement = (
        "UPDATE log_checkpoint SET note = %(note)s WHERE tree_size = (SELECT max(tree_size) FROM log_checkpoint)"
    )
    sealed.as_superuser(statement, note=note)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM log_checkpoint WHERE tree_size = (SELECT min(tree_size) FROM log_checkpoint)",
        "DELETE FROM log_checkpoint WHERE tree_size = (SELECT max(tree_size) FROM log_checkpoint)",
    ],
)
def test_a_checkpoint_deleted(sealed: Any, statement: str) -> None:
    sealed.as_superuser(statement)
    assert "CHECKPOINT_DELETED" in codes(verify(sealed.tenor.storage, sealed.tenor.sealing))


@pytest.mark.parametrize("begins", [b"TNRSNAP1", b'{"', b"x"], ids=["portfolio", "market", "lines"])
def test_a_blob_edited(sealed: Any, begins: bytes) -> None:
    sealed.as_superuser(
        "UPDATE blob SET payload = set_byte(payload, length(payload) / 2, get_byte(payload, length(payload) / 2) # 1) "
        "WHERE substring(payload FROM 1 FOR length(%(begins)s::bytea)) = %(begins)s::bytea",
        begins=begins,
    )
    assert codes(verify(sealed.tenor.storage, sealed.tenor.sealing)) == ["BLOB_EDITED"]


def test_a_blob_deleted(sealed: Any) -> None:
    name = sealed.one("SELECT max(sha256) FROM blob")
    sealed.as_superuser("DELETE FROM blob WHERE sha256 = (SELECT max(sha256) FROM blob)")
    assert told(verify(sealed.tenor.storage, sealed.tenor.sealing), "BLOB_MISSING").startswith(f"blob {name}:")


def test_a_guard_switched_off(sealed: Any) -> None:
    with psycopg.connect(sealed.tenor.database_url) as connection:
        connection.execute("ALTER TABLE ledger_events DISABLE TRIGGER ledger_events_append_only")
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert told(report, "GUARD_OFF").startswith("table ledger_events:")


def test_a_key_slipped_in(sealed: Any) -> None:
    """A key that the one before has not endorsed signs nothing that counts."""
    rotate(sealed.tenor.sealing, "yearly")
    seal(sealed.tenor.sealing)
    assert verify(sealed.tenor.storage, sealed.tenor.sealing)["ok"]
    sealed.as_superuser(
        "UPDATE ledger_events SET state = convert_to(regexp_replace(convert_from(state, 'UTF8'), "
        "'\"endorsement\":\"....', '\"endorsement\":\"0000'), 'UTF8') "
        "WHERE topic = 'sealing_key.rotated' AND originator_version = 2"
    )
    assert codes(verify(sealed.tenor.storage, sealed.tenor.sealing)) == ["EVENT_EDITED", "KEY_NOT_ENDORSED"]


def test_an_exported_file_that_was_damaged(sealed: Any) -> None:
    (path,) = (sealed.tenor.settings.home / "seals").iterdir()
    path.write_text(path.read_text().replace("time 20", "time 19", 1))
    assert codes(verify(sealed.tenor.storage, sealed.tenor.sealing)) == ["EXPORT_DAMAGED"]


def seals_of(sealed: Any) -> Path:
    (path,) = (sealed.tenor.settings.home / "seals").iterdir()
    return Path(path)


def test_exported_seals_that_were_taken_away(sealed: Any) -> None:
    seals_of(sealed).unlink()
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["EXPORT_MISSING"]
    assert "no exported seals of 3 checkpoints" in told(report, "EXPORT_MISSING")
    seal(sealed.tenor.sealing)
    assert verify(sealed.tenor.storage, sealed.tenor.sealing)["problems"] == []


def test_a_machine_without_the_key_has_no_seals_to_miss(sealed: Any) -> None:
    seals_of(sealed).unlink()
    shutil.rmtree(sealed.tenor.settings.home / "keys")
    assert verify(sealed.tenor.storage, sealed.tenor.sealing)["problems"] == []


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_exported_seals_that_are_torn(sealed: Any, cut: int) -> None:
    """By a crash in the middle of an append; the next seal mends that."""
    path = seals_of(sealed)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert codes(verify(sealed.tenor.storage, sealed.tenor.sealing)) == ["EXPORT_ROLLED_BACK", "EXPORT_TORN"]
    seal(sealed.tenor.sealing)
    assert path.read_bytes() == whole


def test_exported_seals_rolled_back_to_an_older_copy(sealed: Any) -> None:
    path = seals_of(sealed)
    notes = path.read_text().split("\ntenor.log/")
    path.write_text("\ntenor.log/".join(notes[:-1]) + "\n")
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["EXPORT_ROLLED_BACK"]
    assert "it ends with the checkpoint of" in told(report, "EXPORT_ROLLED_BACK")


def test_exported_seals_with_a_checkpoint_missing_in_between(sealed: Any) -> None:
    path = seals_of(sealed)
    notes = path.read_text().split("\ntenor.log/")
    path.write_text("\ntenor.log/".join((*notes[:-2], notes[-1])))
    report = verify(sealed.tenor.storage, sealed.tenor.sealing)
    assert codes(report) == ["EXPORT_DAMAGED"]
    assert "it lacks 1 checkpoints" in told(report, "EXPORT_DAMAGED")
