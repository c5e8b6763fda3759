"""A published run leaves and comes back: the same bytes, the same figures; or nothing happens at all."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import boto3
import numpy as np
import psycopg
import pyarrow.parquet as pq
import pytest

from domain.measures.measures import BY_NAME
from domain.refusals import Conflict, Refused
from domain.runs import run as runs
from domain.runs.archived import BlocksArchived
from domain.runs.run import RunArchived, RunRefused, RunRestored, RunStatus, fold
from ops.archiving.archive import archive
from ops.archiving.dropping import clear_away
from ops.archiving.problems import ArchiveDamaged, ArchiveIncomplete, ArchiveUnreachable
from ops.archiving.restore import restore
from ops.audit.verification.verify import verify
from ops.read_models import read_model_named
from ops.rebuilding import rebuild
from ops.wiring import Tenor
from query_api.results.columns import IDENTITY
from tests.builders.sample_run import ASKED, SPACE, SampleRun
from tests.builders.shown_results import figures, rows, table_of
from tests.ops.archiving.conftest import BUCKET, publish

BLOCKS = "SELECT kind, chunk_no, run_month, content_sha256, payload_sha256, payload FROM fact_block ORDER BY 1, 2"


def status(tenor: Tenor, run_id: UUID) -> str:
    return str(rows(tenor, "SELECT status FROM read.run WHERE run_id = %s", run_id)[0][0])


def partitions_of_runs(tenor: Tenor) -> list[Any]:
    return rows(tenor, r"SELECT relname FROM pg_class WHERE relname ~ '_run_\d+$' AND relkind = 'r'")


def test_a_run_leaves_and_comes_back_to_the_bit(tenor: Tenor, published: SampleRun, destination: str) -> None:
    run_id = str(published.run_id)
    blocks, shown = rows(tenor, BLOCKS), figures(tenor)

    left = archive(tenor.archiving, run_id, destination, "year end")
    assert rows(tenor, BLOCKS) == [] == partitions_of_runs(tenor)
    assert not any(figures(tenor).values())
    assert (status(tenor, published.run_id), left.dropped.busy) == (RunStatus.ARCHIVED, [])
    event = tenor.store.stream(published.run_id)[-1]
    assert isinstance(event, RunArchived)
    assert (event.reason, event.destination, event.manifest_sha256) == ("year end", destination, left.manifest_sha256)

    back = restore(tenor.archiving, run_id, None, "asked by the auditor")
    assert (back.blocks, back.reencoded_blocks) == (12, 0)
    assert rows(tenor, BLOCKS) == blocks
    assert figures(tenor) == shown
    assert status(tenor, published.run_id) == RunStatus.PUBLISHED
    assert isinstance(tenor.store.stream(published.run_id)[-1], RunRestored)

    assert archive(tenor.archiving, run_id, destination, "again").manifest_sha256 == left.manifest_sha256


def test_the_files_alone_say_what_the_results_said(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    """Read with nothing of ours: joined by position and scenario, number by number and blank by blank."""
    shown = table_of(tenor, published.run_id).to_pylist()
    archive(tenor.archiving, str(published.run_id), str(tmp_path / "a"), "")
    folder = tmp_path / "a" / str(published.run_id)
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted({*folder.glob("*.parquet")} - {*folder.glob("CashflowsProjected-*")}):
        for row in pq.read_table(path).to_pylist():
            kept.setdefault((row["position_id"], row["scenario_id"].partition("@")[0]), {}).update(row)
    assert len(kept) == len(shown) == 270
    for row in shown:
        archived = kept[row["position_id"], row["scenario_id"]]
        shared = archived.keys() & row.keys() - {"scenario_id", "detail"}
        told = {name: row[name] for name in shared}
        assert told == {name: archived[name] for name in told}
        assert {*IDENTITY, "pv", "dv01", "key_rate_dv01_30y"} <= set(told)
        assert row["detail"] == (archived["detail"] or "")
        blanks = {name for name in row["reason"].split(";") if name}
        said = {k[7:].upper(): v for k, v in archived.items() if k.startswith("reason_") and v}
        assert {f"{k}:{v}" for k, v in said.items() if not BY_NAME[k].is_beside} == blanks


def test_the_manifest_is_written_last_and_names_every_file(tenor: Tenor, published: SampleRun, s3: str) -> None:
    left = archive(tenor.archiving, str(published.run_id), s3, "")
    client = boto3.client("s3")
    folder = f"risk/runs/{published.run_id}/"
    listed = {each["Key"]: each for each in client.list_objects_v2(Bucket=BUCKET, Prefix=folder)["Contents"]}
    stored = {name: client.get_object(Bucket=BUCKET, Key=name)["Body"].read() for name in listed}
    manifest = json.loads(stored.pop(f"{folder}manifest.json"))
    assert {f"{folder}{file['name']}": file["sha256"] for file in manifest["files"]} == {
        name: sha256(data).hexdigest() for name, data in stored.items()
    }
    assert manifest["run"]["scenarios"] == published.scenarios
    assert sum(file["bytes"] for file in manifest["files"]) == left.archive_bytes
    written = {name: each["LastModified"] for name, each in listed.items()}
    assert written[f"{folder}manifest.json"] == max(written.values())


def test_only_a_run_that_has_ended_is_archived_and_only_once(tenor: Tenor, tmp_path: Path) -> None:
    run = SampleRun()
    run.whole(tenor)  # type: ignore[arg-type]
    with pytest.raises(RunRefused, match="only a run that has ended"):
        archive(tenor.archiving, str(run.run_id), str(tmp_path / "a"), "")
    assert not (tmp_path / "a").exists()
    with pytest.raises(RunRefused, match="only an archived run"):
        restore(tenor.archiving, str(run.run_id), str(tmp_path / "a"), "")


def test_an_archived_run_is_not_archived_again(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    archive(tenor.archiving, str(published.run_id), str(tmp_path / "a"), "")
    with pytest.raises(RunRefused, match=r"archived already, in .*/a"):
        archive(tenor.archiving, str(published.run_id), str(tmp_path / "b"), "")


def test_numbers_that_the_log_does_not_know_are_never_archived(tenor: Tenor, tmp_path: Path) -> None:
    """A block whose bytes hold other numbers than its event says: found on reading back, before anything is dropped."""
    run = SampleRun()
    run.begin(tenor)  # type: ignore[arg-type]
    for chunk_no in range(run.chunks):
        run.append_facts(tenor, chunk_no, forged=chunk_no == 1)  # type: ignore[arg-type]
    run.end(tenor)  # type: ignore[arg-type]
    for decide in (runs.approve, runs.publish):
        run.change(tenor, decide(run.run, ASKED, run.run_id, ""))  # type: ignore[arg-type]
    with pytest.raises(ArchiveDamaged, match="CapitalComputed of chunk 1"):
        archive(tenor.archiving, str(run.run_id), str(tmp_path / "a"), "")
    assert len(rows(tenor, BLOCKS)) == 9
    history: list[Any] = tenor.store.stream(run.run_id)
    assert fold(history).status is RunStatus.PUBLISHED


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["manifest.json", "PositionPriced-00001.parquet", "CashflowsProjected-00001.parquet"])
def test_one_bit_is_enough_to_refuse(tenor: Tenor, published: SampleRun, tmp_path: Path, name: str) -> None:
    archive(tenor.archiving, str(published.run_id), str(tmp_path / "a"), "")
    flip_a_bit(tmp_path / "a" / str(published.run_id) / name)
    with pytest.raises(ArchiveDamaged, match=name):
        restore(tenor.archiving, str(published.run_id), None, "")
    assert rows(tenor, BLOCKS) == []
    assert status(tenor, published.run_id) == RunStatus.ARCHIVED


def test_a_copy_that_is_not_there_or_not_whole_is_refused(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    run_id = str(published.run_id)
    archive(tenor.archiving, run_id, str(tmp_path / "a"), "")
    with pytest.raises(ArchiveIncomplete, match="manifest"):
        restore(tenor.archiving, run_id, str(tmp_path / "elsewhere"), "")
    (tmp_path / "a" / run_id / "RiskComputed-00001.parquet").rename(tmp_path / "put aside")
    with pytest.raises(ArchiveIncomplete, match="RiskComputed-00001"):
        restore(tenor.archiving, run_id, None, "")
    (tmp_path / "put aside").rename(tmp_path / "a" / run_id / "RiskComputed-00001.parquet")
    (tmp_path / "a").rename(tmp_path / "moved")
    assert restore(tenor.archiving, run_id, str(tmp_path / "moved"), "").source == str(tmp_path / "moved")


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_changes_nothing(tenor: Tenor, published: SampleRun) -> None:
    with pytest.raises(ArchiveUnreachable, match="NoSuchBucket"):
        archive(tenor.archiving, str(published.run_id), "s3://no-such-bucket/x", "")
    assert status(tenor, published.run_id) == RunStatus.PUBLISHED
    assert len(rows(tenor, BLOCKS)) == 12


def test_half_an_archive_of_a_killed_command_is_written_over(
    tenor: Tenor, published: SampleRun, tmp_path: Path
) -> None:
    folder = tmp_path / "a" / str(published.run_id)
    folder.mkdir(parents=True)
    (folder / "PositionPriced-00001.parquet").write_bytes(b"half a file")
    (folder / ".RiskComputed-00001.parquet.draft").write_bytes(b"half a draft")
    archive(tenor.archiving, str(published.run_id), str(tmp_path / "a"), "")
    restore(tenor.archiving, str(published.run_id), None, "")
    assert len(rows(tenor, BLOCKS)) == 12


def test_facts_stay_until_every_run_of_their_month_is_archived(tenor: Tenor, published: SampleRun, s3: str) -> None:
    other = publish(tenor, SampleRun(seed=9, run_id=uuid5(SPACE, "other")))
    first = archive(tenor.archiving, str(published.run_id), s3, "")
    assert (first.dropped.months, first.dropped.result_partitions) == ([], 7)
    assert len(rows(tenor, BLOCKS)) == 21
    assert len(table_of(tenor, other.run_id)) == 270, "the other run's figures are as they were"
    second = archive(tenor.archiving, str(other.run_id), s3, "")
    assert len(second.dropped.months) == 1
    assert rows(tenor, BLOCKS) == []


def test_a_month_that_was_never_dropped_needs_no_block_back(tenor: Tenor, published: SampleRun, s3: str) -> None:
    publish(tenor, SampleRun(seed=9, run_id=uuid5(SPACE, "other")))
    before, shown = rows(tenor, BLOCKS), figures(tenor)
    archive(tenor.archiving, str(published.run_id), s3, "")
    restore(tenor.archiving, str(published.run_id), None, "")
    assert rows(tenor, BLOCKS) == before
    assert figures(tenor) == shown


@pytest.mark.usefixtures("published")
def test_the_application_alone_can_drop_no_facts(tenor: Tenor) -> None:
    """It asks the owner's function, which looks at the log; by its own hand it can do nothing."""
    (month,) = {row[2] for row in rows(tenor, BLOCKS)}
    assert rows(tenor, "SELECT drop_archived_fact_partition(%s)", month) == [(False,)]
    for statement in ("DROP TABLE", "TRUNCATE", "DELETE FROM"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows(tenor, f"{statement} fact_block_{month:%Y_%m}")
    assert len(rows(tenor, BLOCKS)) == 12


def test_asking_for_a_block_that_has_left_says_where_it_is(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    archive(tenor.archiving, str(published.run_id), str(tmp_path / "a"), "")
    with pytest.raises(BlocksArchived, match=f"{published.run_id} are archived in {tmp_path}/a") as said:
        tenor.store.block(published.run_id, "PositionPriced", 0)
    assert said.value.fix == f"tenor archive restore {published.run_id}"


def test_the_audit_misses_nothing_of_an_archived_run(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    """The sample run's own Merkle root is a word; nothing else is wrong, out or back."""
    archive(tenor.archiving, str(published.run_id), str(tmp_path / "a"), "")
    assert {one["code"] for one in verify(tenor.storage, tenor.sealing)["problems"]} <= {"RUN_ROOT"}
    restore(tenor.archiving, str(published.run_id), None, "")
    assert {one["code"] for one in verify(tenor.storage, tenor.sealing)["problems"]} <= {"RUN_ROOT"}


@pytest.mark.usefixtures("published")
def test_a_rebuild_leaves_archived_runs_out_and_brings_them_back(tenor: Tenor, tmp_path: Path) -> None:
    """Equal to the live tables, though the blocks of the archived run are gone."""
    shown = figures(tenor)
    other = publish(tenor, SampleRun(seed=9, run_id=uuid5(SPACE, "other")))
    archive(tenor.archiving, str(other.run_id), str(tmp_path / "a"), "")
    assert figures(tenor) == shown
    result = read_model_named(tenor.storage, "result")
    rebuild(result, tenor.store, tenor.database.connect, verify=True, tell=lambda _line: None)
    assert figures(tenor) == shown
    restore(tenor.archiving, str(other.run_id), None, "")
    assert len(table_of(tenor, other.run_id)) == 270


def test_queries_in_the_way_are_waited_for_by_nobody(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    """The run is archived, its partitions stay for the query that reads them, and go the next time."""
    with psycopg.connect(tenor.database_url) as reader:
        reader.execute("SELECT count(*) FROM read.result_chunk")
        left = archive(tenor.archiving, str(published.run_id), str(tmp_path / "a"), "")
        assert (left.dropped.result_partitions, len(left.dropped.busy)) == (0, 7)
        assert not figures(tenor)["result_reason"]
    assert clear_away(tenor.storage).result_partitions == 7
    assert partitions_of_runs(tenor) == []


def test_partitions_that_were_left_take_the_run_again(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    shown = figures(tenor)
    with psycopg.connect(tenor.database_url) as reader:
        reader.execute("SELECT count(*) FROM read.result_chunk")
        archive(tenor.archiving, str(published.run_id), str(tmp_path / "a"), "")
    restore(tenor.archiving, str(published.run_id), None, "")
    assert figures(tenor) == shown
    assert clear_away(tenor.storage).result_partitions == 0


def test_a_run_with_a_failed_chunk_is_archived_with_what_it_has(tenor: Tenor, tmp_path: Path) -> None:
    run = publish(tenor, SampleRun(failing=(1,)))
    shown = figures(tenor)
    assert archive(tenor.archiving, str(run.run_id), str(tmp_path / "a"), "").blocks == 6
    restore(tenor.archiving, str(run.run_id), None, "")
    assert figures(tenor) == shown


def test_refusals_are_one_problem_with_its_fix() -> None:
    for error in (ArchiveDamaged("x", "a" * 64, "b" * 64), ArchiveIncomplete("x", "y"), Conflict("A", "b", "c")):
        assert isinstance(error, Refused)
        assert error.fix


def test_numbers_come_back_as_the_same_doubles(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    before = [tenor.block_codec.decode(row[5]).values for row in rows(tenor, BLOCKS)]
    archive(tenor.archiving, str(published.run_id), str(tmp_path / "a"), "")
    restore(tenor.archiving, str(published.run_id), None, "")
    after = [tenor.block_codec.decode(row[5]).values for row in rows(tenor, BLOCKS)]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.view(np.uint64), other.view(np.uint64))
