"""Everything that a client asks, as operations; `tenor` and `tenor.aio` drive the same ones."""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias, cast
from urllib.parse import quote

from tenor.context import said_of_a_run
from tenor.errors import Invalid, TenorError
from tenor.exchange import ARROW, JSON, Answer, Ask, Operation, Session, asked, query
from tenor.uploads import PARQUET, XLSX, Document, Source, Sources, as_archive, as_bytes, as_form, name_of

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[Row]
Words: TypeAlias = str | Sequence[str] | None
NEXT = re.compile(r'<([^>]*)>;\s*rel="next"')
FORMATS = {".csv": "text/csv", ".parquet": PARQUET, ".arrow": ARROW, ".xlsx": XLSX, ".json": JSON}
ORCHESTRATOR = "/api/v1/orchestrator"


@dataclass(frozen=True)
class Snapshot:
    """What was brought: its id stands for it everywhere."""

    snapshot_id: str
    sha256: str
    document: Row = field(repr=False)

    def __str__(self) -> str:
        return self.snapshot_id


@dataclass(frozen=True)
class Question:
    """A table that a run can be asked for."""

    path: str
    params: dict[str, str]


def words_of(words: Words) -> list[str] | None:
    if words is None:
        return None
    return [word.strip() for word in words.split(",") if word.strip()] if isinstance(words, str) else list(words)


def segment(text: str) -> str:
    """An id as a part of an address; the slashes of one stay."""
    return quote(text, safe="/@:")


def document(ask: Ask, session: Session) -> Operation[Any]:
    answer = yield from asked(ask, session)
    return answer.document


def whole_list(path: str, session: Session, **params: Any) -> Operation[Rows]:
    """Every page of a list."""
    rows: Rows = []
    answer = yield from asked(Ask("GET", path, query(**params)), session)
    while True:
        rows += answer.document
        following = NEXT.search(answer.headers.get("link", ""))
        if following is None:
            return rows
        answer = yield from asked(Ask("GET", following[1]), session)


def ingest(
    source: Sources, session: Session, mapping: Document | None, params: Row, rejects: Source | None = None
) -> Operation[Snapshot]:
    """Nothing is stored on a dry run: then the id is empty, and the document says what would be. With a mapping, by
    name or as a document, files are tapes and go as they are."""
    files = files_of(source)
    said = query(**{"portfolio": name_of(files[0]), **{name: value for name, value in params.items() if value}})
    said |= {"rejects": "true"} if rejects is not None else {}
    fields: dict[str, bytes] = {}
    if mapping is not None and is_name(mapping):
        said["mapping"] = str(mapping)
    elif mapping is not None:
        fields["mapping"] = as_bytes(mapping)
    packed = as_archive(files[0]) if mapping is None and len(files) == 1 else as_form(files, fields)
    with packed as (file, content_type):
        ask = Ask("POST", "/api/v1/ingestion/portfolios", said, content=file, content_type=content_type)
        try:
            report = yield from document(ask, session)
        except TenorError as error:
            write_rejects(dict(error.document), rejects)
            raise
    write_rejects(report, rejects)
    return snapshot_of(report)


def write_rejects(report: Row, file: Source | None) -> None:
    """Rows that were rejected, with their reasons; what was not asked for is not there."""
    told = report.pop("rejects", None)
    if told is None or file is None:
        return
    if told["base64"] is None:
        message = f"the rejected rows are {told['bytes']:,} bytes, which no answer holds"
        raise Invalid(message, code="TOO_MANY_REJECTS", fix="see the report, or bring the tape in parts")
    content, path = b64decode(told["base64"]), Path(file)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def files_of(source: Sources) -> list[Path]:
    return [Path(source)] if isinstance(source, str | PathLike) else [Path(each) for each in source]


def is_name(mapping: Document) -> bool:
    """`id` or `id@version`, rather than a file with one."""
    return isinstance(mapping, str) and not Path(mapping).is_file() and not mapping.endswith(".json")


def load_market(
    given: Document | Sources, session: Session, mapping: Document | None, params: Row
) -> Operation[Snapshot]:
    """Files of quotes go as they are, beside the mapping's name; one that comes as a document is defined first."""
    if mapping is None:
        ask = Ask("POST", "/api/v1/marketdata/markets", query(**params), content=as_bytes(cast(Document, given)))
        return snapshot_of((yield from document(ask, session)))
    if not is_name(mapping):
        defined = yield from post("/api/v1/ingestion/mappings", as_bytes(mapping), session)
        mapping = f"{defined['mapping_id']}@{defined['version']}"
    with as_form(files_of(cast(Sources, given)), {}) as (file, content_type):
        said = query(mapping=mapping, **params)
        ask = Ask("POST", "/api/v1/ingestion/markets", said, content=file, content_type=content_type)
        return snapshot_of((yield from document(ask, session)))


def snapshot_of(said: Row) -> Snapshot:
    return Snapshot(said.get("snapshot_id") or "", said.get("sha256") or "", said)


def post(path: str, body: bytes, session: Session, content_type: str = JSON, **params: Any) -> Operation[Any]:
    return (yield from document(Ask("POST", path, query(**params), content=body, content_type=content_type), session))


def delete(path: str, session: Session, **params: Any) -> Operation[Any]:
    return (yield from document(Ask("DELETE", path, query(**params)), session))


def define_history(given: Document, session: Session, params: Row) -> Operation[Row]:
    body = as_bytes(given)
    kind = PARQUET if body.startswith(b"PAR1") else "text/csv"
    said: Row = yield from post("/api/v1/scenario/histories", body, session, kind, **params)
    return said


def submit(session: Session, idempotency_key: str | None, told: Row) -> Operation[Row]:
    """The run's document, as soon as the server shows it."""
    said = said_of_a_run(**told)
    missing = [name for name in ("portfolio", "market") if not said.get(name)]
    if missing:
        raise Invalid(f"a run needs a {missing[0]}", code="NO_" + missing[0].upper(), fix="name one, or 'latest'")
    body = {name: str(value) if name in ("portfolio", "market") else value for name, value in said.items()}
    for name in ("scenarios", "measures", "cashflows", "rules"):
        if name in body:
            body[name] = words_of(body[name])
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    ask = Ask("POST", f"{ORCHESTRATOR}/runs", content=json.dumps(body).encode(), headers=headers)
    requested = yield from document(ask, session)
    return (yield from run(requested["run_id"], session))


def run(run_id: str, session: Session) -> Operation[Row]:
    said: Row = yield from document(Ask("GET", f"{ORCHESTRATOR}/runs/{segment(run_id)}"), session)
    return said


def change(run_id: str, what: str, reason: str, session: Session) -> Operation[Row]:
    """Approve, reject, publish, cancel or retry; then the run's document."""
    body = json.dumps({"reason": reason} if reason else {}).encode()
    yield from post(f"{ORCHESTRATOR}/runs/{run_id}/{what}", body, session)
    return (yield from run(run_id, session))


def fetched(question: Question, session: Session) -> Operation[Answer]:
    return (yield from asked(Ask("GET", question.path, question.params, accept=ARROW), session))


def saved(question: Question, file: Source, session: Session) -> Operation[Path]:
    """In the format that the file's name ends with, piece by piece; a file that is there is whole."""
    path = Path(file)
    if path.suffix.lower() not in FORMATS:
        fix = f"end its name with one of {', '.join(FORMATS)}"
        raise Invalid(f"{path.name} says no format", code="UNKNOWN_FORMAT", fix=fix)
    accept = FORMATS[path.suffix.lower()]
    yield from asked(Ask("GET", question.path, question.params, accept=accept, to=path), session)
    return path
