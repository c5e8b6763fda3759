"""Small uploads with large bills: each ends in a refusal that says the limit, and the service lives."""

import asyncio
import io
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from commands.ingest_portfolio import ReadingOptions, digest_here
from commands.ingestion.limits import Budget
from commands.refusals import InvalidInput
from ops.adapters.snapshot_codec import SnapshotCodec
from ops.parsing.pool import Abandoned, ParserPool
from tests.commands.ingestion.conftest import SOUND, write_csv
from tests.security.conftest import BUDGET, FUND, MEGABYTE, Service
from tests.walk.command_line import Tenor

PORTFOLIOS = "ingestion/portfolios"
SECONDS_OF_A_REFUSAL = 15.0
"""Of this process: the parser's are the parser's."""


def archive(**members: bytes) -> bytes:
    """The sound tables, with others in their place."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in SOUND:
            if f"{name}_csv" not in members and f"{name}_parquet" not in members:
                packed.write(FUND / f"{name}.csv", f"{name}.csv")
        for name, data in members.items():
            packed.writestr(".".join(name.rsplit("_", 1)), data)
    return file.getvalue()


def workbook(*cells: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, rows in SOUND.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, list(rows[0]))
            for number, row in enumerate(rows, start=1):
                sheet.write_row(number, 0, [row.get(key, "") for key in rows[0]])
        for line, column in cells:
            sheet.write_number(line, column, 1)
    return file.getvalue()


def with_sheet(part: bytes) -> bytes:
    """A workbook whose last sheet is this XML."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as book, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as spoilt:
        for name in book.namelist():
            spoilt.writestr(name, part if name.endswith("sheet4.xml") else book.read(name))
    return file.getvalue()


def hidden_far_cell() -> bytes:
    """Its row does not say its number, so that the cell is not seen before the reader allocates for it."""
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cells = b'<row><c r="A1"><v>1</v></c></row><row><c r="ZZ900000"><v>1</v></c></row>'
    return with_sheet(b'<worksheet xmlns="' + space + b'"><sheetData>' + cells + b"</sheetData></worksheet>")


def parquet(rows: int, columns: int = 4) -> bytes:
    """The same row again and again: many cells to a byte."""
    file = io.BytesIO()
    one = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["P1"]))
    names = ["position_id", "instrument_id", "book_id", "notional", *map(str, range(columns - 4))]
    pq.write_table(pa.table(dict.fromkeys(names, one)), file)
    return file.getvalue()


HEADER = b"position_id,instrument_id,book_id,notional\n"
BILLS: list[tuple[str, bytes, int, str, list[str]]] = [
    ("a cell at the end of the sheet", workbook((1_048_575, 16_383)), 413, "LIMIT_EXCEEDED", ["XFD1048576", "1,000"]),
    ("a cell in the last row", workbook((1_048_575, 4)), 413, "LIMIT_EXCEEDED", ["5,242,880", "2,000,000"]),
    ("a cell that is not seen", hidden_far_cell(), 413, "LIMIT_EXCEEDED", ["734,003,200", "TENOR_UPLOAD_MEMORY_BYTES"]),
    ("blank lines", archive(positions_csv=HEADER + b"\n" * 300_000), 413, "LIMIT_EXCEEDED", ["200,000", "300,0"]),
    ("wide rows", archive(positions_csv=(b"a," * 600 + b"\n") * 5_000), 413, "LIMIT_EXCEEDED", ["2,000,000", "cells"]),
    ("equal rows", archive(positions_parquet=parquet(1_000_000, 60)), 413, "ARCHIVE_BOMB", ["1,000,000", "60 columns"]),
    ("many rows", archive(positions_parquet=parquet(250_000)), 413, "LIMIT_EXCEEDED", ["250,0", "200,000"]),
    ("a bomb", archive(positions_csv=bytes(65 * MEGABYTE)), 413, "ARCHIVE_TOO_LARGE", ["67,108,864"]),
    ("a long header", archive(positions_csv=b'"' + b"x" * 200_000), 422, "PORTFOLIO_REJECTED", ["131,072"]),
    (
        "a long cell",
        archive(positions_csv=HEADER + b'"' + b"x" * 200_000 + b'",,,\n'),
        422,
        "PORTFOLIO_REJECTED",
        ["longer than 200 characters"],
    ),
    ("deep tags", archive(positions_csv=b"tags," + HEADER + b"[" * 60_000 + b",,,,\n"), 422, "PORTFOLIO_REJECTED", []),
    ("no archive at all", b"PK\x03\x04" + bytes(1000), 422, "NOT_AN_ARCHIVE", []),
]


@pytest.mark.parametrize(
    ("upload", "status", "code", "said"), [bill[1:] for bill in BILLS], ids=[bill[0] for bill in BILLS]
)
def test_a_small_upload_with_a_large_bill(
    service: Service, upload: bytes, status: int, code: str, said: list[str]
) -> None:
    assert len(upload) < MEGABYTE
    before, started = service.head(), time.process_time()
    problem = service.refusal(service.post(PORTFOLIOS, content=upload), status)
    assert problem["code"] == code
    for number in said:
        assert number in str(problem), problem
    assert time.process_time() - started < SECONDS_OF_A_REFUSAL
    assert service.head() == before
    assert service.client.get("/healthz").status_code == 200


def test_wrong_rows_are_counted_and_the_first_are_told(service: Service) -> None:
    rows = b"".join(b"P%d,nobody,nowhere,x\n" % n for n in range(60_000))
    problem = service.refusal(
        service.post(PORTFOLIOS, content=archive(positions_csv=HEADER + rows + b"a,b\n" * 60_000)), 422
    )
    assert len(problem["errors"]) <= 10_000
    counts = problem["errors_by_code"]
    assert (counts["WRONG_FIELD_COUNT"], counts["NOT_A_NUMBER"]) == (60_000, 60_000)
    assert problem["errors_total"] == sum(counts.values())
    assert problem["left_out_total"]["positions"] == len(problem["left_out"]["positions"]) == 120_000


# --- parser processes -----------------------------------------------------------------------------------------------


def test_a_process_is_used_again_until_it_dies_of_what_it_reads(tmp_path: Path) -> None:
    pool = ParserPool(BUDGET, 1)
    book = tmp_path / "book.xlsx"
    book.write_bytes(hidden_far_cell())
    first = pool.digest(FUND, ReadingOptions(dry_run=True))
    (process,) = pool._idle
    assert pool.digest(FUND, ReadingOptions(dry_run=True)).report == first.report
    assert pool._idle == [process]
    with pytest.raises(InvalidInput, match="734,003,200 bytes"):
        pool.digest(book, ReadingOptions(dry_run=True))
    assert (pool._idle, process.is_alive) == ([], False)
    assert pool.digest(FUND, ReadingOptions(dry_run=True)).report["sha256"] == first.report["sha256"]
    pool.close()


def test_a_process_tells_all_that_reading_here_does(tmp_path: Path) -> None:
    """Attributes, near names, fixes and rates in percent: under every options the two reports are the same."""
    loan = SOUND["instruments"][0] | {"coupon": "0.75", "cupon_": "x", "collateral": "land"}
    source = write_csv(tmp_path, SOUND | {"instruments": [loan, *SOUND["instruments"][1:]]})
    pool, codec = ParserPool(BUDGET, 1), SnapshotCodec()
    choices = (
        ReadingOptions(),
        ReadingOptions(accept_valid=True),
        ReadingOptions(dry_run=True),
        ReadingOptions(rates_are_decimals=True),
    )
    told = {options: pool.digest(source, options) for options in choices}
    for options, digested in told.items():
        assert digested == digest_here(codec, source, options)
    assert told[ReadingOptions()].report["errors_by_code"] == {"PERCENT_SUSPECTED": 1}
    assert sorted(told[ReadingOptions()].report["attributes"]["instruments"]) == ["collateral", "cupon_"]
    assert told[ReadingOptions(rates_are_decimals=True)].snapshot
    pool.close()


def many_rows(folder: Path) -> Path:
    write_csv(folder, SOUND)
    (folder / "positions.csv").write_bytes(HEADER + b"a,b\n" * 2_000_000)
    return folder


def test_reading_has_a_time(tmp_path: Path) -> None:
    pool = ParserPool(Budget(seconds=1), 1)
    with pytest.raises(InvalidInput, match="limit of 1 seconds") as refused:
        pool.digest(many_rows(tmp_path), ReadingOptions(dry_run=True))
    assert refused.value.code == "LIMIT_EXCEEDED" and "TENOR_UPLOAD_SECONDS" in refused.value.fix
    assert pool._idle == []


def test_work_ends_when_nobody_waits(tmp_path: Path) -> None:
    pool = ParserPool(Budget(), 1)
    pool.digest(FUND, ReadingOptions(dry_run=True))
    (process,) = pool._idle
    upload = tmp_path / "upload"
    upload.write_bytes(archive(positions_csv=HEADER + b"a,b\n" * 900_000))
    with pytest.raises(Abandoned):
        pool.digest_upload(upload, ReadingOptions(dry_run=True), lambda: False)
    assert (pool._idle, process.is_alive) == ([], False)


def test_work_ends_when_its_client_leaves(service: Service) -> None:
    """After the body the client says no more than that it has gone."""
    upload = archive(positions_csv=HEADER + b"a,b\n" * 150_000)
    messages = [{"type": "http.request", "body": upload, "more_body": False}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-length", str(len(upload)).encode())]
    place = {"path": "/api/v1/ingestion/portfolios", "raw_path": b"", "query_string": b"", "root_path": ""}
    scope = {"type": "http", "method": "POST", "headers": headers, "http_version": "1.1", "scheme": "http", **place}
    before = service.head()
    asyncio.run(service.client.app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 499
    assert service.head() == before


def test_a_parser_is_given_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_DATABASE_URL", "postgresql://tenor:secret@nowhere/x")
    pool = ParserPool(BUDGET, 1)
    pool.start()
    (process,) = pool._idle
    environment = Path(f"/proc/{process._process.pid}/environ")
    assert not environment.exists() or b"secret" not in environment.read_bytes()
    pool.close()


# --- the command line -----------------------------------------------------------------------------------------------


def test_the_command_line_reads_within_the_same_budget(database_url: str, tmp_path: Path) -> None:
    tenor = Tenor(database_url, tmp_path, tmp_path, inside=True)
    book = tmp_path / "book.xlsx"
    book.write_bytes(hidden_far_cell())
    problem = tenor.refusal("ingest", book)
    assert problem["code"] == "LIMIT_EXCEEDED" and "8,589,934,592 bytes" in problem["message"]
    assert tenor("ingest", FUND, "--dry-run").code == 0
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM ledger_events").fetchone() == (0,)


def test_settings_that_are_no_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    from domain.refusals import Refused
    from ops.settings import read_settings

    monkeypatch.setenv("TENOR_UPLOAD_ROWS", "5000")
    assert read_settings().budget == Budget(rows=5000)
    for text in ("0", "-1", "many", "²"):
        monkeypatch.setenv("TENOR_UPLOAD_ROWS", text)
        with pytest.raises(Refused, match="TENOR_UPLOAD_ROWS"):
            read_settings()
