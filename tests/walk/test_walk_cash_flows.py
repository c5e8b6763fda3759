"""`tenor cashflows`: the schedule of a position, by every way that a run is named and in every format."""

import csv
import io

import pyarrow.parquet as pq
import pytest

from tests.walk.command_line import Tenor
from tests.walk.conftest import Walked


@pytest.fixture(scope="module")
def loan(walking: Tenor, walked: Walked) -> tuple[str, float]:
    """A loan's id and what it is worth under BASE."""
    rows = walking.json("results", walked.run_id, "--scenario", "BASE")
    found = next(row for row in rows if row["product_type"] == "LOAN" and row["status"] == "PRICED")
    return found["position_id"], found["pv"]


def test_a_schedule_is_worth_the_position(walking: Tenor, walked: Walked, loan: tuple[str, float]) -> None:
    position, pv = loan
    rows = walking.json("cashflows", walked.run_id, "--position", position, "--scenario", "BASE")
    assert sum(row["pv"] for row in rows) == pytest.approx(pv, rel=1e-12)
    text = walking("cashflows", walked.run_id, "--position", position, "--scenario", "BASE").out.decode()
    assert [row["pay_date"] for row in csv.DictReader(io.StringIO(text))] == [row["pay_date"] for row in rows]


def test_a_run_is_named_by_its_beginning_and_as_latest(walking: Tenor, walked: Walked, loan: tuple[str, float]) -> None:
    rows = walking.json("cashflows", walked.run_id, "--position", loan[0])
    assert walking.json("cashflows", walked.run_id[:13], "--position", loan[0]) == rows
    latest = walking.json(*walked.submit, "--measures", "PV", "--wait", "--workers", "1")["run_id"]
    assert walking.json("run", "show", "latest")["run_id"] == latest
    base = [row for row in rows if row["scenario_id"] == "BASE"]
    assert walking.json("cashflows", "latest", "--position", loan[0]) == base
    assert walking.refusal("cashflows", "no-run", "--position", loan[0])["code"] == "UNKNOWN_RUN"


def test_every_format_that_is_offered_is_written(
    walking: Tenor, walked: Walked, loan: tuple[str, float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    words = ("cashflows", walked.run_id, "--position", loan[0], "--scenario", "BASE", "--format")
    folder = tmp_path_factory.mktemp("flows")
    rows = walking.json(*words[:-1])
    for name in ("csv", "parquet", "arrow", "xlsx", "json", "table"):
        answer = walking(*words, name, "--out", folder / f"flows.{name}")
        assert answer.code == 0, answer.err
        assert (folder / f"flows.{name}").stat().st_size > 0
    assert pq.read_table(folder / "flows.parquet").num_rows == len(rows)
    shown = walking(*words, "table").out.decode()
    assert "pay_date" in shown and rows[0]["pay_date"] in shown
