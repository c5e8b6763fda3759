"""Define mappings: each is versioned, and an ingestion names the version that it was read by."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from commands.define_scenario import invalid_input
from commands.once import once, use_before
from domain.answered_commands import Key
from domain.documents import JsonObject
from domain.event import Envelope
from domain.ports import EventStore
from domain.refusals import Refused
from domain.tapes import versions as book
from domain.tapes.built_in import BUILT_IN
from domain.tapes.mapping import InvalidMapping, MappingDocument, as_json, parse_mapping, stored_mapping


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
    if document.mapping_id in BUILT_IN:
        message = f"{document.mapping_id} is built in"
        raise Refused("BUILT_IN_MAPPING", message, "give your mapping a mapping_id of its own")
    said = as_json(document)
    return once(store, envelope, key, lambda: _decide(store, envelope, document.mapping_id, said))


def _decide(
    store: EventStore, envelope: Envelope, mapping_id: str, said: JsonObject
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


def mapping_pinned(store: EventStore, reference: str) -> MappingPinned:
    """The latest version where none is named."""
    pinned, document = book.found(mappings_of(store), reference)
    return MappingPinned(pinned, stored_mapping(document))


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


def listed_mappings(store: EventStore) -> list[JsonObject]:
    return book.listed(mappings_of(store))


def mapping_given(
    store: EventStore, envelope: Envelope, name: str | None, raw: bytes | None, *, is_tried: bool
) -> MappingPinned:
    """By name, or by its document, which is defined on the way unless it is only tried."""
    if raw is None:
        assert name is not None
        return mapping_pinned(store, name)
    if name is not None:
        message = "a mapping is named and another one is sent"
        raise Refused("TWO_MAPPINGS", message, "leave out one of them")
    if is_tried:
        document = usable_mapping(raw)
        return MappingPinned(document.mapping_id, document)
    defined, _ = define_mapping(store, envelope, raw)
    return mapping_pinned(store, f"{defined['mapping_id']}@{defined['version']}")


def refuse_market(pinned: MappingPinned) -> None:
    if pinned.document.is_of_market:
        message = f"{pinned.document.mapping_id} makes a market, not a portfolio"
        raise Refused("WRONG_MAPPING", message, "bring it with `tenor market load FILE --mapping`")


def refuse_portfolio(pinned: MappingPinned) -> None:
    if not pinned.document.is_of_market:
        message = f"{pinned.document.mapping_id} makes a portfolio, not a market"
        raise Refused("WRONG_MAPPING", message, "bring it with `tenor ingest FILE --mapping`")


def document_of(pinned: MappingPinned) -> JsonObject:
    return cast(JsonObject, json.loads(json.dumps(as_json(pinned.document))))
