"""Loans still held past their maturity, and attributes that stand on one table or another, from files to totals."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.walk.command_line import Tenor

LOANS = """instrument_id,product_type,currency,issuer_id,issue_date,maturity_date,rate_type,coupon,frequency,day_count,\
amortization,calendar,business_day,severity,recovery_lag_months,rating,desk_tag
PAST,LOAN,USD,ACME,2020-01-15,2025-12-15,FIXED,0.06,12,30/360,LEVEL_PAY,,,,,,
TODAY,LOAN,USD,ACME,2020-01-15,2026-01-15,FIXED,0.06,12,30/360,LEVEL_PAY,,,,,,
TOMORROW,LOAN,USD,ACME,2020-01-16,2026-01-16,FIXED,0.06,12,30/360,LEVEL_PAY,,,,,BBB,north
RECOVERING,LOAN,USD,OTHER,2020-01-15,2025-12-15,FIXED,0.06,12,30/360,BULLET,,,0.4,12,BBB,
SATURDAY,LOAN,USD,OTHER,2020-01-17,2026-01-17,FIXED,0.06,12,30/360,BULLET,WEEKEND,FOLLOWING,,,,south
"""
HELD = """position_id,instrument_id,book_id,notional,rating
P-PAST,PAST,B,8000,
P-TODAY,TODAY,B,8000,
P-TOMORROW,TOMORROW,B,8000,AA
P-RECOVERING,RECOVERING,B,1000000,
P-SATURDAY,SATURDAY,B,1000,
"""
ISSUERS = "issuer_id,name,rating,desk_tag,region\nACME,Acme,A,west,EMEA\nOTHER,Other,CCC,,APAC\n"
TREE = "node_id,parent_id,name,kind\nF,,Fund,FUND\nB,F,Book,BOOK\n"
FLAT = 0.04


def market(as_of: str) -> dict[str, Any]:
    nodes = [{"tenor": "1M", "rate": FLAT}, {"tenor": "30Y", "rate": FLAT}]
    curve = {"curve_id": "USD", "currency": "USD", "kind": "ZERO", "nodes": nodes}
    return {"as_of": as_of, "base_currency": "USD", "curves": [curve], "discount": {"USD": "USD"}}


def bring(tenor: Tenor, folder: Path, as_of: str, only: str | None = None) -> tuple[str, str]:
    folder.mkdir()
    for name, text in (("instruments", LOANS), ("positions", HELD), ("issuers", ISSUERS), ("portfolio", TREE)):
        header, *rows = text.splitlines()
        kept = rows if only is None or name in ("issuers", "portfolio") else [row for row in rows if only in row]
        (folder / f"{name}.csv").write_text("\n".join([header, *kept]) + "\n")
    (folder / "market.json").write_text(json.dumps(market(as_of)))
    return tenor.bring(folder)


def run(tenor: Tenor, snapshots: tuple[str, str], *words: str) -> str:
    portfolio, loaded = snapshots
    answer = tenor(
        "run", "submit", "--portfolio", portfolio, "--market", loaded, "--wait", "--workers", "1", "--json", *words
    )
    return str(answer.document["run_id"])


@pytest.fixture(scope="module")
def matured(walking: Tenor, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("matured")
    shocks = [{"kind": "SPREAD", "match": {"rating": "BBB", "region": "APAC"}, "bp": 100}]
    definition = folder / "wider.json"
    definition.write_text(json.dumps({"scenario_id": "wider", "name": "Wider", "shocks": shocks}))
    walking.json("scenario", "define", definition)
    return run(walking, bring(walking, folder / "fund", "2026-01-15"), "--scenarios", "wider", "--measures", "PV,WAL")


def test_what_is_past_maturity_fails_and_is_counted_as_left_out(walking: Tenor, matured: str) -> None:
    rows = {row["position_id"]: row for row in walking.json("results", matured, "--scenario", "BASE")}
    for position in ("P-PAST", "P-TODAY"):
        assert (rows[position]["status"], rows[position]["pv"]) == ("FAILED", None)
        assert rows[position]["reason"].startswith("PV:INVALID_TERMS")
    assert rows["P-TOMORROW"]["status"] == rows["P-SATURDAY"]["status"] == "PRICED"
    assert rows["P-TOMORROW"]["pv"] == pytest.approx(8040 * 2.718281828459045 ** (-FLAT / 365), rel=1e-12)
    assert rows["P-RECOVERING"]["pv"] == pytest.approx(600_000 * 2.718281828459045**-FLAT, rel=1e-12)
    assert rows["P-RECOVERING"]["wal"] == pytest.approx(1.0)
    (total,) = walking.json("results", matured, "--by", "total", "--scenario", "BASE")
    assert (total["positions"], total["left_out"]) == (5, 2)
    assert total["pv_base"] == pytest.approx(sum(row["pv"] or 0.0 for row in rows.values()), rel=1e-12)


def test_groups_and_shocks_look_up_a_blank_on_the_instrument_and_then_the_issuer(walking: Tenor, matured: str) -> None:
    def groups(by: str) -> dict[str, int]:
        totals = walking.json("results", matured, "--by", by, "--scenario", "BASE")
        return {row[by]: row["positions"] for row in totals}

    assert groups("rating") == {"A": 2, "AA": 1, "BBB": 1, "CCC": 1}
    assert groups("desk_tag") == {"west": 2, "north": 1, "south": 1, "": 1}
    assert groups("region") == {"EMEA": 3, "APAC": 2}
    base = {row["position_id"]: row["pv"] for row in walking.json("results", matured, "--scenario", "BASE")}
    wider = {row["position_id"]: row["pv"] for row in walking.json("results", matured, "--scenario", "wider@1")}
    moved = [position for position in base if base[position] != wider[position]]
    assert moved == ["P-RECOVERING"]
    assert wider["P-RECOVERING"] == pytest.approx(base["P-RECOVERING"] * 2.718281828459045**-0.01, rel=1e-12)


@pytest.mark.parametrize(("as_of", "status"), [("2026-01-18", "PRICED"), ("2026-01-19", "FAILED")])
def test_a_loan_due_on_saturday_and_alone_in_the_book(walking: Tenor, tmp_path: Path, as_of: str, status: str) -> None:
    run_id = run(walking, bring(walking, tmp_path / "fund", as_of, only="SATURDAY"), "--measures", "PV")
    (row,) = walking.json("results", run_id)
    assert row["status"] == status
