"""What a parser process is asked for and what it leaves behind: small lines over a pipe, the rest in files.

parent --> {"kind": "portfolio", "source": …, "folder": …, …}
child  <-- {"done": true} | {"refused": {code, message, fix, problems}} | {"memory": true}
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from commands.define_history import DefineHistory
from commands.ingest_portfolio import Digested, ReadingOptions
from commands.ingestion.limits import Budget
from commands.tapes.markets.prepare import MarketMade, MarketWanted


@dataclass(frozen=True)
class PortfolioJob:
    """`folder` is the job's own: an upload is unpacked there, and the answer's files lie there."""

    source: str
    folder: str
    is_upload: bool
    options: ReadingOptions
    budget: Budget

    def as_line(self) -> bytes:
        return json.dumps({"kind": "portfolio", **asdict(self)}).encode() + b"\n"


@dataclass(frozen=True)
class HistoryJob:
    """A table of past moves in the file `source`."""

    source: str
    folder: str
    options: DefineHistory

    def as_line(self) -> bytes:
        return json.dumps({"kind": "history", **asdict(self)}).encode() + b"\n"


@dataclass(frozen=True)
class MarketJob:
    """Files of quotes on this machine, of which a market document is to be made."""

    folder: str
    wanted: MarketWanted
    budget: Budget

    def as_line(self) -> bytes:
        return json.dumps({"kind": "market", **asdict(self)}).encode() + b"\n"


@dataclass(frozen=True)
class SuggestJob:
    """A file for which a mapping is to be proposed."""

    source: str
    name: str
    folder: str
    budget: Budget

    def as_line(self) -> bytes:
        return json.dumps({"kind": "suggest", **asdict(self)}).encode() + b"\n"


def read_market(folder: Path) -> MarketMade:
    told = read_answer(folder)
    raw, lines = (folder / "market").read_bytes(), (folder / "lines").read_bytes()
    return MarketMade(raw, lines, told["source"], told["warnings"])


def write_answer(folder: Path, answer: dict[str, Any], files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "answer").write_text(json.dumps(answer), encoding="utf-8")


def read_answer(folder: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((folder / "answer").read_bytes())
    return answer


def write_digested(folder: Path, digested: Digested) -> None:
    told = {"report": digested.report, "rows": digested.rows, "source": digested.source}
    stored = {} if digested.snapshot is None else {"snapshot": digested.snapshot, "lines": digested.lines}
    write_answer(folder, told, stored)


def read_digested(folder: Path) -> Digested:
    told = read_answer(folder)
    if not (folder / "snapshot").exists():
        return Digested(told["report"])
    snapshot, lines = (folder / "snapshot").read_bytes(), (folder / "lines").read_bytes()
    return Digested(told["report"], snapshot, lines, told["rows"], told["source"])
