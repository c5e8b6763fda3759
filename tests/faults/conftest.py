"""A fund of 15 chunks with a run of it that nothing disturbed, in a database that each test gets a copy of."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from psycopg.conninfo import make_conninfo

from ops.embedded_postgres.server import EmbeddedServer
from ops.samples.fund import write_sample_fund
from tests.builders.small_fund import PRICED_PRODUCTS
from tests.faults.stage import POSITIONS, Stage
from tests.walk.command_line import Tenor, one_at_a_time
from tests.walk.conftest import kernels, tenor, tenor_home

__all__ = ["kernels", "tenor", "tenor_home"]


@pytest.fixture(scope="session")
def fund(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fund")
    write_sample_fund(folder, POSITIONS + POSITIONS // 20)
    keep_what_is_priced(folder)
    return folder


def keep_what_is_priced(folder: Path) -> None:
    """POSITIONS of them, so that whatever fails here is the fault's doing."""
    instruments, positions = (pq.read_table(folder / f"{name}.parquet") for name in ("instruments", "positions"))
    is_priced = pc.is_in(instruments["product_type"], pa.array(sorted(PRICED_PRODUCTS)))
    held = instruments.filter(is_priced)["instrument_id"]
    priced = positions.filter(pc.is_in(positions["instrument_id"], held.combine_chunks()))
    pq.write_table(priced.slice(0, POSITIONS), folder / "positions.parquet")


@pytest.fixture(scope="session")
def undisturbed(postgres: EmbeddedServer, template_database: str, tenor_home: Path, kernels: Path, fund: Path) -> Stage:
    """One worker, nobody dies."""
    name = f"undisturbed_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    program = Tenor(make_conninfo(postgres.dsn(), dbname=name), tenor_home, kernels)
    portfolio, market = program.within.bring(fund)
    program.within.json("scenario", "define", fund / "scenarios.json")
    stage = Stage(program, portfolio, market)
    with one_at_a_time(kernels):
        answer = program.json(*stage.submit_words("undisturbed"), "--workers", "1", "--wait")
    assert (answer["status"], answer["priced"]) == ("COMPLETED", POSITIONS)
    return stage


@pytest.fixture
def stage(postgres: EmbeddedServer, undisturbed: Stage, tenor_home: Path, kernels: Path) -> Iterator[Stage]:
    name = f"stage_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {undisturbed.database} STRATEGY FILE_COPY")
    program = Tenor(make_conninfo(postgres.dsn(), dbname=name), tenor_home, kernels)
    yield Stage(program, undisturbed.portfolio, undisturbed.market)
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
