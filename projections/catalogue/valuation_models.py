"""What was decided of the versions of models: every decision stays."""

from collections.abc import Sequence

from domain.event import Event
from domain.ports import Connection, LogEntry
from domain.valuation_models import ModelVersionApproved, ModelVersionWithdrawn
from projections.engine.versions import FIRST, Tables, versioned

INSERT_DECISION = """
INSERT INTO {model_decision}
       (model, version, decision, reason, conditions, valid_until, decided_at, actor, log_position)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class ModelProjection:
    tables = ("model_decision",)
    alone: tuple[type[Event], ...] = ()

    def __init__(self, version: int = FIRST) -> None:
        self.name = versioned("model", version)
        self._insert = Tables(self.tables, version).sql(INSERT_DECISION)

    def handle(self, connection: Connection, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            match entry.event:
                case ModelVersionApproved() as event:
                    said = ("APPROVED", event.reason, event.conditions, event.until)
                case ModelVersionWithdrawn() as event:
                    said = ("WITHDRAWN", event.reason, "", None)
                case _:
                    continue
            by = (event.timestamp, event.actor, entry.position)
            connection.execute(self._insert, (event.model, event.version, *said, *by))
