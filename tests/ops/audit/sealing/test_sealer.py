"""Seals chain, grow, are exported once, and stop where the log is shorter than what was exported."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.refusals import Refused
from domain.sealing.merkle import merkle_root
from domain.sealing.seals import NO_PREVIOUS, SEALING_STREAM, note_hash, parse_checkpoint
from ops.audit.sealing import sealer
from ops.audit.sealing.checkpoints import StoredCheckpoint, stored_checkpoints
from ops.audit.sealing.exports import read_notes
from ops.audit.sealing.keys import KeyElsewhere, rotate, sealing_keys
from ops.audit.sealing.proofs import prove, raw_event
from ops.audit.sealing.sealer import LogCutShort, run_sealer, seal
from ops.audit.sealing.signed_notes import open_note
from ops.audit.verification.verify import verify
from ops.wiring import Tenor

Say = Callable[[Tenor, str], None]


def leaf(position: int, stream: UUID, version: int, topic: str, state: bytes) -> bytes:
    numbers = [position.to_bytes(8, "big"), stream.bytes, version.to_bytes(8, "big"), len(topic).to_bytes(4, "big")]
    return b"".join(numbers) + topic.encode() + bytes(state)


def checkpoints_of(tenor: Tenor) -> list[StoredCheckpoint]:
    with tenor.database.connect() as connection, connection.transaction():
        return list(stored_checkpoints(connection))


def exported(tenor: Tenor) -> list[str]:
    return [note for path in (tenor.settings.home / "seals").iterdir() for note in read_notes(path)]


def test_an_empty_log_has_neither_seal_nor_key(fresh: Tenor) -> None:
    assert seal(fresh.sealing) == 0
    assert not (fresh.settings.home / "keys").exists()
    assert sealing_keys(fresh.store) == []


def test_the_root_is_that_of_all_events_worked_out_by_hand(fresh: Tenor, say: Say) -> None:
    for name in ("a", "b", "c"):
        say(fresh, name)
        seal(fresh.sealing)
    with fresh.database.connect() as connection:
        rows = connection.execute(
            "SELECT notification_id, originator_id, originator_version, topic, state FROM ledger_events ORDER BY 1"
        ).fetchall()
    for stored in checkpoints_of(fresh):
        root = merkle_root([leaf(*row) for row in rows if row[0] <= stored.position])
        assert parse_checkpoint(stored.note.partition("\n— ")[0]).root == root
    assert [stored.size for stored in checkpoints_of(fresh)] == [2, 3, 4]


def test_each_checkpoint_names_the_one_before_it(fresh: Tenor, say: Say) -> None:
    previous = NO_PREVIOUS
    for name in ("a", "b", "c"):
        say(fresh, name)
        seal(fresh.sealing)
    for stored in checkpoints_of(fresh):
        assert parse_checkpoint(stored.note.partition("\n— ")[0]).previous == previous
        previous = note_hash(stored.note)


def test_sealing_again_is_nothing(fresh: Tenor, say: Say) -> None:
    say(fresh, "a")
    assert (seal(fresh.sealing), seal(fresh.sealing), len(checkpoints_of(fresh)), len(exported(fresh))) == (2, 0, 1, 1)


def test_an_export_that_was_missed_is_made_up_for(fresh: Tenor, say: Say) -> None:
    say(fresh, "a")
    seal(fresh.sealing)
    (path,) = (fresh.settings.home / "seals").iterdir()
    path.unlink()
    say(fresh, "b")
    seal(fresh.sealing)
    assert exported(fresh) == [stored.note for stored in checkpoints_of(fresh)]


def test_a_long_log_is_sealed_in_pieces(fresh: Tenor, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        say(fresh, f"s{number}")
    monkeypatch.setattr(sealer, "EVENTS_PER_CHECKPOINT", 3)
    assert seal(fresh.sealing) == 8
    assert [stored.size for stored in checkpoints_of(fresh)] == [3, 6, 8]
    assert verify(fresh.storage, fresh.sealing)["ok"]


def test_the_private_key_is_its_owners_alone_and_not_in_the_log(fresh: Tenor, say: Say) -> None:
    say(fresh, "a")
    seal(fresh.sealing)
    (path,) = (fresh.settings.home / "keys").glob("*/*.pem")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == path.parent.parent.stat().st_mode & 0o777 == 0o700
    secret = b"".join(path.read_bytes().splitlines()[1:-1])
    with fresh.database.connect() as connection:
        states = connection.execute("SELECT state FROM ledger_events").fetchall()
    assert not any(secret in bytes(state) for (state,) in states)


def test_a_rotated_key_signs_what_comes_after(fresh: Tenor, say: Say) -> None:
    say(fresh, "a")
    seal(fresh.sealing)
    rotated = rotate(fresh.sealing, "yearly")
    seal(fresh.sealing)
    keys = sealing_keys(fresh.store)
    names = {key.key_id: bytes.fromhex(key.public_key) for key in keys}
    signers = [open_note(stored.note, f"tenor.log/{keys[0].log_id}", names)[1] for stored in checkpoints_of(fresh)]
    assert signers == [keys[0].key_id, rotated.key_id]
    assert [key.originator_id for key in keys] == [SEALING_STREAM] * 2
    assert verify(fresh.storage, fresh.sealing)["ok"]


def test_without_the_key_nothing_is_sealed(fresh: Tenor, say: Say) -> None:
    say(fresh, "a")
    seal(fresh.sealing)
    (path,) = (fresh.settings.home / "keys").glob("*/*.pem")
    path.rename(path.with_suffix(".away"))
    say(fresh, "b")
    with pytest.raises(KeyElsewhere):
        seal(fresh.sealing)
    path.with_suffix(".away").rename(path)
    assert seal(fresh.sealing) == 1


def test_a_key_file_that_holds_another_key_is_refused(fresh: Tenor, say: Say) -> None:
    say(fresh, "a")
    seal(fresh.sealing)
    (path,) = (fresh.settings.home / "keys").glob("*/*.pem")
    path.write_bytes(b"nothing of the kind")
    say(fresh, "b")
    with pytest.raises(Refused, match="pem"):
        seal(fresh.sealing)


def test_nothing_is_sealed_on_a_log_that_was_cut(sealed: Any, say: Say) -> None:
    kept = sealed.one("SELECT min(last_position) FROM log_checkpoint")
    sealed.as_superuser(
        "DELETE FROM ledger_events WHERE notification_id > %(kept)s",
        "DELETE FROM log_checkpoint WHERE last_position > %(kept)s",
        kept=kept,
    )
    say(sealed.tenor, "later")
    with pytest.raises(LogCutShort):
        seal(sealed.tenor.sealing)


def test_only_one_seals_at_a_time(fresh: Tenor, say: Say) -> None:
    say(fresh, "a")
    with psycopg.connect(fresh.database_url) as rival:
        rival.execute("SELECT pg_advisory_xact_lock(hashtext('tenor.sealer'))")
        assert seal(fresh.sealing) == 0
    assert seal(fresh.sealing) == 2


def test_checkpoints_are_append_only_for_the_application(sealed: Any) -> None:
    with sealed.tenor.database.connect() as connection:
        for statement in (
            "UPDATE log_checkpoint SET note = ''",
            "DELETE FROM log_checkpoint",
            "TRUNCATE log_checkpoint",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_every_event_is_proven_by_the_checkpoint_that_sealed_it(sealed: Any) -> None:
    with sealed.tenor.database.connect() as connection:
        for stream, version in connection.execute("SELECT originator_id, originator_version FROM ledger_events"):
            event = raw_event(connection, stream, version)
            assert event is not None
            proof = prove(connection, event)
            assert proof is not None
            root = proof.document(event.leaf_hash())["root"]
            assert bytes.fromhex(root) == parse_checkpoint(proof.note.partition("\n— ")[0]).root


def test_the_loop_seals_once_more_when_told_to_stop(fresh: Tenor, say: Say) -> None:
    say(fresh, "a")
    stop = threading.Event()
    stop.set()
    run_sealer(fresh.sealing, stop)
    assert len(checkpoints_of(fresh)) == 1


def test_the_seals_outside_are_a_file_of_notes(fresh: Tenor, say: Say, tmp_path: Path) -> None:
    say(fresh, "a")
    assert sealer.export_to(fresh.sealing, tmp_path / "copy") == 1
    assert sealer.export_to(fresh.sealing, tmp_path / "copy") == 0
    (ours,) = (fresh.settings.home / "seals").iterdir()
    assert (tmp_path / "copy").read_bytes() == ours.read_bytes()
