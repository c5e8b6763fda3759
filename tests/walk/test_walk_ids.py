"""Ids as people type them, and snapshots by name and date."""

import shutil
from pathlib import Path
from unittest.mock import ANY

import pytest

from tests.walk.command_line import SMALL_FUND, Tenor
from tests.walk.conftest import Walked


def test_a_run_by_its_beginning_and_as_latest(walking: Tenor, walked: Walked) -> None:
    short = walked.run_id[:10]
    whole = walking.json("run", "show", walked.run_id)
    assert walking.json("run", "show", short) == whole
    assert walking.json("run", "show", "latest")["run_id"]
    rows = walking.json("results", short, "--by", "total", "--scenario", "BASE")
    assert rows == walking.json("results", walked.run_id, "--by", "total", "--scenario", "BASE")
    assert walking.refusal("var", short) == walking.refusal("var", walked.run_id), "a run without a history, both times"
    assert walking.json("audit", "show", short) == walking.json("audit", "show", walked.run_id)
    lineage = walking.json("audit", "lineage", short, "P-01", "PV")
    assert lineage == walking.json("audit", "lineage", walked.run_id, "P-01", "PV")


@pytest.mark.parametrize("command", [("run", "show"), ("run", "cancel"), ("audit", "certificate"), ("run", "archive")])
@pytest.mark.usefixtures("walked")
def test_a_beginning_that_fits_no_run(walking: Tenor, command: tuple[str, ...]) -> None:
    problem = walking.refusal(*command, "zz")
    assert (problem["code"], problem["fix"]) == ("UNKNOWN_RUN", "see `tenor run list`")


def test_snapshots_by_their_beginning_and_as_latest(tenor: Tenor) -> None:
    problem = tenor.refusal("run", "submit", "--portfolio", "latest", "--market", "latest")
    assert (problem["code"], "tenor ingest" in problem["fix"]) == ("UNKNOWN_SNAPSHOT", True)
    portfolio, market = tenor.bring(SMALL_FUND)
    ids = ("--portfolio", portfolio[:7], "--market", "latest")
    whole = tenor.json("check", "--portfolio", portfolio, "--market", market)
    assert tenor.json("check", *ids) == whole | {"seconds": ANY}
    submitted = tenor.json("run", "submit", *ids)
    shown = tenor.json("run", "show", submitted["run_id"][:9])
    assert (shown["portfolio_snapshot_id"], shown["market_snapshot_id"]) == (portfolio, market)
    assert tenor.refusal("run", "show", "latest")["message"] == "there is no run 'latest'"
    problem = tenor.refusal("run", "submit", "--portfolio", portfolio, "--market", portfolio[:7])
    assert (problem["code"], problem["fix"]) == ("UNKNOWN_SNAPSHOT", "see `tenor market list`")
    mistyped = portfolio[:7] + ("0" if portfolio[7] != "0" else "1")
    problem = tenor.refusal("run", "submit", "--portfolio", mistyped, "--market", market)
    assert problem["fix"] == f"the nearest: {portfolio}"


def test_portfolios_have_names_and_dates(tenor: Tenor, tmp_path: Path) -> None:
    fund = shutil.copytree(SMALL_FUND, tmp_path / "EMEA credit")
    report = tenor.json("ingest", fund, "--as-of", "2026-11-20")
    assert (report["portfolio"], report["as_of"]) == ("EMEA credit", "2026-11-20")
    tenor.json("ingest", fund, "--as-of", "2026-11-20")
    tenor.json("ingest", fund, "--portfolio", "apac", "--as-of", "2026-11-21")
    listed = tenor.json("portfolio", "list")
    assert [(each["name"], each["as_of"]) for each in listed] == [("apac", "2026-11-21"), ("EMEA credit", "2026-11-20")]
    assert {(each["snapshot_id"], each["sha256"]) for each in listed} == {(report["snapshot_id"], report["sha256"])}
    assert listed[0]["rows"] == report["rows"]
    said = tenor("portfolio", "list").out.decode()
    assert "apac" in said
    assert f"{report['rows']['positions']:,} positions" in said
    market = tenor.json("market", "load", SMALL_FUND / "market.json")
    (only,) = tenor.json("market", "list")
    assert (only["snapshot_id"], only["as_of"]) == (market["snapshot_id"], market["as_of"])


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--portfolio", "a\tb"), "CONTROL_CHARACTER"), (("--portfolio", "  "), "BAD_PORTFOLIO_NAME")],
)
def test_a_name_that_nobody_can_read_is_refused(tenor: Tenor, words: tuple[str, ...], code: str) -> None:
    assert tenor.refusal("ingest", SMALL_FUND, *words)["code"] == code
    assert tenor.json("portfolio", "list") == []


def test_a_date_that_is_none_is_wrong_usage(tenor: Tenor) -> None:
    answer = tenor("ingest", SMALL_FUND, "--as-of", "2026-02-30")
    assert answer.code == 2
    assert "2026-02-30" in answer.err
