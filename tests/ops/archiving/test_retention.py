"""Retention by policy: which runs are due, what became of them, what still holds their facts; and the commands."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest
from typer.testing import CliRunner, Result

from commands.change_run import approve_run, publish_run, reject_run
from commands.processes.run import key_prefix
from domain.event import Envelope
from domain.runs import run as runs
from ops.archiving.archive import archive
from ops.archiving.problems import RunWorkedOn
from ops.archiving.restore import restore
from ops.archiving.retention import archived_runs, retain
from ops.audit.verification.verify import verify
from ops.cli.app import app
from ops.wiring import Tenor
from tests.builders.read_models import catch_up_all
from tests.builders.sample_run import ASKED, NOW, SPACE, SampleRun
from tests.ops.archiving.conftest import publish

Command = Callable[..., Result]


def published_at(tenor: Tenor, name: str, at: datetime) -> SampleRun:
    run = SampleRun(run_id=uuid5(SPACE, name), seed=len(name)).whole(tenor)  # type: ignore[arg-type]
    asked = Envelope("tester", at, uuid5(SPACE, name))
    approve_run(tenor.store, asked, str(run.run_id), "")
    publish_run(tenor.store, asked, str(run.run_id), "")
    catch_up_all(tenor.storage)
    return run


def test_runs_published_before_the_limit_are_due(tenor: Tenor, tmp_path: Path) -> None:
    old = published_at(tenor, "old", NOW - timedelta(days=30, seconds=1))
    published_at(tenor, "young", NOW - timedelta(days=30) + timedelta(seconds=1))
    terms: dict[str, Any] = {"keep_days": 30, "to": str(tmp_path / "a"), "now": NOW, "reason": "policy"}

    planned = retain(tenor.archiving, dry_run=True, **terms)
    assert ([row["run_id"] for row in planned.due], planned.archived) == ([old.run_id], [])
    assert not (tmp_path / "a").exists()

    done = retain(tenor.archiving, dry_run=False, **terms)
    assert [one.run_id for one in done.archived] == [old.run_id]
    assert done.dropped.result_partitions == 7
    assert retain(tenor.archiving, dry_run=False, **terms).due == []


def test_a_run_that_was_brought_back_is_kept_as_long_again(tenor: Tenor, tmp_path: Path) -> None:
    run = published_at(tenor, "old", NOW - timedelta(days=400))
    archive(tenor.archiving, str(run.run_id), str(tmp_path / "a"), "")
    restore(tenor.archiving, str(run.run_id), None, "audit")
    terms: dict[str, Any] = {"keep_days": 30, "to": str(tmp_path / "a"), "reason": "", "dry_run": True}
    now = datetime.now(UTC)
    assert retain(tenor.archiving, now=now, **terms).due == []
    assert len(retain(tenor.archiving, now=now + timedelta(days=31), **terms).due) == 1


def test_the_list_says_who_holds_the_facts_in_the_database(tenor: Tenor, tmp_path: Path) -> None:
    one, other = published_at(tenor, "one", NOW), published_at(tenor, "other", NOW)
    assert archived_runs(tenor.storage) == []
    left = archive(tenor.archiving, str(one.run_id), str(tmp_path / "a"), "year end")
    (row,) = archived_runs(tenor.storage)
    assert (row["run_id"], row["destination"], row["reason"]) == (one.run_id, str(tmp_path / "a"), "year end")
    assert (row["manifest_sha256"], row["archive_bytes"]) == (left.manifest_sha256, left.archive_bytes)
    assert (row["blocks"], row["held_by"]) == ("IN_DATABASE", [str(other.run_id)])
    assert row["block_bytes"] > 0
    archive(tenor.archiving, str(other.run_id), str(tmp_path / "a"), "")
    assert [(row["blocks"], row["held_by"]) for row in archived_runs(tenor.storage)] == [("DROPPED", [])] * 2


@pytest.fixture
def command(tenor: Tenor, tmp_path: Path) -> Command:
    """`tenor …` over the test's database, with its own home."""

    def run(*words: str) -> Result:
        environment = {"TENOR_HOME": str(tmp_path / "home"), "TENOR_ARCHIVE": ""}
        return CliRunner().invoke(app, ["--database-url", tenor.database_url, *words], env=environment)

    return run


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_run_by_command_out_and_back(tenor: Tenor, command: Command, tmp_path: Path) -> None:
    run_id = str(publish(tenor, SampleRun()).run_id)
    out = answer(command("run", "archive", run_id, "--reason", "year end", "--json"))
    assert (out["run_id"], out["status"], out["destination"]) == (
        run_id,
        "ARCHIVED",
        str(tmp_path / "home" / "archive"),
    )
    assert set(out) == {
        *("run_id", "status", "destination", "manifest_sha256", "files", "archive_bytes", "blocks", "event_position"),
        "dropped",
    }
    assert answer(command("run", "list", "--json"))[0]["status"] == "ARCHIVED"
    assert answer(command("archive", "list", "--json"))[0]["run_id"] == run_id
    assert "facts dropped" in command("archive", "list").stdout
    back = answer(command("archive", "restore", run_id, "--json"))
    assert (back["status"], back["blocks"]) == ("PUBLISHED", 9)
    due = answer(command("archive", "retain", "--keep-days", "0", "--dry-run", "--json"))
    assert ([row["run_id"] for row in due["due"]], due["dry_run"]) == ([run_id], True)
    done = answer(command("archive", "retain", "--keep-days", "0", "--to", str(tmp_path / "b"), "--json"))
    assert [row["run_id"] for row in done["archived"]] == [run_id]
    assert (tmp_path / "b" / run_id / "manifest.json").exists()


def test_retention_needs_to_know_how_long(command: Command) -> None:
    assert command("archive", "retain").exit_code == 2


def test_runs_that_were_rejected_or_cancelled_leave_too_and_hold_no_month(tenor: Tenor, tmp_path: Path) -> None:
    fine = published_at(tenor, "fine", NOW)
    wrong = SampleRun(run_id=uuid5(SPACE, "wrong")).whole(tenor)  # type: ignore[arg-type]
    reject_run(tenor.store, ASKED, str(wrong.run_id), "wrong curve")
    stopped = SampleRun(run_id=uuid5(SPACE, "stopped"))
    stopped.begin(tenor)  # type: ignore[arg-type]
    stopped.append_facts(tenor, 1)  # type: ignore[arg-type]
    stopped.change(tenor, runs.cancel(stopped.run, ASKED, stopped.run_id, "enough"))  # type: ignore[arg-type]
    early = SampleRun(run_id=uuid5(SPACE, "early"))
    early.begin_request(tenor)  # type: ignore[arg-type]
    early.change(tenor, runs.cancel(early.run, ASKED, early.run_id, "at once"))  # type: ignore[arg-type]
    catch_up_all(tenor.storage)
    blocks = {run.run_id: stored_blocks(tenor, run) for run in (fine, wrong, stopped, early)}
    assert [len(each) for each in blocks.values()] == [9, 9, 3, 0]

    terms: dict[str, Any] = {"keep_days": 0, "to": str(tmp_path / "a"), "now": datetime.now(UTC), "reason": "policy"}
    done = retain(tenor.archiving, dry_run=False, **terms)
    assert {row["status"] for row in done.due} == {"PUBLISHED", "REJECTED", "CANCELLED"}
    assert len(done.archived) == 4 and len(done.dropped.months) == 1
    assert {row["blocks"] for row in archived_runs(tenor.storage)} == {"DROPPED"}
    assert problems(tenor) == {"RUN_ROOT"}

    for run, status in ((fine, "PUBLISHED"), (wrong, "REJECTED"), (stopped, "CANCELLED"), (early, "CANCELLED")):
        back = restore(tenor.archiving, str(run.run_id), None, "audit")
        assert (back.status, stored_blocks(tenor, run)) == (status, blocks[run.run_id])
        assert shown(tenor, run) == (status, run is fine or run is wrong)
    assert problems(tenor) == {"RUN_ROOT"}


def problems(tenor: Tenor) -> set[str]:
    """A sample run's root is made up; its blocks may be missing for no other reason than that they are archived."""
    return {problem["code"] for problem in verify(tenor.storage, tenor.sealing)["problems"]}


def stored_blocks(tenor: Tenor, run: SampleRun) -> list[tuple[Any, ...]]:
    query = "SELECT kind, chunk_no, payload FROM fact_block WHERE run_id = %s ORDER BY 1, 2"
    with tenor.database.connect() as connection:
        return connection.execute(query, (run.run_id,)).fetchall()


def shown(tenor: Tenor, run: SampleRun) -> tuple[Any, ...] | None:
    query = "SELECT status, queryable_at IS NOT NULL FROM read.run WHERE run_id = %s"
    with tenor.database.connect() as connection:
        return connection.execute(query, (run.run_id,)).fetchone()


def test_a_run_whose_jobs_are_at_work_stays(tenor: Tenor, tmp_path: Path) -> None:
    run = published_at(tenor, "busy", NOW)
    with tenor.database.connect() as connection:
        tenor.queue.enqueue(connection, [(f"{key_prefix(run.run_id)}1:0", b"{}")])
    with pytest.raises(RunWorkedOn):
        archive(tenor.archiving, str(run.run_id), str(tmp_path / "a"), "")
    assert not (tmp_path / "a").exists()
