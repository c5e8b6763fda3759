"""Why a number is blank: the closed list of reasons, and the one way they are written."""

from enum import IntEnum


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


def reason_text(failures: dict[str, Reason]) -> str:
    """`MEASURE:CODE;…` in the order in which the measures were asked for; empty when nothing is blank."""
    return ";".join(f"{measure}:{reason.name}" for measure, reason in failures.items() if reason)


def status_of(failures: dict[str, Reason], asked: int) -> Status:
    """FAILED when the value itself is blank, PARTIAL when something else could not be worked out.

    A measure that does not apply to the product (a yield of a forward) is a blank with a reason and
    no fault of the position: it leaves the status alone.
    """
    blank = {m: r for m, r in failures.items() if r not in (Reason.NONE, Reason.NOT_APPLICABLE)}
    if not blank:
        return Status.PRICED
    return Status.FAILED if "PV" in blank or len(blank) == asked else Status.PARTIAL
