"""What scenarios name and a portfolio does not have, from what its registration says."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from domain.documents import nearest
from domain.portfolio.tables import COLLATERAL, INSTRUMENTS, ISSUERS, POSITIONS, Kind
from domain.scenarios.shocks import CleanUpCallShock, DefaultShock, PrepaymentShock, ScenarioDocument, SpreadShock
from domain.snapshot import SnapshotRegistered

Values = dict[str, list[str] | None]
"""What each column says; None where there is too much of it to be listed, which any pattern may match."""

OF_POSITIONS = tuple(column for table in (POSITIONS, INSTRUMENTS, ISSUERS) for column in table.columns)
MATCHED_COLUMNS = frozenset(column.name for column in OF_POSITIONS)
"""What `match` may name though no position fills it in; `*` then matches them all."""
COLUMNS_OF_LINES = frozenset(column.name for column in COLLATERAL.columns)
NOT_LISTED = frozenset(column.name for column in OF_POSITIONS if column.kind is not Kind.TEXT)
"""Numbers, dates and flags of the contract's own, whose values no registration says."""
MAX_NAMED = 12


def portfolio_misfits(portfolio: SnapshotRegistered, scenarios: list[ScenarioDocument]) -> list[dict[str, Any]]:
    """Each pattern must find something among the values, the collateral and the deals that the portfolio brought."""
    return [
        problem
        for scenario in scenarios
        for number, shock in enumerate(scenario.shocks)
        for problem in _misfits(portfolio, scenario.scenario_id, f"{scenario.scenario_id}.shocks[{number}]", shock)
    ]


def _misfits(portfolio: SnapshotRegistered, scenario_id: str, path: str, shock: object) -> Iterator[dict[str, Any]]:
    match shock:
        case SpreadShock():
            yield from _spread_misfits(portfolio, scenario_id, shock.match)
        case PrepaymentShock() | DefaultShock() if shock.match is not None:
            yield from _speed_misfits(portfolio, scenario_id, path, shock.match)
        case CleanUpCallShock():
            yield from _call_misfits(portfolio, path, shock.deals)


def _spread_misfits(portfolio: SnapshotRegistered, scenario_id: str, match: dict[str, str]) -> Iterator[dict[str, Any]]:
    values: Values = portfolio.source.get("values", {})
    for name, pattern in match.items():
        if not _matches(values, MATCHED_COLUMNS, name, pattern):
            message = f"scenario {scenario_id}: no position has a {name} that matches {pattern!r}"
            yield _problem(f"{name}={pattern}", message, _match_fix([values], MATCHED_COLUMNS, name))


def _speed_misfits(
    portfolio: SnapshotRegistered, scenario_id: str, path: str, match: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Of instruments, or of lines of collateral: who matches in one of them is enough."""
    values: Values = portfolio.source.get("values", {})
    lines, columns = values_of_lines(portfolio), MATCHED_COLUMNS | COLUMNS_OF_LINES
    for name, pattern in match.items():
        if lines is None or (name in NOT_LISTED and pattern != "*"):
            continue
        if not (_matches(values, MATCHED_COLUMNS, name, pattern) or _matches(lines, COLUMNS_OF_LINES, name, pattern)):
            message = f"scenario {scenario_id}: no position or line has a {name} that matches {pattern!r}"
            fix = _match_fix([values, lines], columns, name)
            yield {"path": f"{path}.match", **_problem(f"{name}={pattern}", message, fix)}


def _call_misfits(portfolio: SnapshotRegistered, path: str, pattern: str) -> Iterator[dict[str, Any]]:
    names = deals_of(portfolio)
    if names is not None and not any(fnmatchcase(name, pattern) for name in names):
        message = f"{pattern!r} matches no deal; there are: {_listed(names)}"
        yield {"path": f"{path}.deals", **_problem(pattern, message, "correct the pattern, or leave the shock out")}


def deals_of(portfolio: SnapshotRegistered) -> list[str] | None:
    """None where there are too many to be listed, or an older registration does not say."""
    return portfolio.source.get("deals") if portfolio.rows.get("deals", 0) else []


def values_of_lines(portfolio: SnapshotRegistered) -> Values | None:
    """What the deals' collateral says; None where an older registration does not."""
    return portfolio.source.get("values_of_lines") if portfolio.rows.get("collateral", 0) else {}


def _problem(value: str, message: str, fix: str) -> dict[str, Any]:
    return {"code": "PATTERN_MATCHES_NOTHING", "value": value, "message": message, "fix": fix}


def _matches(values: Values, columns: frozenset[str], name: str, pattern: str) -> bool:
    if pattern == "*":
        return name in values or name in columns
    if name not in values:
        return False
    known = values[name]
    return known is None or any(fnmatchcase(value, pattern) for value in known)


def _match_fix(held: list[Values], columns: frozenset[str], name: str) -> str:
    known = sorted({value for values in held for value in values.get(name) or ()})
    if known:
        return f"use one of {', '.join(known[:MAX_NAMED])}"
    near = nearest(name, {*columns, *(column for values in held for column in values)})
    return f"the portfolio has no column {name!r}: " + (f"write {near}" if near else "match on one that it has")


def _listed(names: list[str]) -> str:
    more = len(names) - MAX_NAMED
    return (", ".join(names[:MAX_NAMED]) or "none") + (f" and {more} more" if more > 0 else "")
