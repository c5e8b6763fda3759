"""Ladders and repricing gaps of a run that keeps two scenarios: by command and over HTTP, in every format; refusals."""

import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook

from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.walk.command_line import Tenor
from tests.walk.conftest import Walked

VIEWS = {"ladder": "--ladder", "repricing": "--repricing"}
QUESTIONS = {"kept": ("desk", "LIQUIDITY"), "worked out": ("state", "1M,1Y,5Y")}
FORMATS = ("csv", "json", "parquet", "arrow", "xlsx")
TEXTS = ("group", "currency", "scenario_id", "basis", "bucket")
ANSWER_SECONDS = 10.0
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def kept(walking: Tenor, walked: Walked) -> str:
    """A run that keeps the cash flows of two scenarios."""
    words = ("--scenarios", "up100,down100", "--cashflows", "BASE,up100", "--measures", "PV", "--wait")
    run: str = walking.json(*walked.submit, *words, "--workers", "1")["run_id"]
    return run


@pytest.fixture(scope="module")
def client(walking: Tenor, kept: str) -> Iterator[TestClient]:
    assert kept
    with open_tenor(Settings(walking.home, walking.database_url)) as tenor:
        yield TestClient(build_app(tenor, ("cashflow",)), raise_server_exceptions=False)


def read(name: str, content: bytes) -> Rows:
    """What a format says, row by row; csv as texts."""
    if name == "csv":
        return list(csv.DictReader(io.StringIO(content.decode())))
    if name == "json":
        rows: Rows = json.loads(content)
        return rows
    if name == "parquet":
        return list(pq.read_table(io.BytesIO(content)).to_pylist())
    if name == "arrow":
        return list(pa.ipc.open_stream(content).read_all().to_pylist())
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    sheets = [book.get_sheet_by_name(sheet).to_python() for sheet in book.sheet_names if sheet != "about"]
    return [dict(zip(map(str, head), line, strict=True)) for head, *lines in sheets for line in lines]


def assert_same(rows: Rows, told: Rows) -> None:
    """Texts alike, and numbers as far as a format writes them; a workbook has a sheet for each scenario."""
    assert len(rows) == len(told) > 0
    rows, told = (sorted(each, key=lambda row: str(row["scenario_id"])) for each in (rows, told))
    for mine, other in zip(rows, told, strict=True):
        assert list(mine) == list(other)
        assert [str(mine[name]) for name in TEXTS] == [str(other[name]) for name in TEXTS]
        for name, value in other.items():
            if isinstance(value, float):
                assert float(mine[name]) == pytest.approx(value, rel=1e-12, abs=1e-9), name


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_format_says_the_same_over_http_as_on_the_command_line(
    walking: Tenor, client: TestClient, kept: str, view: str, question: str
) -> None:
    by, buckets = QUESTIONS[question]
    told = walking.json("cashflows", kept, VIEWS[view], "--by", by, "--buckets", buckets)
    assert {row["scenario_id"] for row in told} == {"BASE", "up100@1"}
    for name in FORMATS:
        started = time.monotonic()
        asked = {"by": by, "buckets": buckets, "format": name}
        answer = client.get(f"/api/v1/cashflow/runs/{kept}/{view}", params=asked)
        assert answer.status_code == 200, answer.text
        assert time.monotonic() - started < ANSWER_SECONDS
        assert_same(read(name, answer.content), told)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_by_the_command_line(walking: Tenor, kept: str, name: str, tmp_path: Path) -> None:
    view = "repricing" if name in ("csv", "arrow") else "ladder"
    words = ("cashflows", kept, VIEWS[view], "--by", "product_type", "--buckets", "IRRBB", "--basis", "CONTRACTUAL")
    answer = walking(*words, "--format", name, "--out", tmp_path / "flows")
    assert answer.code == 0, answer.err
    rows = read(name, (tmp_path / "flows").read_bytes())
    assert {str(row["basis"]) for row in rows} == {"CONTRACTUAL"}
    assert_same(rows, walking.json(*words))


def test_a_ladder_is_worth_the_run_under_every_scenario_that_it_keeps(walking: Tenor, kept: str) -> None:
    """Left out are other products, and callables differ: they are shown to maturity."""
    rows = walking.json("cashflows", kept, "--ladder", "--by", "product_type")
    results = walking.json("results", kept)
    for scenario in ("BASE", "up100@1"):
        for product in ("LOAN", "BOND", "ABS_MBS"):
            mine = sum(row["pv_base"] for row in rows if (row["group"], row["scenario_id"]) == (product, scenario))
            name = scenario.partition("@")[0]
            priced = [row for row in results if (row["product_type"], row["scenario_id"]) == (product, name)]
            assert mine == pytest.approx(sum(row["pv_base"] or 0.0 for row in priced), rel=1e-9)


def test_buckets_of_any_set_add_up_to_the_same(client: TestClient, kept: str) -> None:
    """Those of named sets are read, other tenors are worked out."""
    sums = []
    for buckets in ("DEFAULT", "IRRBB", "LIQUIDITY", "5W,17M"):
        rows = client.get(f"/api/v1/cashflow/runs/{kept}/ladder", params={"buckets": buckets}).json()
        sums.append(sum(row["cash_flow_base"] for row in rows))
    assert sums == pytest.approx([sums[0]] * len(sums), rel=1e-10)


REFUSED = [
    (("--ladder", "--scenario", "down100"), "NOT_STORED"),
    (("--repricing", "--scenario", "nobody"), "UNKNOWN_SCENARIO"),
    (("--ladder", "--buckets", "1Y,1M"), "INVALID_BUCKETS"),
    (("--ladder", "--node", "NOWHERE"), "UNKNOWN_NODE"),
    (("--ladder", "--by", "colour"), "CASH_FLOWS_REFUSED"),
    (("--ladder", "--repricing"), "WHAT_IS_SHOWN"),
    (("--position", "P", "--by", "book"), "WHAT_IS_SHOWN"),
    (("--ladder", "--basis", "LEGAL"), "UNKNOWN_BASIS"),
]


@pytest.mark.parametrize(("words", "code"), REFUSED)
def test_what_cannot_be_shown_is_refused(walking: Tenor, kept: str, words: tuple[str, ...], code: str) -> None:
    assert walking.refusal("cashflows", kept, *words)["code"] == code


def test_a_run_that_keeps_none_says_so(walking: Tenor, walked: Walked) -> None:
    words = ("--cashflows", "none", "--measures", "PV", "--wait", "--workers", "1")
    run = walking.json(*walked.submit, *words)["run_id"]
    assert walking.refusal("cashflows", run, "--ladder")["code"] == "NOT_STORED"
    kinds = {row["kind"] for row in walking.json("audit", "replay", run)["chunks"]}
    assert kinds == {"PositionPriced"}


@pytest.mark.parametrize("node", [None, "HARBOUR"])
def test_the_positions_that_pay_in_a_bucket_add_up_to_it(client: TestClient, kept: str, node: str | None) -> None:
    home, asked = f"/api/v1/cashflow/runs/{kept}/ladder", {"buckets": "6M,1Y,5Y", "scenario": "up100"}
    narrowed = asked | ({"node": node} if node else {})
    ladder = client.get(home, params=narrowed | {"by": "total"}).json()
    for bucket in ("6M", ">5Y"):
        rows = client.get(f"{home}/positions", params=narrowed | {"bucket": bucket}).json()
        sizes = [abs(row["cash_flow_base"]) for row in rows]
        assert rows
        assert sizes == sorted(sizes, reverse=True)
        whole = sum(row["cash_flow_base"] for row in ladder if row["bucket"] == bucket)
        assert sum(row["cash_flow_base"] for row in rows) == pytest.approx(whole, rel=1e-12)
        assert {row["bucket"] for row in rows} == {bucket}
    largest = client.get(f"{home}/positions", params=narrowed | {"bucket": ">5Y", "limit": 2}).json()
    assert largest == rows[:2]


def test_a_bucket_that_is_none_is_refused(client: TestClient, kept: str) -> None:
    answer = client.get(f"/api/v1/cashflow/runs/{kept}/ladder/positions?bucket=7M&buckets=6M,1Y")
    assert answer.status_code == 422
    assert "'7M'" in answer.json()["detail"]
    assert answer.json()["fix"] == "use one of 6M, 1Y, >1Y"
