"""The book of scenarios and of sets: every version that there ever was."""

from typing import Any

from psycopg.rows import dict_row

from domain.scenarios.versions import BASE, split_reference
from query_api.errors import NotFound
from query_api.near import nearest
from query_api.reading import Connection

LATEST_SCENARIOS = """
SELECT DISTINCT ON (scenario_id COLLATE "C")
       scenario_id, version, name, defined_at, actor, log_position AS event_position,
       CASE WHEN %(documents)s THEN document END AS document
  FROM read.scenario
 WHERE scenario_id COLLATE "C" > %(after)s AND (%(until)s::bigint IS NULL OR log_position <= %(until)s)
 ORDER BY scenario_id COLLATE "C", version DESC LIMIT %(limit)s
"""

SCENARIO_VERSIONS = """
SELECT scenario_id, version, name, document, defined_at, actor, log_position AS event_position
  FROM read.scenario
 WHERE scenario_id = %s AND (%s::bigint IS NULL OR log_position <= %s) ORDER BY version DESC
"""

LATEST_SETS = """
SELECT DISTINCT ON (scenario_set_id COLLATE "C")
       scenario_set_id, version, scenarios, defined_at, log_position AS event_position
  FROM read.scenario_set
 WHERE scenario_set_id COLLATE "C" > %(after)s AND (%(until)s::bigint IS NULL OR log_position <= %(until)s)
 ORDER BY scenario_set_id COLLATE "C", version DESC LIMIT %(limit)s
"""

SET_VERSIONS = """
SELECT scenario_set_id, version, scenarios, defined_at, log_position AS event_position
  FROM read.scenario_set
 WHERE scenario_set_id = %s AND (%s::bigint IS NULL OR log_position <= %s) ORDER BY version DESC
"""

Row = dict[str, Any]

MAX_COMPARED = 10_000
"""Names that an unknown one is held against."""

BASE_SCENARIO: Row = {
    "scenario_id": BASE,
    "version": 1,
    "name": "Base",
    "document": {"scenario_id": BASE, "name": "Base", "shocks": []},
}


def list_scenarios(
    connection: Connection, limit: int, after: str = "", as_of_event: int | None = None, *, documents: bool = False
) -> list[Row]:
    """The latest version of each, by id; BASE always exists and is said by the caller that lists from the start."""
    terms = {"after": after, "limit": limit, "until": as_of_event, "documents": documents}
    rows = _rows(connection, LATEST_SCENARIOS, terms)
    return rows if documents else [{name: row[name] for name in row if name != "document"} for row in rows]


def scenario_versions(connection: Connection, reference: str, as_of_event: int | None = None) -> list[Row]:
    """`id` gives every version, latest first; `id@version` that one."""
    name, version = split_reference(reference)
    if name == BASE and version in (None, 1):
        return [BASE_SCENARIO]
    rows = _rows(connection, SCENARIO_VERSIONS, (name, as_of_event, as_of_event))
    found = [row for row in rows if version in (None, row["version"])]
    if not found:
        fix = _fix(rows, near_scenarios(connection, name), "`tenor scenario list` names the scenarios")
        raise NotFound(f"there is no scenario {reference!r}", fix)
    return found


def _fix(versions: list[Row], near: list[str], listed: str) -> str:
    """The versions that there are, or the nearest names, or where all of them are listed."""
    if versions:
        return f"its versions are 1 to {versions[0]['version']}"
    return f"the nearest: {', '.join(near)}" if near else listed


def near_scenarios(connection: Connection, name: str) -> list[str]:
    return nearest(name, [BASE, *(row["scenario_id"] for row in list_scenarios(connection, MAX_COMPARED))])


def near_sets(connection: Connection, name: str) -> list[str]:
    return nearest(name, [row["scenario_set_id"] for row in list_sets(connection, MAX_COMPARED)])


def list_sets(connection: Connection, limit: int, after: str = "", as_of_event: int | None = None) -> list[Row]:
    return _rows(connection, LATEST_SETS, {"after": after, "limit": limit, "until": as_of_event})


def set_versions(connection: Connection, reference: str, as_of_event: int | None = None) -> list[Row]:
    name, version = split_reference(reference.removeprefix("@"))
    rows = _rows(connection, SET_VERSIONS, (name, as_of_event, as_of_event))
    found = [row for row in rows if version in (None, row["version"])]
    if not found:
        fix = _fix(rows, near_sets(connection, name), "list the sets at /api/v1/scenario/sets")
        raise NotFound(f"there is no scenario set {reference!r}", fix)
    return found


def _rows(connection: Connection, query: Any, terms: Any) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, terms).fetchall()
