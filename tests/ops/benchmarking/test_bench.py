"""`tenor bench` measures the whole path in a database of its own, and leaves nothing behind."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

COMMAND = """
import typer
from ops.cli.bench import register
from ops.logs import configure_logs

app = typer.Typer()
register(app)
configure_logs()
app()
"""


@pytest.fixture(scope="module")
def bench() -> Iterator[tuple[dict[str, Any], Path]]:
    """A tiny run, as a process of its own."""
    yield from measured()


@pytest.fixture(scope="module")
def full_bench() -> Iterator[tuple[dict[str, Any], Path]]:
    yield from measured("--full")


def measured(*more: str) -> Iterator[tuple[dict[str, Any], Path]]:
    """Not under pytest's folder, which another session of the same account may close to the account that the server
    drops to."""
    temporary = Path(tempfile.mkdtemp(prefix="tenor-bench-test-"))
    temporary.chmod(0o755)
    environment = os.environ | {"TENOR_HOME": str(temporary / "users-home"), "TMPDIR": str(temporary)}
    environment.pop("TENOR_DATABASE_URL", None)
    words = ["--positions", "500", "--scenarios", "2", "--workers", "1", "--measures", "PV,DV01", "--json"]
    words += ["--runs", "2", *more]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    yield json.loads(done.stdout), temporary
    shutil.rmtree(temporary, ignore_errors=True)


def test_the_document_has_what_the_contract_names(bench: tuple[dict[str, Any], Path]) -> None:
    document, _ = bench
    assert (document["positions"], document["scenarios"], document["workers"]) == (500, 2, 1)
    assert document["results"] == 1000 and document["priced"] == 500 and document["failed"] == 0
    assert document["measures"] == ["PV", "DV01"] and document["warm"] is True
    assert set(document["seconds"]) >= {"ingest", "submit_to_queryable", "compute", "publish"}
    assert document["machine"]["cores"] >= 1
    assert document["cold_start_s"] > 0


def test_the_parts_of_a_run_add_up_to_the_whole(bench: tuple[dict[str, Any], Path]) -> None:
    seconds = bench[0]["seconds"]
    assert all(value > 0 for value in seconds.values())
    parts = seconds["plan"] + seconds["compute"] + seconds["publish"]
    assert parts == pytest.approx(seconds["submit_to_queryable"], abs=0.002)
    assert bench[0]["results_per_s"] == pytest.approx(1000 / seconds["submit_to_queryable"], rel=0.01)


def test_every_figure_is_there(bench: tuple[dict[str, Any], Path]) -> None:
    document, _ = bench
    assert set(document["query_ms_p99"]) == {"totals_by_desk", "top_20", "one_position", "page_of_100"}
    assert all(0 < document["query_ms_p50"][name] <= ms for name, ms in document["query_ms_p99"].items())
    assert set(document["kernels"]) == {"loans", "bonds", "floaters", "fx_forwards"}
    assert all(rate > 0 for rate in document["kernels"].values())
    assert document["values"] == 1998 and 0 < document["log_bytes_per_value"] < 200


def test_what_cash_flows_cost(bench: tuple[dict[str, Any], Path]) -> None:
    flows = bench[0]["cash_flows"]
    assert all(value > 0 for value in flows.values())
    assert set(flows) == {
        *("loan_scenarios_per_s", "auto_deal_seven_speeds_ms", "deals", "deals_with_key_rates_s"),
        *("ladder_at_a_node_ms_p99", "schedule_ms"),
    }


def test_what_capital_costs(bench: tuple[dict[str, Any], Path]) -> None:
    capital = bench[0]["capital"]
    seconds = capital["seconds"]
    for method in ("pd_lgd", "dcf"):
        added = seconds[f"with_{method}"] - seconds["prices"]
        assert seconds[f"added_{method}"] == pytest.approx(added, abs=0.002)
    assert capital["report_ms_p99"] > 0 and capital["explain_ms_p99"] > 0 and capital["netting_s"] > 0


def test_the_median_of_the_runs_is_told(bench: tuple[dict[str, Any], Path]) -> None:
    document, _ = bench
    assert len(document["each_submit_to_queryable"]) == 2
    assert document["seconds"]["submit_to_queryable"] == min(document["each_submit_to_queryable"])


@pytest.mark.long
def test_what_was_asked_for_beside_the_runs(full_bench: tuple[dict[str, Any], Path]) -> None:
    document, _ = full_bench
    assert document["verify"]["ok"] is True and document["verify"]["mb_per_s"] > 0
    assert document["rebuild"]["results"] == 2000 and document["rebuild"]["results_per_s"] > 0
    assert set(document["append_to_visible_ms"]) == {"idle", "while_a_run_goes_on"}
    assert all(0 < ms["p50"] <= ms["p99"] and ms["times"] for ms in document["append_to_visible_ms"].values())
    one = document["one_worker"]
    assert one["ratio"]["compute"] == pytest.approx(
        document["seconds"]["compute"] / one["seconds"]["compute"], rel=0.02
    )


@pytest.mark.long
def test_the_alternatives_hold_the_same_numbers(full_bench: tuple[dict[str, Any], Path]) -> None:
    rows = full_bench[0]["alternatives"]
    assert (rows["sample_results"], rows["columns"]) == (1000, 2)
    for name in ("row_per_event", "row_per_result"):
        assert rows[name]["mb"] > 0 and rows[name]["whole_run"]["seconds"] == round(rows[name]["seconds"], 1)


def test_memory_counts_workers_and_postgres(bench: tuple[dict[str, Any], Path]) -> None:
    """It is read from Linux's /proc; elsewhere there is none."""
    peak_mb = bench[0]["rss_mb_peak"]
    assert bench[0]["rss_includes_postgres"] is True
    assert (peak_mb is None) == (not Path("/proc/self/smaps_rollup").exists())
    assert peak_mb is None or 100 < peak_mb < 4000


def test_nothing_is_left_and_the_users_home_is_not_touched(bench: tuple[dict[str, Any], Path]) -> None:
    _, temporary = bench
    assert not [path for path in temporary.iterdir() if path.name.startswith("tenor-bench")]
    assert not (temporary / "users-home").exists()
