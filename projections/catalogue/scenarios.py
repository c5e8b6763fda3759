"""Scenarios and their sets: every version stays."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from domain.event import Event
from domain.ports import Connection, LogEntry
from domain.scenarios.versions import ScenarioDefined, ScenarioRevised, ScenarioSetDefined
from projections.engine.versions import FIRST, Tables, versioned

INSERT_SCENARIO = """
INSERT INTO {scenario} (scenario_id, version, name, document, defined_at, actor, log_position)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

INSERT_SET = """
INSERT INTO {scenario_set} (scenario_set_id, version, scenarios, defined_at, log_position)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class ScenarioProjection:
    tables = ("scenario", "scenario_set")
    alone: tuple[type[Event], ...] = ()

    def __init__(self, version: int = FIRST) -> None:
        self.name = versioned("scenario", version)
        tables = Tables(self.tables, version)
        self._insert_scenario, self._insert_set = tables.sql(INSERT_SCENARIO), tables.sql(INSERT_SET)

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            match entry.event:
                case ScenarioDefined() as event:
                    self._insert(connection, event, 1, entry.position)
                case ScenarioRevised() as event:
                    self._insert(connection, event, event.version, entry.position)
                case ScenarioSetDefined() as event:
                    place = (event.scenario_set_id, event.version)
                    connection.execute(self._insert_set, (*place, event.scenarios, event.timestamp, entry.position))

    def _insert(
        self, connection: Connection, event: ScenarioDefined | ScenarioRevised, version: int, position: int
    ) -> None:
        name = str(event.document.get("name") or event.scenario_id)
        what = (event.scenario_id, version, name, Jsonb(event.document))
        connection.execute(self._insert_scenario, (*what, event.timestamp, event.actor, position))
