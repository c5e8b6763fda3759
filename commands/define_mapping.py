"""Define mappings: each is versioned, and an ingestion names the version that it was read by."""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from commands.define_scenario import invalid_input
from commands.once import once, use_before
from domain.answered_commands import Key
from domain.documents import nearest
from domain.event import Envelope
from domain.ports import EventStore
from domain.refusals import Refused, Unknown
from domain.scenarios.versions import split_reference
from domain.tapes import versions as book
from domain.tapes.mapping import InvalidMapping, MappingDocument, as_json, parse_mapping, stored_mapping

BUILT_IN_VERSION = 1


@dataclass(frozen=True)
class MappingPinned:
    reference: str
    """`id@version`"""
    document: MappingDocument


def define_mapping(
    store: EventStore, envelope: Envelope, raw: bytes, *, key: Key | None = None
) -> tuple[dict[str, object], int]:
    """The version, and where the log has it; the same document again is the same version."""
    use_before(store, key)
    document = usable_mapping(raw)
    if document.mapping_id in book.BUILT_IN:
        message = f"{document.mapping_id} is built in"
        raise Refused("BUILT_IN_MAPPING", message, "give your mapping a mapping_id of its own")
    said = as_json(document)
    return once(store, envelope, key, lambda: _decide(store, envelope, document.mapping_id, said))


def _decide(
    store: EventStore, envelope: Envelope, mapping_id: str, said: dict[str, Any]
) -> tuple[list[book.MappingDefined], dict[str, object]]:
    mappings = mappings_of(store)
    events = book.define(mappings, envelope, said)
    return events, {"mapping_id": mapping_id, "version": len(mappings.versions.get(mapping_id, ())) + len(events)}


def usable_mapping(raw: bytes) -> MappingDocument:
    try:
        return parse_mapping(raw)
    except InvalidMapping as invalid:
        raise invalid_input("INVALID_MAPPING", "the mapping cannot be used", invalid) from invalid


def mappings_of(store: EventStore) -> book.Mappings:
    return book.fold(cast(list[book.MappingDefined], store.stream(book.mappings_stream())))


@lru_cache
def built_in(mapping_id: str) -> MappingDocument:
    return parse_mapping(files("domain").joinpath(f"data/mappings/{mapping_id}.json").read_bytes())


def mapping_pinned(store: EventStore, reference: str) -> MappingPinned:
    """The latest version where none is named."""
    name, version = split_reference(reference)
    if name in book.BUILT_IN and version in (None, BUILT_IN_VERSION):
        return MappingPinned(f"{name}@{BUILT_IN_VERSION}", built_in(name))
    versions = mappings_of(store).versions
    count = len(versions.get(name, ()))
    wanted = count if version is None else version
    if not 1 <= wanted <= count:
        near = nearest(name, [*book.BUILT_IN, *versions])
        fix = f"did you mean {near}? " if near and not count else ""
        fix += "see `tenor mapping list`, or define it with `tenor mapping define FILE.json`"
        raise Unknown("UNKNOWN_MAPPING", f"there is no mapping {reference!r}", fix)
    return MappingPinned(f"{name}@{wanted}", stored_mapping(versions[name][wanted - 1]))


def mapping_said(store: EventStore, envelope: Envelope, said: str, *, is_tried: bool) -> MappingPinned:
    """By name, or by a file: that is defined on the way, unless it is only tried."""
    path = Path(said)
    if path.suffix.lower() != ".json" and not path.is_file():
        return mapping_pinned(store, said)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Refused("UNREADABLE_FILE", f"cannot read {path}: {error.strerror}", "check the path") from error
    if is_tried:
        document = usable_mapping(raw)
        return MappingPinned(document.mapping_id, document)
    defined, _ = define_mapping(store, envelope, raw)
    return mapping_pinned(store, f"{defined['mapping_id']}@{defined['version']}")


def listed_mappings(store: EventStore) -> list[dict[str, object]]:
    """The latest version of each, by name, those that are built in first."""
    versions = mappings_of(store).versions
    ours: list[dict[str, object]] = [
        {"mapping_id": name, "version": BUILT_IN_VERSION, "built_in": True} for name in book.BUILT_IN
    ]
    theirs = [{"mapping_id": name, "version": len(versions[name]), "built_in": False} for name in sorted(versions)]
    return ours + theirs


def document_of(pinned: MappingPinned) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(json.dumps(as_json(pinned.document))))
