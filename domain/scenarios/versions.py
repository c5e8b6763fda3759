"""The book of scenarios: each is versioned, and a run names the version it used."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from domain.event import Envelope, Event, stream_id

BASE = "BASE"


class ScenarioDefined(Event):
    TOPIC: ClassVar[str] = "scenario.defined"

    scenario_id: str
    document: dict[str, Any]


class ScenarioRevised(Event):
    TOPIC: ClassVar[str] = "scenario.revised"

    scenario_id: str
    version: int
    document: dict[str, Any]


class ScenarioSetDefined(Event):
    """Each definition of the same set is its next version; members are pinned as `id@version`."""

    TOPIC: ClassVar[str] = "scenario_set.defined"

    scenario_set_id: str
    version: int
    scenarios: list[str]


ScenarioEvent = ScenarioDefined | ScenarioRevised


@dataclass(frozen=True)
class Scenario:
    versions: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class ScenarioSet:
    versions: tuple[tuple[str, ...], ...] = ()


def scenario_stream(scenario_id: str) -> UUID:
    return stream_id("scenario", scenario_id)


def scenario_set_stream(scenario_set_id: str) -> UUID:
    return stream_id("scenario_set", scenario_set_id)


def fold(events: list[ScenarioEvent]) -> Scenario:
    return Scenario(tuple(event.document for event in events))


def define(scenario: Scenario, envelope: Envelope, scenario_id: str, document: dict[str, Any]) -> list[ScenarioEvent]:
    """The same document again is the same version; another one is the next."""
    if scenario.versions and scenario.versions[-1] == document:
        return []
    version = len(scenario.versions) + 1
    place = envelope.at(scenario_stream(scenario_id), version)
    if version == 1:
        return [ScenarioDefined(**place, scenario_id=scenario_id, document=document)]
    return [ScenarioRevised(**place, scenario_id=scenario_id, version=version, document=document)]


def fold_set(events: list[ScenarioSetDefined]) -> ScenarioSet:
    return ScenarioSet(tuple(tuple(event.scenarios) for event in events))


def define_set(
    scenario_set: ScenarioSet, envelope: Envelope, scenario_set_id: str, scenarios: list[str]
) -> list[ScenarioSetDefined]:
    if scenario_set.versions and list(scenario_set.versions[-1]) == scenarios:
        return []
    version = len(scenario_set.versions) + 1
    place = envelope.at(scenario_set_stream(scenario_set_id), version)
    return [ScenarioSetDefined(**place, scenario_set_id=scenario_set_id, version=version, scenarios=scenarios)]


def split_reference(reference: str) -> tuple[str, int | None]:
    """`up100@2` names a version, `up100` the latest. Digits are those of ASCII, and no version has ten of them."""
    name, separator, version = reference.partition("@")
    is_number = bool(separator and re.fullmatch(r"[0-9]{1,9}", version))
    return (name, int(version)) if is_number else (reference, None)
