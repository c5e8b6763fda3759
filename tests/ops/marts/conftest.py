"""A published sample run in a database of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.settings import Settings
from ops.wiring import Tenor
from tests.builders.sample_run import SampleRun
from tests.ops.archiving.conftest import publish
from tests.ops.archiving.conftest import s3 as s3
from tests.ops.archiving.conftest import s3_endpoint as s3_endpoint


@pytest.fixture
def tenor(database_url: str, tmp_path: Path) -> Iterator[Tenor]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    yield tenor
    tenor.close()


@pytest.fixture
def published(tenor: Tenor) -> SampleRun:
    return publish(tenor, SampleRun())
