"""Why a number is blank: the closed list of reasons, and the one way they are written."""

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from domain.measures.measures import BY_NAME, Fact


class Reason(IntEnum):
    """The value stored per measure, scenario and position; 0 means that the number is there."""

    NONE = 0
    MISSING_MARKET_DATA = 1
    INVALID_TERMS = 2
    UNSUPPORTED = 3
    DID_NOT_CONVERGE = 4
    NOT_APPLICABLE = 5


class Status(IntEnum):
    """What a position's result is worth: everything asked for, some of it, or nothing."""

    PRICED = 0
    PARTIAL = 1
    FAILED = 2


BLANK = "…"
NUMBER = re.compile(r"(?<![\w.\-])[-+]?(?>\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)%?(?![\w\-])")


def kind_of_sentence(sentence: str, ids: Iterable[str | None]) -> str:
    """What sentences on one failure have in common: without the ids of their position, and without numbers."""
    for named in ids:
        if named and named in sentence:
            sentence = re.sub(rf"(?<![\w\-]){re.escape(named)}(?![\w\-])", BLANK, sentence)
    return NUMBER.sub(BLANK, sentence)


def reason_text(failures: dict[str, Reason]) -> str:
    """`MEASURE:CODE;…` in the order in which the measures were asked for; empty when nothing is blank."""
    return ";".join(f"{measure}:{reason.name}" for measure, reason in failures.items() if reason)


def status_of(failures: dict[str, Reason], asked: int) -> Status:
    """FAILED when the value itself is blank, PARTIAL when something else could not be worked out.

    A measure that does not apply to the product (a yield of a forward) is a blank with a reason and no fault of the
    position: it leaves the status alone. So do credit and capital: a book that brings no ratings is priced in full.
    """
    missing = {m: r for m, r in failures.items() if r not in (Reason.NONE, Reason.NOT_APPLICABLE)}
    blank = [measure for measure in missing if not is_aside(measure)]
    if not blank:
        return Status.PRICED
    return Status.FAILED if "PV" in blank or len(blank) == asked else Status.PARTIAL


def is_aside(measure: str) -> bool:
    """Whether a blank of the measure says nothing of how a position is priced."""
    return measure in BY_NAME and BY_NAME[measure].fact is Fact.CAPITAL


def counted(measures: Iterable[str]) -> set[str]:
    """Those of which a blank leaves a position out of a total: of credit and capital, where nothing else is shown."""
    asked = set(measures)
    return {measure for measure in asked if not is_aside(measure)} or asked


def holes_text(positions: int, failed: int | None, partial: int | None) -> str:
    """What a run lacks, in one sentence; empty where nothing is missing."""
    missing = []
    if failed:
        missing.append(f"{failed:,} {'has' if failed == 1 else 'have'} no value")
    if partial:
        words = "has a value and lacks" if partial == 1 else "have a value and lack"
        missing.append(f"{partial:,} {words} some other number")
    return f"of {positions:,} positions {', '.join(missing)}" if missing else ""


def failure_text(failure: Mapping[str, Any]) -> str:
    """`12 positions: no spot GBPUSD (first: P17)`, of one row of a run's failures."""
    count, first = failure["positions"], failure["first"]
    who = "1 position" if count == 1 else f"{count:,} positions"
    if failure["status"] == Status.PARTIAL.name:
        who += " lacks some number" if count == 1 else " lack some number"
    where = "" if first is None else f" ({first})" if count == 1 else f" (first: {first})"
    return f"{who}: {failure['sentence']}{where}"
