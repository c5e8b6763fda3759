"""Ask for a run: everything it depends on is found, pinned and checked first, and said in the event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from commands.decide_model import models_in_use, refuse_unapproved
from commands.define_policy import policy_pinned
from commands.define_scenario import documents_of, pin_each, scenario_set_of
from commands.once import once
from commands.refusals import UnknownScenario, UnknownSnapshot
from commands.scenario_misfits import portfolio_misfits
from domain.answered_commands import Key
from domain.capital.policies import PolicyDocument
from domain.capital.rule_sets import rules_pinned
from domain.documents import nearest
from domain.event import Envelope, stream_id
from domain.market.document import MarketDocument, stored_market
from domain.measures.measures import BY_NAME, DEFAULT_MEASURES, UnknownMeasure, resolve
from domain.ports import BlobStore, EventStore
from domain.refusals import Refused
from domain.runs import run as runs
from domain.runs.facts import CHUNK_SIZE
from domain.scenarios.shocks import ScenarioDocument
from domain.scenarios.standards import with_standard
from domain.scenarios.versions import BASE, split_reference
from domain.snapshot import SnapshotKind, SnapshotRegistered
from domain.valuation_models import ModelUse

CheckScenarios = Callable[[MarketDocument, list[ScenarioDocument]], list[dict[str, Any]]]
"""Says which scenarios do not fit the market; handed down, since shocks are applied by compute."""
NO_CASH_FLOWS = "none"
MATURED_OF_LATE = timedelta(days=366)


@dataclass(frozen=True)
class SubmitRun:
    portfolio: str
    market: str
    scenarios: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    base_currency: str | None = None
    require_approved_models: bool = False
    cashflows: tuple[str, ...] = (BASE,)
    """scenarios of the run; `none` alone for none of them"""
    policy: str | None = None
    """`id@version`, or the latest version of `id`"""
    rules: tuple[str, ...] = ()
    """rule sets of capital; for a family of which none is named, the newest in force"""


@dataclass(frozen=True)
class Submitted:
    run_id: UUID
    position: int


def submit_run(
    store: EventStore,
    blobs: BlobStore,
    envelope: Envelope,
    command: SubmitRun,
    check_scenarios: CheckScenarios,
    key: Key | None = None,
) -> Submitted:
    def decided() -> tuple[list[runs.RunEvent], str]:
        run_id = stream_id("run", key.stream) if key else uuid4()
        terms = terms_of(store, blobs, command, check_scenarios) | {"models": models_of(store, envelope, command)}
        return runs.request(runs.Run(), envelope, run_id, terms), str(run_id)

    run_id, position = once(store, envelope, key, decided)
    return Submitted(UUID(run_id), position)


def terms_of(store: EventStore, blobs: BlobStore, command: SubmitRun, check: CheckScenarios) -> dict[str, Any]:
    portfolio = registered(store, command.portfolio, SnapshotKind.PORTFOLIO)
    market = registered(store, command.market, SnapshotKind.MARKET)
    positions = portfolio.rows.get("positions", 0)
    if not positions:
        raise Refused("EMPTY_PORTFOLIO", "the portfolio snapshot has no positions", "ingest a portfolio with positions")
    pinned = pin_all(store, command.scenarios)
    document = stored_market(blobs.get(market.sha256))
    rules = rules_pinned(command.rules, document.as_of)
    documents = [with_standard(one, rules) for one in documents_of(store, pinned)]
    refuse_matured(portfolio, document)
    scenarios = [ScenarioDocument.model_validate(one) for one in documents]
    refuse_misfits(check(document, scenarios) + portfolio_misfits(portfolio, scenarios))
    return {
        "portfolio_snapshot_id": portfolio.originator_id,
        "portfolio_sha256": portfolio.sha256,
        "market_snapshot_id": market.originator_id,
        "market_sha256": market.sha256,
        "as_of": document.as_of,
        "base_currency": base_currency_of(command, document),
        "scenarios": pinned,
        "scenario_documents": documents,
        "measures": list(measures_of(command.measures)),
        "positions": positions,
        "chunk_size": CHUNK_SIZE,
        "cashflows": kept_of(command.cashflows, pinned),
        "rules": rules,
        **policy_terms(store, command.policy, pinned),
    }


def policy_terms(store: EventStore, reference: str | None, scenarios: list[str]) -> dict[str, object]:
    """The policy pinned, and what it says; every scenario that it weighs is one of the run's."""
    if not reference:
        return {"policy": "", "policy_document": None}
    pinned, said = policy_pinned(store, reference)
    policy = PolicyDocument.model_validate(said)
    known = {name for one in scenarios for name in (split_reference(one)[0], one)}
    horizon = policy.cecl or policy.ifrs9
    missing = sorted(set(horizon.scenario_weights if horizon else ()) - known)
    if missing:
        message = f"{pinned} weighs {missing[0]}, which is no scenario of the run"
        raise Refused("POLICY_SCENARIO_MISSING", message, f"add --scenarios {','.join(missing)}, or weigh others")
    return {"policy": pinned, "policy_document": said}


def kept_of(asked: tuple[str, ...], pinned: list[str]) -> tuple[str, ...]:
    """The run's scenarios, in its own order, that keep cash flows; each is named with its version or without."""
    if asked == (NO_CASH_FLOWS,):
        return ()
    known = {name: one for one in reversed(pinned) for name in (split_reference(one)[0], one)}
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise Refused(
            "UNKNOWN_SCENARIO",
            f"the run has no scenario {unknown[0]!r} to keep cash flows of",
            f"use some of {', '.join(pinned)}, or {NO_CASH_FLOWS}",
        )
    return tuple(one for one in pinned if one in {known[name] for name in asked})


def models_of(store: EventStore, envelope: Envelope, command: SubmitRun) -> list[ModelUse]:
    """As they stand today; the run goes on with models that nobody approved, and says so, unless it was to refuse."""
    portfolio = registered(store, command.portfolio, SnapshotKind.PORTFOLIO)
    uses = models_in_use(store, portfolio, measures_of(command.measures), envelope.now.date())
    if command.require_approved_models:
        refuse_unapproved(uses)
    return uses


def base_currency_of(command: SubmitRun, market: MarketDocument) -> str:
    """One that the market can turn amounts into."""
    of_pairs = {currency for spot in market.fx_spots for currency in (spot.pair[:3], spot.pair[3:])}
    known = {market.base_currency, *market.discount, *of_pairs}
    base = command.base_currency or market.base_currency
    if base not in known:
        message = f"the market knows no currency {base!r} to report in"
        raise Refused("UNKNOWN_CURRENCY", message, f"use one of {', '.join(sorted(known))}")
    return base


def registered(store: EventStore, snapshot_id: str, kind: SnapshotKind) -> SnapshotRegistered:
    what = kind.value.lower()
    try:
        events = store.stream(UUID(snapshot_id))
    except ValueError:
        raise UnknownSnapshot(what, snapshot_id) from None
    for event in events:
        if isinstance(event, SnapshotRegistered) and event.kind is kind:
            return event
    raise UnknownSnapshot(what, snapshot_id)


def pin_all(store: EventStore, references: tuple[str, ...]) -> list[str]:
    """BASE first, then what was asked for in its order, `@set` opened, each once."""
    named = [one for reference in references for one in members(store, reference)]
    return list(dict.fromkeys([BASE, *pin_each(store, named)]))


def members(store: EventStore, reference: str) -> list[str]:
    """Of a set those that it pins; a scenario stands for itself."""
    if not reference.startswith("@"):
        return [reference]
    name, version = split_reference(reference[1:])
    versions = scenario_set_of(store, name).versions
    wanted = len(versions) if version is None else version
    if not 1 <= wanted <= len(versions):
        raise UnknownScenario(reference, len(versions))
    return list(versions[wanted - 1])


def measures_of(asked: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return resolve(asked) if asked else DEFAULT_MEASURES
    except UnknownMeasure as unknown:
        near = nearest(unknown.name, BY_NAME)
        fix = f"the nearest is {near}" if near else "choose among the measures listed"
        raise Refused("UNKNOWN_MEASURE", str(unknown), fix) from unknown


def refuse_matured(portfolio: SnapshotRegistered, market: MarketDocument) -> None:
    """A market of another time. What has matured of late has its own answer, position by position."""
    latest = portfolio.source.get("latest_maturity")
    if latest and date.fromisoformat(latest) + MATURED_OF_LATE <= market.as_of:
        raise Refused(
            "PORTFOLIO_MATURED",
            f"the market is dated {market.as_of}, but everything in the portfolio has matured by {latest}",
            "use a market dated before the positions mature",
        )


def refuse_misfits(problems: list[dict[str, Any]]) -> None:
    if problems:
        first = problems[0]
        where = f"{first['path']}: " if first.get("path") else ""
        raise Refused("SCENARIO_DOES_NOT_FIT", f"{where}{first['message']}", str(first["fix"]), problems)
