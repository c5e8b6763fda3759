"""Bad input: one clear problem with its fix, exit 1, and nothing stored."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.walk.command_line import SMALL_FUND, Tenor
from tests.walk.conftest import Walked
from tests.walk.fund_files import as_workbook

Damage = Callable[[Path], Path]
"""Does one thing to a good copy of the small fund, and says what to bring."""

EVERYTHING = """
SELECT (SELECT count(*) FROM ledger_events WHERE topic <> 'portfolio.rejected'), (SELECT count(*) FROM blob),
       (SELECT count(*) FROM pgqueuer)
"""
"""The log, of which every read model is made, but for what says that something was refused; the blobs; the queue."""


@pytest.fixture
def fund(tmp_path: Path) -> Path:
    return shutil.copytree(SMALL_FUND, tmp_path / "fund")


def stored(tenor: Tenor) -> tuple[int, ...]:
    assert tenor.database_url
    with psycopg.connect(tenor.database_url) as connection:
        row = connection.execute(EVERYTHING).fetchone()
    assert row is not None
    return row


def edit(table: str, old: str, new: str) -> Damage:
    def damage(fund: Path) -> Path:
        path = fund / f"{table}.csv"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
        return fund

    return damage


def replaced(table: str, content: bytes) -> Damage:
    def damage(fund: Path) -> Path:
        (fund / f"{table}.csv").write_bytes(content)
        return fund

    return damage


def removed(table: str) -> Damage:
    def damage(fund: Path) -> Path:
        (fund / f"{table}.csv").unlink()
        return fund

    return damage


def header_only(table: str) -> Damage:
    def damage(fund: Path) -> Path:
        path = fund / f"{table}.csv"
        path.write_text(path.read_text().splitlines()[0] + "\n")
        return fund

    return damage


def nowhere(fund: Path) -> Path:
    return fund / "nowhere"


def empty_folder(fund: Path) -> Path:
    (fund / "empty").mkdir()
    return fund / "empty"


def latin_1(fund: Path) -> Path:
    path = fund / "issuers.csv"
    path.write_bytes(path.read_text().replace("United States", "États-Unis").encode("latin-1"))
    return fund


def utf_16(fund: Path) -> Path:
    path = fund / "positions.csv"
    path.write_bytes(path.read_text().encode("utf-16"))
    return fund


def formula(fund: Path) -> Path:
    return as_workbook(fund, formula="=18000+450.27")


def bomb(fund: Path) -> Path:
    """Half a gigabyte of zeros in half a megabyte."""
    workbook = as_workbook(fund)
    with (
        zipfile.ZipFile(workbook, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/zeros.bin", "w", force_zip64=True) as member,
    ):
        for _ in range(512):
            member.write(bytes(1024 * 1024))
    return workbook


def no_workbook(fund: Path) -> Path:
    (fund / "fund.xlsx").write_bytes(b"PK\x03\x04 and nothing more")
    return fund / "fund.xlsx"


PORTFOLIOS: dict[str, tuple[Damage, str]] = {
    "no such folder": (nowhere, "MISSING_SOURCE"),
    "a folder without tables": (empty_folder, "MISSING_TABLE"),
    "no positions": (removed("positions"), "MISSING_TABLE"),
    "an empty file": (replaced("positions", b""), "EMPTY_FILE"),
    "an encoding that is not UTF-8": (latin_1, "ENCODING"),
    "UTF-16": (utf_16, "ENCODING"),
    "a header without rows": (header_only("positions"), "NO_ROWS"),
    "a formula": (formula, "FORMULA"),
    "a bomb": (bomb, "ARCHIVE_BOMB"),
    "a damaged workbook": (no_workbook, "UNREADABLE"),
    "not a number": (edit("positions", "18450.27", "NaN"), "NOT_FINITE"),
    "infinity": (edit("positions", "18450.27", "inf"), "NOT_FINITE"),
    "matures before it is issued": (edit("instruments", ",,2029-03-10", ",,2023-03-10"), "DATE_ORDER"),
    "a date that is none": (edit("instruments", "2029-03-10", "2029-02-30"), "NOT_A_DATE"),
    "the same position twice": (edit("positions", "P-02,", "P-01,"), "DUPLICATE_ID"),
    "a tree that bites its tail": (edit("portfolio", "HARBOUR,,", "HARBOUR,HARBOUR-LENDING,"), "CYCLE"),
}


@pytest.mark.usefixtures("walked")
@pytest.mark.parametrize(("damage", "code"), PORTFOLIOS.values(), ids=PORTFOLIOS)
def test_a_portfolio_that_cannot_be_used(walking: Tenor, fund: Path, damage: Damage, code: str) -> None:
    before = stored(walking)
    answer = walking("ingest", damage(fund), "--json")
    assert answer.code == 1
    assert answer.document["snapshot_id"] is None
    problem = answer.document["errors"][0]
    assert problem["code"] == code and problem["message"] and problem["fix"]
    assert "Traceback" not in answer.err
    assert stored(walking) == before


@pytest.mark.usefixtures("walked")
def test_the_person_reads_the_problem_and_its_fix(walking: Tenor, fund: Path) -> None:
    answer = walking("ingest", edit("positions", "18450.27", "NaN")(fund))
    assert answer.code == 1
    assert "positions row 2 notional" in answer.err and "fix:" in answer.err


def market(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SMALL_FUND / "market.json").read_text())
    return document | changes


def with_nodes(*nodes: dict[str, Any]) -> dict[str, Any]:
    document = market()
    document["curves"][0]["nodes"] = list(nodes)
    return document


def node(tenor: str, rate: float) -> dict[str, Any]:
    return {"tenor": tenor, "rate": rate}


MARKETS: dict[str, Any] = {
    "no nodes": with_nodes(),
    "unsorted tenors": with_nodes(node("5Y", 0.04), node("1Y", 0.03)),
    "a tenor twice": with_nodes(node("1Y", 0.04), node("1Y", 0.03)),
    "the same day twice": with_nodes(node("12M", 0.04), node("1Y", 0.04), node("2Y", 0.04)),
    "a node in the past": with_nodes({"date": "2026-01-23", "rate": 0.04}, node("1Y", 0.04)),
    "a curve twice": market(curves=market()["curves"] * 2),
    "a curve that is not there": market(discount={"USD": "USD-NOWHERE"}),
    "an index without its curve": market(projection={"USD-SOFR-3M": "USD-NOWHERE"}),
    "no date": {name: value for name, value in market().items() if name != "as_of"},
    "no curves": market(curves=[]),
    "an unknown interpolation": market(curves=[market()["curves"][0] | {"interpolation": "CUBIC"}]),
    "a negative spot": market(fx_spots=[{"pair": "EURUSD", "spot": -1.1}]),
}


@pytest.mark.usefixtures("walked")
@pytest.mark.parametrize("document", MARKETS.values(), ids=MARKETS)
def test_a_market_that_cannot_be_used(walking: Tenor, tmp_path: Path, document: Any) -> None:
    path = tmp_path / "market.json"
    path.write_text(json.dumps(document))
    before = stored(walking)
    assert walking.refusal("market", "load", path)["code"] == "INVALID_MARKET"
    assert stored(walking) == before


@pytest.mark.usefixtures("walked")
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "INVALID_MARKET"),
        (b"{", "INVALID_MARKET"),
        (b"[]", "INVALID_MARKET"),
        ((SMALL_FUND / "market.json").read_text().encode("utf-16"), "INVALID_MARKET"),
        (json.dumps(market()).replace("0.0", "NaN", 1).encode(), "INVALID_MARKET"),
        (json.dumps(market()).replace('"spot": 1', '"spot": 1e999', 1).encode(), "INVALID_MARKET"),
        (b"[" * 100_000, "INVALID_MARKET"),
        (None, "UNREADABLE_FILE"),
    ],
    ids=["empty", "cut off", "a list", "UTF-16", "NaN", "infinity", "deeply nested", "missing"],
)
def test_a_file_that_is_no_market(walking: Tenor, tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "market.json"
    if content is not None:
        path.write_bytes(content)
    assert walking.refusal("market", "load", path)["code"] == code


NO_SNAPSHOT = "00000000-0000-0000-0000-000000000000"
SHOCKS: dict[str, dict[str, Any]] = {
    "a curve that is not there": {"kind": "PARALLEL", "curves": "JPY-*", "bp": 10},
    "a curve replaced that is not there": {
        "kind": "CURVE",
        "curve_id": "JPY",
        "nodes": [node("1Y", 0.01), node("2Y", 0)],
    },
    "a spread curve taken for a curve": {"kind": "PARALLEL", "curves": "BBB-LOAN", "bp": 10},
    "a rating that nobody has": {"kind": "SPREAD", "match": {"rating": "ZZZ"}, "bp": 10},
    "a column that nobody has": {"kind": "SPREAD", "match": {"colour": "red"}, "bp": 10},
    "a pair that is not quoted": {"kind": "FX", "pair": "USDJPY", "pct": 5},
    "a surface that is not there": {"kind": "VOL", "surfaces": "JPY-*", "bp": 5},
}


@pytest.fixture(scope="module")
def misfits(walking: Tenor, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Scenarios that are fine by themselves: their ids by what is wrong with them for this fund."""
    ids = {name: f"misfit{number}" for number, name in enumerate(SHOCKS)}
    path = tmp_path_factory.mktemp("scenarios") / "misfits.json"
    path.write_text(json.dumps([{"scenario_id": ids[name], "name": name, "shocks": [SHOCKS[name]]} for name in ids]))
    walking.json("scenario", "define", path)
    return ids


@pytest.mark.parametrize("what", SHOCKS)
def test_a_scenario_that_does_not_fit(walking: Tenor, walked: Walked, misfits: dict[str, str], what: str) -> None:
    before = stored(walking)
    refusal = walking.refusal(*walked.submit, "--scenarios", f"up100,{misfits[what]}")
    assert refusal["code"] == "SCENARIO_DOES_NOT_FIT"
    assert len(refusal["problems"]) == 1
    assert stored(walking) == before


def test_a_submit_of_what_does_not_exist(walking: Tenor, walked: Walked) -> None:
    def code(*words: str) -> str:
        return str(walking.refusal("run", "submit", *words)["code"])

    good = ("--portfolio", walked.portfolio, "--market", walked.market)
    before = stored(walking)
    assert code("--portfolio", NO_SNAPSHOT, "--market", walked.market) == "UNKNOWN_SNAPSHOT"
    assert code("--portfolio", walked.portfolio, "--market", NO_SNAPSHOT) == "UNKNOWN_SNAPSHOT"
    assert code("--portfolio", walked.market, "--market", walked.portfolio) == "UNKNOWN_SNAPSHOT"
    assert code("--portfolio", "fund", "--market", walked.market) == "UNKNOWN_SNAPSHOT"
    assert code(*good, "--scenarios", "up100,nowhere") == "UNKNOWN_SCENARIO"
    assert code(*good, "--scenarios", "up100@9") == "UNKNOWN_SCENARIO"
    assert code(*good, "--scenarios", "up100@0") == "UNKNOWN_SCENARIO"
    assert code(*good, "--scenarios", "up100@x") == "UNKNOWN_SCENARIO"
    assert code(*good, "--scenarios", "@nowhere") == "UNKNOWN_SCENARIO"
    assert code(*good, "--scenarios", "@nightly@7") == "UNKNOWN_SCENARIO"
    assert code(*good, "--measures", "PV,DV02") == "UNKNOWN_MEASURE"
    assert code(*good, "--base-currency", "XXX") == "UNKNOWN_CURRENCY"
    assert stored(walking) == before


def test_a_market_dated_after_everything_has_matured(walking: Tenor, walked: Walked, tmp_path: Path) -> None:
    path = tmp_path / "market.json"
    path.write_text(json.dumps(market(as_of="2090-01-02", fixings=[])))
    late = walking.json("market", "load", path)["snapshot_id"]
    refusal = walking.refusal("run", "submit", "--portfolio", walked.portfolio, "--market", late, "--wait")
    assert refusal["code"] == "PORTFOLIO_MATURED"


@pytest.mark.usefixtures("walked")
def test_a_run_over_an_empty_portfolio(walking: Tenor, fund: Path) -> None:
    """A portfolio without positions is refused when it is brought, so that no run over one can be asked for."""
    answer = walking("ingest", header_only("positions")(fund), "--accept-valid", "--json")
    assert (answer.code, answer.document["snapshot_id"]) == (1, None)
