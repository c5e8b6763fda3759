"""The root that ends a run, worked out again from the facts before it in the log."""

from dataclasses import dataclass, field
from uuid import UUID

from domain.event import Event
from domain.runs import run as runs
from domain.runs.facts import BlockFact
from domain.sealing.merkle import merkle_root
from ops.audit.verification.findings import Findings


@dataclass
class RunTally:
    """The first terminal fact of each (kind, chunk); an empty hash for a chunk that failed."""

    kinds: list[str] = field(default_factory=list)
    attempt: int = 1
    done: dict[tuple[str, int], str] = field(default_factory=dict)
    late: dict[tuple[str, int], str] = field(default_factory=dict)
    """facts of chunks that had been given up: they count when the run is retried"""

    def count(self, key: tuple[str, int], sha256: str) -> None:
        if self.done.setdefault(key, sha256) != sha256:
            self.late.setdefault(key, sha256)


class RunRoots:
    """Told the events in log order, as the process manager was; forgets a run that nothing more can happen to."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._open: dict[UUID, RunTally] = {}

    def see(self, position: int, event: Event) -> None:
        match event:
            case runs.RunPlanned():
                self._open[event.originator_id] = RunTally(event.kinds)
            case runs.RunRetried():
                self._retry(event)
            case runs.ChunkFailed():
                self._fail(event)
            case BlockFact():
                if event.run_id in self._open:
                    key = (type(event).__name__, event.chunk_no)
                    self._open[event.run_id].count(key, event.content_sha256)
            case runs.RunCompleted():
                self._complete(position, event)
            case runs.RunCancelled():
                self._open.pop(event.originator_id, None)
            case _:
                pass

    def _retry(self, event: runs.RunRetried) -> None:
        tally = self._open.get(event.originator_id)
        if tally:
            tally.attempt = event.attempt
            tally.done = tally.late | {key: sha256 for key, sha256 in tally.done.items() if sha256}

    def _fail(self, event: runs.ChunkFailed) -> None:
        tally = self._open.get(event.run_id)
        if tally and tally.attempt == event.attempt:
            for kind in tally.kinds:
                tally.done.setdefault((kind, event.chunk_no), "")

    def _complete(self, position: int, event: runs.RunCompleted) -> None:
        tally = self._open.get(event.originator_id)
        if tally is None:
            return  # its beginning is missing, which is told where it is missing
        hashes = [bytes.fromhex(sha256) for _, sha256 in sorted(tally.done.items()) if sha256]
        root = merkle_root(hashes).hex()
        if (root, len(hashes)) != (event.blocks_root, event.blocks):
            self._findings.add(
                "RUN_ROOT",
                f"position {position}, run {event.originator_id}",
                f"the run ended with {event.blocks} blocks under {event.blocks_root[:16]}…; the log has "
                f"{len(hashes)} under {root[:16]}…",
            )
        if not event.failed_chunks:
            del self._open[event.originator_id]
