"""Define scenarios, and sets of them."""

from typing import Any

from commands.refusals import InvalidInput, UnknownScenario
from domain.event import Envelope
from domain.ports import EventStore
from domain.refusals import Refused
from domain.scenarios import versions as book
from domain.scenarios.shocks import InvalidScenario, ScenarioDocument, parse_scenario_set, parse_scenarios


def define_scenarios(
    store: EventStore, envelope: Envelope, raw: bytes, *, rates_are_decimals: bool = False
) -> list[dict[str, Any]]:
    """One document or a list; each answers with its version. Nothing is stored unless all are valid."""
    try:
        documents = parse_scenarios(raw, rates_are_decimals=rates_are_decimals)
    except InvalidScenario as invalid:
        raise invalid_input("INVALID_SCENARIO", "the scenario cannot be used", invalid) from invalid
    refuse_repeats([document.scenario_id for document in documents])
    scenarios = [scenario_of(store, document.scenario_id) for document in documents]
    events = [
        event
        for document, scenario in zip(documents, scenarios, strict=True)
        for event in book.define(scenario, envelope, document.scenario_id, as_json(document))
    ]
    position = store.append(events)[-1] if events else store.head()
    fresh = {event.scenario_id for event in events}
    return [
        {
            "scenario_id": document.scenario_id,
            "version": len(scenario.versions) + (document.scenario_id in fresh),
            "event_position": position,
        }
        for document, scenario in zip(documents, scenarios, strict=True)
    ]


def define_scenario_set(store: EventStore, envelope: Envelope, raw: bytes) -> dict[str, Any]:
    """Members without a version are pinned to their latest, so that the set never changes its mind."""
    try:
        document = parse_scenario_set(raw)
    except InvalidScenario as invalid:
        raise invalid_input("INVALID_SCENARIO_SET", "the scenario set cannot be used", invalid) from invalid
    pinned = [pin(store, reference) for reference in document.scenarios]
    events = book.define_set(
        scenario_set_of(store, document.scenario_set_id), envelope, document.scenario_set_id, pinned
    )
    position = store.append(events)[-1] if events else store.head()
    version = len(scenario_set_of(store, document.scenario_set_id).versions)
    return {"scenario_set_id": document.scenario_set_id, "version": version, "event_position": position}


def as_json(document: ScenarioDocument) -> dict[str, Any]:
    return document.model_dump(mode="json", exclude_none=True)


def scenario_of(store: EventStore, scenario_id: str) -> book.Scenario:
    events = store.stream(book.scenario_stream(scenario_id))
    return book.fold([e for e in events if isinstance(e, book.ScenarioDefined | book.ScenarioRevised)])


def scenario_set_of(store: EventStore, scenario_set_id: str) -> book.ScenarioSet:
    events = store.stream(book.scenario_set_stream(scenario_set_id))
    return book.fold_set([e for e in events if isinstance(e, book.ScenarioSetDefined)])


def pin(store: EventStore, reference: str) -> str:
    """`id@version` of a scenario that exists; BASE stays BASE."""
    name, version = book.split_reference(reference)
    if name == book.BASE and version in (None, 1):
        return book.BASE
    versions = scenario_of(store, name).versions
    wanted = len(versions) if version is None else version
    if not 1 <= wanted <= len(versions):
        raise UnknownScenario(reference)
    return f"{name}@{wanted}"


def document_of(store: EventStore, pinned: str) -> dict[str, Any]:
    if pinned == book.BASE:
        return {"scenario_id": book.BASE, "name": "Base", "shocks": []}
    name, version = book.split_reference(pinned)
    assert version is not None
    return scenario_of(store, name).versions[version - 1]


def refuse_repeats(ids: list[str]) -> None:
    repeated = sorted({one for one in ids if ids.count(one) > 1})
    if repeated:
        raise Refused("REPEATED_SCENARIO", f"defined twice in one file: {', '.join(repeated)}", "keep one of each")


def invalid_input(code: str, message: str, invalid: Any) -> InvalidInput:
    """All problems of a document as one refusal."""
    problems = [
        {"path": p.path, "code": p.code, "value": p.value, "message": p.message, "fix": p.fix} for p in invalid.problems
    ]
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return InvalidInput(code, f"{message}: {first['path']}: {first['message']}{more}", first["fix"], problems)
