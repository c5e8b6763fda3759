"""What a run takes in the log, for every number of its results."""

from uuid import UUID

import numpy as np

from domain.measures.measures import Fact
from domain.runs.facts import fact_stream
from ops.ports import Storage

SELECT_BLOCKS = "SELECT kind, chunk_no, octet_length(payload) FROM fact_block WHERE run_id = %s"
SELECT_EVENT_BYTES = "SELECT coalesce(sum(octet_length(state)), 0) FROM ledger_events WHERE originator_id = ANY(%s)"


def log_bytes_and_values(storage: Storage, run_id: UUID) -> tuple[int, int]:
    """Bytes of the run's blocks and events, kept cash flows too; the numbers of its results, blanks not counted."""
    with storage.connect() as connection:
        blocks = connection.execute(SELECT_BLOCKS, (run_id,)).fetchall()
        streams = [run_id, *(fact_stream(run_id, kind, chunk_no) for kind, chunk_no, _ in blocks)]
        row = connection.execute(SELECT_EVENT_BYTES, (streams,)).fetchone()
    assert row is not None
    values = 0
    for kind, chunk_no in ((kind, chunk_no) for kind, chunk_no, _ in blocks if kind != Fact.CASH_FLOWS):
        columns = storage.block_codec.decode(storage.store.block(run_id, kind, chunk_no))
        values += int(np.count_nonzero(~np.isnan(columns.values)))
    return int(row[0]) + sum(size for *_, size in blocks), values
