"""A published sample run in a database of its own, and somewhere to archive it: a folder, or a real S3 server."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from commands.change_run import approve_run, publish_run
from ops.settings import Settings
from ops.wiring import Tenor
from tests.builders.read_models import catch_up_all
from tests.builders.sample_run import ASKED, SampleRun

BUCKET = "tenor-archive"


@pytest.fixture
def tenor(database_url: str, tmp_path: Path) -> Iterator[Tenor]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    yield tenor
    tenor.close()


@pytest.fixture
def published(tenor: Tenor) -> SampleRun:
    return publish(tenor, SampleRun(cashflows=("BASE", "fx@2")))


def publish(tenor: Tenor, run: SampleRun) -> SampleRun:
    """Worked out, approved, published, and queryable."""
    run.whole(tenor)  # type: ignore[arg-type]  # it needs the store, the blobs and the database only
    approve_run(tenor.store, ASKED, str(run.run_id), "checked")
    publish_run(tenor.store, ASKED, str(run.run_id), "month end")
    catch_up_all(tenor.storage)
    return run


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """ministack on a port that the system assigns; it says on stdout when it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SERVICES": "s3"}
    quiet = {"SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
    words = [sys.executable, "-m", "ministack"]
    environment = os.environ | settings | quiet
    server = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert server.stdout is not None
    told = []
    for line in server.stdout:
        told.append(line)
        if f"Running on http://127.0.0.1:{port}" in line:
            break
    else:
        raise AssertionError("ministack did not start:\n" + "".join(told))
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.communicate(timeout=20)


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The archive's URL; credentials and endpoint in the environment, as an operator gives them."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not a secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    return f"s3://{BUCKET}/risk/runs"


@pytest.fixture(params=["directory", "s3"])
def destination(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "archive") if request.param == "directory" else str(request.getfixturevalue("s3"))
