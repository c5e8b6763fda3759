"""One database for a test: the log, the blobs, and the read models that are under test."""

from collections.abc import Iterator

import pytest

from tests.builders.sample_run import Tenor, tenor_over


@pytest.fixture
def tenor(database_url: str) -> Iterator[Tenor]:
    with tenor_over(database_url) as tenor:
        yield tenor
