"""Events to bytes and back: canonical JSON, registered topics, and upcasting of what was stored long ago."""

import json
from typing import Any

from domain import answered_commands, snapshot
from domain import valuation_models as models
from domain.access import keys, log_pruning
from domain.capital import limits, policies
from domain.event import Event
from domain.portfolio import hierarchy, rejected
from domain.runs import facts, marts, results, run
from domain.scenarios import versions as scenario_book
from domain.schedules import book as schedules
from domain.sealing import seals as sealing
from domain.tapes import versions as mappings
from domain.webhooks import book as webhooks

EVENTS: tuple[type[Event], ...] = (
    snapshot.SnapshotRegistered,
    snapshot.SnapshotBrought,
    rejected.PortfolioRejected,
    scenario_book.ScenarioDefined,
    scenario_book.ScenarioRevised,
    scenario_book.ScenarioSetDefined,
    mappings.MappingDefined,
    hierarchy.NodeCreated,
    hierarchy.NodeMoved,
    hierarchy.NodeRenamed,
    hierarchy.NodeClosed,
    policies.PolicyDefined,
    policies.PolicyApproved,
    limits.LimitBreached,
    run.RunRequested,
    run.RunPlanned,
    run.ChunkFailed,
    run.RunRetried,
    run.RunCompleted,
    run.RunFailed,
    run.RunCancelled,
    run.RunApproved,
    run.RunRejected,
    run.RunPublished,
    run.RunArchived,
    run.RunRestored,
    facts.PositionPriced,
    facts.RiskComputed,
    facts.CapitalComputed,
    facts.CashflowsProjected,
    facts.NondeterminismDetected,
    facts.EnginesCompared,
    results.ResultsRecorded,
    marts.MartRequested,
    marts.MartPublished,
    marts.MartDropped,
    marts.MartReaderCreated,
    marts.MartReaderDropped,
    schedules.ScheduleDefined,
    schedules.ScheduleDropped,
    schedules.ScheduleRan,
    schedules.ScheduleSkipped,
    webhooks.WebhookDefined,
    webhooks.WebhookDropped,
    webhooks.WebhookReplayed,
    webhooks.WebhookSecretRotated,
    sealing.SealingKeyRotated,
    sealing.LogVerified,
    models.ModelVersionApproved,
    models.ModelVersionWithdrawn,
    answered_commands.CommandAnswered,
    keys.KeyCreated,
    keys.KeyRevoked,
    log_pruning.AccessLogPruned,
)

BY_TOPIC: dict[str, type[Event]] = {event.TOPIC: event for event in EVENTS}


class UnknownTopic(LookupError):
    """An event of a newer release, or of another log."""


def encode(event: Event) -> tuple[str, bytes]:
    """The topic and the state. Sorted keys and no spaces, so that the same event is the same bytes."""
    state = event.model_dump(mode="json")
    if event.class_version > 1:
        state["class_version"] = event.class_version
    return event.TOPIC, json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode(topic: str, state: bytes) -> Event:
    event_class = BY_TOPIC.get(topic)
    if event_class is None:
        raise UnknownTopic(topic)
    return event_class.model_validate(upcast(event_class, json.loads(state)))


def upcast(event_class: type[Event], state: dict[str, Any]) -> dict[str, Any]:
    """Carry an old state forward, one version at a time. Never raises on what has happened."""
    version = state.pop("class_version", 1)
    while version < event_class.class_version:
        state = getattr(event_class, f"upcast_v{version}_v{version + 1}")(state)
        version += 1
    return state
