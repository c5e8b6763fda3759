"""What commands say to a person is so, is whole, and reads as it would be said aloud."""

import csv
import io
import re
from pathlib import Path

from tests.walk.command_line import SMALL_FUND, Tenor
from tests.walk.conftest import Walked
from tests.walk.fund_files import copied, words_of

MARKET_DAY = "2026-01-23"


def lines(tenor: Tenor, *words: str | Path) -> list[str]:
    answer = tenor(*words)
    assert answer.code == 0, answer.err
    return answer.out.decode().splitlines()


def test_a_portfolio_and_a_market_of_two_dates_are_said_in_one_sentence(
    walking: Tenor, walked: Walked, tmp_path: Path
) -> None:
    folder = copied(SMALL_FUND, tmp_path / "fund")
    with (folder / "positions.csv").open() as file:
        kept = file.readlines()[:-1]  # other content, so that it is another snapshot
    (folder / "positions.csv").write_text("".join(kept))
    (portfolio,) = [walking.json("ingest", folder)["snapshot_id"]]
    ids = words_of(portfolio, walked.market, "--measures", "PV")
    told = walking.json("check", *ids)["remarks"]
    assert [each["code"] for each in told] == ["DATES_DIFFER"]
    assert re.search(r"dated \d{4}-\d\d-\d\d \(the day it was brought\), the market " + MARKET_DAY, told[0]["sentence"])
    assert f"--as-of {MARKET_DAY}" in told[0]["fix"]
    assert [line for line in lines(walking, "check", *ids) if line.startswith("dates ")]
    submitted = walking("run", "submit", *ids, "--json")
    assert submitted.code == 0 and told[0]["sentence"] in submitted.err
    walking.json("run", "cancel", submitted.document["run_id"])
    walking.json("ingest", folder, "--as-of", MARKET_DAY)  # the same content under the market's date too
    assert walking.json("check", *ids)["remarks"] == []
    again = walking("run", "submit", *ids, "--json")
    assert again.err == ""
    walking.json("run", "cancel", again.document["run_id"])


def test_a_run_on_which_nobody_works_says_how_to_go_on(walking: Tenor, walked: Walked) -> None:
    """As after a kill of the command that had brought the workers."""
    said = lines(walking, *walked.submit, "--measures", "PV")
    run_id = said[0].split()[1]
    assert f"`tenor run watch {run_id}`" in said[-1]
    assert lines(walking, "run", "show", run_id)[-1] == said[-1]
    assert "`tenor run watch`" in walking.refusal("results", run_id)["fix"]
    walking.json("run", "cancel", run_id)
    assert "no worker" not in lines(walking, "run", "show", run_id)[-1]


def test_a_refused_portfolio_is_summed_up_in_one_true_sentence(walking: Tenor, tmp_path: Path) -> None:
    folder = copied(SMALL_FUND, tmp_path / "fund")
    rows = (folder / "positions.csv").read_text().splitlines()
    rows[1], rows[2] = (re.sub(r"^([^,]*,[^,]*),[^,]*", r"\1,NOWHERE", each) for each in rows[1:3])
    (folder / "positions.csv").write_text("\n".join(rows) + "\n")
    answer = walking("ingest", folder)
    said = answer.out.decode()
    assert answer.code == 1 and "accepted" not in said
    assert (
        "nothing was stored: 2 of 100 rows are wrong; mend them and bring the portfolio again, or store the other 98"
        in said
    )
    assert "(and 1 more row)" in answer.err
    stored = walking("ingest", folder, "--accept-valid").out.decode()
    assert "accepted  98 rows, rejected 2" in stored and "nothing was stored" not in stored
    (folder / "instruments.csv").unlink()
    for more in ((), ("--accept-valid",)):
        assert "--accept-valid" not in walking("ingest", folder, *more).out.decode()
    nowhere = walking("ingest", tmp_path / "nowhere")
    assert nowhere.out.decode() == "nothing was stored; mend what the errors name, then bring it again\n"
    assert lines(walking, "ingest", SMALL_FUND, "--dry-run")[-1] == "nothing was stored: this was a dry run"


def test_reasons_are_of_the_columns_that_are_shown(walking: Tenor, walked: Walked) -> None:
    def reasons(*more: str) -> set[str]:
        answer = walking("results", walked.run_id, "--scenario", "BASE", "--format", "csv", *more)
        rows = csv.DictReader(io.StringIO(answer.out.decode()))
        return {part.partition(":")[0] for row in rows for part in row["reason"].split(";") if part}

    every = reasons()
    assert {"VEGA", "YIELD", "Z_SPREAD"} < every
    assert reasons("--columns", "vega,pv") == {"VEGA"}
    assert reasons("--columns", "vega,pv", "--where", "product_type=LOAN") == {"VEGA"}
    assert reasons("--columns", "pv") == set()
    assert reasons("--columns", "detail") == every


def test_a_run_is_shown_without_the_marks_of_a_programming_language(walking: Tenor, walked: Walked) -> None:
    shown = lines(walking, "run", "show", walked.run_id)
    assert not [line for line in shown if re.search(r"[\[\]{}']|None|\+00:00", line)], shown
    assert next(line for line in shown if line.startswith("scenarios")).split()[1] == "BASE,"


def test_lineage_names_the_currency(walking: Tenor, walked: Walked) -> None:
    rows = walking.json("results", walked.run_id, "--scenario", "BASE", "--where", "currency=EUR", "--columns", "pv")
    position = rows[0]["position_id"]
    said = {
        measure: lines(walking, "audit", "lineage", walked.run_id, position, measure)[0]
        for measure in ("PV", "DV01", "DV01_BASE", "FX_DELTA", "EFFECTIVE_DURATION")
    }
    assert [re.findall(r"\(.*?\)", each)[0] for each in said.values()] == [
        "(EUR)", "(EUR per bp)", "(USD per bp)", "(USD)", "(years)",
    ]  # fmt: skip


def test_lists_of_snapshots_say_their_dates(walking: Tenor, walked: Walked) -> None:
    assert walked
    for what in ("portfolio", "market"):
        rows = walking.json(what, "list")
        shown = lines(walking, what, "list")
        assert len(shown) == len(rows)
        assert all(row["as_of"] in line.split() for row, line in zip(rows, shown, strict=True))


def test_names_that_are_not_there_are_answered_with_the_nearest(walking: Tenor, walked: Walked) -> None:
    def fix(*words: str) -> str:
        said: str = walking.refusal(*words)["fix"]
        return said

    assert fix(*walked.submit, "--scenarios", "UP100") == "the nearest: up100, up200"
    assert fix(*walked.submit, "--scenarios", "up100@99") == "its versions are 1 to 1"
    assert fix(*walked.submit, "--scenarios", "@nigthly") == "the nearest: nightly"
    assert fix(*walked.submit, "--measures", "DV1") == "the nearest is DV01"
    assert fix("model", "approve", "swap", "--reason", "x").startswith("the nearest: swaps, in versions 1 to")
    assert "the nearest: swaps" in fix("model", "show", "swap")
    check = ("check", *walked.submit[2:])
    assert fix(*check, "--scenarios", "UP100") == "the nearest: up100, up200"


def test_a_file_of_the_wrong_kind_is_named_as_what_it_is(walking: Tenor) -> None:
    assert "`tenor scenario set`" in walking.refusal("scenario", "define", SMALL_FUND / "scenario_set.json")["fix"]
    assert '"scenario_set_id"' in walking.refusal("scenario", "set", SMALL_FUND / "scenarios.json")["fix"]
    answer = walking("audit", "check", SMALL_FUND / "market.json")
    said = answer.out.decode()
    assert answer.code == 1 and "None" not in said and "validation error" not in said
    assert "this is not a certificate" in said and "does NOT hold" in said


def test_the_days_to_be_expected_are_not_rounded_away(walking: Tenor, tmp_path: Path) -> None:
    file = tmp_path / "pnl.csv"
    file.write_text("date,pnl,var\n2026-01-20,-120,200\n2026-01-21,-260,200\n2026-01-22,75,210\n")
    assert "0.03 were to be expected" in lines(walking, "backtest", file)[0]


def test_groups_are_not_cut_at_what_is_no_edge(walking: Tenor, walked: Walked) -> None:
    problem = walking.refusal("results", walked.run_id, "--by", "fico:low")
    assert problem["message"] == "'low' is no edge to cut fico at" and "fico:620" in problem["fix"]
