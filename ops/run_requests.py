"""A run is asked for and found again: for the command line and for what measures it."""

from typing import Any

from psycopg.rows import dict_row

from commands.refusals import UnknownRun
from commands.submit_run import SubmitRun, submit_run
from domain.answered_commands import Key
from domain.event import Envelope
from ops.ports import Storage
from ops.read_models import catch_up_catalogues

SHOW_RUN = (
    "SELECT run_id, status, portfolio_snapshot_id, market_snapshot_id, as_of, base_currency, scenarios, measures, "
    "positions, priced, failed, chunks, chunks_done, failed_chunks, failure_counts, blocks_root, actor, requested_at, "
    "planned_at, completed_at, queryable_at, partial, coalesce(failures, '[]') AS failures, "
    "coalesce(asked.payload -> 'models', '[]') AS models, nullif(asked.payload ->> 'policy', '') AS policy, "
    "asked.payload ->> 'policy_status' AS policy_status, coalesce(asked.payload -> 'rules', '[]') AS rules "
    "FROM read.run LEFT JOIN LATERAL (SELECT payload FROM read.run_event e WHERE e.run_id = run.run_id "
    "AND topic = 'run.requested' LIMIT 1) asked ON true WHERE run_id::text = %s"
)


def submit_request(storage: Storage, envelope: Envelope, request: SubmitRun, key: Key | None = None) -> str:
    from ops.ids import near_scenarios_named
    from ops.market_checks import check_scenarios

    with near_scenarios_named(storage):
        return str(submit_run(storage.store, storage.blobs, envelope, request, check_scenarios, key).run_id)


def find_run(storage: Storage, run_id: str) -> dict[str, Any]:
    catch_up_catalogues(storage)
    with storage.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        row: dict[str, Any] | None = cursor.execute(SHOW_RUN, (run_id,)).fetchone()
    if row is None:
        raise UnknownRun(run_id)
    return row
