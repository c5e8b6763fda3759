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
    ("ingest", "no-such-folder", "--json"),
    ("results", RUN, "--by", "desk", "--format", "table"),
    ("results", RUN, "--where", "ficco>=700", "--json"),
    ("cashflows", RUN, "--position", LOAN, "--json"),
    ("var", RUN, "--json"),
    ("market", "load", MARKET, "--json"),
    ("run", "show", RUN),
    ("run", "submit"),
    ("risk", "quotes", RUN, "--json"),
    ("regulatory", "show", RUN),
    ("limits", "check", RUN, "--json"),
    ("key", "list", "--json"),
    ("mart", "list", "--json"),
    ("audit", "lineage", RUN, LOAN, "PV", "--json"),
    ("template", "FOLDER"),
    ("doctor",),
]
AT_LENGTH: list[tuple[str, ...]] = [
    ("ingest", FUND, "--dry-run"),
    ("results", RUN, "--scenario", "BASE"),
    ("results", RUN, "--format", "pdf"),
    ("backtest", "--run", RUN, "--json"),
    ("projections", "dead-letters", "list", "--json"),
    ("portfolio", "list", "--json"),
    ("scenario", "list"),
    ("run", "approve", "x7"),
    ("model", "list", "--json"),
    ("allowance", "show", RUN),
    ("stress", "show", RUN, "--report", "irrbb"),
    ("policy", "list", "--json"),
    ("archive", "list", "--json"),
    ("mapping", "list", "--json"),
    ("access", "log", "--json"),
    ("schedule", "list", "--json"),
    ("webhook", "list", "--json"),
    ("watch", "--after", "0", "--no-follow", "--json"),
    ("compare", RUN, RUN, "--json"),
]
"""With `--long`: their answers are looked at inside the tests' process each time."""
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


@pytest.mark.parametrize(
    "line",
    [
        *(pytest.param(line, id=" ".join(line)) for line in LINES),
        *(pytest.param(line, id=" ".join(line), marks=pytest.mark.long) for line in AT_LENGTH),
    ],
)
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
    assert {line[0] for line in LINES + AT_LENGTH} - {"--version"} | ELSEWHERE.keys() == set(Commands.table)


def test_workers_of_their_own_make_the_same_blocks(walking: Tenor, walked: Walked) -> None:
    """Two processes of workers, or the thread of a call inside."""
    words = (*walked.submit, "--scenarios", "@nightly", "--workers", "2", "--wait")
    again = walking.apart.json(*words)["run_id"]
    roots = [walking.json("run", "show", run_id)["blocks_root"] for run_id in (walked.run_id, again)]
    assert roots[0] == roots[1]
