"""Position results and totals over HTTP, in every format, to the last bit."""

import csv
import io
import math
from typing import Any

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from python_calamine import CalamineWorkbook

from domain.measures.measures import KEY_RATE_LABELS
from query_api.export import MIME
from tests.builders.hand_made_run import (
    BOOKS,
    COLUMNS,
    CURRENCIES,
    DETAILS,
    GROUPS,
    INSTRUMENTS,
    POSITIONS,
    PRODUCTS,
    REASON_NO,
    REASONS,
    RUN_ID,
    SCENARIOS,
    amounts,
    in_base,
    native_of,
    total_of,
)

HOME = f"/api/v1/results/runs/{RUN_ID}"
TWINS = ["pv", "dv01", *(f"key_rate_dv01_{label}" for label in KEY_RATE_LABELS)]
HEADER = [
    *("position_id", "instrument_id", "book_id", "product_type", "currency", "scenario_id", "status", "reason"),
    *COLUMNS,
    *(f"{name}_base" for name in TWINS),
    "detail",
]
Row = dict[str, Any]


def expected_rows() -> list[Row]:
    """Every row of the table, put together one cell at a time."""
    rows = []
    for scenario in SCENARIOS:
        for place, position_id in enumerate(POSITIONS):
            _, status, reason = REASONS[REASON_NO[place]]
            words = (position_id, INSTRUMENTS[place], BOOKS[place], PRODUCTS[place], CURRENCIES[place])
            said = (*words, scenario.partition("@")[0], status, reason)
            numbers = [amounts(scenario, name)[place] for name in COLUMNS]
            twins = [in_base(scenario, name)[place] for name in TWINS]
            cells = [None if math.isnan(value) else value for value in (*numbers, *twins)]
            rows.append(dict(zip(HEADER, (*said, *cells, DETAILS[place]), strict=True)))
    return rows


def from_csv(answer: Response) -> list[Row]:
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    words = {*HEADER[:8], "detail"}
    return [
        {name: cell if name in words else float(cell) if cell else None for name, cell in row.items()} for row in rows
    ]


def from_xlsx(answer: Response) -> list[Row]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["BASE", "up100", "about"]
    header, *rows = book.get_sheet_by_name("BASE").to_python()
    rows += book.get_sheet_by_name("up100").to_python()[1:]
    words = {*HEADER[:8], "detail"}
    return [
        {str(name): None if cell == "" and name not in words else cell for name, cell in zip(header, row, strict=True)}
        for row in rows
    ]


READERS = {
    "json": lambda answer: answer.json(),
    "csv": from_csv,
    "arrow": lambda answer: ipc.open_stream(answer.content).read_all().to_pylist(),
    "parquet": lambda answer: pq.read_table(io.BytesIO(answer.content)).to_pylist(),
    "xlsx": from_xlsx,
}


@pytest.mark.parametrize("format", MIME)
def test_every_format_reads_back_to_the_same_doubles(client: TestClient, format: str) -> None:
    answer = client.get(f"{HOME}/positions", headers={"Accept": MIME[format], "Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(MIME[format])
    assert answer.headers["x-total-count"] == "10"
    assert int(answer.headers["content-length"]) == len(answer.content)
    rows = READERS[format](answer)
    wanted = expected_rows()
    if format == "csv":
        wanted = [row | {"position_id": row["position_id"].replace("=", "'=")} for row in wanted]
    assert rows == wanted
    assert list(rows[0]) == HEADER


def test_the_header_of_csv_is_bare_and_no_text_is_a_formula(client: TestClient) -> None:
    lines = client.get(f"{HOME}/positions?format=csv&scenario=BASE").text.splitlines()
    assert lines[0].startswith("position_id,instrument_id,book_id,product_type,currency,scenario_id,status,reason,pv,")
    assert lines[0].endswith(",detail")
    assert lines[2].startswith("'=2+5,")
    assert lines[3].startswith("P/3,I3,B2,BOND,USD,BASE,PRICED,,-5e-324,")


def test_one_scenario_and_some_measures(client: TestClient) -> None:
    rows = client.get(f"{HOME}/positions?scenario=up100&measures=dv01").json()
    assert [row["scenario_id"] for row in rows] == ["up100"] * 5
    assert list(rows[0]) == [*HEADER[:8], "dv01", "dv01_base", "detail"]
    assert rows == client.get(f"{HOME}/positions?scenario=up100@2&measures=DV01_BASE").json()


def test_pages_put_together_are_the_table(client: TestClient) -> None:
    address, rows, pages = f"{HOME}/positions?limit=4&format=json", [], 0
    while address:
        answer = client.get(address)
        assert len(answer.json()) <= 4
        rows += answer.json()
        pages += 1
        address = answer.links.get("next", {}).get("url", "")
    assert rows == expected_rows()
    assert pages == 3


def test_a_position_under_every_scenario(client: TestClient) -> None:
    assert client.get(f"{HOME}/positions/P/3").json() == [row for row in expected_rows() if row["position_id"] == "P/3"]
    (row,) = client.get(f"{HOME}/positions/P4?scenario=BASE").json()
    assert (row["status"], row["pv"], row["detail"]) == ("FAILED", None, DETAILS[3])


@pytest.mark.parametrize("by", ["book", "currency", "total", "desk"])
def test_totals_are_read_from_the_rollups(client: TestClient, by: str) -> None:
    rows = client.get(f"{HOME}/totals?by={by}").json()
    words = ["scenario_id", "positions", "left_out", "reasons", "currency", "base_currency"]
    assert list(rows[0]) == [by, *(word for word in words if word != by), *HEADER[8:-1]]
    found = {(row[by], row["scenario_id"]): row for row in rows}
    for (dimension, key), members in GROUPS.items():
        if dimension == by:
            check_total(found[key, "BASE"], "BASE", members, 0)
            check_total(found[key, "up100"], "up100@2", members, 0)
    assert len(found) == len(rows) == 2 * len([key for key in GROUPS if key[0] == by])


def check_total(row: Row, scenario: str, members: list[int], relative: float) -> None:
    assert (row["positions"], row["left_out"]) == (len(members), int(3 in members))
    assert ("PV:MISSING_MARKET_DATA=1" in row["reasons"]) == (3 in members)
    shared = {CURRENCIES[place] for place in members}
    assert row["currency"] == (shared.pop() if len(shared) == 1 else None)
    for name in COLUMNS:
        total, native = total_of(scenario, name, members), native_of(scenario, name, members)
        if name in TWINS:
            assert row[f"{name}_base"] == pytest.approx(total, rel=relative)
            assert row[name] == (None if math.isnan(native) else pytest.approx(native, rel=relative))
        else:
            assert row[name] == (None if math.isnan(total) else pytest.approx(total, rel=relative))


def test_totals_by_an_attribute_without_rollups_are_summed_from_the_chunks(client: TestClient) -> None:
    rows = client.get(f"{HOME}/totals?by=fico").json()
    found = {(row["fico"], row["scenario_id"]): row for row in rows}
    assert [row["fico"] for row in rows] == ["", "650.5", "700"] * 2
    for scenario in SCENARIOS:
        plain = scenario.partition("@")[0]
        check_total(found["700", plain], scenario, [0, 1, 4], 1e-15)
        check_total(found["650.5", plain], scenario, [2], 1e-15)
        nobody = found["", plain]
        assert (nobody["positions"], nobody["left_out"], nobody["pv"], nobody["pv_base"]) == (1, 1, None, None)


def test_summing_from_chunks_and_rollups_agree_on_a_grouping_that_has_both(client: TestClient) -> None:
    """By product from the chunks; the two loans are the book B1."""
    by_product = {(r["product_type"], r["scenario_id"]): r for r in client.get(f"{HOME}/totals?by=product_type").json()}
    by_book = {(row["book"], row["scenario_id"]): row for row in client.get(f"{HOME}/totals?by=book").json()}
    for scenario in ("BASE", "up100"):
        loans, book = by_product["LOAN", scenario], by_book["B1", scenario]
        assert {name: loans[name] for name in list(loans)[1:]} == {name: book[name] for name in list(book)[1:]}


def test_the_largest_positions(client: TestClient) -> None:
    rows = client.get(f"{HOME}/top?measure=DV01&limit=2").json()
    assert [(row["rank"], row["position_id"], row["value"]) for row in rows] == [
        (1, "P/3", -33.0),
        (2, "=2+5", 22 * 1.09),
    ]
    under = client.get(f"{HOME}/top?measure=pv&scenario=up100").json()
    assert [row["position_id"] for row in under] == ["=2+5", "P5", "P1", "P/3"]


def test_the_ladder_has_every_key_rate_and_adds_up(client: TestClient) -> None:
    rows = client.get(f"/api/v1/risk/runs/{RUN_ID}/key-rates?by=book&key=B1&scenario=BASE").json()
    assert [row["tenor"] for row in rows] == list(KEY_RATE_LABELS)
    assert {row["book"] for row in rows} == {"B1"}
    assert math.fsum(row["key_rate_dv01_base"] for row in rows) == pytest.approx(11 + 22 * 1.09, rel=1e-14)
    assert {row["key_rate_dv01"] for row in rows} == {None}  # dollars and euros


def test_gains_and_losses_against_base(client: TestClient) -> None:
    rows = client.get(f"/api/v1/risk/runs/{RUN_ID}/scenarios?by=currency").json()
    changes = {(row["currency"], row["scenario_id"]): row["pv_change_base"] for row in rows}
    assert changes["USD", "BASE"] == 0.0
    assert changes["USD", "up100"] == total_of("up100@2", "pv", [0, 2]) - total_of("BASE", "pv", [0, 2])


def test_units_travel_with_the_columns(client: TestClient) -> None:
    schema: pa.Schema = pq.read_schema(io.BytesIO(client.get(f"{HOME}/positions?format=parquet").content))
    assert schema.field("dv01").metadata[b"unit"] == b"currency per bp"
    assert schema.field("dv01_base").metadata[b"in"] == b"USD"
    assert schema.metadata[b"run_id"] == str(RUN_ID).encode()
