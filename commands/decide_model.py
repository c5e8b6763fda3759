"""Decisions on models: approve a version, withdraw an approval; and how the models of a run stand."""

from collections.abc import Callable, Collection
from datetime import date
from typing import cast

from commands.once import once
from commands.refusals import UnknownModel
from domain import valuation_models as models
from domain.answered_commands import Key
from domain.event import Envelope
from domain.ports import EventStore
from domain.refusals import Refused
from domain.scenarios.versions import split_reference
from domain.snapshot import SnapshotRegistered

Decide = Callable[[models.ModelDecisions, str, int], list[models.ModelEvent]]


def approve_model(
    store: EventStore,
    envelope: Envelope,
    reference: str,
    reason: str,
    *,
    conditions: str = "",
    until: date | None = None,
    key: Key | None = None,
) -> int:
    def how(decisions: models.ModelDecisions, name: str, version: int) -> list[models.ModelEvent]:
        return models.approve(decisions, envelope, name, version, reason, conditions=conditions, until=until)

    return decide(store, envelope, reference, how, key)


def withdraw_model(
    store: EventStore, envelope: Envelope, reference: str, reason: str, *, key: Key | None = None
) -> int:
    def how(decisions: models.ModelDecisions, name: str, version: int) -> list[models.ModelEvent]:
        return models.withdraw(decisions, envelope, name, version, reason)

    return decide(store, envelope, reference, how, key)


def decide(store: EventStore, envelope: Envelope, reference: str, how: Decide, key: Key | None) -> int:
    """Returns the log position of the decision; one that changes nothing answers with the log's head."""
    name, version = pinned(reference)
    _, position = once(store, envelope, key, lambda: (how(decisions_of(store, name), name, version), version))
    return position


def pinned(reference: str) -> tuple[str, int]:
    """`name@version`, or the version that this release computes with; older ones may still be decided on."""
    name, version = split_reference(reference)
    model = models.BY_NAME.get(name)
    if model is None:
        raise UnknownModel(reference)
    wanted = model.version if version is None else version
    if not 1 <= wanted <= model.version:
        raise UnknownModel(reference)
    return name, wanted


def decisions_of(store: EventStore, name: str) -> models.ModelDecisions:
    return models.fold(cast(list[models.ModelEvent], store.stream(models.model_stream(name))))


def models_in_use(
    store: EventStore, portfolio: SnapshotRegistered, measures: Collection[str], on: date
) -> list[models.ModelUse]:
    """For what the portfolio holds, as its registration lists it; a column of too many values is one that says
    something."""
    values = portfolio.source.get("values", {})
    terms = {name: [models.MANY] if known is None else list(known) for name, known in values.items()}
    if portfolio.rows.get("tranches"):
        terms["product_type"] = [*terms.get("product_type", []), models.TRANCHE]
    return [decisions_of(store, model.name).use(model, on) for model in models.models_for(terms, measures)]


def refuse_unapproved(uses: list[models.ModelUse]) -> None:
    missing = [use for use in uses if use.status is not models.ModelStatus.APPROVED]
    if missing:
        problems = [
            {
                "code": use.status.value,
                "value": f"{use.model}@{use.version}",
                "message": f"model {use.model}@{use.version} is {use.status.value}",
                "fix": f"tenor model approve {use.model}@{use.version} --reason …",
            }
            for use in missing
        ]
        named = ", ".join(str(one["value"]) for one in problems)
        fix = "have them approved (`tenor model approve`), or ask without --require-approved-models"
        raise Refused("MODELS_NOT_APPROVED", f"the run would use models that are not approved: {named}", fix, problems)
