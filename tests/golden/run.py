"""Runs a file of published cases through the library: `.venv/bin/python tests/golden/run.py FILE [--json]`.

Exit code 0 when no case failed, 1 when one did, 2 for a file that cannot be read. A case is unknown, with its reason,
when no adapter knows its instrument or the library cannot express what it asks; README.md has the shape of a case.
"""

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.golden.cases.case import Case, Figure, NotExpressible, read_case
from tests.golden.cases.registry import ADAPTERS, WITHOUT_ADAPTER

PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"
UNREADABLE = (ArithmeticError, LookupError, TypeError, ValueError)
"""What odd inputs of a file that others bring raise in an adapter: one such case must not end the run."""


@dataclass(frozen=True)
class Comparison:
    name: str
    expected: Any
    actual: Any
    tolerance: float
    largest_error: float | None
    """None where it is no number: other shapes, or a figure that is not a number"""

    @property
    def agrees(self) -> bool:
        return self.largest_error is not None and self.largest_error <= self.tolerance


@dataclass(frozen=True)
class Verdict:
    id: str
    instrument: str
    status: str
    reason: str
    figures: tuple[Comparison, ...] = ()


def run_file(path: Path) -> list[Verdict]:
    """Verdicts of a JSON list of cases, or of the list under `cases`; ValueError where it is neither."""
    document = json.loads(path.read_text(encoding="utf-8"))
    given = document.get("cases") if isinstance(document, dict) else document
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise ValueError("not a list of cases")
    others = {str(each.get("id")): each["inputs"] for each in given if isinstance(each.get("inputs"), dict)}
    return [judge(each, others) for each in given]


def judge(given: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> Verdict:
    name, instrument = str(given.get("id")), str(given.get("instrument") or given.get("topic"))
    adapter = ADAPTERS.get(instrument)
    if adapter is None:
        return Verdict(name, instrument, UNKNOWN, WITHOUT_ADAPTER.get(instrument, f"no adapter for {instrument}"))
    try:
        case = read_case(given, others)
        return _verdict(case, adapter(case))
    except NotExpressible as refusal:
        return Verdict(name, instrument, UNKNOWN, str(refusal))
    except UNREADABLE as problem:
        return Verdict(name, instrument, UNKNOWN, f"inputs that the adapter cannot read: {problem!r}")


def _verdict(case: Case, figures: Mapping[str, Figure]) -> Verdict:
    unread, missing = case.inputs.unread(), [name for name in case.expected if name not in figures]
    compared = tuple(
        compare(figure, case.expected[figure], figures[figure], case.tolerance[figure])
        for figure in case.expected
        if figure in figures
    )
    if unread:
        return Verdict(case.id, case.instrument, UNKNOWN, f"inputs that no adapter reads: {', '.join(unread)}")
    off = [each.name for each in compared if not each.agrees]
    if off:
        return Verdict(case.id, case.instrument, FAILED, f"differs in {', '.join(off)}", compared)
    if missing:
        return Verdict(case.id, case.instrument, UNKNOWN, f"no figure {', '.join(missing)}", compared)
    return Verdict(case.id, case.instrument, PASSED, "", compared)


def compare(name: str, expected: Any, actual: Figure, tolerance: float) -> Comparison:
    theirs, ours = np.array(expected, dtype=np.float64), np.array(actual, dtype=np.float64)
    error = float(np.abs(theirs - ours).max(initial=0.0)) if theirs.shape == ours.shape else math.nan
    return Comparison(name, expected, _plain(ours), tolerance, error if math.isfinite(error) else None)


def _plain(figure: Any) -> Any:
    """Lists and numbers that JSON knows: what is no number becomes null."""
    if isinstance(figure, np.ndarray):
        return _plain(figure.tolist())
    if isinstance(figure, list):
        return [_plain(each) for each in figure]
    return figure if math.isfinite(figure) else None


def report(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    counts = Counter(verdict.status for verdict in verdicts)
    totals = {status: counts[status] for status in (PASSED, FAILED, UNKNOWN)}
    return {**totals, "cases": [asdict(verdict) for verdict in verdicts]}


def _print_lines(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        print(f"{verdict.status:8} {verdict.id:50} {verdict.reason}".rstrip())
        for figure in verdict.figures:
            if not figure.agrees:
                print(f"         {figure.name}: expected {figure.expected}, is {figure.actual} +- {figure.tolerance}")
    totals = Counter(verdict.status for verdict in verdicts)
    print(", ".join(f"{totals[status]} {status}" for status in (PASSED, FAILED, UNKNOWN)))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Runs a file of published cases through the library.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args(arguments)
    try:
        verdicts = run_file(options.file)
    except (OSError, ValueError) as problem:
        print(f"{options.file}: {problem}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(report(verdicts)))
    else:
        _print_lines(verdicts)
    return 1 if any(verdict.status == FAILED for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
