"""A certificate holds offline as it was signed, and with any byte changed it does not."""

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain import codec
from domain.refusals import Refused
from ops.audit.certificate.issue import Certificate, certify, check, content_problems, summary
from ops.audit.sealing.keys import rotate
from ops.audit.sealing.signed_notes import public_bytes
from ops.settings import Settings
from tests.builders.small_fund import STATUS

STORED = Path(__file__).parents[3] / "domain" / "stored_events"


@pytest.fixture
def nowhere(tmp_path: Path) -> Settings:
    """A machine that has never seen the log."""
    return Settings(tmp_path / "nowhere", None)


def test_it_holds_here_and_elsewhere(sealed_to_read: Any, nowhere: Settings) -> None:
    document = certify(sealed_to_read.tenor.sealing, sealed_to_read.run_id)
    here, elsewhere = check(document, sealed_to_read.tenor.settings), check(document, nowhere)
    assert (here.problems, here.is_key_known) == ([], True)
    assert (elsewhere.problems, elsewhere.is_key_known) == ([], False)
    assert here.document()["status"] == STATUS
    assert document == rfc8785.dumps(json.loads(document)) + b"\n"


@pytest.mark.usefixtures("nowhere")
def test_it_names_the_models_with_the_approvals_themselves(sealed: Any) -> None:
    document = json.loads(certify(sealed.tenor.sealing, sealed.run_id))
    uses = {one["model"]: (one["version"], one["status"]) for one in document["summary"]["models"]}
    assert uses["curves"] == (2, "APPROVED") and uses["swaps"] == (2, "NOT_APPROVED")
    (approval,) = [event for event in document["events"] if event["topic"] == "model.version_approved"]
    assert json.loads(approval["state"])["reason"] == "validated"


def test_an_approval_that_is_left_out_is_missed(sealed: Any) -> None:
    document = json.loads(certify(sealed.tenor.sealing, sealed.run_id))
    certificate = Certificate.model_validate(document)
    kept = [event for event in certificate.events if event.topic != "model.version_approved"]
    assert content_problems(certificate) == []
    assert content_problems(certificate.model_copy(update={"events": kept})) == [
        "the decision on model curves@2 is not among the events"
    ]


def test_a_certificate_of_a_run_that_names_no_models_stays_as_it_was_signed() -> None:
    """Signed by a release before models had versions."""
    stored = json.loads((STORED / "run.requested.v1.json").read_text())
    requested: Any = codec.decode(stored["topic"], json.dumps(stored["state"]).encode())
    completed: Any = json.loads((STORED / "run.completed.v1.json").read_text())
    ended: Any = codec.decode(completed["topic"], json.dumps(completed["state"]).encode())
    assert "models" not in summary(requested, ended)


def test_a_key_that_is_known_must_be_the_one(sealed_to_read: Any, nowhere: Settings) -> None:
    document = certify(sealed_to_read.tenor.sealing, sealed_to_read.run_id)
    first = check(document, nowhere).first_key_id
    assert check(document, nowhere, first).problems == []
    assert check(document, nowhere, "0" * 64).problems
    (path,) = (sealed_to_read.tenor.settings.home / "seals").iterdir()
    assert check(document, nowhere, path.read_text().splitlines()[0]).problems == []


def test_any_byte_changed_breaks_it(sealed_to_read: Any, nowhere: Settings) -> None:
    document = certify(sealed_to_read.tenor.sealing, sealed_to_read.run_id)
    for place in range(0, len(document), 29):
        for flip in (0x01, 0x20):
            changed = bytearray(document)
            changed[place] ^= flip
            assert check(bytes(changed), nowhere).problems, (place, document[place - 20 : place + 20])


@pytest.mark.parametrize("changed", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 5_000])
def test_what_is_no_certificate_is_said_to_be_none(nowhere: Settings, changed: bytes) -> None:
    assert check(changed, nowhere).problems


def test_the_same_content_in_another_layout_is_not_as_it_was_signed(sealed_to_read: Any, nowhere: Settings) -> None:
    document = json.loads(certify(sealed_to_read.tenor.sealing, sealed_to_read.run_id))
    assert check(json.dumps(document, indent=1).encode(), nowhere).problems


def test_a_forger_with_a_key_of_his_own_needs_the_logs_first_key(sealed_to_read: Any) -> None:
    """Signed anew over other content: the proofs no longer fit, whoever has signed."""
    document = json.loads(certify(sealed_to_read.tenor.sealing, sealed_to_read.run_id))
    del document["signature"]
    forger = Ed25519PrivateKey.generate()
    document["keys"][0] |= {"public_key": public_bytes(forger).hex()}
    document["summary"]["blocks_root"] = "0" * 64
    signature = {"algorithm": "Ed25519", "key_id": document["keys"][0]["key_id"]}
    signature["value"] = forger.sign(rfc8785.dumps(document)).hex()
    forged = rfc8785.dumps(document | {"signature": signature})
    assert check(forged, sealed_to_read.tenor.settings).problems


def test_it_holds_after_the_key_was_rotated(sealed: Any, nowhere: Settings) -> None:
    before = certify(sealed.tenor.sealing, sealed.run_id)
    rotated = rotate(sealed.tenor.sealing, "yearly")
    after = certify(sealed.tenor.sealing, sealed.run_id)
    assert check(before, nowhere).problems == check(after, nowhere).problems == []
    assert json.loads(after)["signature"]["key_id"] == rotated.key_id


def test_a_run_that_nobody_asked_for_has_none(sealed_to_read: Any) -> None:
    with pytest.raises(Refused) as refused:
        certify(sealed_to_read.tenor.sealing, "nonsense")
    assert refused.value.code == "UNKNOWN_RUN"


def test_an_edited_event_is_not_certified(sealed: Any) -> None:
    sealed.as_superuser(
        "UPDATE ledger_events SET state = convert_to(replace(convert_from(state, 'UTF8'), "
        '\'"actor":"ada"\', \'"actor":"eve"\'), \'UTF8\') '
        "WHERE topic = 'run.requested'"
    )
    with pytest.raises(Refused, match="not in the log as it was sealed"):
        certify(sealed.tenor.sealing, sealed.run_id)
