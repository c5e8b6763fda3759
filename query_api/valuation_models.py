"""The inventory of models: what this release computes with, and what was decided of it."""

from typing import Any

from psycopg.rows import dict_row

from domain.scenarios.versions import split_reference
from domain.valuation_models import BY_NAME, MODELS, Model, ModelStatus
from query_api.errors import NotFound
from query_api.near import nearest
from query_api.reading import Connection

DECISIONS = """
SELECT model, version,
       CASE WHEN decision = 'APPROVED' AND valid_until < (now() AT TIME ZONE 'UTC')::date THEN 'EXPIRED'
            ELSE decision END AS status,
       reason, conditions, valid_until AS until, decided_at, actor, log_position AS event_position
  FROM read.model_decision
 WHERE %(until)s::bigint IS NULL OR log_position <= %(until)s
 ORDER BY log_position DESC
"""

UNDECIDED: dict[str, Any] = {
    "status": ModelStatus.NOT_APPROVED.value,
    "reason": None,
    "conditions": None,
    "until": None,
    "decided_at": None,
    "actor": None,
    "event_position": None,
}

Row = dict[str, Any]


def list_models(connection: Connection, as_of_event: int | None = None) -> list[Row]:
    """Every model at the version that this release computes with, and how that stands today."""
    decisions = _decisions(connection, as_of_event)
    return [_row(model, model.version, decisions) for model in MODELS]


def show_model(connection: Connection, reference: str, as_of_event: int | None = None) -> Row:
    """One model, at a version or at the one in use, with all that was decided of it, newest first."""
    name, asked = split_reference(reference)
    model = BY_NAME.get(name)
    version = asked if asked is not None or model is None else model.version
    if model is None or version is None or not 1 <= version <= model.version:
        raise NotFound(f"there is no model {reference!r}", _fix(name, model))
    decisions = [row for row in _decisions(connection, as_of_event) if row["model"] == name]
    return _row(model, version, decisions) | {"decisions": decisions}


def _fix(name: str, model: Model | None) -> str:
    if model is not None:
        return f"its versions are 1 to {model.version}"
    near = nearest(name, BY_NAME)
    return f"the nearest: {', '.join(near)}" if near else "`tenor model list` names the models"


def _decisions(connection: Connection, as_of_event: int | None) -> list[Row]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(DECISIONS, {"until": as_of_event}).fetchall()


def _row(model: Model, version: int, decisions: list[Row]) -> Row:
    latest = next((row for row in decisions if (row["model"], row["version"]) == (model.name, version)), UNDECIDED)
    return {
        "model": model.name,
        "version": version,
        **{name: latest[name] for name in UNDECIDED},
        "products": list(model.products),
        "measures": list(model.measures),
        "page": model.page,
        "summary": model.summary,
    }
