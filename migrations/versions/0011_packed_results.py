"""packed results: see migrations/sql/0011_packed_results.sql"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import zstandard
from alembic import op
from psycopg.sql import SQL, Identifier

from migrations.files import run_sql

revision = "0011"
down_revision = "0010"

PART_POSITIONS = 2_048
SELECT_VERSIONS = "SELECT version FROM read_model_version WHERE read_model = 'result'"
SELECT_COLUMNS = SQL("SELECT DISTINCT run_no, chunk_no, column_no FROM {table}")
TAKE_AMOUNTS = SQL(
    "DELETE FROM {table} WHERE (run_no, chunk_no, column_no) = (%s, %s, %s) RETURNING scenario_no, amounts"
)
INSERT_PART = SQL(
    "INSERT INTO {table} (run_no, chunk_no, column_no, part_no, scenario_no, packed, amounts) "
    "VALUES (%s, %s, %s, %s, %s, %s, '')"
)


def upgrade() -> None:
    run_sql("0011_packed_results.sql")
    connection: Any = op.get_bind().connection
    with connection.cursor() as cursor:
        for (version,) in cursor.execute(SELECT_VERSIONS).fetchall():
            pack_results(cursor, Identifier("projection", f"result_chunk_v{version}"))
    run_sql("0011_packed_views.sql")


def pack_results(cursor: Any, table: Identifier) -> None:
    """Half a minute for fifty million numbers."""
    take, insert = TAKE_AMOUNTS.format(table=table), INSERT_PART.format(table=table)
    for place in cursor.execute(SELECT_COLUMNS.format(table=table)).fetchall():
        amounts = dict(sorted(cursor.execute(take, place).fetchall()))
        parts = enumerate(frames(list(amounts.values())))
        cursor.executemany(
            insert, [(*place, n, s, frame) for n, part in parts for s, frame in zip(amounts, part, strict=True)]
        )


def frames(amounts: list[bytes]) -> Iterator[list[bytes]]:
    """From big-endian doubles of each scenario to byte planes of the bits XOR those of the first, by zstd, in parts."""
    bits = np.array([np.frombuffer(each, ">u8") for each in amounts]).astype("<u8")
    bits[1:] ^= bits[:1]
    octets = bits.view(np.uint8).reshape(*bits.shape, 8)
    compress = zstandard.ZstdCompressor(level=1, write_checksum=False).compress
    for first in range(0, bits.shape[1], PART_POSITIONS):
        yield [compress(np.ascontiguousarray(each.T).tobytes()) for each in octets[:, first : first + PART_POSITIONS]]
