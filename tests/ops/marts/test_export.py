"""A run as a Parquet dataset: the columns and bits of schema mart, whole or not there, and the same bytes again."""

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from ops.marts.export import export_run
from ops.marts.publishing import publish
from ops.wiring import Tenor
from tests.builders.mart_rows import as_rows, in_mart
from tests.builders.sample_run import ASKED, SampleRun
from tests.ops.archiving.conftest import BUCKET
from tests.ops.archiving.conftest import publish as publish_run

BY_HIVE = "hive"


def files(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def read(out: Any, table: str) -> pa.Table:
    """As pandas does it too; by the dataset for whoever filters."""
    found = pq.read_table(f"{out}/{table}")
    assert found.num_rows == ds.dataset(f"{out}/{table}", partitioning=BY_HIVE).to_table().num_rows
    return found


@pytest.mark.parametrize("table", ["position_result", "total", "total_detail"])
def test_what_is_in_the_files_is_what_is_in_the_mart(
    tenor: Tenor, published: SampleRun, tmp_path: Path, table: str
) -> None:
    publish(tenor.storage, ASKED, published.run_id)
    export_run(tenor.storage, published.run_id, str(tmp_path / "out"))
    found = read(tmp_path / "out", table)
    keys = ["run_id", "scenario_id", "position_id" if table == "position_result" else "node_id"]
    with tenor.database.connect() as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", (f"mart.{table}",)
            )
        ]
    assert set(found.column_names) == set(names)
    columns = [name for name in names if name not in keys]
    stored = {(str(key[0]), *key[1:]): row for key, row in in_mart(tenor, table, columns, keys).items()}
    assert stored == as_rows(found, columns, keys)


def test_the_run_comes_last_and_says_what_it_is(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    exported = export_run(tenor.storage, published.run_id, str(tmp_path))
    run = f"run_id={published.run_id}"
    by_scenario = {
        f"{table}/{run}/scenario_id={name}/part-0.parquet"
        for table in ("position_result", "total", "total_detail")
        for name in ("BASE", "up100", "fx")
    }
    assert set(files(tmp_path)) == by_scenario | {f"run/{run}/part-0.parquet"}
    assert (exported.files, exported.rows["position_result"]) == (10, 270)
    ((row),) = ds.dataset(tmp_path / "run", partitioning=BY_HIVE).to_table().to_pylist()
    assert (row["scenarios"], row["base_currency"]) == (["BASE", "up100", "fx"], "USD")
    newest = max(tmp_path.rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    assert newest.parent.parent.name == "run"
    pv = ds.dataset(tmp_path / "position_result").schema.field("pv")
    assert pv.metadata == {b"description": b"[currency] present value of the position"}


def test_again_is_the_same_bytes(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    export_run(tenor.storage, published.run_id, str(tmp_path / "once"))
    first = files(tmp_path / "once")
    export_run(tenor.storage, published.run_id, str(tmp_path / "once"))
    export_run(tenor.storage, published.run_id, str(tmp_path / "twice"))
    assert files(tmp_path / "once") == files(tmp_path / "twice") == first


def test_killed_on_the_way_no_file_is_half_and_the_next_one_makes_it_whole(
    tenor: Tenor, published: SampleRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    whole = tmp_path / "whole"
    export_run(tenor.storage, published.run_id, str(whole))
    copied: list[Any] = []
    copy = shutil.copyfile

    def dies_in_the_third(source: Any, target: Any) -> None:
        copied.append(target)
        if len(copied) == 3:
            Path(target).write_bytes(Path(source).read_bytes()[:100])
            raise Killed
        copy(source, target)

    monkeypatch.setattr("ops.archiving.destinations.shutil.copyfile", dies_in_the_third)
    with pytest.raises(Killed):
        export_run(tenor.storage, published.run_id, str(tmp_path / "out"))
    monkeypatch.undo()
    there = {name: digest for name, digest in files(tmp_path / "out").items() if name.endswith(".parquet")}
    assert len(there) == 2
    assert there.items() <= files(whole).items()
    assert read(tmp_path / "out", "position_result").num_rows == 180
    assert not (tmp_path / "out" / "run").exists()
    export_run(tenor.storage, published.run_id, str(tmp_path / "out"))
    assert files(tmp_path / "out").items() >= files(whole).items()
    assert not [name for name in files(tmp_path / "out") if name.endswith(".draft")]


def test_a_scenario_of_any_name_has_a_folder(tenor: Tenor, tmp_path: Path) -> None:
    run = publish_run(tenor, SampleRun(scenarios=["BASE", "a/b=c d%@1", "2026@2"]))
    export_run(tenor.storage, run.run_id, str(tmp_path))
    found = read(tmp_path, "total").column("scenario_id").unique().to_pylist()
    assert sorted(found) == ["2026", "BASE", "a/b=c d%"]


def test_to_s3_with_the_same_bytes(tenor: Tenor, published: SampleRun, tmp_path: Path, s3: str) -> None:
    export_run(tenor.storage, published.run_id, str(tmp_path))
    export_run(tenor.storage, published.run_id, f"{s3}/mart")
    client = boto3.client("s3")
    stored = {
        each["Key"].partition("/mart/")[2]: sha256(
            client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
        ).hexdigest()
        for each in client.list_objects_v2(Bucket=BUCKET, Prefix="risk/runs/mart/")["Contents"]
    }
    assert stored == files(tmp_path)
