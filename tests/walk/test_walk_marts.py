"""What docs/marts.md and docs/schedules-and-messages.md show is done as it stands, over the small fund's run."""

import csv
import io
import json
import shlex
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from psycopg.conninfo import make_conninfo

from tests.builders.pages import blocks, files_of
from tests.walk.command_line import Tenor
from tests.walk.conftest import Walked


def commands(page: str) -> list[list[str]]:
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("page", ["marts.md", "schedules-and-messages.md"])
def test_every_command_of_the_page_answers(
    walking: Tenor, walked: Walked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    assert walked.run_id
    monkeypatch.chdir(tmp_path)
    for name, text in files_of(page).items():
        (tmp_path / name).write_text(text)
    for words in commands(page):
        assert words.pop(0) == "tenor"
        answer = walking(*words, "--json")
        assert answer.code == 0, (words, answer.err)
        assert [json.loads(line) for line in answer.out.decode().splitlines()], words


def rows_of(walking: Tenor, *words: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(walking("results", *words, "--format", "csv").out.decode())))


def test_tables_say_what_results_say_and_a_reader_sees_its_node(walking: Tenor, walked: Walked, tmp_path: Path) -> None:
    """Real figures of every scenario: compared as the doubles that the texts of the csv are."""
    run = walked.run_id
    walking.json("mart", "publish", run)
    made = walking.json("mart", "reader", "create", "walk_bi", "--node", "HARBOUR")
    assert walking.database_url
    try:
        shown = {(row["scenario_id"], row["position_id"]): row for row in rows_of(walking, run)}
        with psycopg.connect(walking.database_url) as connection:
            compare(connection, shown, "position_result", ("scenario_id", "position_id"))
            totals = {(row["scenario_id"], row["node"]): row for row in rows_of(walking, run, "--by", "node")}
            compare(connection, totals, "total", ("scenario_id", "node_id"))
        own = make_conninfo(walking.database_url, user=made["name"], password=made["password"])
        below = {row["position_id"] for row in rows_of(walking, run, "--node", "HARBOUR")}
        with psycopg.connect(own) as connection:
            seen = connection.execute("SELECT DISTINCT position_id FROM mart.position_result").fetchall()
        assert {row[0] for row in seen} == below
        assert 0 < len(below) <= len({position for _, position in shown})
        walking.json("mart", "export", run, "--out", str(tmp_path))
        assert pq.read_table(tmp_path / "position_result").num_rows == len(shown)
    finally:
        walking.json("mart", "reader", "drop", "walk_bi")
        walking.json("mart", "drop", run)


def compare(connection: Any, shown: dict[Any, dict[str, str]], table: str, keys: tuple[str, str]) -> None:
    cursor = connection.execute(f"SELECT * FROM mart.{table}")  # noqa: S608
    names = [column.name for column in cursor.description]
    stored = [dict(zip(names, row, strict=True)) for row in cursor]
    assert {tuple(row[key] for key in keys) for row in stored} == set(shown)
    measured = [name for name in names if name in next(iter(shown.values())) and name not in keys]
    assert {"pv", "pv_base", "dv01"} <= set(measured)
    for row in stored:
        said = shown[tuple(row[key] for key in keys)]
        for name in measured:
            value = row[name]
            expected = float(said[name]) if isinstance(value, float) else said[name] or ("" if value == "" else None)
            assert value == expected, (table, name, said)
