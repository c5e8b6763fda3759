"""Mappings in versions: an ingestion names the one that it was read by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from domain.event import Envelope, Event, stream_id

BUILT_IN = ("fannie_mae_sflp", "freddie_mac_sflld", "sec_abs_ee_auto", "consumer_tape", "ore_market")


class MappingDefined(Event):
    """All mappings are one book, so that it can be listed; `version` counts those of the mapping."""

    TOPIC: ClassVar[str] = "mapping.defined"

    mapping_id: str
    version: int
    document: dict[str, Any]


@dataclass(frozen=True)
class Mappings:
    length: int = 0
    versions: Mapping[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)


def mappings_stream() -> UUID:
    return stream_id("mappings")


def fold(events: Sequence[MappingDefined]) -> Mappings:
    versions: dict[str, tuple[dict[str, Any], ...]] = {}
    for event in events:
        versions[event.mapping_id] = (*versions.get(event.mapping_id, ()), event.document)
    return Mappings(len(events), versions)


def define(mappings: Mappings, envelope: Envelope, document: dict[str, Any]) -> list[MappingDefined]:
    """The same document again is the same version; another one is the next."""
    mapping_id = document["mapping_id"]
    versions = mappings.versions.get(mapping_id, ())
    if versions and versions[-1] == document:
        return []
    place = envelope.at(mappings_stream(), mappings.length + 1)
    return [MappingDefined(**place, mapping_id=mapping_id, version=len(versions) + 1, document=document)]
