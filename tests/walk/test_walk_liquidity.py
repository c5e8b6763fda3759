"""`tenor cashflows RUN --liquidity`: every set, at nodes, on the command line and over HTTP, and what is refused."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.builders.liquidity_fund import write_fund
from tests.builders.read_models import catch_up_all
from tests.walk.command_line import Tenor, one_at_a_time
from tests.walk.oracle.liquidity import table
from tests.walk.oracle.market import read_market, read_scenarios
from tests.walk.oracle.terms import read_positions

SETS = ("LCR", "NSFR", "LIQUIDATION")
COLUMNS = [
    *("rule_set", "effective_from", "paragraph", "side", "item", "currency", "amount", "factor", "weighted"),
    *("amount_base", "weighted_base", "positions"),
]


@dataclass(frozen=True)
class Brought:
    run_id: str
    folder: Path


@pytest.fixture(scope="module")
def brought(walking: Tenor, tmp_path_factory: pytest.TempPathFactory) -> Brought:
    folder = write_fund(tmp_path_factory.mktemp("liquidity"))
    return Brought(submit(walking, folder), folder)


def submit(tenor: Tenor, folder: Path) -> str:
    portfolio, market = tenor.bring(folder)
    tenor.json("scenario", "define", folder / "scenarios.json")
    words = ("run", "submit", "--portfolio", portfolio, "--market", market, "--scenarios", "rates_higher,weak")
    with one_at_a_time(tenor.kernels):
        return str(tenor.json(*words, "--measures", "PV", "--wait", "--workers", "1")["run_id"])


@pytest.fixture(scope="module")
def client(walking: Tenor, brought: Brought) -> Iterator[TestClient]:
    assert brought.run_id
    with open_tenor(Settings(walking.home, walking.database_url)) as tenor:
        catch_up_all(tenor.storage)
        yield TestClient(build_app(tenor, ("cashflow",)), raise_server_exceptions=False)


@pytest.mark.parametrize("scenario", ["BASE", "rates_higher", "weak"])
@pytest.mark.parametrize("rule_set", SETS)
def test_every_row_is_the_second_implementations(
    walking: Tenor, brought: Brought, rule_set: str, scenario: str
) -> None:
    rows = walking.json("cashflows", brought.run_id, "--liquidity", rule_set, "--scenario", scenario)
    market = read_scenarios(brought.folder, read_market(brought.folder))[scenario]
    plain = table(rule_set, read_positions(brought.folder), market)
    assert list(rows[0]) == COLUMNS
    assert {row["rule_set"] for row in rows} == {rule_set}
    for row in rows:
        base = row["item"] == "TOTAL"
        amount, weighted, positions = plain[row["side"], row["item"], "" if base else row["currency"]]
        told = (row["amount_base"], row["weighted_base"]) if base else (row["amount"], row["weighted"])
        expected = tuple(
            None if each is None else pytest.approx(each, rel=1e-9, abs=1e-9) for each in (amount, weighted)
        )
        assert (told, row["positions"]) == (expected, positions), row
        if row["factor"] is not None and row["amount"] is not None:
            assert row["weighted"] == pytest.approx(row["amount"] * row["factor"], rel=1e-12)
    assert len(rows) == len(plain)


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("rule_set", SETS)
def test_http_says_what_the_command_line_says(
    walking: Tenor, brought: Brought, client: TestClient, rule_set: str
) -> None:
    address = f"/api/v1/cashflow/runs/{brought.run_id}/liquidity/{rule_set}"
    for asked in ({}, {"node": "LENDING"}, {"node": "BONDS", "scenario": "weak"}):
        words = [word for name, value in asked.items() for word in (f"--{name}", value)]
        shown = walking.json("cashflows", brought.run_id, "--liquidity", rule_set, *words)
        assert client.get(address, params=asked).json() == shown
    latest = client.get(f"/api/v1/cashflow/runs/latest/liquidity/{rule_set.lower()}").json()
    assert latest == client.get(address).json()


def test_every_format_is_written(walking: Tenor, brought: Brought, client: TestClient, tmp_path: Path) -> None:
    words = ("cashflows", brought.run_id, "--liquidity", "LCR", "--format")
    rows = walking.json(*words[:-1])
    for name in ("csv", "parquet", "arrow", "xlsx", "json", "table"):
        answer = walking(*words, name, "--out", tmp_path / f"lcr.{name}")
        assert answer.code == 0, answer.err
    assert pq.read_table(tmp_path / "lcr.parquet").num_rows == len(rows)
    assert pa.ipc.open_stream((tmp_path / "lcr.arrow").read_bytes()).read_all().column_names == COLUMNS
    lines = list(csv.DictReader(io.StringIO((tmp_path / "lcr.csv").read_text())))
    assert [float(line["weighted_base"] or "nan") for line in lines] == pytest.approx(
        [float("nan") if row["weighted_base"] is None else row["weighted_base"] for row in rows], rel=0, nan_ok=True
    )
    assert "LEVEL_1" in (tmp_path / "lcr.table").read_text()
    address = f"/api/v1/cashflow/runs/{brought.run_id}/liquidity/LCR"
    told = client.get(address, headers={"Accept": "text/csv"})
    assert told.text.splitlines()[0].split(",") == COLUMNS
    assert client.get(f"{address}?format=xlsx").content[:2] == b"PK"


REFUSED: list[tuple[tuple[str, ...], str, str]] = [
    (("--liquidity", "NFSR"), "UNKNOWN_RULE_SET", "use one of LCR, NSFR, LIQUIDATION"),
    (("--liquidity", "LCR", "--node", "NOWHERE"), "UNKNOWN_NODE", "use one of "),
    (("--liquidity", "LCR", "--scenario", "down"), "UNKNOWN_SCENARIO", "use one of BASE"),
    (("--liquidity", "LCR", "--position", "P-AUTO"), "WHAT_IS_SHOWN", "name one of --position, --deal"),
    (("--liquidity", "LCR", "--by", "desk"), "WHAT_IS_SHOWN", "leave them out"),
]


@pytest.mark.parametrize(("words", "code", "fix"), REFUSED)
def test_what_is_not_there_is_refused_with_its_fix(
    walking: Tenor, brought: Brought, words: tuple[str, ...], code: str, fix: str
) -> None:
    problem = walking.refusal("cashflows", brought.run_id, *words)
    assert (problem["code"], problem["fix"][: len(fix)]) == (code, fix)


@pytest.mark.parametrize(
    ("asked", "said"),
    [("NFSR", "no rule set"), ("LCR?node=NOWHERE", "no node 'NOWHERE'"), ("LCR?scenario=down", "no scenario 'down'")],
)
def test_http_does_not_find_what_is_not_there(brought: Brought, client: TestClient, asked: str, said: str) -> None:
    answer = client.get(f"/api/v1/cashflow/runs/{brought.run_id}/liquidity/{asked}")
    problem: dict[str, Any] = answer.json()
    assert answer.status_code == 404 and said in problem["detail"] and problem["fix"]


def test_rules_that_have_not_begun_are_refused(walking: Tenor, tmp_path: Path) -> None:
    """The ratio of stable funding is of 2018."""
    run_id = submit(walking, write_fund(tmp_path, as_of="2017-06-30"))
    problem = walking.refusal("cashflows", run_id, "--liquidity", "NSFR")
    assert (problem["code"], "2018-01-01" in problem["message"]) == ("RULE_SET_NOT_IN_FORCE", True)
    assert walking.json("cashflows", run_id, "--liquidity", "LCR")[0]["effective_from"] == "2015-01-01"
