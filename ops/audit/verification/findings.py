"""What a verification finds: codes that name the damage, and where it is."""

from dataclasses import asdict, dataclass, field
from typing import Any

MAX_TOLD = 1_000


@dataclass(frozen=True)
class Finding:
    code: str
    where: str
    message: str


@dataclass
class Findings:
    problems: list[Finding] = field(default_factory=list)
    total: int = 0

    def add(self, code: str, where: str, message: str) -> None:
        self.total += 1
        if self.total <= MAX_TOLD:
            self.problems.append(Finding(code, where, message))

    def has(self, code: str) -> bool:
        return any(problem.code == code for problem in self.problems)

    def documents(self) -> list[dict[str, Any]]:
        return [asdict(problem) for problem in self.problems]


def block_place(run_id: object, kind: str, chunk_no: int) -> str:
    return f"fact_block run {run_id} {kind} chunk {chunk_no}"
