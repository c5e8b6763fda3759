"""Ids as people type them: whole, the first characters of one, or `latest`.

An id is a key in its table, and so are its first characters: a range of keys. `latest` is the newest run that has
completed and has figures, and the snapshot that was brought last.
"""

import re
from difflib import get_close_matches
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

from query_api.errors import AmbiguousId, NotFound
from query_api.reading import Connection

LATEST = "latest"
DIGITS = 32
MAX_LISTED = 10
MAX_COMPARED = 1_000
NEAR = 0.75
FEWEST_TYPED = 6
"""Fewer characters than this are near to everything."""


class IdKind(StrEnum):
    RUN = "run"
    PORTFOLIO = "portfolio snapshot"
    MARKET = "market snapshot"


WHERE_LISTED = {
    IdKind.RUN: "see `tenor run list`",
    IdKind.PORTFOLIO: "see `tenor portfolio list`",
    IdKind.MARKET: "see `tenor market list`",
}

RUNS_BETWEEN = """
SELECT run_id FROM read.run WHERE run_id BETWEEN %(low)s AND %(high)s
 ORDER BY requested_at DESC, run_no DESC LIMIT %(limit)s
"""
SNAPSHOTS_BETWEEN = """
SELECT snapshot_id FROM read.snapshot WHERE snapshot_id BETWEEN %(low)s AND %(high)s AND kind = %(kind)s
 ORDER BY log_position DESC LIMIT %(limit)s
"""
LATEST_RUN = """
SELECT run_id FROM read.run WHERE queryable_at IS NOT NULL ORDER BY requested_at DESC, run_no DESC LIMIT 1
"""
LATEST_SNAPSHOT = """
SELECT s.snapshot_id FROM read.snapshot s LEFT JOIN read.snapshot_brought b USING (snapshot_id)
 WHERE s.kind = %(kind)s ORDER BY coalesce(b.log_position, s.log_position) DESC LIMIT 1
"""


def find_id(connection: Connection, kind: IdKind, text: str | UUID) -> UUID:
    """A whole id as it stands, known or not; else the one that the text means."""
    whole = whole_id(text)
    if whole is not None:
        return whole
    typed = str(text).strip().lower()
    if typed == LATEST:
        return _latest(connection, kind)
    found = _beginning_with(connection, kind, typed)
    if not found:
        raise NotFound(f"there is no {kind} {text!r}", _fix(connection, kind, typed))
    if len(found) > 1:
        shown = ", ".join(str(each) for each in found[:MAX_LISTED])
        more = ", …" if len(found) > MAX_LISTED else ""
        message = f"{text!r} begins the ids of several {kind}s: {shown}{more}"
        raise AmbiguousId(message, "type more of the one that you mean", ids=[str(each) for each in found])
    return found[0]


def whole_id(text: str | UUID) -> UUID | None:
    if isinstance(text, UUID):
        return text
    try:
        return UUID(text)
    except ValueError:
        return None


def _latest(connection: Connection, kind: IdKind) -> UUID:
    if kind is IdKind.RUN:
        row = connection.execute(LATEST_RUN).fetchone()
        if row is None:
            raise NotFound("no run has completed yet", "wait until one has: `tenor run list` says how far each is")
    else:
        row = connection.execute(LATEST_SNAPSHOT, {"kind": kind.name}).fetchone()
        if row is None:
            command = "tenor ingest" if kind is IdKind.PORTFOLIO else "tenor market load"
            raise NotFound(f"there is no {kind} yet", f"bring one with `{command}`")
    identity: UUID = row[0]
    return identity


def _beginning_with(connection: Connection, kind: IdKind, typed: str) -> list[UUID]:
    bounds = _bounds(typed)
    if bounds is None:
        return []
    return _between(connection, kind, *bounds, MAX_LISTED + 1)


def _bounds(typed: str) -> tuple[UUID, UUID] | None:
    """The first and the last id that begin so; None for what begins no id."""
    digits = typed.replace("-", "")
    if not re.fullmatch("[0-9a-f]{1,31}", digits):
        return None
    low, high = UUID(digits.ljust(DIGITS, "0")), UUID(digits.ljust(DIGITS, "f"))
    return (low, high) if typed == digits or str(low).startswith(typed) else None


def _between(connection: Connection, kind: IdKind, low: UUID, high: UUID, limit: int) -> list[UUID]:
    statement: LiteralString = RUNS_BETWEEN if kind is IdKind.RUN else SNAPSHOTS_BETWEEN
    terms = {"low": low, "high": high, "kind": kind.name, "limit": limit}
    return [row[0] for row in connection.execute(statement, terms)]


def _fix(connection: Connection, kind: IdKind, typed: str) -> str:
    known = _between(connection, kind, UUID(int=0), UUID(int=2**128 - 1), MAX_COMPARED)
    by_beginning = {str(each)[: len(typed)]: str(each) for each in reversed(known)}
    near = get_close_matches(typed, by_beginning, 3, NEAR) if len(typed) >= FEWEST_TYPED else []
    return f"the nearest: {', '.join(by_beginning[each] for each in near)}" if near else WHERE_LISTED[kind]


def stream_beginning_with(connection: Connection, text: str) -> UUID | None:
    """The run's or the snapshot's, where the text begins the id of exactly one; None where it begins none."""
    typed = text.strip().lower()
    if typed == LATEST:
        return _latest(connection, IdKind.RUN)
    found = [each for kind in IdKind for each in _beginning_with(connection, kind, typed)]
    if len(found) > 1:
        shown = ", ".join(str(each) for each in found[:MAX_LISTED])
        message = f"{text!r} begins the ids of several streams: {shown}"
        raise AmbiguousId(message, "type more of the one that you mean", ids=[str(each) for each in found])
    return found[0] if found else None
