"""`tenor cashflows --bridge`: from one run to another, on the command line and over HTTP, and what is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from ops.read_models import build_projections
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from projections.engine.runner import catch_up
from tests.builders.two_days import FIRST, SECOND, market, write_day
from tests.walk.command_line import Tenor, one_at_a_time
from tests.walk.oracle.bridge import STEPS, bridge

COLUMNS = ["group", "step", "duration_yr", "effect_yr", "pv_base"]


@dataclass(frozen=True)
class Brought:
    first: str
    second: str
    folders: tuple[Path, Path]

    @property
    def words(self) -> tuple[str, ...]:
        return ("cashflows", "--bridge", "--from", self.first, "--to", self.second)


def submit(tenor: Tenor, folder: Path, *words: str) -> str:
    portfolio, market_id = tenor.bring(folder)
    submitted = ("run", "submit", "--portfolio", portfolio, "--market", market_id, "--wait", "--workers", "1")
    with one_at_a_time(tenor.kernels):
        return str(tenor.json(*submitted, "--measures", "PV,DV01,EFFECTIVE_DURATION", *words)["run_id"])


@pytest.fixture(scope="module")
def brought(walking: Tenor, tmp_path_factory: pytest.TempPathFactory) -> Brought:
    first, second = (tmp_path_factory.mktemp(f"day{number}") for number in (1, 2))
    write_day(first, FIRST), write_day(second, SECOND)
    return Brought(submit(walking, first), submit(walking, second), (first, second))


@pytest.fixture(scope="module")
def client(walking: Tenor, brought: Brought) -> Iterator[TestClient]:
    assert brought.second
    with open_tenor(Settings(walking.home, walking.database_url)) as tenor:
        for projection in build_projections(tenor.storage):
            catch_up(projection, tenor.store, tenor.database.connect)
        yield TestClient(build_app(tenor, ("cashflow",)), raise_server_exceptions=False)


def test_every_step_is_the_second_implementations(walking: Tenor, brought: Brought, tmp_path: Path) -> None:
    plain = bridge(*brought.folders, tmp_path, lambda terms: terms.position["book_id"])
    rows = walking.json(*brought.words, "--by", "book")
    assert [row["step"] for row in rows] == [*STEPS, *STEPS] and list(rows[0]) == COLUMNS
    for row in rows:
        expected = plain[row["group"], row["step"]]
        assert (row["duration_yr"], row["pv_base"]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("by", ["book", "currency", "fund", "team"])
def test_it_begins_and_ends_with_the_runs_own_totals(walking: Tenor, brought: Brought, by: str) -> None:
    rows = walking.json(*brought.words, "--by", by)
    for run, step in ((brought.first, "FROM"), (brought.second, "TO")):
        totals = {row[by]: row for row in walking.json("results", run, "--by", by)}
        shown = {row["group"]: row for row in rows if row["step"] == step}
        assert totals.keys() <= shown.keys()
        for group, row in shown.items():
            told = totals.get(group, {"effective_duration": 0.0, "pv_base": 0.0})
            expected = (told["effective_duration"], told["pv_base"])
            assert (row["duration_yr"], row["pv_base"]) == pytest.approx(expected, rel=1e-12)


def test_http_says_what_the_command_line_says(walking: Tenor, brought: Brought, client: TestClient) -> None:
    asked = {"from": brought.first, "to": brought.second}
    for by in ({}, {"by": "book"}, {"by": "desk,currency"}, {"by": "node"}):
        words = [word for name, value in by.items() for word in (f"--{name}", value)]
        shown = walking.json(*brought.words, *words)
        assert client.get("/api/v1/cashflow/bridge", params=asked | by).json() == shown
    short = client.get("/api/v1/cashflow/bridge", params={"from": brought.first[:13], "to": brought.second})
    assert short.json() == walking.json(*brought.words)
    assert short.json()[0]["group"] == "ALL"


def test_every_format_is_written(walking: Tenor, brought: Brought, tmp_path: Path) -> None:
    for name in ("csv", "parquet", "arrow", "xlsx", "json", "table"):
        answer = walking(*brought.words, "--format", name, "--out", tmp_path / f"bridge.{name}")
        assert answer.code == 0, answer.err
    assert pq.read_table(tmp_path / "bridge.parquet").column_names == COLUMNS
    assert (tmp_path / "bridge.csv").read_text().splitlines()[0].split(",") == COLUMNS


def test_what_cannot_be_bridged_is_refused_with_its_fix(
    walking: Tenor, brought: Brought, client: TestClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_day(tmp_path_factory.mktemp("other"), SECOND, held={"N9": ("ONE", 100, "")})
    other = submit(walking, write_day(folder, SECOND, market(SECOND), {"N9": ("ONE", 100, "")}))
    euro = submit(walking, brought.folders[1], "--base-currency", "EUR")
    problem = walking.refusal("cashflows", "--bridge", "--from", brought.first, "--to", other)
    assert problem["code"] == "OTHER_BOOKS"
    problem = walking.refusal("cashflows", "--bridge", "--from", brought.first, "--to", euro)
    assert problem["code"] == "OTHER_BASE_CURRENCY"
    assert walking.refusal("cashflows", "--bridge", "--from", "none", "--to", euro)["code"] == "UNKNOWN_RUN"
    assert walking.refusal(*brought.words, "--by", "teem")["code"] == "CASH_FLOWS_REFUSED"
    assert walking.refusal(*brought.words, "--node", "ONE")["code"] == "WHAT_IS_SHOWN"
    assert walking("cashflows", "--bridge", "--from", euro).code == 2
    assert walking("cashflows", "--position", "Z2").code == 2
    answer = client.get("/api/v1/cashflow/bridge", params={"from": brought.first, "to": other})
    assert answer.status_code == 422 and "no position in common" in answer.json()["detail"]
    missing = client.get("/api/v1/cashflow/bridge", params={"from": "none", "to": other})
    assert missing.status_code == 404
