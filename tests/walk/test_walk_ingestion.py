"""What a folder says and what becomes of it, as a user sees it: nothing is silently without effect."""

import csv
import io
from pathlib import Path

from tests.walk.command_line import SMALL_FUND, Tenor

PORTFOLIO = "node_id,parent_id,name,kind\nF,,Fund,FUND\nB,F,Book,BOOK\n"
DATED = "instrument_id,product_type,currency,issue_date,maturity_date"
LOANS = DATED + ",rate_type,coupon,frequency,day_count,amortization\n"
HELD = "position_id,instrument_id,book_id,notional\n"
LOAN = "LOAN,USD,2024-01-15,2029-01-15,FIXED,{},12,30/360,LEVEL_PAY\n"


def fund(folder: Path, instruments: str, positions: str) -> Path:
    folder.mkdir()
    for name, text in (("portfolio", PORTFOLIO), ("instruments", instruments), ("positions", positions)):
        (folder / f"{name}.csv").write_text(text)
    return folder


def labelled(folder: Path) -> Path:
    """Two loans that differ in how their labels are written."""
    held = HELD.strip() + ",zip,pool_prefix\nP1,L1,B,100,02138,1E10\nP2,L2,B,200,2138,10000000000\n"
    return fund(folder, LOANS + "L1," + LOAN.format(0.065) + "L2," + LOAN.format(0.0725), held)


def test_labels_are_groups_as_they_are_written(tenor: Tenor, tmp_path: Path) -> None:
    report = tenor.json("ingest", labelled(tmp_path / "fund"))
    assert report["attributes"] == {"positions": ["zip", "pool_prefix"]}
    market = tenor.json("market", "load", SMALL_FUND / "market.json")["snapshot_id"]
    run = tenor.json(
        "run", "submit", "--portfolio", report["snapshot_id"], "--market", market, "--wait", "--workers", "1"
    )["run_id"]
    for name, labels in (("zip", {"02138", "2138"}), ("pool_prefix", {"1E10", "10000000000"})):
        totals = tenor("results", run, "--by", name, "--format", "csv")
        rows = list(csv.reader(io.StringIO(totals.out.decode())))
        assert labels <= {cell for row in rows for cell in row}, totals.err


def test_caps_on_resets_need_the_first_reset(tenor: Tenor, tmp_path: Path) -> None:
    header = LOANS.strip() + ",index,margin,periodic_cap,life_cap\n"
    floater = "LOAN,USD,2026-01-15,2029-01-15,FLOATING,,1,30/360,LEVEL_PAY,USD-1Y,0.02,"
    rows = f"A,{floater},\nB,{floater}0.03,\nC,{floater},0.13\n"
    answer = tenor("ingest", fund(tmp_path / "fund", header + rows, HELD + "P,A,B,1\n"))
    assert answer.code == 1
    assert "instruments row 3 periodic_cap" in answer.err and "instruments row 4 life_cap" in answer.err
    assert "life_cap applies to a rate that resets, and first_reset_date is empty" in answer.err
    assert "fix: Fill in first_reset_date, or clear periodic_cap." in answer.err


def test_a_rate_in_percent_is_refused_unless_it_is_meant(tenor: Tenor, tmp_path: Path) -> None:
    held = HELD + "P1,L1,B,100\n"
    folder = fund(tmp_path / "fund", LOANS + "L1," + LOAN.format(4.5), held)
    refused = tenor("ingest", folder, "--json")
    assert refused.code == 1
    assert [error["code"] for error in refused.document["errors"]] == ["PERCENT_SUSPECTED"]
    assert tenor.json("ingest", folder, "--rates-are-decimals")["snapshot_id"]


def test_rows_of_which_the_same_is_said_are_one_line_and_attributes_are_listed(tenor: Tenor, tmp_path: Path) -> None:
    folder = labelled(tmp_path / "fund")
    instruments = (folder / "instruments.csv").read_text().splitlines()
    more = [instruments[0] + ",sprd,settlement_days", *(line + ",0.01,2" for line in instruments[1:])]
    (folder / "instruments.csv").write_text("\n".join(more) + "\n")
    answer = tenor("ingest", folder, "--dry-run")
    assert answer.code == 0
    assert b"kept as attributes of instruments: sprd" in answer.out
    lines = [line for line in answer.err.splitlines() if line.startswith("warning:")]
    assert len(lines) == 2
    assert "The nearest is spread." in lines[0]
    assert "settlement_days has no effect" in lines[1] and lines[1].endswith("(and 1 more row)")
