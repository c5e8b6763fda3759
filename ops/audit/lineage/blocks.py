"""The block that a number stands in: its event in the log, its hashes, and the proof that the log says so."""

from typing import Any

from domain.runs.facts import BlockFact
from ops.audit.sealing.proofs import prove, raw_event


def described_block(connection: Any, fact: BlockFact) -> dict[str, Any]:
    raw = raw_event(connection, fact.originator_id, fact.originator_version)
    assert raw is not None
    proof = prove(connection, raw)
    return {
        "event_position": raw.position,
        "stream": str(raw.originator_id),
        "topic": raw.topic,
        "written_at": fact.timestamp.isoformat(),
        "actor": fact.actor,
        "chunk_no": fact.chunk_no,
        "content_sha256": fact.content_sha256,
        "payload_sha256": fact.payload_sha256,
        "payload_bytes": fact.payload_bytes,
        "engine_version": fact.engine_version,
        "inclusion": proof.document(raw.leaf_hash()) if proof else None,
    }
