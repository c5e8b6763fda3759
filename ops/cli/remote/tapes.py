"""Mappings of a server."""

import json
from pathlib import Path

from domain.tapes.mapping import as_json, stored_mapping
from ops.cli.files import read_bytes
from ops.cli.remote.asking import At
from ops.cli.remote.results import named
from ops.cli.tapes.mappings import mapping_line

MAPPINGS = "/api/v1/ingestion/mappings"


def define_mapping(at: At) -> None:
    document = at.post(MAPPINGS, read_bytes(Path(at["file"])))
    document.pop("event_position", None)
    at.output.show(document, f"{document['mapping_id']}@{document['version']}")


def list_mappings(at: At) -> None:
    documents = at.get(MAPPINGS)
    at.output.show(documents, *map(mapping_line, documents))


def show_mapping(at: At) -> None:
    document = as_json(stored_mapping(at.get(f"{MAPPINGS}/{named(at['mapping'])}")["mapping"]))
    at.output.show(document, json.dumps(document, indent=1, ensure_ascii=False))
