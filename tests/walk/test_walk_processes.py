"""A process of its own says what a call inside the tests' process says: exit code, stdout and stderr, every command."""

import re
from pathlib import Path

import pytest

from ops.cli.commands import Commands
from tests.walk.command_line import SMALL_FUND, Tenor, Word
from tests.walk.conftest import Walked

RUN, LOAN, FUND = "RUN", "LOAN", str(SMALL_FUND)
MARKET = f"{FUND}/market.json"

LINES: list[tuple[str, ...]] = [
    ("--version",),
    ("check", "--portfolio", "PORTFOLIO", "--market", "MARKET", "--scenarios", "up100", "--json"),
    ("ingest", FUND, "--dry-run"),
    ("ingest", "no-such-folder", "--json"),
    ("results", RUN, "--scenario", "BASE"),
    ("results", RUN, "--by", "desk", "--format", "table"),
    ("results", RUN, "--where", "ficco>=700", "--json"),
    ("results", RUN, "--format", "pdf"),
    ("cashflows", RUN, "--position", LOAN, "--json"),
    ("var", RUN, "--json"),
    ("backtest", "--run", RUN, "--json"),
    ("projections", "dead-letters", "list", "--json"),
    ("market", "load", MARKET, "--json"),
    ("portfolio", "list", "--json"),
    ("scenario", "list"),
    ("run", "show", RUN),
    ("run", "approve", "x7"),
    ("run", "submit"),
    ("risk", "quotes", RUN, "--json"),
    ("model", "list", "--json"),
    ("regulatory", "show", RUN),
    ("allowance", "show", RUN),
    ("stress", "show", RUN, "--report", "irrbb"),
    ("limits", "check", RUN, "--json"),
    ("policy", "list", "--json"),
    ("archive", "list", "--json"),
    ("compare", RUN, RUN, "--json"),
    ("mapping", "list", "--json"),
    ("key", "list", "--json"),
    ("access", "log", "--json"),
    ("mart", "list", "--json"),
    ("schedule", "list", "--json"),
    ("webhook", "list", "--json"),
    ("watch", "--after", "0", "--no-follow", "--json"),
    ("audit", "lineage", RUN, LOAN, "PV", "--json"),
    ("template", "FOLDER"),
    ("doctor",),
]
ELSEWHERE = {
    "demo": "serves until it is told to end: the deployment's tests",
    "up": "tests/ops/test_standing_up.py",
    "serve": "tests/ops/test_standing_up.py",
    "worker": "tests/ops/test_standing_up.py",
    "stop": "tests/ops/cli/test_usage.py",
    "migrate": "tests/ops/cli/test_usage.py",
    "bench": "tests/ops/benchmarking/test_bench.py",
}
"""What tests call as a process of its own, and nobody inside."""


@pytest.fixture(scope="module")
def loan(walking: Tenor, walked: Walked) -> str:
    rows = walking.json("results", walked.run_id, "--scenario", "BASE")
    return str(next(row["position_id"] for row in rows if row["product_type"] == "LOAN" and row["status"] == "PRICED"))


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_both_say_the_same(walking: Tenor, walked: Walked, loan: str, tmp_path: Path, line: tuple[str, ...]) -> None:
    named = {RUN: walked.run_id, LOAN: loan, "PORTFOLIO": walked.portfolio, "MARKET": walked.market}
    told = []
    for tenor in (walking, walking.apart):
        words: list[Word] = [named.get(word, word) for word in line]
        if line == ("template", "FOLDER"):
            words = ["template", tmp_path / ("inside" if tenor.inside else "apart")]
        answer = tenor(*words)
        told.append((answer.code, unhurried(answer.out), unhurried(answer.err.encode())))
    assert told[0] == told[1]
    assert told[0][1] or told[0][2]


def unhurried(said: bytes) -> bytes:
    """Without how long it took, and where it was put."""
    return re.sub(rb'("seconds": )[0-9.]+|in [0-9.]+ s\b|/(inside|apart)\b', rb"\1", said)


def test_every_command_is_called_in_both_ways() -> None:
    assert {line[0] for line in LINES} - {"--version"} | ELSEWHERE.keys() == set(Commands.table)


def test_workers_of_their_own_make_the_same_blocks(walking: Tenor, walked: Walked) -> None:
    """Two processes of workers, or the thread of a call inside."""
    words = (*walked.submit, "--scenarios", "@nightly", "--workers", "2", "--wait")
    again = walking.apart.json(*words)["run_id"]
    roots = [walking.json("run", "show", run_id)["blocks_root"] for run_id in (walked.run_id, again)]
    assert roots[0] == roots[1]
