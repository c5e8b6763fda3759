"""Define scenarios, and sets of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from commands.once import once, use_before
from commands.refusals import InvalidInput, UnknownScenario
from domain.answered_commands import Key
from domain.event import Envelope, Event
from domain.ports import EventStore
from domain.refusals import Refused
from domain.scenarios import versions as book
from domain.scenarios.shocks import InvalidScenario, ScenarioDocument, parse_scenario_set, parse_scenarios


def define_scenarios(
    store: EventStore, envelope: Envelope, raw: bytes, *, rates_are_decimals: bool = False, key: Key | None = None
) -> list[dict[str, Any]]:
    """One document or a list; each answers with its version. Nothing is stored unless all are valid."""
    use_before(store, key)
    try:
        documents = parse_scenarios(raw, rates_are_decimals=rates_are_decimals)
    except InvalidScenario as invalid:
        raise invalid_input("INVALID_SCENARIO", "the scenario cannot be used", invalid) from invalid
    refuse_repeats([document.scenario_id for document in documents])
    defined, position = once(store, envelope, key, lambda: _decide(store, envelope, documents))
    return [one | {"event_position": position} for one in defined]


def _decide(
    store: EventStore, envelope: Envelope, documents: list[ScenarioDocument]
) -> tuple[list[book.ScenarioEvent], list[dict[str, object]]]:
    scenarios = [scenario_of(store, document.scenario_id) for document in documents]
    events = [
        event
        for document, scenario in zip(documents, scenarios, strict=True)
        for event in book.define(scenario, envelope, document.scenario_id, as_json(document))
    ]
    fresh = {event.scenario_id for event in events}
    return events, [
        {
            "scenario_id": document.scenario_id,
            "version": len(scenario.versions) + (document.scenario_id in fresh),
        }
        for document, scenario in zip(documents, scenarios, strict=True)
    ]


def define_scenario_set(store: EventStore, envelope: Envelope, raw: bytes, *, key: Key | None = None) -> dict[str, Any]:
    """Members without a version are pinned to their latest, so that the set never changes its mind."""
    use_before(store, key)
    try:
        document = parse_scenario_set(raw)
    except InvalidScenario as invalid:
        raise invalid_input("INVALID_SCENARIO_SET", "the scenario set cannot be used", invalid) from invalid
    pinned = pin_each(store, document.scenarios)
    defined, position = once(
        store, envelope, key, lambda: _decide_set(store, envelope, document.scenario_set_id, pinned)
    )
    return {**defined, "event_position": position}


def _decide_set(
    store: EventStore, envelope: Envelope, set_id: str, pinned: list[str]
) -> tuple[list[Event], dict[str, object]]:
    scenario_set = scenario_set_of(store, set_id)
    events = book.define_set(scenario_set, envelope, set_id, pinned)
    version = len(scenario_set.versions) + len(events)
    return [*events], {"scenario_set_id": set_id, "version": version}


def as_json(document: ScenarioDocument) -> dict[str, Any]:
    return document.model_dump(mode="json", exclude_none=True)


def scenario_of(store: EventStore, scenario_id: str) -> book.Scenario:
    events = store.stream(book.scenario_stream(scenario_id))
    return book.fold([e for e in events if isinstance(e, book.ScenarioDefined | book.ScenarioRevised)])


def scenario_set_of(store: EventStore, scenario_set_id: str) -> book.ScenarioSet:
    events = store.stream(book.scenario_set_stream(scenario_set_id))
    return book.fold_set([e for e in events if isinstance(e, book.ScenarioSetDefined)])


def pin_each(store: EventStore, references: Sequence[str]) -> list[str]:
    """`id@version` of scenarios that exist, BASE as itself; each is read once, however many versions are named."""
    latest: dict[str, int] = {}
    pinned = []
    for reference in references:
        name, version = book.split_reference(reference)
        if name == book.BASE and version in (None, 1):
            pinned.append(book.BASE)
            continue
        if name not in latest:
            latest[name] = len(scenario_of(store, name).versions)
        wanted = latest[name] if version is None else version
        if not 1 <= wanted <= latest[name]:
            raise UnknownScenario(reference, latest[name])
        pinned.append(f"{name}@{wanted}")
    return pinned


def documents_of(store: EventStore, pinned: Sequence[str]) -> list[dict[str, Any]]:
    """Every scenario is read once."""
    read: dict[str, book.Scenario] = {}
    return [_document(store, one, read) for one in pinned]


def _document(store: EventStore, pinned: str, read: dict[str, book.Scenario]) -> dict[str, Any]:
    if pinned == book.BASE:
        return {"scenario_id": book.BASE, "name": "Base", "shocks": []}
    name, version = book.split_reference(pinned)
    assert version is not None
    if name not in read:
        read[name] = scenario_of(store, name)
    return read[name].versions[version - 1]


def refuse_repeats(ids: list[str]) -> None:
    repeated = sorted(one for one, count in Counter(ids).items() if count > 1)
    if repeated:
        raise Refused("REPEATED_SCENARIO", f"defined twice in one file: {', '.join(repeated)}", "keep one of each")


def invalid_input(code: str, message: str, invalid: Any) -> InvalidInput:
    """All problems of a document as one refusal."""
    problems = [
        {"path": p.path, "code": p.code, "value": p.value, "message": p.message, "fix": p.fix} for p in invalid.problems
    ]
    first = problems[0]
    more = f" (and {invalid.total - 1:,} more)" if invalid.total > 1 else ""
    if invalid.total > len(problems):
        more += f"; the first {len(problems):,} are listed"
    return InvalidInput(code, f"{message}: {first['path']}: {first['message']}{more}", first["fix"], problems)
