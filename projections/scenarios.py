"""The book of scenarios and of their sets: every version stays."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from domain.event import Event
from domain.ports import Connection, LogEntry
from domain.scenario_book import ScenarioDefined, ScenarioRevised, ScenarioSetDefined

INSERT_SCENARIO = """
INSERT INTO projection.scenario_v1 (scenario_id, version, name, document, defined_at, actor, log_position)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

INSERT_SET = """
INSERT INTO projection.scenario_set_v1 (scenario_set_id, version, scenarios, defined_at, log_position)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class ScenarioProjection:
    name = "scenario_v1"
    alone: tuple[type[Event], ...] = ()

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            match entry.event:
                case ScenarioDefined() as event:
                    _insert_scenario(connection, event, 1, entry.position)
                case ScenarioRevised() as event:
                    _insert_scenario(connection, event, event.version, entry.position)
                case ScenarioSetDefined() as event:
                    place = (event.scenario_set_id, event.version)
                    connection.execute(INSERT_SET, (*place, event.scenarios, event.timestamp, entry.position))


def _insert_scenario(
    connection: Connection, event: ScenarioDefined | ScenarioRevised, version: int, position: int
) -> None:
    name = str(event.document.get("name") or event.scenario_id)
    what = (event.scenario_id, version, name, Jsonb(event.document))
    connection.execute(INSERT_SCENARIO, (*what, event.timestamp, event.actor, position))
