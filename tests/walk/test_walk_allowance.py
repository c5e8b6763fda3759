"""The allowance through the command line and over HTTP: two dates of a lender's book, in every table and format."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.builders.exposures import market_of, write_table
from tests.builders.lent_book import HORIZON, POLICIES, SCENARIOS, SEGMENTS, write_lent_book
from tests.builders.read_models import catch_up_all
from tests.walk.command_line import Tenor

PARTS = ("provision", "initial_pcd", "charge_offs", "recoveries", "fx")
PROVISIONS = ("provision_new", "provision_exits", "provision_policy", "provision_remeasurement")
REPORTS = ("positions", "segments", "paths", "vintage", "past_due")


@dataclass(frozen=True)
class Lender:
    tenor: Tenor
    first: str
    second: str

    def show(self, run: str, report: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.tenor.json("allowance", "show", run, "--report", report)
        return rows


def scenario(tenor: Tenor, folder: Path, name: str) -> str:
    document = {"scenario_id": f"lent_{name}", "name": name, "shocks": SCENARIOS[name]}
    (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    defined = tenor.json("scenario", "define", folder / f"{name}.json")
    return f"{defined['scenario_id']}@{defined['version']}"


def policy(rate: float) -> dict[str, Any]:
    """Of every method; the loss rate of one segment is what a second version changes."""
    segments = [each | ({"historical_rate": rate} if each["segment"] == "RATE" else {}) for each in SEGMENTS]
    weights = {"BASE": 0.5, "lent_slump": 0.3, "lent_factor": 0.2}
    cecl = {**HORIZON, "segments": segments, "scenario_weights": weights}
    return {"policy_id": "lender", **POLICIES["cecl"], "cecl": cecl}


@pytest.fixture(scope="module")
def lender(walking: Tenor, tmp_path_factory: pytest.TempPathFactory) -> Lender:
    folder = tmp_path_factory.mktemp("lender")
    scenarios = ",".join(("BASE", *(scenario(walking, folder, name) for name in ("slump", "factor"))))
    runs = []
    for number, (seed_rows, spot, day, rate) in enumerate(
        [(0, 1.1, "2026-01-23", 0.01), (2, 1.15, "2026-04-20", 0.013)], 1
    ):
        book = write_lent_book(folder / f"book{number}", 6, 4)
        trim(book, seed_rows)
        market = market_of(as_of=day, fx_spots=[{"pair": "EURUSD", "spot": spot}, {"pair": "GBPUSD", "spot": 1.3}])
        (folder / "market.json").write_text(json.dumps(market), encoding="utf-8")
        (folder / "policy.json").write_text(json.dumps(policy(rate)), encoding="utf-8")
        words: tuple[str, ...] = ("--portfolio", walking.json("ingest", book)["snapshot_id"])
        words += ("--market", walking.json("market", "load", folder / "market.json")["snapshot_id"])
        defined = walking.json("policy", "define", folder / "policy.json")
        assert defined == {"policy_id": "lender", "version": number}
        if number == 2:
            approved = walking.json("policy", "approve", "lender@2", "--reason", "board of 20 April")
            assert {"policy_id": "lender", "version": 2, "status": "APPROVED"}.items() <= approved.items()
        words += ("--policy", f"lender@{number}", "--scenarios", scenarios, "--measures", "PV")
        runs.append(walking.json("run", "submit", *words, "--wait")["run_id"])
    return Lender(walking, *runs)


def trim(book: Path, count: int) -> None:
    """At the later date: some positions are gone, one is new and one new and purchased with credit deterioration."""
    if not count:
        return
    rows = list(csv.DictReader((book / "positions.csv").open(encoding="utf-8")))
    kept = [row for row in rows if not row["position_id"].endswith("-02")]
    new = [{**kept[0], "position_id": f"NEW-{pcd}", "pcd": pcd, "class": "RATE"} for pcd in ("true", "false")]
    write_table(book / "positions.csv", [{**row, "pcd": row.get("pcd", "")} for row in (*kept, *new)])
    events = [
        ("RATE-00", "2026-02-01", "CHARGE_OFF", 1_000.0),
        ("RATE-02", "2026-03-01", "CHARGE_OFF", 500.0),
        ("RATE-02", "2026-04-20", "RECOVERY", 40.0),
        ("RATE-00", "2026-01-23", "CHARGE_OFF", 7_000.0),
        ("GONE", "2026-03-01", "CHARGE_OFF", 1.0),
    ]
    names = ("position_id", "date", "kind", "amount")
    write_table(book / "credit_events.csv", [dict(zip(names, each, strict=True)) for each in events])


def test_segments_add_up_to_positions(lender: Lender) -> None:
    positions = lender.show(lender.first, "positions")
    segments = lender.tenor.json("allowance", "show", lender.first)
    for name in {row["segment"] for row in segments}:
        mine = [row for row in positions if row["segment"] == name and row["reason"] is None]
        of = {row["scenario"].split("@")[0]: row for row in segments if row["segment"] == name}
        assert set(of) == {"BASE", "lent_slump", "lent_factor", "WEIGHTED"}
        whole = of["WEIGHTED"]
        assert whole["positions"] == len(mine)
        assert whole["allowance"] == pytest.approx(sum(row["allowance_base"] for row in mine), rel=1e-12)
        weighted = sum(row["weight"] * row["allowance"] for key, row in of.items() if key != "WEIGHTED")
        assert whole["model_allowance"] == pytest.approx(weighted, rel=1e-12)
        assert all(row["overlay"] == 0.0 for key, row in of.items() if key != "WEIGHTED")
        assert (whole["warm_years"] is not None) == (name == "WARM")
    assert len({row["segment"] for row in segments}) == len(SEGMENTS)


def test_the_roll_forward_ties_exactly(lender: Lender) -> None:
    words = ("allowance", "rollforward", "--from", lender.first, "--to", lender.second)
    answer = lender.tenor(*words, "--json")
    assert answer.code == 0
    assert "1 credit event is left out" in answer.err
    rows = {row["segment"]: row for row in answer.document}
    for row in rows.values():
        assert row["opening"] + sum(row[part] for part in PARTS) == pytest.approx(row["closing"], abs=1e-6)
        assert sum(row[part] for part in PROVISIONS) == pytest.approx(row["provision"], abs=1e-6)
    for column in ("opening", "closing", *PARTS, *PROVISIONS):
        parts = sum(row[column] for name, row in rows.items() if name != "TOTAL")
        assert rows["TOTAL"][column] == pytest.approx(parts, abs=1e-6)
    for column, run in (("opening", lender.first), ("closing", lender.second)):
        told = sum(row["allowance_base"] or 0.0 for row in lender.show(run, "positions"))
        assert rows["TOTAL"][column] == pytest.approx(told, rel=1e-12)
    rate = rows["RATE"]
    assert rate["initial_pcd"] > 0.0 and rate["provision_new"] > 0.0 and rate["provision_policy"] > 0.0
    assert rows["HOMES"]["provision_policy"] == pytest.approx(0.0, abs=1e-9)
    assert rows["TOTAL"]["provision_exits"] < 0.0 and rows["TOTAL"]["fx"] != 0.0
    assert rows["TOTAL"]["charge_offs"] < 0.0 < rows["TOTAL"]["recoveries"]
    refused = lender.tenor.refusal("allowance", "rollforward", "--from", lender.second, "--to", lender.first)
    assert refused["code"] == "RUNS_REVERSED"


def test_a_report_in_every_format(lender: Lender, tmp_path: Path) -> None:
    rows = lender.show(lender.first, "vintage")
    assert rows
    words = ("allowance", "show", lender.first, "--report", "vintage", "--format")
    as_csv = list(csv.DictReader(io.StringIO(lender.tenor(*words, "csv").out.decode())))
    assert [row.keys() for row in as_csv] == [row.keys() for row in rows]
    assert [float(row["amortised_cost"]) for row in as_csv] == [row["amortised_cost"] for row in rows]
    for format in ("parquet", "arrow", "xlsx"):
        assert lender.tenor(*words, format, "--out", tmp_path / f"told.{format}").code == 0
    assert pq.read_table(tmp_path / "told.parquet").num_rows == len(rows)
    with pa.OSFile(str(tmp_path / "told.arrow")) as file, pa.ipc.open_stream(file) as told:
        assert told.read_all().num_rows == len(rows)
    with zipfile.ZipFile(tmp_path / "told.xlsx") as book:
        sheets = "".join(book.read(name).decode() for name in book.namelist() if "/worksheets/sheet" in name)
    assert sheets.count("<row ") > len(rows)


def test_a_run_names_how_its_policy_stood(lender: Lender) -> None:
    shown = [lender.tenor.json("run", "show", run) for run in (lender.first, lender.second)]
    assert [(each["policy"], each["policy_status"]) for each in shown] == [
        ("lender@1", "NOT_APPROVED"),
        ("lender@2", "APPROVED"),
    ]
    assert lender.tenor.refusal("policy", "approve", "lender@9")["code"] == "UNKNOWN_POLICY"


def test_what_cannot_be_shown_is_refused(lender: Lender, tmp_path: Path) -> None:
    assert lender.tenor.refusal("allowance", "show", lender.first, "--report", "colour")["code"] == "UNKNOWN_REPORT"
    for change, code in (
        ({"cecl": {"segments": [{"segment": "A", "match": {}, "method": "GUESS"}]}}, "UNKNOWN_METHOD"),
        ({"cecl": {"segments": [{"segment": "A", "match": {}, "method": "WARM"}]}}, "INVALID_POLICY"),
    ):
        (tmp_path / "bad.json").write_text(json.dumps({"policy_id": "bad", **change}), encoding="utf-8")
        assert lender.tenor.refusal("policy", "define", tmp_path / "bad.json")["code"] == code


@pytest.fixture(scope="module")
def client(lender: Lender) -> Iterator[TestClient]:
    with open_tenor(Settings(lender.tenor.home, lender.tenor.database_url)) as tenor:
        catch_up_all(tenor.storage)
        yield TestClient(build_app(tenor, ("regulatory",)), raise_server_exceptions=False)


def test_the_addresses_say_the_same(lender: Lender, client: TestClient) -> None:
    for report in REPORTS:
        answer = client.get(f"/api/v1/regulatory/runs/{lender.first}/allowance/{report}")
        assert answer.status_code == 200 and answer.json(), answer.text
        if report in ("positions", "segments"):
            assert answer.json() == lender.show(lender.first, report)
    both = {"from": lender.first, "to": lender.second}
    answer = client.get("/api/v1/regulatory/rollforward", params=both)
    assert answer.json() == lender.tenor.json("allowance", "rollforward", "--from", lender.first, "--to", lender.second)
    assert answer.headers["X-Note"].startswith("1 credit event")
    told = client.get(f"/api/v1/regulatory/runs/{lender.first}/allowance/positions", headers={"Accept": "text/csv"})
    assert told.text.startswith("position_id,book_id,currency,accounting_class,segment,method,stage,amortised_cost")
    assert client.get(f"/api/v1/regulatory/runs/{lender.first}/allowance/colour").status_code == 422
    backwards = client.get("/api/v1/regulatory/rollforward", params={"from": lender.second, "to": lender.first})
    assert 400 <= backwards.status_code < 500 and "RUNS_REVERSED" in backwards.text
    approved = client.post("/api/v1/regulatory/policies/lender@1/approve", json={"reason": "late"})
    assert approved.status_code == 202 and approved.json()["status"] == "APPROVED"
