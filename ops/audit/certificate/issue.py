"""`tenor audit certificate`: a run's evidence in one signed file that anybody can check without Tenor's database.

RFC 8785 canonical JSON, signed by the log's Ed25519 key. It carries the events that tell of the run, as they stand in
the log to the byte, the proof that each is there, the signed checkpoints that the proofs lead to, and the hash of
every block under the root that the run ended with.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import rfc8785
from pydantic import BaseModel, ConfigDict, ValidationError

from domain import codec
from domain.ports import EventStore
from domain.refusals import Refused
from domain.runs import run as runs
from domain.runs.facts import BlockFact, fact_stream
from domain.sealing.merkle import merkle_root, root_of_inclusion
from domain.sealing.seals import (
    NotACheckpoint,
    SealingKeyRotated,
    event_leaf_hash,
    key_id_of,
    origin_of,
    parse_checkpoint,
)
from domain.texts import counted
from domain.valuation_models import model_stream
from ops.audit.run_events import RunEvents, read_run
from ops.audit.sealing.checkpoints import SELECT_COVERING, one
from ops.audit.sealing.exports import first_line, seals_file
from ops.audit.sealing.keys import key_problems, private_key_of, sealing_keys
from ops.audit.sealing.proofs import RawEvent, prove, raw_event, raw_stream
from ops.audit.sealing.sealer import seal
from ops.audit.sealing.signed_notes import BadNote, is_signed, open_note, parse_verifier_key
from ops.ports import Connect, Sealing
from ops.settings import Settings
from ops.wiring import utc_now

TYPE = "tenor.run_certificate.v1"


class CertificatePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CertifiedEvent(CertificatePart):
    """An event as it is stored, and its place in the tree."""

    position: int
    originator_id: str
    version: int
    topic: str
    state: str
    leaf_index: int
    tree_size: int
    path: list[str]


class CertifiedBlock(CertificatePart):
    kind: str
    chunk_no: int
    content_sha256: str
    payload_sha256: str
    engine_version: str


class Signature(CertificatePart):
    algorithm: Literal["Ed25519"]
    key_id: str
    value: str


class Certificate(CertificatePart):
    type: Literal["tenor.run_certificate.v1"]
    log: str
    issued_at: str
    issued_by: str
    run_id: str
    status: str
    summary: dict[str, Any]
    blocks: list[CertifiedBlock]
    events: list[CertifiedEvent]
    checkpoints: list[str]
    keys: list[dict[str, Any]]
    signature: Signature


class NotSealedYet(Refused):
    def __init__(self, what: str) -> None:
        fix = "ask again in a moment: the log is sealed each minute; `tenor audit seal` does so now"
        super().__init__("NOT_SEALED_YET", f"{what} is not sealed yet", fix)


# --- making one -----------------------------------------------------------------------------------------------------


def certify(sealing: Sealing, run: str, *, seal_first: bool = True) -> bytes:
    """With `seal_first` the log is sealed up to now; without it nothing is written, and what is not sealed waits."""
    told = read_run(sealing.store, run)
    completed = next((event for event in reversed(told.events) if isinstance(event, runs.RunCompleted)), None)
    if completed is None:
        message = f"run {run} is {told.state.status}; only a completed run has evidence to certify"
        raise Refused("RUN_NOT_COMPLETED", message, "wait for it with `tenor run watch`")
    if seal_first:
        seal(sealing)
    keys = sealing_keys(sealing.store)
    if not keys:
        raise NotSealedYet(f"run {run}")
    private_key = private_key_of(sealing.home, keys[-1])
    document = evidence(sealing, told, completed, keys)
    signature = private_key.sign(rfc8785.dumps(document))
    signed = {"algorithm": "Ed25519", "key_id": keys[-1].key_id, "value": signature.hex()}
    return rfc8785.dumps(document | {"signature": signed}) + b"\n"


def evidence(
    sealing: Sealing, told: RunEvents, completed: runs.RunCompleted, keys: list[SealingKeyRotated]
) -> dict[str, Any]:
    requested = told.requested
    events, checkpoints = certified_events(sealing.connect, told)
    return {
        "type": TYPE,
        "log": origin_of(keys[0].log_id),
        "issued_at": utc_now().isoformat(),
        "issued_by": sealing.envelope().actor,
        "run_id": str(requested.originator_id),
        "status": told.state.status.value,
        "summary": summary(requested, completed),
        "blocks": [block.model_dump() for block in certified_blocks(sealing.store, requested, completed)],
        "events": [event.model_dump() for event in events],
        "checkpoints": checkpoints,
        "keys": [key.model_dump(mode="json") for key in keys],
    }


def summary(requested: runs.RunRequested, completed: runs.RunCompleted) -> dict[str, Any]:
    """What the run was and how it ended, taken from its events and checked against them."""
    asked = requested.model_dump(
        mode="json",
        include={
            "portfolio_snapshot_id",
            "portfolio_sha256",
            "market_snapshot_id",
            "market_sha256",
            "as_of",
            "base_currency",
            "scenarios",
            "measures",
            "positions",
            "actor",
        },
    )
    ended = completed.model_dump(mode="json", include={"blocks", "blocks_root", "failed_positions", "failed_chunks"})
    # Certificates of runs that name no models stay as they were signed.
    models = requested.model_dump(mode="json", include={"models"}) if requested.models else {}
    return asked | ended | models


def certified_events(connect: Connect, told: RunEvents) -> tuple[list[CertifiedEvent], list[str]]:
    requested = told.requested
    with connect() as connection:
        raw = raw_stream(connection, requested.originator_id)
        for snapshot in (requested.portfolio_snapshot_id, requested.market_snapshot_id):
            registered = raw_event(connection, snapshot, 1)
            raw += [registered] if registered else []
        for use in requested.models:
            decided = raw_event(connection, model_stream(use.model), use.decided_by) if use.decided_by else None
            raw += [decided] if decided else []
        proven = [certified_event(connection, event) for event in raw]
    notes = {event.tree_size: note for event, note in proven}
    return [event for event, _ in proven], [notes[size] for size in sorted(notes)]


def certified_event(connection: Any, event: RawEvent) -> tuple[CertifiedEvent, str]:
    proof = prove(connection, event)
    if proof is None:
        if one(connection, SELECT_COVERING, event.position) is None:
            raise NotSealedYet(f"the event at position {event.position}")
        message = f"the event at position {event.position} is not in the log as it was sealed"
        raise Refused("EVENT_NOT_PROVEN", message, "see `tenor audit verify`")
    certified = CertifiedEvent(
        position=event.position,
        originator_id=str(event.originator_id),
        version=event.version,
        topic=event.topic,
        state=event.state.decode(),
        leaf_index=proof.leaf_index,
        tree_size=proof.tree_size,
        path=[sibling.hex() for sibling in proof.path],
    )
    return certified, proof.note


def certified_blocks(
    store: EventStore, requested: runs.RunRequested, completed: runs.RunCompleted
) -> list[CertifiedBlock]:
    planned = next(event for event in store.stream(requested.originator_id) if isinstance(event, runs.RunPlanned))
    places = [
        (kind, chunk_no)
        for kind in sorted(planned.kinds)
        for chunk_no in range(planned.chunks)
        if chunk_no not in completed.failed_chunks
    ]
    return [certified_block(store, requested, kind, chunk_no) for kind, chunk_no in places]


def certified_block(store: EventStore, requested: runs.RunRequested, kind: str, chunk_no: int) -> CertifiedBlock:
    fact = next(iter(store.stream(fact_stream(requested.originator_id, kind, chunk_no))), None)
    if not isinstance(fact, BlockFact):
        message = f"the log has no {kind} of chunk {chunk_no} of run {requested.originator_id}"
        raise Refused("EVENT_NOT_PROVEN", message, "see `tenor audit verify`")
    return CertifiedBlock(
        kind=kind,
        chunk_no=chunk_no,
        content_sha256=fact.content_sha256,
        payload_sha256=fact.payload_sha256,
        engine_version=fact.engine_version,
    )


# --- checking one ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checked:
    certificate: Certificate | None
    problems: list[str]
    first_key_id: str | None = None
    is_key_known: bool = False

    def document(self) -> dict[str, Any]:
        certificate = self.certificate
        return {
            "ok": not self.problems,
            "run_id": certificate.run_id if certificate else None,
            "status": certificate.status if certificate else None,
            "log": certificate.log if certificate else None,
            "issued_at": certificate.issued_at if certificate else None,
            "signed_by": certificate.signature.key_id if certificate else None,
            "first_key": self.first_key_id,
            "key_known": self.is_key_known,
            "problems": self.problems,
        }


def check(raw: bytes, settings: Settings, key: str | None = None, *, any_log: bool = True) -> Checked:
    """Offline: the file, and the keys that are known here: `key` (an id), or the seals under TENOR_HOME. Without
    `any_log` a certificate of a log that nothing here knows is a problem, however well it holds."""
    try:
        content = json.loads(raw)
        certificate = Certificate.model_validate(content)
        canonical = rfc8785.dumps(content)
        keys = [SealingKeyRotated.model_validate(each) for each in certificate.keys]
    except ValidationError as error:
        missing = counted(error.error_count(), "field")
        return Checked(None, [f"this is not a certificate: {missing} missing or of another kind"])
    except (ValueError, RecursionError) as error:
        return Checked(None, [f"this is not a certificate: {str(error).splitlines()[0]}"])
    if raw not in (canonical, canonical + b"\n"):
        return Checked(certificate, ["the file is not in canonical form: it is not as it was signed"])
    if not keys:
        return Checked(certificate, ["the certificate has no keys"])
    del content["signature"]
    try:
        problems = evidence_problems(certificate, keys, rfc8785.dumps(content))
        known = known_key(certificate, settings, key)
    except (ValueError, LookupError) as error:
        return Checked(certificate, [f"the evidence cannot be read: {error}"], keys[0].key_id)
    if known is not None and known != keys[0].key_id:
        problems.append(f"the log's first key here is {known}, the certificate's is {keys[0].key_id}")
    if known is None and not any_log:
        problems.append(unknown_log(certificate, keys[0]))
    return Checked(certificate, problems, keys[0].key_id, known is not None)


def unknown_log(certificate: Certificate, first: SealingKeyRotated) -> str:
    return (
        f"this certificate is of the log {certificate.log.removeprefix('tenor.log/')}, which is not known here: it may "
        f"be anybody's. Say the first key that you know the log by (--key; the certificate has {first.key_id[:16]}…), "
        "or check it whosever it is with --any-log"
    )


def evidence_problems(certificate: Certificate, keys: list[SealingKeyRotated], signed: bytes) -> list[str]:
    """Who signed comes first: what nobody vouches for is not looked into."""
    unsigned = [*key_problems(keys), *signature_problems(certificate, keys, signed)]
    return unsigned or [*proof_problems(certificate, keys), *content_problems(certificate)]


def signature_problems(certificate: Certificate, keys: list[SealingKeyRotated], signed: bytes) -> list[str]:
    signature = certificate.signature
    public_key = next((key.public_key for key in keys if key.key_id == signature.key_id), None)
    if certificate.log != origin_of(keys[0].log_id):
        return ["the certificate names another log than its keys"]
    if public_key is None or not is_hex(signature.value):
        return ["the signature is not by a key of the log"]
    if not is_signed(bytes.fromhex(public_key), bytes.fromhex(signature.value), signed):
        return ["the signature does not fit the content"]
    return []


def proof_problems(certificate: Certificate, keys: list[SealingKeyRotated]) -> list[str]:
    """Each event leads to the root of a checkpoint that a key of the log has signed."""
    roots: dict[int, bytes] = {}
    public_keys = {key.key_id: bytes.fromhex(key.public_key) for key in keys}
    for note in certificate.checkpoints:
        try:
            checkpoint = parse_checkpoint(open_note(note, certificate.log, public_keys)[0])
        except (BadNote, NotACheckpoint) as error:
            return [f"a checkpoint cannot be trusted: {error}"]
        roots[checkpoint.size] = checkpoint.root
    return [
        f"the event at position {event.position} is not under the checkpoint of {event.tree_size} events"
        for event in certificate.events
        if root_of(event) is None or root_of(event) != roots.get(event.tree_size)
    ]


def root_of(event: CertifiedEvent) -> bytes | None:
    if not all(map(is_hex, event.path)):
        return None
    hashed = event_leaf_hash(
        event.position, UUID(event.originator_id), event.version, event.topic, event.state.encode()
    )
    return root_of_inclusion(hashed, event.leaf_index, event.tree_size, [bytes.fromhex(each) for each in event.path])


def content_problems(certificate: Certificate) -> list[str]:
    """What the certificate says of the run is what its events say; the blocks give the root that the run ended with."""
    own = [event for event in certificate.events if event.originator_id == certificate.run_id]
    events: Any = [codec.decode(event.topic, event.state.encode()) for event in own]
    completed = [event for event in events if isinstance(event, runs.RunCompleted)]
    if not events or not isinstance(events[0], runs.RunRequested) or not completed:
        return ["the events do not tell of a completed run"]
    problems = []
    if (certificate.summary, certificate.status) != (summary(events[0], completed[-1]), runs.fold(events).status):
        problems.append("the summary is not what the events say")
    problems += model_problems(certificate, events[0])
    root = merkle_root([bytes.fromhex(block.content_sha256) for block in certificate.blocks])
    if root.hex() != completed[-1].blocks_root:
        problems.append("the blocks do not give the root that the run ended with")
    return problems


def model_problems(certificate: Certificate, requested: runs.RunRequested) -> list[str]:
    """A model that was approved, or no longer, at the request has the event that said so among the evidence."""
    there = {(event.originator_id, event.version) for event in certificate.events}
    return [
        f"the decision on model {use.model}@{use.version} is not among the events"
        for use in requested.models
        if use.decided_by is not None and (str(model_stream(use.model)), use.decided_by) not in there
    ]


def known_key(certificate: Certificate, settings: Settings, key: str | None) -> str | None:
    """The id of the log's first key, as it is known here."""
    if key is not None:
        return key_id_of(parse_verifier_key(key)[1]) if "+" in key else key.lower()
    path: Path = seals_file(settings.home, UUID(certificate.log.removeprefix("tenor.log/")))
    return key_id_of(parse_verifier_key(first_line(path))[1]) if path.exists() else None


def is_hex(text: str) -> bool:
    """Lower case only, so that one value has one text."""
    return len(text) % 2 == 0 and all(letter in "0123456789abcdef" for letter in text)
