"""A parser process: asked over stdin, it answers over what was its stdout, and dies alone of what it reads."""

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from commands.api.uploads import digest_upload
from commands.define_history import DefineHistory, history_of
from commands.ingest_portfolio import ReadingOptions, digest_here
from commands.ingestion.limits import Budget
from commands.tapes.markets.prepare import MarketWanted, market_of
from commands.tapes.proposing.propose import suggest
from domain.refusals import Refused
from ops.adapters.snapshot_codec import SnapshotCodec
from ops.parsing.job import write_answer, write_digested

Job = dict[str, Any]

LOOK_FOR_PARENT_SECONDS = 1.0
WORD_BYTES = 4096


def main() -> None:
    (memory_bytes,) = map(int, sys.argv[1:])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever a library prints is no answer
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    limit_memory(memory_bytes)
    answers.write(b'{"ready": true}\n')
    answers.flush()
    for line in sys.stdin.buffer:
        answers.write(json.dumps(answer_to(json.loads(line))).encode() + b"\n")
        answers.flush()


def answer_to(job: Job) -> dict[str, Any]:
    try:
        DO[job.pop("kind")](job)
        return {"done": True}
    except Refused as refused:
        write_answer(Path(job["folder"]), {"problems": refused.problems}, {})
        return {"refused": {"code": refused.code, "message": refused.message, "fix": refused.fix}}
    except MemoryError:
        return {"memory": True}
    except Exception:
        # The outermost loop of this process: what went wrong is logged where the parser was asked.
        return {"broken": traceback.format_exc()}


def digest_portfolio(job: Job) -> None:
    source, folder, budget = Path(job["source"]), Path(job["folder"]), Budget(**job["budget"])
    options = ReadingOptions.of(job["options"])
    if job["is_upload"]:
        digested = digest_upload(SnapshotCodec(), source, folder / "portfolio", options, budget)
    else:
        digested = digest_here(SnapshotCodec(), source, options, budget)
    write_digested(folder, digested)


def read_history(job: Job) -> None:
    options = DefineHistory(**job["options"])
    history = history_of(Path(job["source"]).read_bytes(), options)
    told = asdict(history) | {"dates": [day.isoformat() for day in history.dates]}
    write_answer(Path(job["folder"]), told, {})


def make_market(job: Job) -> None:
    made = market_of(MarketWanted(**job["wanted"]), Budget(**job["budget"]))
    told = {"source": made.source, "warnings": made.warnings}
    write_answer(Path(job["folder"]), told, {"market": made.raw, "lines": made.lines})


def suggest_mapping(job: Job) -> None:
    write_answer(Path(job["folder"]), suggest(Path(job["source"]), job["name"], Budget(**job["budget"])), {})


DO: dict[str, Callable[[Job], None]] = {
    "portfolio": digest_portfolio,
    "history": read_history,
    "market": make_market,
    "suggest": suggest_mapping,
}


def limit_memory(memory_bytes: int) -> None:
    """Address space beyond what the process has once its libraries are there; Linux says how much that is."""
    import resource

    statm = Path("/proc/self/statm")
    has_bytes = int(statm.read_text().split()[0]) * resource.getpagesize() if statm.exists() else 0
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = has_bytes + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_FOR_PARENT_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
