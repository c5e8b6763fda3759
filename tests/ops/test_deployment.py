"""What docs/deploy and docs/alerts.yml say holds, as far as a machine without a service manager or images can tell."""

import json
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
METRIC = re.compile(r"\btenor_[a-z0-9_]+")
ALERT = re.compile(r"^      - alert: (\w+)\n        expr: (.+)\n((?:        .+\n)+)", re.MULTILINE)
ARTEFACTS = ("_bucket", "_sum", "_count")


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    text = (DEPLOY / "tenor.service").read_text()
    unit: Any = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(text)
    words = unit["Service"]["ExecStart"].split()
    assert words[0].endswith("/.venv/bin/tenor") and words[1] == "up"
    assert unit["Service"]["KillMode"] == "mixed"
    if program := shutil.which("systemd-analyze"):
        here = tmp_path / "tenor.service"
        installed = text.replace(words[0], str(Path(sys.executable).with_name("tenor")))
        here.write_text(installed.replace("file:///opt/tenor", f"file://{ROOT}"))
        done = subprocess.run([program, "verify", here], capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if "tenor.service" in line]
        assert not said, said


def test_the_container_copies_what_there_is_and_starts_a_command_of_ours() -> None:
    lines = [line for line in (DEPLOY / "Containerfile").read_text().splitlines() if line and line[0] != "#"]
    known = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "VOLUME", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
    said = [line.split(maxsplit=1) for line in lines]
    assert said[0][0] == "FROM" and {word for word, _ in said} <= known
    copied = [name for word, rest in said if word == "COPY" for name in rest.split()[:-1]]
    assert all((ROOT / name).exists() for name in copied)
    packages = re.search(r"^packages = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert packages and set(json.loads(f"[{packages[1]}]")) <= set(copied)
    assert json.loads(dict(said)["ENTRYPOINT"])[0].endswith("bin/tenor") and json.loads(dict(said)["CMD"])[0] == "up"
    assert dict(said)["USER"] == "tenor"


@pytest.fixture
def metrics(database_url: str, tmp_path: Path) -> str:
    """What a fresh installation says, and the names of what comes with the first run and verification."""
    from fastapi.testclient import TestClient

    with open_tenor(Settings(tmp_path, database_url)) as tenor, TestClient(build_app(tenor)) as client:
        client.get("/healthz")
        return str(client.get("/metrics").text)


def test_alerts_are_rules_about_metrics_that_there_are(metrics: str) -> None:
    text = (ROOT / "docs" / "alerts.yml").read_text()
    alerts = ALERT.findall(text)
    assert len(alerts) == text.count("- alert:") >= 10
    said = {family.name for family in text_string_to_metric_families(metrics)}
    with_runs = {"tenor_run_last_failed_positions", "tenor_run_last_positions"}
    for name, expression, rest in alerts:
        assert "annotations: {summary: " in rest and "labels: {severity: " in rest, name
        assert expression.count("(") == expression.count(")") and expression.count('"') % 2 == 0, name
        for metric in METRIC.findall(expression):
            family = metric.removesuffix("_total")
            for ending in ARTEFACTS:
                family = family.removesuffix(ending)
            assert {family, metric} & (said | with_runs), (name, metric)


def test_workers_queue_and_runs_are_counted_where_there_are_none(metrics: str) -> None:
    for line in (
        'tenor_processes_alive{role="worker"} 0.0',
        'tenor_queue_jobs{status="queued"} 0.0',
        'tenor_runs{status="COMPLETED"} 0.0',
        "tenor_queue_oldest_job_seconds 0.0",
        "tenor_run_oldest_unfinished_seconds 0.0",
    ):
        assert line in metrics


def test_the_operations_page_lists_every_read_model(database_url: str, tmp_path: Path) -> None:
    from ops.read_models import build_projections

    page = (ROOT / "docs" / "operations.md").read_text()
    with open_tenor(Settings(tmp_path, database_url)) as tenor:
        names = [f"`{each.name}`" for each in build_projections(tenor.storage)]
    first = next(line for line in page.splitlines() if line.startswith("A projection reads the log"))
    assert all(name in first for name in names)
