"""A portfolio of which nothing is stored is told of once, by the codes of its errors; not what is beyond the limits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commands.ingest_portfolio import Called, ReadingOptions, ingest_portfolio
from domain.portfolio.rejected import PortfolioRejected
from ops.settings import Settings
from ops.wiring import Tenor
from tests.builders.sample_run import ASKED

POSITIONS = "position_id,instrument_id,node_id,notional\nP1,I1,BOOK,1000\n"


@pytest.fixture
def tenor(database_url: str, tmp_path: Path) -> Iterator[Tenor]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    yield tenor
    tenor.close()


def bring(tenor: Tenor, folder: Path, **options: Any) -> Any:
    parts = (tenor.store, tenor.blobs, tenor.portfolio_codec, ASKED, folder)
    return ingest_portfolio(*parts, options=ReadingOptions(**options), called=Called("fund", ASKED.now.date()))


def rejected(tenor: Tenor) -> list[PortfolioRejected]:
    return [entry.event for entry in tenor.store.log(0, 100) if isinstance(entry.event, PortfolioRejected)]


def test_it_is_said_once_for_a_request(tenor: Tenor, tmp_path: Path) -> None:
    folder = tmp_path / "fund"
    folder.mkdir()
    (folder / "positions.csv").write_text(POSITIONS)
    codes = sorted({each["code"] for each in bring(tenor, folder)["errors"]})
    bring(tenor, folder)
    (event,) = rejected(tenor)
    assert (event.name, event.as_of, event.correlation_id) == ("fund", ASKED.now.date(), UUID(int=1))
    assert sorted(event.errors) == codes and min(event.errors.values()) > 0
    assert "P1" not in event.model_dump_json()


def test_a_dry_run_says_nothing(tenor: Tenor, tmp_path: Path) -> None:
    folder = tmp_path / "fund"
    folder.mkdir()
    (folder / "positions.csv").write_text(POSITIONS)
    assert bring(tenor, folder, dry_run=True)["errors"]
    assert rejected(tenor) == []
