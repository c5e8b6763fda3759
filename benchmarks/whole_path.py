"""Every figure of the whole path that docs/performance.md states, beside its target: one command, a quarter of an hour.

    TMPDIR=/var/tmp .venv/bin/python benchmarks/whole_path.py [--positions N] [--json FILE]

Runs `tenor bench` four times, each in a database of its own that is removed afterwards. On a quiet machine; it needs
8 GB of memory and 25 GB of disk at a million positions.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

TENOR = Path(sys.executable).parent / "tenor"
SIX = "PV,DV01,KEY_RATE_DV01,CS01,ACCRUED_INTEREST,WAL"
FIVE = "PV,DV01,CS01,ACCRUED_INTEREST,WAL"

Documents = dict[str, Any]


class Figure(NamedTuple):
    what: str
    unit: str
    target: str
    of: Callable[[Documents], float]


def seconds(name: str, part: str) -> Callable[[Documents], float]:
    return lambda documents: float(documents[name]["seconds"][part])


def p99(question: str) -> Callable[[Documents], float]:
    return lambda documents: float(documents["million"]["query_ms_p99"][question])


def at(name: str, *path: str) -> Callable[[Documents], float]:
    def look(documents: Documents) -> float:
        found = documents[name]
        for each in path:
            found = found[each]
        return float(found)

    return look


def cash_flows(name: str) -> Callable[[Documents], float]:
    return lambda documents: float(documents["small"]["cash_flows"][name])


ALTERNATIVES = "multiplied out from a sample"
FIGURES = (
    Figure("100,000 x 10, all measures: submit to queryable", "s", "< 20", seconds("small", "submit_to_queryable")),
    Figure("100,000 x 10: memory", "MB", "< 2,000", at("small", "rss_mb_peak")),
    Figure("prepaying, defaulting loans", "loan-scenarios/s/core", ">= 2,500,000", cash_flows("loan_scenarios_per_s")),
    Figure("an auto deal of 43 lines at seven speeds", "ms", "< 20", cash_flows("auto_deal_seven_speeds_ms")),
    Figure("200 deals x 10 with DV01 and key rates", "s", "< 5", cash_flows("deals_with_key_rates_s")),
    Figure("a ladder at a node, p99", "ms", "< 20", cash_flows("ladder_at_a_node_ms_p99")),
    Figure("a loan's schedule", "ms", "< 100", cash_flows("schedule_ms")),
    Figure("six measures: submit to queryable", "s", "<= 60", seconds("million", "submit_to_queryable")),
    Figure("six measures: of it computing", "s", "", seconds("million", "compute")),
    Figure("six measures: of it after the last block", "s", "<= 15", seconds("million", "publish")),
    Figure("six measures: memory, three runs", "MB", "<= 6,000", at("million", "rss_mb_peak")),
    Figure("six measures: log, bytes for each number", "", "<= 8.5", at("million", "log_bytes_per_value")),
    Figure("totals by desk, p99 with three runs stored", "ms", "< 20", p99("totals_by_desk")),
    Figure("top 20, p99 with three runs stored", "ms", "< 20", p99("top_20")),
    Figure("one position, p99 with three runs stored", "ms", "< 20", p99("one_position")),
    Figure("a page of 100, p99 with three runs stored", "ms", "< 20", p99("page_of_100")),
    Figure("audit verify", "MB/s", ">= 200", at("million", "verify", "mb_per_s")),
    Figure("rebuild of results, three runs", "results/s", ">= 1,000,000", at("million", "rebuild", "results_per_s")),
    Figure("append to visible, median", "ms", "< 50", at("million", "append_to_visible_ms", "idle", "p50")),
    Figure("append to visible, p99", "ms", "", at("million", "append_to_visible_ms", "idle", "p99")),
    Figure(
        "append to visible beside a run, median",
        "ms",
        "",
        at("million", "append_to_visible_ms", "while_a_run_goes_on", "p50"),
    ),
    Figure("two workers' computing, of one's", "", "<= 0.6", at("million", "one_worker", "ratio", "compute")),
    Figure("two workers' whole, of one's", "", "<= 0.6", at("million", "one_worker", "ratio", "submit_to_queryable")),
    Figure("five measures: after the last block", "s", "<= 5", seconds("five", "publish")),
    Figure("PV x 100 scenarios: submit to queryable", "s", "", seconds("hundred", "submit_to_queryable")),
    Figure("PV x 100 scenarios: memory", "MB", "", at("hundred", "rss_mb_peak")),
    Figure(
        f"a JSON event for each result ({ALTERNATIVES})",
        "s",
        "",
        at("million", "alternatives", "row_per_event", "whole_run", "seconds"),
    ),
    Figure(
        f"a JSON event for each result ({ALTERNATIVES})",
        "MB",
        "",
        at("million", "alternatives", "row_per_event", "whole_run", "mb"),
    ),
    Figure(
        f"a row for each result ({ALTERNATIVES})",
        "s",
        "",
        at("million", "alternatives", "row_per_result", "whole_run", "seconds"),
    ),
    Figure(
        f"a row for each result ({ALTERNATIVES})",
        "MB",
        "",
        at("million", "alternatives", "row_per_result", "whole_run", "mb"),
    ),
)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--positions", type=int, default=1_000_000)
    asked.add_argument("--json", type=Path, help="keep the documents of `tenor bench` here, each as it comes")
    options = asked.parse_args()
    documents: Documents = {}
    for name, words in plans(options.positions).items():
        documents[name] = bench(*words)
        if options.json:
            options.json.write_text(json.dumps(documents, indent=1) + "\n")
    show(documents, options.positions)


def plans(positions: int) -> dict[str, tuple[str, ...]]:
    many = ("--positions", str(positions))
    return {
        "small": ("--positions", str(min(100_000, positions)), "--runs", "3"),
        "million": (*many, "--measures", SIX, "--runs", "3", "--full"),
        "five": (*many, "--measures", FIVE),
        "hundred": (*many, "--measures", "PV", "--scenarios", "100"),
    }


def show(documents: Documents, positions: int) -> None:
    loads = ", ".join(f"{document['load_before']}" for document in documents.values())
    print(f"{positions:,} positions x 10 scenarios where nothing else is said; load before each: {loads}\n")
    print("| | measured | target |\n|---|---|---|")
    for figure in FIGURES:
        value = figure.of(documents)
        shown = f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"
        print(f"| {figure.what} | {shown} {figure.unit} | {figure.target} |")


def bench(*words: str) -> dict[str, Any]:
    print("tenor bench", *words, file=sys.stderr, flush=True)
    done = subprocess.run([TENOR, "bench", *words, "--json"], stdout=subprocess.PIPE, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


if __name__ == "__main__":
    main()
