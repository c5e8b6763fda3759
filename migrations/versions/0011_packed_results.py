"""packed results: see migrations/sql/0011_packed_results.sql"""

from typing import Any

import numpy as np
import zstandard
from alembic import op
from psycopg.sql import SQL, Identifier

from migrations.files import run_sql

revision = "0011"
down_revision = "0010"

SELECT_VERSIONS = "SELECT version FROM read_model_version WHERE read_model = 'result'"
SELECT_COLUMNS = SQL("SELECT DISTINCT run_no, chunk_no, column_no FROM {table}")
SELECT_AMOUNTS = SQL(
    "SELECT scenario_no, packed FROM {table} WHERE (run_no, chunk_no, column_no) = (%s, %s, %s) ORDER BY scenario_no"
)
UPDATE_ROW = SQL("UPDATE {table} SET packed = %s WHERE (run_no, chunk_no, column_no, scenario_no) = (%s, %s, %s, %s)")


def upgrade() -> None:
    run_sql("0011_packed_results.sql")
    with op.get_bind().connection.cursor() as cursor:
        for (version,) in cursor.execute(SELECT_VERSIONS).fetchall():
            pack_results(cursor, Identifier("projection", f"result_chunk_v{version}"))


def pack_results(cursor: Any, table: Identifier) -> None:
    """Half a minute for fifty million numbers."""
    select, update = SELECT_AMOUNTS.format(table=table), UPDATE_ROW.format(table=table)
    for place in cursor.execute(SELECT_COLUMNS.format(table=table)).fetchall():
        scenarios, amounts = zip(*cursor.execute(select, place).fetchall(), strict=True)
        rows = [(frame, *place, scenario) for frame, scenario in zip(frames(amounts), scenarios, strict=True)]
        cursor.executemany(update, rows)


def frames(amounts: tuple[bytes, ...]) -> list[bytes]:
    """From big-endian doubles of each scenario to byte planes of the bits XOR those of the first, by zstd."""
    bits = np.array([np.frombuffer(each, ">u8") for each in amounts]).astype("<u8")
    bits[1:] ^= bits[:1]
    compress = zstandard.ZstdCompressor(level=1, write_checksum=False).compress
    return [compress(np.ascontiguousarray(each.view(np.uint8).reshape(-1, 8).T)) for each in bits]
