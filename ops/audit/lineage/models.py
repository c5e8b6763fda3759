"""The models behind a number: the versions that its run pinned, and who had approved them."""

from typing import Any

from domain import codec
from domain.portfolio.columns import Portfolio
from domain.runs.run import RunRequested
from domain.valuation_models import (
    BY_NAME,
    LINE_PREPAYMENT,
    TRANCHE,
    ModelUse,
    ModelVersionApproved,
    model_stream,
    models_for,
)
from ops.audit.lineage.rows import rows_where, text_at
from ops.audit.sealing.proofs import raw_event

TERMS = ("product_type", "rate_type", "prepayment", "default", "first_reset_date")
"""What of an instrument decides which models value it."""


def models_used(
    connection: Any, requested: RunRequested, portfolio: Portfolio, row: int, measure: str
) -> list[dict[str, Any]]:
    """Of the run's models those that value this position, in the order of their table. A run that was requested
    before models had versions names none."""
    terms = terms_of(portfolio, int(portfolio.instrument_row[row]))
    behind = {model.name for model in models_for(terms, [measure])}
    return [described(connection, use) for use in requested.models if use.model in behind]


def terms_of(portfolio: Portfolio, instrument: int) -> dict[str, list[str]]:
    said = {name: text_at(portfolio, "instruments", name, instrument) for name in TERMS}
    instrument_id = text_at(portfolio, "instruments", "instrument_id", instrument)
    for row in rows_where(portfolio, "tranches", "instrument_id", instrument_id):
        lines = rows_where(portfolio, "collateral", "deal_id", text_at(portfolio, "tranches", "deal_id", row))
        speeds = {text_at(portfolio, "collateral", "prepayment", line) for line in lines}
        return {"product_type": [TRANCHE], LINE_PREPAYMENT: sorted(text for text in speeds if text)}
    return {name: [text] for name, text in said.items() if text is not None}


def described(connection: Any, use: ModelUse) -> dict[str, Any]:
    model = BY_NAME.get(use.model)
    return {
        "model": use.model,
        "version": use.version,
        "page": model.page if model else None,
        "status": use.status.value,
        "decision": decision(connection, use),
    }


def decision(connection: Any, use: ModelUse) -> dict[str, Any] | None:
    """The event that gave the version its status at the time of the request; None where nobody had decided."""
    raw = raw_event(connection, model_stream(use.model), use.decided_by) if use.decided_by else None
    if raw is None:
        return None
    event: Any = codec.decode(raw.topic, raw.state)
    approved = isinstance(event, ModelVersionApproved)
    return {
        "event_position": raw.position,
        "topic": raw.topic,
        "actor": event.actor,
        "at": event.timestamp.isoformat(),
        "reason": event.reason,
        "conditions": event.conditions if approved else None,
        "until": event.until.isoformat() if approved and event.until else None,
    }


def model_lines(models: list[dict[str, Any]]) -> list[str]:
    if not models:
        return ["model     not named: the run was requested before models had versions"]
    return [
        f"model     {one['model']}@{one['version']} {one['status']}"
        + (f" by {one['decision']['actor']} at {one['decision']['at']}" if one["decision"] else "")
        + f", {one['page']}"
        for one in models
    ]
