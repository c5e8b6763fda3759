"""Every block beside the log against the event that vouches for it, and every blob against its name."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from commands.ingestion.canonical import content_sha256 as portfolio_sha256
from domain import codec
from domain.event import Event
from domain.ports import BlockCodec, PortfolioCodec
from domain.runs.facts import FACTS, BlockFact, fact_stream
from domain.runs.run import RunArchived, RunRestored
from ops.adapters.block_codec import NotABlock
from ops.adapters.snapshot_codec import MAGIC as PORTFOLIO_MAGIC
from ops.adapters.snapshot_codec import NotASnapshot
from ops.audit.verification.findings import Findings, block_place
from ops.audit.verification.frames import Beside, PublishedFrames, Told, compare

THREADS = min(4, os.cpu_count() or 1)
"""Hashing, decompression and the driver's copy leave the interpreter's lock."""
WINDOW = 24
"""Blocks that wait to be checked; as many as are fetched at once are in memory beside them."""
BLOCKS_AT_ONCE = 16

SELECT_BLOCKS = "SELECT run_id, kind, chunk_no, content_sha256, payload_sha256, payload FROM fact_block"
SELECT_FACTS = "SELECT originator_id, topic, state FROM ledger_events WHERE originator_id = ANY(%s)"
SELECT_FACTS_BY_TOPIC = "SELECT topic, state FROM ledger_events WHERE topic = ANY(%s)"
SELECT_PRESENT = (
    "SELECT w.run_id, w.kind, w.chunk_no FROM unnest(%b::uuid[], %b::text[], %b::int[]) w (run_id, kind, chunk_no) "
    "JOIN fact_block b USING (run_id, kind, chunk_no)"
)
SELECT_BLOB_PARTS = "SELECT sha256, part_no, parts, payload FROM blob ORDER BY sha256, part_no"

FACT_TOPICS = [fact.TOPIC for fact in FACTS.values()]
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Seen:
    blocks: int
    bytes: int


@dataclass
class FactsTold:
    """What the log says of blocks: how many, of which runs they may be gone, of which they were packed anew."""

    facts: int = 0
    archived: set[UUID] = field(default_factory=set)
    repacked: set[UUID] = field(default_factory=set)

    def see(self, event: Event) -> None:
        match event:
            case BlockFact():
                self.facts += 1
            case RunArchived():
                self.archived.add(event.originator_id)
            case RunRestored():
                self.archived.discard(event.originator_id)
                if event.reencoded_blocks:
                    self.repacked.add(event.originator_id)
            case _:
                pass


def verify_blocks(
    connection: Any, told: FactsTold, codec_of_blocks: BlockCodec, findings: Findings, frames: PublishedFrames
) -> Seen:
    """Streams the blocks in the order of the disk; the frames of results made of each are looked at too."""
    blocks, size, vouched = 0, 0, 0
    pending: deque[Future[list[Told]]] = deque()

    def tell_oldest() -> None:
        for code, where, message in pending.popleft().result():
            findings.add(code, where, message)

    with ThreadPoolExecutor(THREADS) as pool:
        for row, fact in blocks_with_facts(connection):
            blocks, size, vouched = blocks + 1, size + len(row[5]), vouched + (fact is not None)
            beside = frames.beside(row[0], row[2], fact.columns) if fact else []
            pending.append(pool.submit(check, row, fact, codec_of_blocks, row[0] in told.repacked, beside))
            if len(pending) >= WINDOW:
                tell_oldest()
        while pending:
            tell_oldest()
    if vouched != told.facts:
        find_missing_blocks(connection, told.archived, findings)
    return Seen(blocks, size)


def check(
    row: Row, fact: BlockFact | None, codec_of_blocks: BlockCodec, is_repacked: bool, beside: list[Beside]
) -> list[Told]:
    """Frames answer to a block that is right; a block that is not is told by itself."""
    problems = check_block(row, fact, codec_of_blocks, is_repacked)
    if problems:
        return [(code, block_place(*row[:3]), message) for code, message in problems]
    packed = codec_of_blocks.packed(row[5]) if beside else []
    return [each for one in beside for each in compare(one, packed)]


def blocks_with_facts(connection: Any) -> Iterator[tuple[Row, BlockFact | None]]:
    with connection.cursor("blocks", binary=True) as cursor:
        cursor.execute(SELECT_BLOCKS)
        while rows := cursor.fetchmany(BLOCKS_AT_ONCE):
            streams = [fact_stream(*row[:3]) for row in rows]
            facts = facts_of(connection, streams)
            yield from ((row, facts.get(stream)) for row, stream in zip(rows, streams, strict=True))


def facts_of(connection: Any, streams: list[UUID]) -> dict[UUID, BlockFact]:
    """What cannot be read has been told by the pass over the log."""
    found = {}
    for stream, topic, state in connection.execute(SELECT_FACTS, (streams,)).fetchall():
        event = readable(topic, bytes(state))
        if isinstance(event, BlockFact):
            found[stream] = event
    return found


def readable(topic: str, state: bytes) -> Any:
    try:
        return codec.decode(topic, state)
    except (ValueError, LookupError, AttributeError):
        return None


def check_block(
    row: Row, fact: BlockFact | None, codec_of_blocks: BlockCodec, is_repacked: bool = False
) -> list[tuple[str, str]]:
    """The stored bytes first; only bytes that are right are opened and their columns hashed. A block that came back
    from an archive packed by a later release answers to the bytes' hash beside it, its columns to the event."""
    *_, content, stated, payload = row
    if fact is None:
        return [("BLOCK_WITHOUT_EVENT", "no event of the log vouches for this block")]
    problems = []
    expected = stated if is_repacked else fact.payload_sha256
    if (content, stated) != (fact.content_sha256, expected):
        problems.append(("BLOCK_LABEL", "the hashes beside the block are not those in its event"))
    hashed = sha256(payload).hexdigest()
    if hashed != expected:
        return [*problems, ("BLOCK_EDITED", f"its bytes hash to {hashed[:16]}…, not to {expected[:16]}…")]
    try:
        if codec_of_blocks.content_sha256_of(payload) != fact.content_sha256:
            problems.append(("BLOCK_CONTENT", "its columns are not those that its event says"))
    except NotABlock as error:
        problems.append(("BLOCK_CONTENT", str(error)))
    return problems


def find_missing_blocks(connection: Any, archived: set[UUID], findings: Findings) -> None:
    with connection.cursor("facts", binary=True) as cursor:
        cursor.execute(SELECT_FACTS_BY_TOPIC, (FACT_TOPICS,))
        while rows := cursor.fetchmany(500):
            facts = [event for event in (readable(topic, bytes(state)) for topic, state in rows) if event is not None]
            wanted = [(fact.run_id, type(fact).__name__, fact.chunk_no) for fact in facts]
            arrays = tuple(list(column) for column in zip(*wanted, strict=True)) or ([], [], [])
            with connection.cursor(binary=True) as present:
                there = set(present.execute(SELECT_PRESENT, arrays).fetchall())
            for place in wanted:
                if place not in there and place[0] not in archived:
                    findings.add("BLOCK_MISSING", block_place(*place), "the log has its event, the block is gone")


# --- blobs ----------------------------------------------------------------------------------------------------------


def verify_blobs(
    connection: Any, stated: dict[str, str | None], portfolios: PortfolioCodec, findings: Findings
) -> Seen:
    """`stated` has the blobs that the log names, and the hash of their bytes where the log says it. One in memory."""
    count, size, there = 0, 0, set()
    for name, parts, expected in whole_blobs(connection):
        count, size = count + 1, size + sum(map(len, parts))
        there.add(name)
        if len(parts) != expected:
            findings.add("BLOB_MISSING", f"blob {name}", f"{len(parts)} of its {expected} parts are left")
        elif not is_blob(name, parts, stated.get(name), portfolios):
            findings.add("BLOB_EDITED", f"blob {name}", "its bytes are not the content that its name says")
    for name in sorted(stated.keys() - there):
        findings.add("BLOB_MISSING", f"blob {name}", "the log names it, the store has none of it")
    return Seen(count, size)


def whole_blobs(connection: Any) -> Iterator[tuple[str, list[bytes], int]]:
    with connection.cursor("blobs", binary=True) as cursor:
        cursor.itersize = 1
        name: str | None = None
        parts: list[bytes] = []
        expected = 0
        for sha256_hex, _, total, payload in cursor.execute(SELECT_BLOB_PARTS):
            if sha256_hex != name:
                if name is not None:
                    yield name, parts, expected
                name, parts = sha256_hex, []
            parts.append(payload)
            expected = total
        if name is not None:
            yield name, parts, expected


def is_blob(name: str, parts: list[bytes], bytes_sha256: str | None, portfolios: PortfolioCodec) -> bool:
    """A market and a map of lines are named by their bytes, a portfolio by its columns whatever packs them."""
    digest = sha256()
    for part in parts:
        digest.update(part)
    if digest.hexdigest() in (name, bytes_sha256):
        return True
    if bytes_sha256 is not None or parts[0][: len(PORTFOLIO_MAGIC)] != PORTFOLIO_MAGIC:
        return False
    try:
        return portfolio_sha256(portfolios.decode(b"".join(parts))) == name
    except (NotASnapshot, ValueError, KeyError, OSError, IndexError, TypeError):
        return False
