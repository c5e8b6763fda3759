"""Answers of the query services: documents, lists and tables, with their ETag and how long they may be kept."""

import hashlib
import io
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Annotated, Any, cast

import orjson
import pyarrow as pa
from fastapi import Query, Request
from fastapi.responses import Response, StreamingResponse

from domain.access.asking import nodes_asked
from query_api.errors import NotAcceptable
from query_api.export import MIME, write
from query_api.http.documents import as_json
from query_api.http.kept_answers import MAX_BYTES, keep_answer, kept_answer
from query_api.http.own_writes import NAME as OWN_WRITES
from query_api.http.paging import next_link
from query_api.results.table import ResultTable
from query_api.runs import RunRow

NO_CACHE = "private, no-cache"
"""Kept by the reader, asked about each time: a read model that is rebuilt may correct what a published run showed."""

ROWS = "tenor.rows"
"""In the scope of a request: how many rows of a table were answered."""
NOTE_HEADER = "X-Note"
"""What a table leaves out."""
ENGINE = "engine"
"""Of the application's state: the version of what works figures out."""
VARY = "Accept, Authorization, Cookie"
SPOOL_BYTES = 8 * 1024 * 1024
PIECE_BYTES = 256 * 1024
MAX_ROWS_OF_A_LIST = 1_000

ALIASES = {
    "text/json": "json",
    "application/csv": "csv",
    "application/parquet": "parquet",
    "application/x-parquet": "parquet",
}
FORMAT_OF = {mime: format for format, mime in MIME.items()} | ALIASES

Limit = Annotated[int, Query(ge=1, le=MAX_ROWS_OF_A_LIST, description="Rows of a page.")]
Cursor = Annotated[str | None, Query(description="From the Link header of the page before; opaque.")]
AsOfEvent = Annotated[int | None, Query(ge=0, description="As it stood when this event had happened.")]
Format = Annotated[str | None, Query(description=f"One of {', '.join(MIME)}; else by the Accept header.")]
Scenario = Annotated[str | None, Query(description="`up100`, with `@version` where a run holds two.")]
Measures = Annotated[str | None, Query(description="`PV,DV01`; all that the run has by default.")]

TABLE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A table.", "content": {mime: {} for mime in MIME.values()}},
    304: {"description": "What you have is still right."},
    409: {"description": "The run has no results yet; the problem says how far it is."},
}


def document(request: Request, body: Any, *, headers: dict[str, str] | None = None) -> Response:
    """A JSON document named by its content."""
    return _tagged(request, as_json(body), MIME["json"], headers or {})


def raw_document(request: Request, data: bytes, sha256: str) -> Response:
    """Content that its hash names."""
    if _has(request, f'"{sha256}"'):
        return _not_modified(f'"{sha256}"')
    headers = caching(f'"{sha256}"')
    return Response(data, media_type=MIME["json"], headers=headers)


def signed_document(request: Request, data: bytes, said: str, name: str) -> Response:
    """A file whose bytes differ each time it is signed, though it says the same: its tag is weak, of what it says."""
    tag = f'"{said}"'
    if _has(request, tag):
        return _not_modified(f"W/{tag}")
    headers = caching(f"W/{tag}")
    headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return Response(data, media_type=MIME["json"], headers=headers)


def html_page(request: Request, markup: str) -> Response:
    return _tagged(request, markup.encode(), "text/html; charset=utf-8", {})


def listing(request: Request, rows: list[Any], *, total: int | None = None, cursor: str | None = None) -> Response:
    """A JSON list; the Link to the rest where there is more."""
    headers = {"X-Total-Count": str(total)} if total is not None else {}
    if cursor:
        headers["Link"] = next_link(request, cursor)
    return document(request, rows, headers=headers)


def small_table(request: Request, run: RunRow, rows: list[dict[str, Any]], name: str, format: str | None) -> Response:
    """Rows that are already there, in any of the formats."""
    return table(request, run, ResultTable.of(pa.Table.from_pylist(rows), name), format)


def named_table(
    request: Request,
    rows: list[dict[str, object]],
    name: str,
    format: str | None,
    schema: pa.Schema | None = None,
) -> Response:
    """Rows of no run, in any of the formats; their content names them. `schema` where there may be none."""
    chosen = chosen_format(request, format)
    if chosen == "json":
        return document(request, rows)
    spool = io.BytesIO()
    write(ResultTable.of(pa.Table.from_pylist(rows, schema=schema), name), chosen, spool)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{chosen}"', "X-Total-Count": str(len(rows))}
    return _tagged(request, spool.getvalue(), MIME[chosen] + ("; charset=utf-8" if chosen == "csv" else ""), headers)


def table(
    request: Request,
    run: RunRow,
    found: ResultTable,
    format: str | None,
    headers: dict[str, str] | None = None,
    named_by: bytes = b"",
) -> Response:
    """Written to a spool first: a reader who is slow holds no snapshot open, and an error is never half a file."""
    chosen = chosen_format(request, format)
    tag = etag_of_run(request, run, chosen, named_by)
    spool = cast(IO[bytes], tempfile.SpooledTemporaryFile(SPOOL_BYTES))  # noqa: SIM115 - closed when it has been sent
    write(replace(found, batches=_counted(request, found.batches)), chosen, spool)
    length = spool.tell()
    spool.seek(0)
    said = {
        **caching(tag),
        "Content-Length": str(length),
        "X-Total-Count": str(found.rows),
        **(headers or {}),
    }
    if chosen != "json":
        said["Content-Disposition"] = f'attachment; filename="{found.name}.{chosen}"'
    media_type = MIME[chosen] + ("; charset=utf-8" if chosen == "csv" else "")
    if length <= MAX_BYTES:
        with spool:
            body = spool.read()
        keep_answer(request, tag, body, media_type, said)
        return Response(body, media_type=media_type, headers=said)
    return StreamingResponse(_pieces(spool), media_type=media_type, headers=said)


def _counted(request: Request, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """How many rows are told, for the access log."""
    request.scope[ROWS] = 0
    for batch in batches:
        request.scope[ROWS] += batch.num_rows
        yield batch


def unchanged(request: Request, run: RunRow, format: str | None) -> Response | None:
    """304, or an answer that is kept, without working anything out: a run's results are named by what made them."""
    tag = etag_of_run(request, run, chosen_format(request, format))
    return _not_modified(tag) if _has(request, tag) else kept_answer(request, tag)


def etag_of_run(request: Request, run: RunRow, format: str, named_by: bytes = b"") -> str:
    """By what made the figures, the read models' versions among it: rebuilt, they may say something else."""
    asked = sorted(each for each in request.query_params.multi_items() if each[0] != OWN_WRITES)
    engine = getattr(request.app.state, ENGINE, "")  # of what is worked out when it is asked for
    made = [str(run.run_id), run.blocks_root, str(run.queryable_at), run.log_position, run.read_models, engine]
    return content_tag(orjson.dumps([*made, request.url.path, asked, format]) + named_by)


def caching(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": NO_CACHE, "Vary": VARY}


def chosen_format(request: Request, format: str | None) -> str:
    """`?format=` wins; else the most wanted type of the Accept header that we have; JSON for whoever takes anything."""
    if format is not None:
        if format not in MIME:
            raise NotAcceptable(f"there is no format {format!r}", f"use one of {', '.join(MIME)}", formats=[*MIME])
        return format
    for mime in _wanted(request.headers.get("accept", "*/*")):
        if mime in FORMAT_OF:
            return FORMAT_OF[mime]
        if mime in ("*/*", "application/*"):
            return "json"
        if mime == "text/*":
            return "csv"
    raise NotAcceptable("none of the types asked for can be given", f"accept one of {', '.join(MIME.values())}")


def names(measures: str | None) -> list[str] | None:
    return [name.strip() for name in measures.split(",") if name.strip()] if measures else None


def _wanted(accept: str) -> list[str]:
    """Types by falling weight, in the order written where weights are equal; weight 0 means never."""
    weighed = []
    for part in accept.split(","):
        mime, _, parameters = part.partition(";")
        weighed.append((_weight(parameters), mime.strip().lower()))
    return [mime for weight, mime in sorted(weighed, key=lambda one: -one[0]) if weight > 0]


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _tagged(request: Request, data: bytes, media_type: str, headers: dict[str, str]) -> Response:
    tag = content_tag(data + repr(sorted(headers.items())).encode())
    if _has(request, tag):
        return _not_modified(tag)
    return Response(data, media_type=media_type, headers=caching(tag) | headers)


def content_tag(data: bytes) -> str:
    """Of another scope it is another answer, even where it says the same."""
    nodes = nodes_asked()
    data += b"" if nodes is None else orjson.dumps(nodes)
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def _has(request: Request, tag: str) -> bool:
    held = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return tag in held or "*" in held


def _not_modified(tag: str) -> Response:
    return Response(status_code=304, headers=caching(tag))


def _pieces(spool: IO[bytes]) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(PIECE_BYTES):
            yield piece
