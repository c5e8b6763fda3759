"""Results as a person asks for them: filters, further columns, groups, a table that fits, a workbook that explains."""

import csv
import io
import os
import pty
import struct
import sys
import termios
import zipfile
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.walk.command_line import SMALL_FUND, Tenor
from tests.walk.conftest import Walked

FIRST = ["position_id", "instrument_id", "book_id", "product_type", "currency", "scenario_id", "status", "reason"]


def brought() -> dict[str, dict[str, str]]:
    """The positions as the file has them: what a filter must find."""
    with (SMALL_FUND / "positions.csv").open(newline="", encoding="utf-8") as file:
        return {row["position_id"]: row for row in csv.DictReader(file)}


def test_a_filter_on_attributes_finds_what_the_file_says(walking: Tenor, walked: Walked) -> None:
    wanted = [
        name
        for name, row in brought().items()
        if (row["fico"] and float(row["fico"]) >= 700 and row["state"] in ("CA", "OH")) or row["accounting_class"] == ""
    ]
    where = "fico>=700 and state in (CA, OH) or accounting_class is empty"
    rows = walking.json("results", walked.run_id, "--scenario", "BASE", "--where", where)
    assert sorted(row["position_id"] for row in rows) == sorted(wanted)
    whole = {row["position_id"]: row for row in walking.json("results", walked.run_id, "--scenario", "BASE")}
    assert all(row == whole[row["position_id"]] for row in rows)


def test_columns_and_further_ones(walking: Tenor, walked: Walked) -> None:
    words = ("--scenario", "BASE", "--columns", "dv01_base,pv", "--with", "notional,sector,origination_date,desk")
    rows = walking.json("results", walked.run_id, *words)
    assert list(rows[0]) == [*FIRST, "dv01_base", "pv", "notional", "sector", "origination_date", "desk"]
    for row in rows:
        told = brought()[row["position_id"]]
        assert row["notional"] == float(told["notional"])
        assert (row["origination_date"] or "") == told["origination_date"]


def test_totals_by_several_names_add_up(walking: Tenor, walked: Walked) -> None:
    words = ("results", walked.run_id, "--scenario", "BASE", "--columns", "pv_base", "--by")
    (whole,) = walking.json(*words, "total")
    for by in ("desk,state", "fico:620,680,740", "product_type,fico:700,currency", "origination_date:2020-01-01"):
        rows = walking.json(*words, by)
        assert sum(row["positions"] for row in rows) == whole["positions"], by
        assert sum(row["pv_base"] or 0 for row in rows) == pytest.approx(whole["pv_base"], rel=1e-12), by
    bands = walking.json(*words, "fico:680,740")
    scores = [float(row["fico"]) for row in brought().values() if row["fico"]]
    assert {row["fico"]: row["positions"] for row in bands}[">=740"] == sum(score >= 740 for score in scores)


@pytest.mark.parametrize(
    ("words", "code", "fix"),
    [
        (("--where", "fico>=700 and"), "BAD_FILTER", "NAME in (A, B)"),
        (("--where", "ficco>=700"), "RESULTS_REFUSED", "fico"),
        (("--columns", "dv02"), "RESULTS_REFUSED", "dv01"),
        (("--measures", "DV02"), "RESULTS_REFUSED", "DV01"),
        (("--with", "sectr"), "RESULTS_REFUSED", "sector"),
        (("--by", "desk,sttae"), "RESULTS_REFUSED", "state"),
        (("--by", "desk", "--with", "state"), "RESULTS_REFUSED", "--by"),
        (("--node", "HARBOR"), "RESULTS_REFUSED", "HARBOUR"),
    ],
)
def test_what_is_mistyped_is_told_what_is_near(
    walking: Tenor, walked: Walked, words: tuple[str, ...], code: str, fix: str
) -> None:
    problem = walking.refusal("results", walked.run_id, *words)
    assert problem["code"] == code
    assert fix in problem["fix"]
    assert "\n" not in problem["fix"]


def test_a_table_says_what_it_does_not_show(walking: Tenor, walked: Walked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")  # whoever runs the tests may have said another
    said = walking("results", walked.run_id, "--format", "table").out.decode().splitlines()
    assert said[0].split()[0] == "position_id"
    assert "pv" in said[0].split()
    assert max(map(len, said[:-3])) <= 120
    last = next(line for line in said if " rows, " in line)
    assert "--format csv --out FILE" in last
    assert f"of {len(brought()) * 15:,} rows" in last
    few = walking(
        "results", walked.run_id, "--format", "table", "--by", "desk", "--columns", "pv_base", "--scenario", "BASE"
    )
    assert "," in few.out.decode().splitlines()[3].split()[-1] or "." in few.out.decode().splitlines()[3]


def test_on_a_terminal_a_table_that_fits(walking: Tenor, walked: Walked) -> None:
    said = on_a_terminal(walking, 90, "results", walked.run_id, "--scenario", "BASE")
    lines = said.splitlines()
    assert lines[0].startswith("position_id")
    assert max(map(len, lines[: lines.index(next(line for line in lines if " rows, " in line))])) < 90
    assert not lines[0].startswith("position_id,")


def on_a_terminal(tenor: Tenor, columns: int, *words: str) -> str:
    """What the program shows on a terminal of so many columns."""
    assert tenor.database_url
    program = [str(Path(sys.executable).with_name("tenor")), *words, "--database-url", tenor.database_url]
    child, terminal = pty.fork()
    if child == 0:
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        os.execve(program[0], program, environment | {"TENOR_HOME": str(tenor.home)})
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    said = b""
    try:
        while piece := os.read(terminal, 65_536):
            said += piece
    except OSError:  # the program has ended
        pass
    os.waitpid(child, 0)
    return said.decode().replace("\r\n", "\n")


def test_a_workbook_explains_itself(walking: Tenor, walked: Walked, tmp_path: Path) -> None:
    out = tmp_path / "results.xlsx"
    words = ("--with", "notional,origination_date", "--out", out)
    assert walking("results", walked.run_id, "--format", "xlsx", *words).code == 0
    book = CalamineWorkbook.from_path(out)
    assert (book.sheet_names[0], book.sheet_names[-1], len(book.sheet_names)) == ("BASE", "about", 16)
    about = {row[0]: row[1] for row in book.get_sheet_by_name("about").to_python() if row[0]}
    shown = walking.json("run", "show", walked.run_id)
    assert (about["run"], about["as of"], about["base currency"]) == (
        walked.run_id,
        shown["as_of"],
        shown["base_currency"],
    )
    assert about["pv"] == "currency"
    assert "left out" in about
    with zipfile.ZipFile(out) as archive:
        sheet, styles = archive.read("xl/worksheets/sheet1.xml").decode(), archive.read("xl/styles.xml").decode()
    assert 'state="frozen"' in sheet
    assert "<autoFilter" in sheet
    assert '#,##0.00"' in styles
    assert "<b/>" in styles


def test_csv_stays_what_programs_read(walking: Tenor, walked: Walked) -> None:
    """A pipe is no terminal."""
    answer = walking("results", walked.run_id, "--scenario", "BASE", "--columns", "pv")
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(answer.out.decode())))
    assert list(rows[0]) == [*FIRST, "pv"]
    assert len(rows) == len(brought())
