"""A run that lacks something says so wherever it is looked at: by sentence and count, on the terminal and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.walk.command_line import SMALL_FUND, Tenor
from tests.walk.conftest import Walked

SENTENCE = "the market has no spot for GBPUSD"


@pytest.fixture(scope="module")
def holed(walking: Tenor, walked: Walked, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The small fund over a market without a spot for sterling, waited for as a person does: no --json."""
    market = json.loads((SMALL_FUND / "market.json").read_text())
    market["fx_spots"] = [spot for spot in market["fx_spots"] if spot["pair"] != "GBPUSD"]
    file: Path = tmp_path_factory.mktemp("market") / "market.json"
    file.write_text(json.dumps(market))
    loaded = walking.json("market", "load", file)["snapshot_id"]
    asked = ("run", "submit", "--portfolio", walked.portfolio, "--market", loaded, "--measures", "PV,DV01")
    return walking(*asked, "--wait", "--workers", "1")


def test_submit_ends_with_what_is_missing(holed: Any) -> None:
    assert holed.code == 0, holed.err
    lines = holed.out.decode().splitlines()
    first = next(place for place, line in enumerate(lines) if " positions " in line and line.startswith("of "))
    assert "no value" in lines[first]
    assert any(SENTENCE in line and "position" in line for line in lines[first + 1 :])


def test_show_says_the_same(walking: Tenor, holed: Any) -> None:
    run_id = holed.out.decode().splitlines()[0].split()[1]
    row = walking.json("run", "show", run_id)
    (failure,) = [each for each in row["failures"] if SENTENCE in each["sentence"]]
    assert (failure["status"], failure["reason"]) == ("FAILED", "MISSING_MARKET_DATA")
    assert failure["positions"] >= 1 and failure["first"]
    assert sum(each["positions"] for each in row["failures"] if each["status"] == "FAILED") == row["failed"]
    assert sum(each["positions"] for each in row["failures"] if each["status"] == "PARTIAL") == row["partial"]
    text = walking("run", "show", run_id).out.decode()
    who = "1 position" if failure["positions"] == 1 else f"{failure['positions']} positions"
    assert f"  {who}: {failure['sentence']}" in text


def test_beside_json_it_goes_to_stderr(walking: Tenor, holed: Any) -> None:
    run_id = holed.out.decode().splitlines()[0].split()[1]
    watched = walking("run", "watch", run_id, "--json")
    assert watched.document["run_id"] == run_id and "failures" not in watched.document
    assert SENTENCE in watched.err
