"""Bringing a portfolio and a market: whatever the format, one content is one snapshot."""

import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.builders.small_fund import POSITIONS, ROWS
from tests.walk.command_line import SMALL_FUND, Tenor
from tests.walk.conftest import Walked
from tests.walk.fund_files import as_parquet, as_shuffled_csv, as_workbook


@pytest.mark.parametrize("written", [as_parquet, as_workbook, as_shuffled_csv])
def test_the_same_content_in_another_format_is_the_same_snapshot(
    walking: Tenor, walked: Walked, tmp_path: Path, written: Callable[[Path], Path]
) -> None:
    from_csv = walking.json("ingest", SMALL_FUND, "--dry-run")
    report = walking.json("ingest", written(tmp_path))
    assert (report["snapshot_id"], report["sha256"]) == (walked.portfolio, from_csv["sha256"])
    assert (report["rows"], report["control_totals"]) == (from_csv["rows"], from_csv["control_totals"])


def test_the_report_says_what_was_read(walking: Tenor, walked: Walked) -> None:
    report = walking.json("ingest", SMALL_FUND)
    first = ["snapshot_id", "sha256", "rows", "accepted", "acceptable", "rejected", "errors", "errors_total"]
    assert list(report)[:8] == first
    assert report["snapshot_id"] == walked.portfolio
    assert report["rows"] == ROWS
    assert (report["accepted"], report["rejected"], report["errors"]) == (sum(ROWS.values()), 0, [])
    assert sum(totals["positions"] for totals in report["control_totals"].values()) == POSITIONS


@pytest.mark.usefixtures("walked")
def test_the_same_content_again_is_stored_once(walking: Tenor) -> None:
    before = stored(walking)
    walking.bring(SMALL_FUND)
    assert stored(walking) == before


def test_a_dry_run_stores_nothing(tenor: Tenor) -> None:
    before = stored(tenor)
    report = tenor.json("ingest", SMALL_FUND, "--dry-run")
    assert (report["snapshot_id"], report["accepted"], len(report["sha256"])) == (None, sum(ROWS.values()), 64)
    assert stored(tenor) == before


def test_valid_rows_are_stored_on_request_and_errors_name_their_rows(tenor: Tenor, tmp_path: Path) -> None:
    folder = shutil.copytree(SMALL_FUND, tmp_path / "fund")
    positions = folder / "positions.csv"
    positions.write_text(positions.read_text().replace("P-02,AUTO-2,", "P-02,AUTO-X,"))

    refused = tenor("ingest", folder, "--json")
    assert (refused.code, refused.document["snapshot_id"], refused.document["rejected"]) == (1, None, 1)
    (error,) = refused.document["errors"]
    assert list(error) == ["table", "row", "column", "code", "value", "message", "fix"]
    assert (error["table"], error["row"], error["column"], error["value"]) == (
        "positions",
        3,
        "instrument_id",
        "AUTO-X",
    )

    stored_report = tenor.json("ingest", folder, "--accept-valid")
    assert stored_report["snapshot_id"] and stored_report["rejected"] == 1
    assert stored_report["sha256"] != tenor.json("ingest", SMALL_FUND, "--dry-run")["sha256"]


def test_a_market_is_named_by_its_content_not_its_spelling(walking: Tenor, walked: Walked, tmp_path: Path) -> None:
    respelt = tmp_path / "market.json"
    respelt.write_text((SMALL_FUND / "market.json").read_text().replace("\n", " ").replace(": ", ":    "))
    loaded = walking.json("market", "load", respelt)
    assert list(loaded) == ["snapshot_id", "sha256", "as_of", "warnings"]
    assert (loaded["snapshot_id"], loaded["as_of"]) == (walked.market, "2026-01-23")


def stored(tenor: Tenor) -> tuple[int, ...]:
    """How much is in the log, in the blobs, and in the catalogue of snapshots."""
    assert tenor.database_url
    with psycopg.connect(tenor.database_url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM ledger_events WHERE topic <> 'portfolio.rejected'), "
            "(SELECT count(*) FROM blob), "
            "(SELECT count(*) FROM read.snapshot)"
        ).fetchone()
    assert row is not None
    return row
