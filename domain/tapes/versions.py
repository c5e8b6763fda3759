"""Mappings in versions: an ingestion names the one that it was read by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from domain.documents import JsonObject, nearest
from domain.event import Envelope, Event, stream_id
from domain.refusals import Unknown
from domain.scenarios.versions import split_reference
from domain.tapes.built_in import BUILT_IN, BUILT_IN_VERSION, built_in
from domain.tapes.mapping import as_json


class MappingDefined(Event):
    """All mappings are one book, so that it can be listed; `version` counts those of the mapping."""

    TOPIC: ClassVar[str] = "mapping.defined"

    mapping_id: str
    version: int
    document: JsonObject


@dataclass(frozen=True)
class Mappings:
    length: int = 0
    versions: Mapping[str, tuple[JsonObject, ...]] = field(default_factory=dict)


def mappings_stream() -> UUID:
    return stream_id("mappings")


def fold(events: Sequence[MappingDefined]) -> Mappings:
    versions: dict[str, tuple[JsonObject, ...]] = {}
    for event in events:
        versions[event.mapping_id] = (*versions.get(event.mapping_id, ()), event.document)
    return Mappings(len(events), versions)


def listed(mappings: Mappings) -> list[JsonObject]:
    """The latest version of each, by name, those that are built in first."""
    ours = [{"mapping_id": name, "version": BUILT_IN_VERSION, "built_in": True} for name in BUILT_IN]
    versions = mappings.versions
    return ours + [{"mapping_id": name, "version": len(versions[name]), "built_in": False} for name in sorted(versions)]


def found(mappings: Mappings, reference: str) -> tuple[str, JsonObject]:
    """`id@version` and the document, the latest version where none is named; refuses what there is not."""
    name, version = split_reference(reference)
    if name in BUILT_IN and version in (None, BUILT_IN_VERSION):
        return f"{name}@{BUILT_IN_VERSION}", as_json(built_in(name))
    count = len(mappings.versions.get(name, ()))
    wanted = count if version is None else version
    if not 1 <= wanted <= count:
        near = nearest(name, [*BUILT_IN, *mappings.versions])
        fix = f"did you mean {near}? " if near and not count else ""
        fix += "see `tenor mapping list`, or define it with `tenor mapping define FILE.json`"
        raise Unknown("UNKNOWN_MAPPING", f"there is no mapping {reference!r}", fix)
    return f"{name}@{wanted}", mappings.versions[name][wanted - 1]


def define(mappings: Mappings, envelope: Envelope, document: JsonObject) -> list[MappingDefined]:
    """The same document again is the same version; another one is the next."""
    mapping_id = document["mapping_id"]
    versions = mappings.versions.get(mapping_id, ())
    if versions and versions[-1] == document:
        return []
    place = envelope.at(mappings_stream(), mappings.length + 1)
    return [MappingDefined(**place, mapping_id=mapping_id, version=len(versions) + 1, document=document)]
